"""Writes the list of packaged files into ``MammoClassifier/CMakeLists.txt``.

    python -m Testing.slicer_package.packaged_files            write the list
    python -m Testing.slicer_package.packaged_files --check    say what differs; exit code 1 if so

A file that is not listed is silently not packaged, so everything that git tracks below
``MammoClassifier`` is listed, except the research package.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MODULE_FOLDER = REPOSITORY / "MammoClassifier"
CMAKE_FILE = MODULE_FOLDER / "CMakeLists.txt"
BEGIN = "# Written by Testing/slicer_package/packaged_files.py, between this line\n"
END = "# and this one.\n"
NOT_PACKAGED = {"CMakeLists.txt"}
RESEARCH = "mammopair_research/"


def files_to_package(*, untracked: bool = True) -> list[str]:
    """Paths below ``MammoClassifier``, sorted, of all files that belong into the package.

    Parameters
    ----------
    untracked
        Whether files count that git does not track yet, but does not ignore either.
    """
    kinds = ["--cached", *(["--others"] if untracked else [])]
    listed = subprocess.run(
        ["git", "ls-files", *kinds, "--exclude-standard", "-z", "."],
        cwd=MODULE_FOLDER,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    files = {name for name in listed if name and (MODULE_FOLDER / name).is_file()}
    product = {name for name in files if not name.startswith(RESEARCH)}
    return sorted(product - NOT_PACKAGED)


def listed_files(text: str | None = None) -> list[str]:
    """Paths that ``CMakeLists.txt`` lists, scripts first."""
    text = CMAKE_FILE.read_text() if text is None else text
    block = text[text.index(BEGIN) + len(BEGIN) : text.index(END)]
    lines = (line.strip() for line in block.splitlines())
    return [line for line in lines if line and line != ")" and not line.startswith("set(")]


def block_for(files: list[str]) -> str:
    """The two lists as CMake reads them."""
    scripts = [name for name in files if name.endswith(".py")]
    resources = [name for name in files if not name.endswith(".py")]
    parts = []
    for variable, names in (("MODULE_PYTHON_SCRIPTS", scripts), ("MODULE_RESOURCES", resources)):
        parts += [f"set({variable}", *(f"  {name}" for name in names), "  )"]
    return "\n".join(parts) + "\n"


def main() -> int:
    """Write or check the list; returns the exit code."""
    text = CMAKE_FILE.read_text()
    start, stop = text.index(BEGIN) + len(BEGIN), text.index(END)
    fresh = text[:start] + block_for(files_to_package()) + text[stop:]
    if fresh == text:
        return 0
    if "--check" in sys.argv[1:]:
        wanted, found = set(listed_files(fresh)), set(listed_files(text))
        for name in sorted(wanted ^ found):
            print(f"{'not listed' if name in wanted else 'not there'}: {name}")
        return 1
    CMAKE_FILE.write_text(fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main())
