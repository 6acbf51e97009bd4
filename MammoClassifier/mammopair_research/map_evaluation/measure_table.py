"""The table: each figure's mean with its interval, and its difference from each baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mammopair.explain.attribution import Floats
from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.journal import Line
from mammopair_research.map_evaluation.measures import MEASURES
from mammopair_research.map_evaluation.view_agreement import agreement_beyond_chance
from mammopair_research.stats.bootstrap_means import Mean, bootstrap_mean

TWO_VIEWS = "agreement of CC and MLO"


@dataclass(frozen=True)
class Cell:
    """One method's figure."""

    mean: Mean
    against: dict[str, Mean]
    """By baseline: the method's figure less the baseline's, on the crops that both have."""

    def beats(self, baseline: str, better: int) -> bool:
        """Whether the whole interval of the difference lies on the better side of 0."""
        difference = self.against.get(baseline)
        return difference is not None and min(better * difference.low, better * difference.high) > 0


Table = dict[str, dict[str, Cell]]
"""By method, then by measure."""


@dataclass(frozen=True)
class _Column:
    """One method's values of one measure, by what they were taken on: a crop, or a lesion."""

    values: dict[str, float]
    patients: dict[str, str]

    def mean(self, less: _Column | None = None) -> Mean | None:
        keys = sorted(self.values if less is None else self.values.keys() & less.values.keys())
        values = [self.values[key] - (less.values[key] if less else 0.0) for key in keys]
        return bootstrap_mean(values, [self.patients[key] for key in keys])


def make_table(lines: Sequence[Line]) -> Table:
    """Means and differences of all that was measured."""
    methods = list(dict.fromkeys(line.method for line in lines))
    columns = {name: _columns([line for line in lines if line.method == name]) for name in methods}
    table: Table = {}
    for method in methods:
        table[method] = {}
        for measure in MEASURES:
            column = columns[method].get(measure)
            mean = column.mean() if column else None
            if column is None or mean is None:
                continue
            against = {
                baseline: difference
                for baseline in BASELINES
                if baseline in columns and baseline != method and measure in columns[baseline]
                if (difference := column.mean(less=columns[baseline][measure])) is not None
            }
            table[method][measure] = Cell(mean, against)
    return table


def _columns(lines: Sequence[Line]) -> dict[str, _Column]:
    """All measures of one method."""
    patients = {line.file: line.patient_id for line in lines}
    columns = {}
    for measure in MEASURES:
        found = {line.file: line.figures.get(measure) for line in lines}
        values = {file: value for file, value in found.items() if value is not None}
        if values:
            columns[measure] = _Column(values, patients)
    pairs = _pairs(lines)
    if len(pairs) > 1:
        views = [(_profile(cc), _profile(mlo)) for cc, mlo in pairs.values()]
        beyond = agreement_beyond_chance([cc for cc, _ in views], [mlo for _, mlo in views])
        columns[TWO_VIEWS] = _Column(
            dict(zip(pairs, beyond.tolist(), strict=True)),
            {lesion: cc.patient_id for lesion, (cc, _) in pairs.items()},
        )
    return columns


def _pairs(lines: Sequence[Line]) -> dict[str, tuple[Line, Line]]:
    """The CC and the MLO of each lesion that has both."""
    views = {(line.lesion, line.view): line for line in lines}
    return {
        lesion: (views[lesion, "CC"], views[lesion, "MLO"])
        for lesion in dict.fromkeys(line.lesion for line in lines)
        if (lesion, "CC") in views and (lesion, "MLO") in views
    }


def _profile(line: Line) -> Floats:
    return np.asarray(line.profile, np.float64)
