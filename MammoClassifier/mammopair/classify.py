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
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair import __version__, standing
from mammopair.caution import Caution
from mammopair.crop import CropSquare, cut_patch, place_square
from mammopair.errors import InputError
from mammopair.progress import Progress
from mammopair.reading.checks import check_pair
from mammopair.reading.view import Box, View
from mammopair.record import Interval, ModelStamp, Reading, Record, ViewResult

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble, MemberOutput
    from mammopair.model.ensemble_manifest import Calibration


@dataclass(frozen=True)
class LesionPatch:
    """The square that a mass gets on a view, and the pixels under it."""

    square: CropSquare
    pixels: npt.NDArray[np.float32]
    """``(256, 256)``, in [0, 1], bright where dense."""


@dataclass(frozen=True)
class MarkedView:
    """A view and the mass marked on it."""

    view: View
    box: Box
    patch: LesionPatch | None = None
    """Cut beforehand where the view's own pixels are not kept: see :func:`cut_and_let_go`."""


def cut(marked: MarkedView) -> LesionPatch:
    """The lesion's patch, cut from the view unless it was cut before.

    Raises
    ------
    InputError
        If the box has no area or lies wholly outside the view.
    """
    if marked.patch is not None:
        return marked.patch
    square = place_square(marked.view, marked.box)
    return LesionPatch(square, cut_patch(marked.view, square))


def cut_and_let_go(marked: MarkedView) -> MarkedView:
    """The same with its patch cut, and a view without pixels: a film need not stay in memory.

    Raises
    ------
    InputError
        As :func:`cut`.
    """
    no_pixels = np.empty((0, 0), dtype=np.float32)
    return replace(marked, view=replace(marked.view, pixels=no_pixels), patch=cut(marked))


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
        patch = cut(marked)
        squares.append(patch.square)
        patches.append(patch.pixels)

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
    from mammopair.explain.concept_scores import scores_of_lesion
    from mammopair.model.calibration import LEVEL, interval, lesion_probability, probabilities

    manifest = ensemble.manifest
    logits = np.array([[output.logits[place.patch] for output in outputs] for place in seen])
    calibration = manifest.calibration_of(len(seen))
    calibrated = probabilities(logits, calibration)
    low, high = interval(logits, calibration)
    probability = lesion_probability(calibrated)
    views = [place.marked.view for place in seen]
    results = [
        make_view_result(place, outputs, calibration, calibrated[row], ensemble)
        for row, place in enumerate(seen)
    ]
    said = [
        *cautions,
        *(caution for view in views for caution in view.warnings),
        *standing.unusual_cautions(results, ensemble),
        *ensemble.cautions,
    ]
    return Record(
        case_id=lesion.case_id,
        lesion_id=lesion.lesion_id,
        patient_id=views[0].patient_id,
        laterality=str(views[0].laterality),
        probability=probability,
        interval=Interval(low=low, high=high, level=LEVEL),
        views=results,
        warnings=list(dict.fromkeys(said)),
        model=ModelStamp(name=manifest.name, version=manifest.version, sha256=ensemble.sha256),
        software=f"mammopair {__version__}",
        label=lesion.label,
        prevalence=calibration.prevalence,
        operating_points=standing.points_reached(probability, ensemble),
        conformal=standing.conformal_set(logits, ensemble),
        typicality=standing.typicality(results, ensemble),
        concepts=scores_of_lesion([view.concepts for view in results], manifest),
    )


def make_view_result(
    place: LesionSquare,
    outputs: Sequence[MemberOutput],
    calibration: Calibration,
    calibrated: npt.NDArray[np.float64],
    ensemble: Ensemble,
) -> ViewResult:
    """One view's part, by the lesion's calibration; ``calibrated`` holds a number a member."""
    from mammopair.explain.concept_scores import scores_of_patch
    from mammopair.explain.evidence import describe_evidence, evidence_of_patch

    view, box = place.marked.view, place.marked.box
    cells, bias = evidence_of_patch(outputs, place.patch, calibration)
    return ViewResult(
        projection=str(view.projection),
        file=str(view.source),
        sop_uid=view.sop_uid,
        box=(box.x, box.y, box.width, box.height),
        probability=float(np.nanmean(calibrated)),
        readings=[
            Reading(
                member=output.member,
                logit=float(output.logits[place.patch]),
                probability=float(probability),
            )
            for output, probability in zip(outputs, calibrated, strict=True)
            if not np.isnan(probability)
        ],
        evidence=describe_evidence(cells, bias, place.square, box),
        more_unusual_than=standing.unusual_share(outputs, place.patch, ensemble),
        concepts=scores_of_patch(outputs, place.patch, ensemble.manifest),
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
