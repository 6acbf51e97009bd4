"""The road: from marked views to a record. Command line, batch and Slicer are gates to it.

Examples
--------
>>> from mammopair.classification import Lesion, MarkedView, classify
>>> from mammopair.model.ensemble import load_ensemble
>>> from mammopair.io.reader import read_view
>>> from mammopair.view import Box
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
from mammopair.calibration.platt import (
    INTERVAL_LEVEL,
    Calibration,
    interval,
    lesion_probability,
    probabilities,
)
from mammopair.crop import CropSquare
from mammopair.errors import InputError
from mammopair.explain.concept_scores import lesion_concept_scores, patch_concept_scores
from mammopair.explain.evidence_map import describe_evidence, patch_evidence
from mammopair.io.view_checks import check_pair
from mammopair.lesion import Lesion, MarkedView, extract_patch
from mammopair.model import reference_summary
from mammopair.progress import Progress, exhaust
from mammopair.record import Interval, MemberScore, ModelReference, Record, ViewResult
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble, MemberOutput


def classify(lesion: Lesion, ensemble: Ensemble) -> Record:
    """Classify one lesion. Raises what :func:`classify_stepwise` raises."""
    (record,) = classify_many([lesion], ensemble)
    return record


def classify_many(lesions: Sequence[Lesion], ensemble: Ensemble) -> list[Record]:
    """Classify lesions together: all their crops go through each member as one batch."""
    return exhaust(classify_stepwise(lesions, ensemble))


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
    warnings = [check_pair([marked.view for marked in lesion.marked]) for lesion in lesions]
    check_members(lesions, ensemble)
    places = [(index, marked) for index, lesion in enumerate(lesions) for marked in lesion.marked]
    total = len(places) + len(ensemble.members)

    squares, patches = [], []
    for number, (_, marked) in enumerate(places):
        yield Progress(number, total, f"Cutting the lesion from {marked.view.name}")
        patch = extract_patch(marked)
        squares.append(patch.square)
        patches.append(patch.pixels)

    outputs: list[MemberOutput] = []
    projections = [str(marked.view.projection) for _, marked in places]
    reading = ensemble.predict(np.stack(patches), projections)
    for number, entry in enumerate(ensemble.members):
        yield Progress(len(places) + number, total, f"{entry.name} reads {len(patches)} crops")
        outputs.append(next(reading))

    records = []
    for index, lesion in enumerate(lesions):
        mine = [place for place, (owner, _) in enumerate(places) if owner == index]
        seen = [LesionSquare(places[place][1], squares[place], place) for place in mine]
        records.append(build_record(lesion, seen, outputs, ensemble, warnings[index]))
    return records


@dataclass(frozen=True)
class LesionSquare:
    """A marked view, the square that was cut from it, and its number among the patches read."""

    marked: MarkedView
    square: CropSquare
    patch: int


def build_record(
    lesion: Lesion,
    seen: Sequence[LesionSquare],
    outputs: Sequence[MemberOutput],
    ensemble: Ensemble,
    warnings: Sequence[CodedWarning],
) -> Record:
    """The record of one lesion, from what the members said of its patches."""
    manifest = ensemble.manifest
    logits = np.array([[output.logits[place.patch] for output in outputs] for place in seen])
    calibration = manifest.calibration_of(len(seen))
    calibrated = probabilities(logits, calibration)
    low, high = interval(logits, calibration)
    probability = lesion_probability(calibrated)
    views = [place.marked.view for place in seen]
    results = [
        build_view_result(place, outputs, calibration, calibrated[row], ensemble)
        for row, place in enumerate(seen)
    ]
    said = [
        *warnings,
        *(warning for view in views for warning in view.warnings),
        *reference_summary.out_of_distribution_warnings(results, ensemble),
        *ensemble.warnings,
    ]
    return Record(
        case_id=lesion.case_id,
        lesion_id=lesion.lesion_id,
        patient_id=views[0].patient_id,
        laterality=str(views[0].laterality),
        probability=probability,
        interval=Interval(low=low, high=high, level=INTERVAL_LEVEL),
        views=results,
        warnings=list(dict.fromkeys(said)),
        model=ModelReference(name=manifest.name, version=manifest.version, sha256=ensemble.sha256),
        software=f"mammopair {__version__}",
        label=lesion.label,
        prevalence=calibration.prevalence,
        operating_points=reference_summary.operating_point_results(probability, ensemble),
        conformal=reference_summary.conformal_set(logits, ensemble),
        out_of_distribution=reference_summary.lesion_out_of_distribution(results, ensemble),
        concepts=lesion_concept_scores([view.concepts for view in results], manifest),
    )


def build_view_result(
    place: LesionSquare,
    outputs: Sequence[MemberOutput],
    calibration: Calibration,
    calibrated: npt.NDArray[np.float64],
    ensemble: Ensemble,
) -> ViewResult:
    """One view's part, by the lesion's calibration; ``calibrated`` holds a number a member."""
    view, box = place.marked.view, place.marked.box
    cells, bias = patch_evidence(outputs, place.patch, calibration)
    return ViewResult(
        projection=str(view.projection),
        file=str(view.source),
        sop_uid=view.sop_uid,
        box=(box.x, box.y, box.width, box.height),
        probability=float(np.nanmean(calibrated)),
        member_scores=[
            MemberScore(
                member=output.member,
                logit=float(output.logits[place.patch]),
                probability=float(probability),
            )
            for output, probability in zip(outputs, calibrated, strict=True)
            if not np.isnan(probability)
        ],
        evidence=describe_evidence(cells, bias, place.square, box),
        out_of_distribution_score=reference_summary.view_out_of_distribution(
            outputs, place.patch, ensemble
        ),
        concepts=patch_concept_scores(outputs, place.patch, ensemble.manifest),
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
