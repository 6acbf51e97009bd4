"""The list of names, ``used_api.csv``: the class or module that owns each, and its source.

``source`` is a file of Slicer 5.12, ``CTK/`` and a file of CTK, or ``VTK``, ``Qt`` or
``PyTorch extension``.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

LIST = Path(__file__).with_name("used_api.csv")


class Name(NamedTuple):
    """One name that the extension uses."""

    owner: str
    name: str
    source: str


def read_list() -> list[Name]:
    """Read all names of the list."""
    with LIST.open(newline="", encoding="utf-8") as stream:
        return [Name(**row) for row in csv.DictReader(stream)]
