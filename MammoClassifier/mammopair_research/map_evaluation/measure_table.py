"""The table: the mean of each measure with its interval, and its difference from the baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mammopair.explain.attribution import Floats
from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.journal import Line
from mammopair_research.map_evaluation.measures import MEASURES, VIEW_AGREEMENT
from mammopair_research.map_evaluation.view_agreement import agreement_beyond_chance
from mammopair_research.stats.bootstrap_means import Mean, bootstrap_mean


@dataclass(frozen=True)
class Cell:
    """One measure of one method."""

    mean: Mean
    differences: dict[str, Mean]
    """By baseline: the method minus the baseline, on the crops that both have."""

    def beats(self, baseline: str, better: int) -> bool:
        """Return whether the whole interval of the difference is on the better side of 0."""
        difference = self.differences.get(baseline)
        return difference is not None and min(better * difference.low, better * difference.high) > 0


MeasureTable = dict[str, dict[str, Cell]]
"""By method, then by measure."""


@dataclass(frozen=True)
class _Column:
    """One method's values of one measure, by crop or by lesion."""

    values: dict[str, float]
    patients: dict[str, str]

    def mean(self) -> Mean | None:
        return self._mean(dict.fromkeys(self.values, 0.0))

    def minus(self, other: _Column) -> Mean | None:
        return self._mean(other.values)

    def _mean(self, subtracted: dict[str, float]) -> Mean | None:
        keys = sorted(self.values.keys() & subtracted.keys())
        values = [self.values[key] - subtracted[key] for key in keys]
        return bootstrap_mean(values, [self.patients[key] for key in keys])


def make_table(lines: Sequence[Line]) -> MeasureTable:
    """Compute means and differences of all measures."""
    methods = list(dict.fromkeys(line.method for line in lines))
    columns = {name: _columns([line for line in lines if line.method == name]) for name in methods}
    table: MeasureTable = {}
    for method in methods:
        table[method] = {}
        for measure in MEASURES:
            column = columns[method].get(measure)
            mean = column.mean() if column else None
            if column is None or mean is None:
                continue
            differences = {
                baseline: difference
                for baseline in BASELINES
                if baseline in columns and baseline != method and measure in columns[baseline]
                if (difference := column.minus(columns[baseline][measure])) is not None
            }
            table[method][measure] = Cell(mean, differences)
    return table


def _columns(lines: Sequence[Line]) -> dict[str, _Column]:
    """Return all measures of one method."""
    patients = {line.file: line.patient_id for line in lines}
    columns = {}
    for measure in MEASURES:
        found = {line.file: line.figures.get(measure) for line in lines}
        values = {file: value for file, value in found.items() if value is not None}
        if values:
            columns[measure] = _Column(values, patients)
    pairs = _view_pairs(lines)
    if len(pairs) > 1:
        profiles = [(_profile(cc), _profile(mlo)) for cc, mlo in pairs.values()]
        beyond = agreement_beyond_chance([cc for cc, _ in profiles], [mlo for _, mlo in profiles])
        columns[VIEW_AGREEMENT] = _Column(
            dict(zip(pairs, beyond.tolist(), strict=True)),
            {lesion: cc.patient_id for lesion, (cc, _) in pairs.items()},
        )
    return columns


def _view_pairs(lines: Sequence[Line]) -> dict[str, tuple[Line, Line]]:
    """Return the lines of CC and MLO of each lesion with both views."""
    views = {(line.lesion, line.view): line for line in lines}
    return {
        lesion: (views[lesion, "CC"], views[lesion, "MLO"])
        for lesion in dict.fromkeys(line.lesion for line in lines)
        if (lesion, "CC") in views and (lesion, "MLO") in views
    }


def _profile(line: Line) -> Floats:
    return np.asarray(line.profile, np.float64)
