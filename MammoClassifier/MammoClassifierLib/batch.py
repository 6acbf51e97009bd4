"""The engine's batch inside Slicer: a manifest in, records and a table out, an exit code.

Exit codes are those of the command line: 0, all done; 1, some input could not be used, each named;
2, wrong usage.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from MammoClassifierLib.install import missingPackages
from mammopair.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mammopair.batch import Failure
    from mammopair.record import Record

USAGE = (
    "Usage: Slicer --no-splash --no-main-window --python-script classify_batch.py "
    "-- MANIFEST OUT [ENSEMBLE]"
)


def run(arguments: Sequence[str]) -> int:
    """Classify the lesions of a manifest, without a window and without a question.

    Parameters
    ----------
    arguments
        The manifest, the folder to write into, and perhaps an ensemble, by name or as a folder;
        a leading ``--`` is passed over.

    Returns
    -------
    int
        The exit code.
    """
    given = list(arguments)[1:] if list(arguments)[:1] == ["--"] else list(arguments)
    if not 2 <= len(given) <= 3:
        _say(USAGE)
        return 2
    try:
        return _classify(Path(given[0]), Path(given[1]), given[2] if given[2:] else None)
    except InputError as error:
        _say(str(error))
        return 1


def _classify(manifest: Path, out: Path, model: str | None) -> int:
    missing = missingPackages()
    if missing:
        problem = "not installed; open the module MammoClassifier once and click Classify"
        raise InputError(", ".join(missing), problem)
    from mammopair.batch import Failure, classify_entries
    from mammopair.manifest import read_manifest
    from mammopair.model.ensemble import load_ensemble

    entries = read_manifest(manifest)
    _makeFolder(out)
    ensemble = load_ensemble(model)
    records, failures = [], []
    for number, outcome in enumerate(classify_entries(entries, ensemble), start=1):
        (failures if isinstance(outcome, Failure) else records).append(outcome)
        print(f"{number} of {len(entries)}: {outcome.case_id} lesion {outcome.lesion_id}")
    _write(records, failures, out)
    return 1 if failures else 0


def _write(records: list[Record], failures: list[Failure], out: Path) -> None:
    from mammopair import RESEARCH_USE_ONLY
    from mammopair.record import write_records
    from mammopair.results.table import records_to_csv

    for failure in failures:
        _say(f"{failure.case_id} lesion {failure.lesion_id}: {failure.reason}")
    if records:
        write_records(out / "records.jsonl", records)
        records_to_csv(records, out / "table.csv")
        print(out / "records.jsonl", out / "table.csv", sep="\n")
    print(RESEARCH_USE_ONLY)


def _makeFolder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(out, f"cannot be written to: {error.strerror}") from error


def _say(sentence: str) -> None:
    print(f"MammoClassifier: {sentence}", file=sys.stderr)
