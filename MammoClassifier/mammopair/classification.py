"""Classification: from marked views to records. The command line, batch and Slicer all call this.

Examples
--------
>>> from pathlib import Path
>>> from mammopair import Box, Lesion, MarkedView, classify, load_ensemble, read_view
>>> view = read_view(Path("exam/rcc.dcm"))  # doctest: +SKIP
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
from mammopair.model.reference_summary import (
    lesion_conformal_set,
    lesion_out_of_distribution,
    operating_point_results,
    out_of_distribution_warnings,
    view_out_of_distribution,
)
from mammopair.progress import Progress, exhaust
from mammopair.record import Interval, MemberScore, ModelReference, Record, ViewResult
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble, MemberOutput


def classify(lesion: Lesion, ensemble: Ensemble) -> Record:
    """Classify one lesion.

    Parameters
    ----------
    lesion
        One or two marked views of one mass.
    ensemble
        As :func:`mammopair.load_ensemble` returns it.

    Raises
    ------
    InputError
        As :func:`classify_stepwise`.
    """
    (record,) = classify_many([lesion], ensemble)
    return record


def classify_many(lesions: Sequence[Lesion], ensemble: Ensemble) -> list[Record]:
    """Classify lesions together: each member processes all patches as one batch.

    Parameters
    ----------
    lesions
        All with their pixels in memory; for thousands of lesions use ``mammopair batch``.
    ensemble
        As :func:`mammopair.load_ensemble` returns it.

    Returns
    -------
    list of Record
        One for each lesion, in their order.

    Raises
    ------
    InputError
        As :func:`classify_stepwise`.
    """
    return exhaust(classify_stepwise(lesions, ensemble))


def classify_stepwise(
    lesions: Lesion | Sequence[Lesion], ensemble: Ensemble
) -> Generator[Progress, None, list[Record]]:
    """Classify lesions, yielding progress before each patch and each member.

    Closing the generator cancels the classification.

    Parameters
    ----------
    lesions
        One lesion or several, with their pixels in memory.
    ensemble
        As :func:`mammopair.load_ensemble` returns it.

    Returns
    -------
    list of Record
        One for each lesion, in their order.

    Raises
    ------
    InputError
        If the views of a lesion do not belong together, a box cannot be that of a mass on its
        view, or the ensemble has no member for a projection.
    """
    lesions = [lesions] if isinstance(lesions, Lesion) else list(lesions)
    if not lesions:
        return []
    warnings = [check_pair([marked.view for marked in lesion.marked]) for lesion in lesions]
    check_members(lesions, ensemble)
    views = [(index, marked) for index, lesion in enumerate(lesions) for marked in lesion.marked]
    total = len(views) + len(ensemble.members)

    placed: list[_PlacedPatch] = []
    patches = []
    for number, (index, marked) in enumerate(views):
        yield Progress(number, total, f"Extracting the patch from {marked.view.name}")
        patch = extract_patch(marked)
        placed.append(_PlacedPatch(index, marked, patch.square, patch.warnings, number))
        patches.append(patch.pixels)

    outputs: list[MemberOutput] = []
    predictions = ensemble.predict(
        np.stack(patches), [str(marked.view.projection) for _, marked in views]
    )
    for number, entry in enumerate(ensemble.members):
        message = f"Running {entry.name} on {len(patches)} patches"
        yield Progress(len(views) + number, total, message)
        outputs.append(next(predictions))

    return [
        _build_record(
            lesion,
            [patch for patch in placed if patch.lesion == index],
            outputs,
            ensemble,
            warnings[index],
        )
        for index, lesion in enumerate(lesions)
    ]


@dataclass(frozen=True)
class _PlacedPatch:
    """A patch and where it was extracted from."""

    lesion: int
    """Index of the lesion."""
    marked: MarkedView
    square: CropSquare
    warnings: tuple[CodedWarning, ...]
    """Of the box."""
    index: int
    """Index among all patches, and so in the members' outputs."""


def _build_record(
    lesion: Lesion,
    patches: Sequence[_PlacedPatch],
    outputs: Sequence[MemberOutput],
    ensemble: Ensemble,
    warnings: Sequence[CodedWarning],
) -> Record:
    """Build the record of one lesion from the members' outputs for its patches."""
    manifest = ensemble.manifest
    logits = np.array([[output.logits[patch.index] for output in outputs] for patch in patches])
    calibration = manifest.calibration_of(len(patches))
    calibrated = probabilities(logits, calibration)
    low, high = interval(logits, calibration)
    probability = lesion_probability(calibrated)
    views = [patch.marked.view for patch in patches]
    results = [
        _build_view_result(patch, outputs, calibration, calibrated[row], ensemble)
        for row, patch in enumerate(patches)
    ]
    all_warnings = [
        *warnings,
        *(warning for view in views for warning in view.warnings),
        *(warning for patch in patches for warning in patch.warnings),
        *out_of_distribution_warnings(results, ensemble),
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
        warnings=list(dict.fromkeys(all_warnings)),
        model=ModelReference(name=manifest.name, version=manifest.version, sha256=ensemble.sha256),
        software=f"mammopair {__version__}",
        label=lesion.label,
        prevalence=calibration.prevalence,
        operating_points=operating_point_results(probability, ensemble),
        conformal=lesion_conformal_set(logits, ensemble),
        out_of_distribution=lesion_out_of_distribution(results, ensemble),
        concepts=lesion_concept_scores([view.concepts for view in results], manifest),
    )


def _build_view_result(
    patch: _PlacedPatch,
    outputs: Sequence[MemberOutput],
    calibration: Calibration,
    calibrated: npt.NDArray[np.float64],
    ensemble: Ensemble,
) -> ViewResult:
    """Build the result of one view; ``calibrated`` are the probabilities of the members."""
    view, box = patch.marked.view, patch.marked.box
    cells, bias = patch_evidence(outputs, patch.index, calibration)
    return ViewResult(
        projection=str(view.projection),
        file=str(view.source),
        sop_uid=view.sop_uid,
        box=(box.x, box.y, box.width, box.height),
        probability=float(np.nanmean(calibrated)),
        member_scores=[
            MemberScore(
                member=output.member,
                logit=float(output.logits[patch.index]),
                probability=float(probability),
            )
            for output, probability in zip(outputs, calibrated, strict=True)
            if not np.isnan(probability)
        ],
        evidence=describe_evidence(cells, bias, patch.square, box),
        out_of_distribution_score=view_out_of_distribution(outputs, patch.index, ensemble),
        concepts=patch_concept_scores(outputs, patch.index, ensemble.manifest),
    )


def check_members(lesions: Sequence[Lesion], ensemble: Ensemble) -> None:
    """Check that the ensemble has a member for the projection of every view.

    Raises
    ------
    InputError
        If it has none.
    """
    supported = {projection for entry in ensemble.members for projection in entry.views}
    for lesion in lesions:
        for marked in lesion.marked:
            projection = str(marked.view.projection)
            if projection not in supported:
                raise InputError(
                    marked.view.source,
                    f"has the projection {projection}, which the ensemble "
                    f"{ensemble.manifest.name} does not support; use a view that is "
                    f"{' or '.join(sorted(supported))}",
                )
