"""Every held-out crop read once: what the members' units, maps and a ruler say of it."""

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

AT_ONCE = 32
"""Crops read as one batch."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MemberUnits:
    """What one member says of the crops of patients whom it never saw."""

    member: str
    crops: npt.NDArray[np.intp]
    """``(m,)``: their numbers among the rows."""
    units: Floats
    """``(m, channels)``: pooled features."""
    words: Floats
    """``(m, words)``: logits of the manifest's concepts."""


@dataclass(frozen=True)
class CropMeasurements:
    """All that the statistics need, of ``n`` crops."""

    rows: list[CropRow]
    logits: Floats
    """``(n,)``: mean calibrated logit of the members that never saw the patient."""
    evidence: Floats
    """``(n, h, w)``: their mean calibrated class activation, in logits."""
    zones: Floats
    """``(n, 3, 2)``: evidence inside the mass, in the ring of its margin and outside, for and
    against malignancy; see :func:`mammopair_research.concept_correlation.evidence_zones.zone_sums`."""
    spiculation: Floats
    """``(n,)``: measured, :attr:`mammopair.features.spiculation.Spiculation.radial_lines`."""
    members: list[MemberUnits]

    @property
    def patients(self) -> npt.NDArray[np.str_]:
        """``(n,)``: who each crop is of."""
        return np.array([row.patient_id for row in self.rows])


def read_marked_patch(folder: Path, row: CropRow) -> MarkedPatch:
    """Read a crop's patch as the measured features use it.

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
    """Read crops with the members that may, and measure them.

    Parameters
    ----------
    rows
        As :func:`mammopair.evaluation.explainable_crops` gives them.

    Raises
    ------
    InputError
        If a picture cannot be read.
    """
    groups = defaultdict(list)
    for crop in crops:
        groups[crop.members].append(crop.row)
    parts: list[_Read] = []
    for names, group in groups.items():
        readers = ensemble.select_members(set(names))
        for start in range(0, len(group), AT_ONCE):
            yield Progress(len(parts), len(crops), "Reading the held-out crops")
            chunk = group[start : start + AT_ONCE]
            patches = [read_marked_patch(folder, row) for row in chunk]
            outputs = list(
                readers.predict(
                    np.stack([patch.pixels for patch in patches]), [row.view for row in chunk]
                )
            )
            parts += [
                _Read(row, patch, {out.member: (out, place) for out in outputs})
                for place, (row, patch) in enumerate(zip(chunk, patches, strict=True))
            ]
    calibration = ensemble.manifest.calibration
    maps = [calibration.slope * part.mean_map for part in parts]
    zones = []
    for number, part in enumerate(parts):
        if number % AT_ONCE == 0:
            yield Progress(number, len(parts), "Finding the outlines")
        radius = find_outline(part.patch).relative_radius
        zones.append(zone_sums(maps[number], radius))
    return CropMeasurements(
        rows=[part.row for part in parts],
        logits=np.array([part.logit for part in parts]) * calibration.slope + calibration.intercept,
        evidence=np.stack(maps),
        zones=np.stack(zones),
        spiculation=np.array([measure_spiculation(part.patch).radial_lines for part in parts]),
        members=[
            units for entry in ensemble.members if (units := _units(entry.name, parts)) is not None
        ],
    )


@dataclass(frozen=True)
class _Read:
    """One crop, and where in whose output it is."""

    row: CropRow
    patch: MarkedPatch
    outputs: dict[str, tuple[MemberOutput, int]]

    @property
    def logit(self) -> float:
        return float(np.mean([out.logits[place] for out, place in self.outputs.values()]))

    @property
    def mean_map(self) -> Floats:
        return np.mean([out.maps[place] for out, place in self.outputs.values()], axis=0)


def _units(member: str, parts: Sequence[_Read]) -> MemberUnits | None:
    crops = [number for number, part in enumerate(parts) if member in part.outputs]
    if not crops:
        return None
    read = [parts[number].outputs[member] for number in crops]
    return MemberUnits(
        member,
        np.array(crops),
        units=np.stack([out.pooled[place] for out, place in read]),
        words=np.stack([out.descriptor_logits[place] for out, place in read]),
    )
