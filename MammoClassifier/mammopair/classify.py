"""The road: from marked views to a record. Command line, batch and Slicer are gates to it.

Examples
--------
>>> from mammopair.classify import Lesion, MarkedView, classify
>>> from mammopair.model.ensemble import load_ensemble
>>> from mammopair.reading.files import read_view
>>> from mammopair.reading.view import Box
>>> view = read_view("exam/rcc.dcm")  # doctest: +SKIP
>>> lesion = Lesion("case-1", "1", (MarkedView(view, Box(2104, 1216, 247, 255)),))  # doctest: +SKIP
>>> classify(lesion, load_ensemble()).probability  # doctest: +SKIP
0.31
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair import __version__
from mammopair.caution import Caution
from mammopair.crop import CropSquare, cut_patch, place_square
from mammopair.errors import InputError
from mammopair.progress import Progress
from mammopair.reading.checks import check_pair
from mammopair.reading.view import Box, View
from mammopair.record import Interval, ModelStamp, Reading, Record, ViewResult

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble, MemberOutput


@dataclass(frozen=True)
class MarkedView:
    """A view and the mass marked on it."""

    view: View
    box: Box


@dataclass(frozen=True)
class Lesion:
    """One mass, marked on its CC view, its MLO view, or both."""

    case_id: str
    lesion_id: str
    marked: tuple[MarkedView, ...]
    label: int | None = None
    """Carried through to the record, never looked at."""


def classify(lesion: Lesion, ensemble: Ensemble) -> Record:
    """Classify one lesion. Raises what :func:`classify_stepwise` raises."""
    (record,) = classify_many([lesion], ensemble)
    return record


def classify_many(lesions: Sequence[Lesion], ensemble: Ensemble) -> list[Record]:
    """Classify lesions together: all their crops go through each member as one batch."""
    steps = classify_stepwise(lesions, ensemble)
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            return finished.value


def classify_stepwise(
    lesions: Lesion | Sequence[Lesion], ensemble: Ensemble
) -> Generator[Progress, None, list[Record]]:
    """Classify, yielding before each crop and each member; closing the generator cancels.

    Returns
    -------
    list of Record
        One a lesion, in their order, as the generator's value.

    Raises
    ------
    InputError
        If the views of a lesion do not belong together, a box lies outside its view, or the
        ensemble has no member for a projection.
    """
    lesions = [lesions] if isinstance(lesions, Lesion) else list(lesions)
    if not lesions:
        return []
    cautions = [check_pair([marked.view for marked in lesion.marked]) for lesion in lesions]
    check_members(lesions, ensemble)
    places = [(index, marked) for index, lesion in enumerate(lesions) for marked in lesion.marked]
    total = len(places) + len(ensemble.members)

    squares, patches = [], []
    for number, (_, marked) in enumerate(places):
        yield Progress(number, total, f"Cutting the lesion from {marked.view.name}")
        squares.append(place_square(marked.view, marked.box))
        patches.append(cut_patch(marked.view, squares[-1]))

    outputs: list[MemberOutput] = []
    projections = [str(marked.view.projection) for _, marked in places]
    reading = ensemble.outputs(np.stack(patches), projections)
    for number, entry in enumerate(ensemble.members):
        yield Progress(len(places) + number, total, f"{entry.name} reads {len(patches)} crops")
        outputs.append(next(reading))

    records = []
    for index, lesion in enumerate(lesions):
        mine = [place for place, (owner, _) in enumerate(places) if owner == index]
        seen = [LesionSquare(places[place][1], squares[place], place) for place in mine]
        records.append(make_record(lesion, seen, outputs, ensemble, cautions[index]))
    return records


@dataclass(frozen=True)
class LesionSquare:
    """A marked view, the square that was cut from it, and its number among the patches read."""

    marked: MarkedView
    square: CropSquare
    patch: int


def make_record(
    lesion: Lesion,
    seen: Sequence[LesionSquare],
    outputs: Sequence[MemberOutput],
    ensemble: Ensemble,
    cautions: Sequence[Caution],
) -> Record:
    """The record of one lesion, from what the members said of its patches."""
    from mammopair.model.calibration import LEVEL, interval, lesion_probability, probabilities

    manifest = ensemble.manifest
    logits = np.array([[output.logits[place.patch] for output in outputs] for place in seen])
    calibrated = probabilities(logits, manifest.calibration)
    low, high = interval(logits, manifest.calibration)
    views = [place.marked.view for place in seen]
    said = [
        *cautions,
        *(caution for view in views for caution in view.warnings),
        *ensemble.cautions,
    ]
    return Record(
        case_id=lesion.case_id,
        lesion_id=lesion.lesion_id,
        patient_id=views[0].patient_id,
        laterality=str(views[0].laterality),
        probability=lesion_probability(calibrated),
        interval=Interval(low=low, high=high, level=LEVEL),
        views=[
            make_view_result(place, outputs, logits[row], calibrated[row], ensemble)
            for row, place in enumerate(seen)
        ],
        warnings=list(dict.fromkeys(said)),
        model=ModelStamp(name=manifest.name, version=manifest.version, sha256=ensemble.sha256),
        software=f"mammopair {__version__}",
        label=lesion.label,
    )


def make_view_result(
    place: LesionSquare,
    outputs: Sequence[MemberOutput],
    logits: npt.NDArray[np.float64],
    calibrated: npt.NDArray[np.float64],
    ensemble: Ensemble,
) -> ViewResult:
    """One view's part: ``logits`` and ``calibrated`` hold one number a member, or NaN."""
    from mammopair.explain.evidence import describe_evidence, evidence_of_patch

    view, box = place.marked.view, place.marked.box
    cells, bias = evidence_of_patch(outputs, place.patch, ensemble.manifest.calibration)
    return ViewResult(
        projection=str(view.projection),
        file=str(view.source),
        sop_uid=view.sop_uid,
        box=(box.x, box.y, box.width, box.height),
        probability=float(np.nanmean(calibrated)),
        readings=[
            Reading(member=output.member, logit=float(logit), probability=float(probability))
            for output, logit, probability in zip(outputs, logits, calibrated, strict=True)
            if not np.isnan(logit)
        ],
        evidence=describe_evidence(cells, bias, place.square, box),
    )


def check_members(lesions: Sequence[Lesion], ensemble: Ensemble) -> None:
    """Raise :class:`InputError` if a view's projection is read by no member."""
    read = {projection for entry in ensemble.members for projection in entry.views}
    for lesion in lesions:
        for marked in lesion.marked:
            if str(marked.view.projection) not in read:
                raise InputError(
                    marked.view.source,
                    f"is a {marked.view.projection} view, and the ensemble "
                    f"{ensemble.manifest.name} reads {' and '.join(sorted(read))} only",
                )
