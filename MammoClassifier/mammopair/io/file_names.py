"""Laterality and projection in names: ``P_00173_LEFT_CC``, ``R-MLO``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mammopair.view import Laterality, Projection

_WORDS = {"left": Laterality.LEFT, "right": Laterality.RIGHT}
_SIDES = {
    **_WORDS,
    "l": Laterality.LEFT,
    "r": Laterality.RIGHT,
    "lt": Laterality.LEFT,
    "rt": Laterality.RIGHT,
}
_PROJECTIONS = {"cc": Projection.CC, "mlo": Projection.MLO}
_PAIRS = {side + view: (side, view) for side in _SIDES for view in _PROJECTIONS}
_TOKEN = re.compile(r"[A-Za-z]+|[0-9]+")


@dataclass(frozen=True)
class ParsedName:
    """The view that a name states; None for a part that is missing or ambiguous."""

    laterality: Laterality | None = None
    projection: Projection | None = None
    subject: str = ""
    """The text before ``LEFT_CC`` or similar, usually the patient; empty unless both parts are
    stated."""


def parse_name(name: str) -> ParsedName:
    """Parse laterality and projection in a name; case is ignored.

    The name is split into runs of letters and runs of digits. ``left`` and ``right`` count
    anywhere. ``L``, ``R``, ``LT`` and ``RT`` count only next to ``CC`` or ``MLO`` or joined to it
    (``LCC``), because a single letter alone is ambiguous.

    Parameters
    ----------
    name
        A file name without extension, a Patient ID or a Series Description.
    """
    tokens = [(match.group().lower(), match.start()) for match in _TOKEN.finditer(name)]
    words = [(part, start) for token, start in tokens for part in _PAIRS.get(token, (token,))]

    sides: set[Laterality] = set()
    views: set[Projection] = set()
    subjects: list[str] = []
    for index, (word, start) in enumerate(words):
        if word in _WORDS:
            sides.add(_WORDS[word])
        if word not in _PROJECTIONS:
            continue
        views.add(_PROJECTIONS[word])
        for neighbour in (index - 1, index + 1):
            if 0 <= neighbour < len(words) and words[neighbour][0] in _SIDES:
                sides.add(_SIDES[words[neighbour][0]])
                first = min(start, words[neighbour][1])
                subjects.append(name[:first].rstrip(" _-.,"))
                break
    unambiguous = len(sides) == len(views) == 1
    return ParsedName(
        laterality=sides.pop() if len(sides) == 1 else None,
        projection=views.pop() if len(views) == 1 else None,
        subject=subjects[0] if unambiguous and subjects else "",
    )
