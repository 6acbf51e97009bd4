"""Which method is the default: the one that measured best, by a rule that was fixed beforehand."""

from __future__ import annotations

from dataclasses import dataclass

from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.measure_table import Table
from mammopair_research.map_evaluation.measures import MEASURES

BEATEN_ON = ("deletion, blur", "deletion, in-paint", "energy in the box, off-centre")
"""Figures on which a method must beat every baseline."""
RANDOMISED = "randomised all layers"
MOST_LEFT = 0.1
"""Mean rank correlation that may remain when all weights are randomised."""
RANKED_BY = "insertion less deletion"

RULE = (
    f"The method that meets most of these conditions: it beats {', '.join(BASELINES)} on "
    f"{'; on '.join(BEATEN_ON)}, each with the whole 95 % interval of the paired difference; and "
    f"with all weights randomised a mean rank correlation of less than {MOST_LEFT} either way "
    f"remains. Among equals, the one with the largest {RANKED_BY}."
)


@dataclass(frozen=True)
class MethodRank:
    """How one method stands by the rule."""

    method: str
    passed: list[str]
    failed: list[str]
    score: float
    """:data:`RANKED_BY`, [-1, 1]; -1 where it was not measured."""


def method_ranks(table: Table) -> list[MethodRank]:
    """All methods that are no baseline, the best first; ties go to the one named first."""
    found = [_standing(name, table) for name in table if name not in BASELINES]
    return sorted(found, key=lambda one: (-len(one.passed), -one.score))


def _standing(method: str, table: Table) -> MethodRank:
    cells = table[method]
    conditions = {
        f"beats {baseline} on {measure}": measure in cells
        and cells[measure].beats(baseline, MEASURES[measure].better)
        for measure in BEATEN_ON
        for baseline in BASELINES
    }
    conditions["destroyed by randomised weights"] = (
        RANDOMISED in cells and abs(cells[RANDOMISED].mean.value) < MOST_LEFT
    )
    return MethodRank(
        method,
        passed=[name for name, holds in conditions.items() if holds],
        failed=[name for name, holds in conditions.items() if not holds],
        score=cells[RANKED_BY].mean.value if RANKED_BY in cells else -1.0,
    )
