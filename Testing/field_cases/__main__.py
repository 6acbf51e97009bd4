"""Print the table of field cases, and write their inputs into a folder if one is specified."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from Testing.field_cases import CASES, Marked, Read, Selected, Table


def main(folder: Path | None) -> None:
    """Print one row of a Markdown table for each case."""
    print("| kind | case | expected | source |\n|---|---|---|---|")
    for case in CASES:
        expected = case.expected
        if isinstance(expected, Read):
            result = ", ".join(("read", *expected.warnings))
        elif isinstance(expected, Marked):
            outcome = ("refused",) if expected.refused else expected.warnings or ("accepted",)
            result = f"box {', '.join(outcome)}"
        elif isinstance(expected, Table):
            result = f"refused: {expected.message}" if expected.message else "read"
        elif isinstance(expected, Selected):
            result = f"selected: {expected.cc or 'no CC'}, {expected.mlo or 'no MLO'}"
        else:
            result = f"refused: {expected.message}"
        print(f"| {case.kind} | {case.name} | {result} | {case.source} |")
        if folder is not None:
            place = folder / case.kind / re.sub(r"\W+", "_", case.name)
            place.mkdir(parents=True, exist_ok=True)
            case.build(place)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
