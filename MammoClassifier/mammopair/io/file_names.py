"""Laterality and projection as people write them into names: ``P_00173_LEFT_CC``, ``R-MLO``."""

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


@dataclass(frozen=True)
class NamedView:
    """What a name tells of a view; ``None`` where it is silent or contradicts itself."""

    laterality: Laterality | None = None
    projection: Projection | None = None
    subject: str = ""
    """What stands before ``LEFT_CC`` and the like, if both are named: the patient, as a rule."""


def read_name(name: str) -> NamedView:
    """Find laterality and projection in a name.

    Tokens are runs of letters and runs of digits. ``left`` and ``right`` count anywhere; ``L``,
    ``R``, ``LT`` and ``RT`` count only beside ``CC`` or ``MLO``, or grown together with it
    (``LCC``), for a single letter alone says nothing. Case does not matter.
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
    plain = len(sides) == len(views) == 1
    return NamedView(
        laterality=sides.pop() if len(sides) == 1 else None,
        projection=views.pop() if len(views) == 1 else None,
        subject=subjects[0] if plain and subjects else "",
    )


_TOKEN = re.compile(r"[A-Za-z]+|[0-9]+")
