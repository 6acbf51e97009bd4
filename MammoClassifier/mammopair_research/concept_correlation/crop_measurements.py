"""Pooled units, evidence by zone and measured spiculation of every out-of-fold crop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.evaluation import ScorableCrop
from mammopair.features.marked_patch import MarkedPatch, make_marked_patch
from mammopair.features.outline import find_outline
from mammopair.features.spiculation import measure_spiculation
from mammopair.io.crop_folder import CropRow
from mammopair.progress import Progress
from mammopair_research.concept_correlation.evidence_zones import zone_sums
from mammopair_research.datasets.patches import read_patch

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble, MemberOutput

CHUNK_SIZE = 32
"""Crops that are predicted together."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MemberUnits:
    """The pooled units of one member for the crops that it was not trained on."""

    member: str
    crops: npt.NDArray[np.intp]
    """``(m,)``: indices of the crops."""
    units: Floats
    """``(m, channels)``: pooled features."""


@dataclass(frozen=True)
class CropMeasurements:
    """All measurements of ``n`` crops."""

    rows: list[CropRow]
    logits: Floats
    """``(n,)``: mean calibrated logit of the out-of-fold members."""
    evidence: Floats
    """``(n, h, w)``: their mean calibrated class activation, in logits."""
    zones: Floats
    """``(n, 3, 2)``: evidence inside the mass, in the ring of its margin and outside, for and
    against malignancy; see :mod:`mammopair_research.concept_correlation.evidence_zones`."""
    spiculation: Floats
    """``(n,)``: measured; :attr:`mammopair.features.spiculation.Spiculation.radial_lines`."""
    members: list[MemberUnits]

    @property
    def patients(self) -> npt.NDArray[np.str_]:
        """``(n,)``: patient of each crop."""
        return np.array([row.patient_id for row in self.rows])


def read_marked_patch(folder: Path, row: CropRow) -> MarkedPatch:
    """Read a crop's patch in the form that the features are measured on.

    Raises
    ------
    InputError
        If the image cannot be read.
    """
    patch = read_patch(folder, row)
    return make_marked_patch(patch.pixels, patch.box)


def measure_crops(
    folder: Path, crops: Sequence[ScorableCrop], ensemble: Ensemble
) -> Generator[Progress, None, CropMeasurements]:
    """Predict crops with their out-of-fold members, and measure them.

    Parameters
    ----------
    folder
        The crop folder.
    crops
        As :func:`mammopair.evaluation.explainable_crops` returns them.
    ensemble
        The ensemble.

    Returns
    -------
    CropMeasurements
        With crops grouped by their members, as the generator's value.

    Raises
    ------
    InputError
        If an image cannot be read.
    """
    groups = defaultdict(list)
    for crop in crops:
        groups[crop.members].append(crop.row)
    predicted: list[_PredictedCrop] = []
    for names, group in groups.items():
        members = ensemble.select_members(set(names))
        for start in range(0, len(group), CHUNK_SIZE):
            yield Progress(len(predicted), len(crops), "Predicting out-of-fold crops")
            chunk = group[start : start + CHUNK_SIZE]
            patches = [read_marked_patch(folder, row) for row in chunk]
            pixels = np.stack([patch.pixels for patch in patches])
            outputs = list(members.predict(pixels, [row.view for row in chunk]))
            predicted += [
                _PredictedCrop(row, patch, {output.member: (output, index) for output in outputs})
                for index, (row, patch) in enumerate(zip(chunk, patches, strict=True))
            ]
    calibration = ensemble.manifest.calibration
    maps = [calibration.slope * crop.mean_map for crop in predicted]
    zones = []
    for number, one in enumerate(predicted):
        if number % CHUNK_SIZE == 0:
            yield Progress(number, len(predicted), "Finding outlines")
        radius = find_outline(one.patch).relative_radius
        zones.append(zone_sums(maps[number], radius))
    logits = np.array([crop.logit for crop in predicted])
    return CropMeasurements(
        rows=[crop.row for crop in predicted],
        logits=logits * calibration.slope + calibration.intercept,
        evidence=np.stack(maps),
        zones=np.stack(zones),
        spiculation=np.array([measure_spiculation(crop.patch).radial_lines for crop in predicted]),
        members=[
            units
            for entry in ensemble.members
            if (units := _member_units(entry.name, predicted)) is not None
        ],
    )


@dataclass(frozen=True)
class _PredictedCrop:
    """One crop, and the output of each member with the crop's index in it."""

    row: CropRow
    patch: MarkedPatch
    outputs: dict[str, tuple[MemberOutput, int]]

    @property
    def logit(self) -> float:
        return float(np.mean([output.logits[index] for output, index in self.outputs.values()]))

    @property
    def mean_map(self) -> Floats:
        return np.mean([output.maps[index] for output, index in self.outputs.values()], axis=0)


def _member_units(member: str, predicted: Sequence[_PredictedCrop]) -> MemberUnits | None:
    crops = [number for number, crop in enumerate(predicted) if member in crop.outputs]
    if not crops:
        return None
    outputs = [predicted[number].outputs[member] for number in crops]
    units = np.stack([output.pooled[index] for output, index in outputs])
    return MemberUnits(member, np.array(crops), units)
