"""Selection of the default method by a rule that was specified before the measurement."""

from __future__ import annotations

from dataclasses import dataclass

from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.measure_table import MeasureTable
from mammopair_research.map_evaluation.measures import MEASURES

BEATEN_ON = ("deletion, blur", "deletion, in-paint", "energy in the box, off-centre")
"""Measures on which a method must beat every baseline."""
RANDOMISED = "randomised all layers"
MAX_CORRELATION = 0.1
"""Limit of the absolute mean rank correlation after all weights are randomised."""
RANKED_BY = "insertion minus deletion"

RULE = (
    f"The method that meets most of these conditions: it beats {', '.join(BASELINES)} on "
    f"{'; on '.join(BEATEN_ON)}, each with the whole 95 % interval of the paired difference; and "
    "with all weights randomised, the absolute mean rank correlation is below "
    f"{MAX_CORRELATION}. Among equals, the one with the highest {RANKED_BY}."
)


@dataclass(frozen=True)
class MethodRank:
    """Result of the rule for one method."""

    method: str
    passed: list[str]
    """Conditions that it meets."""
    failed: list[str]
    """Conditions that it does not meet."""
    score: float
    """:data:`RANKED_BY`, in [-1, 1]; -1 if it was not measured."""


def rank_methods(table: MeasureTable) -> list[MethodRank]:
    """Rank all methods except the baselines, the best first; the first of equals wins."""
    ranks = [_apply_rule(name, table) for name in table if name not in BASELINES]
    return sorted(ranks, key=lambda one: (-len(one.passed), -one.score))


def _apply_rule(method: str, table: MeasureTable) -> MethodRank:
    cells = table[method]
    conditions = {
        f"beats {baseline} on {measure}": measure in cells
        and cells[measure].beats(baseline, MEASURES[measure].better)
        for measure in BEATEN_ON
        for baseline in BASELINES
    }
    conditions["changes with randomised weights"] = (
        RANDOMISED in cells and abs(cells[RANDOMISED].mean.value) < MAX_CORRELATION
    )
    return MethodRank(
        method,
        passed=[name for name, met in conditions.items() if met],
        failed=[name for name, met in conditions.items() if not met],
        score=cells[RANKED_BY].mean.value if RANKED_BY in cells else -1.0,
    )
