"""What operating points, conformal sets and out-of-distribution warnings achieve on lesions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mammopair.evaluation.lesion_scores import ScoredCrops, ScoredLesion
from mammopair.model.manifest import Manifest
from mammopair.stats.proportions import share_figures

CLASSES = ("benign", "malignant")


def measure_operating_points(lesions: Sequence[ScoredLesion]) -> dict[str, dict[str, Any]]:
    """Return the sensitivity and specificity of each operating point, by its name.

    Each with its 95 % interval by patient (``sensitivity_ci``, ``specificity_ci``).
    """
    names = [point.name for point in lesions[0].operating_points] if lesions else []
    found = {}
    for number, name in enumerate(names):
        reached = [lesion.operating_points[number].reached for lesion in lesions]
        malignant = _of_class(lesions, 1, reached)
        benign = _of_class(lesions, 0, [not one for one in reached])
        found[name] = share_figures("sensitivity", *malignant) | share_figures(
            "specificity", *benign
        )
    return found


def measure_coverage(lesions: Sequence[ScoredLesion]) -> dict[str, Any] | None:
    """Return how often conformal sets contain the true class, and how often only one class.

    Returns
    -------
    dict or None
        ``stated``: the nominal coverage. ``benign`` and ``malignant``: ``n`` lesions of the class,
        the shares ``coverage`` and ``one_class``, each with its 95 % interval by patient. None if
        a lesion has no conformal set.
    """
    sets = [lesion.conformal for lesion in lesions if lesion.conformal is not None]
    if not sets or len(sets) < len(lesions):
        return None
    found: dict[str, Any] = {"stated": sets[0].coverage}
    for label, name in enumerate(CLASSES):
        covered = [name in one.classes for one in sets]
        single = [len(one.classes) == 1 for one in sets]
        hits, patients = _of_class(lesions, label, covered)
        found[name] = (
            {"n": len(hits)}
            | share_figures("coverage", hits, patients)
            | share_figures("one_class", *_of_class(lesions, label, single))
        )
    return found


def out_of_distribution_share(scored: ScoredCrops, manifest: Manifest) -> dict[str, Any] | None:
    """Return the share of crops with an out-of-distribution warning.

    Returns
    -------
    dict or None
        ``warn_above``, ``n`` crops and the share ``called`` with its 95 % interval by patient.
        None if no crop has an out-of-distribution score, as crops of training patients.
    """
    reference = manifest.reference
    known = [
        (record.out_of_distribution.score, row.patient_id)
        for row, record in scored
        if record.out_of_distribution
    ]
    if reference is None or not known:
        return None
    hits = [score > reference.warn_above for score, _ in known]
    return {"warn_above": reference.warn_above, "n": len(known)} | share_figures(
        "called", hits, [patient for _, patient in known]
    )


def _of_class(
    lesions: Sequence[ScoredLesion], label: int, values: Sequence[bool]
) -> tuple[list[bool], list[str]]:
    """Return the values and the patients of the lesions with a label."""
    chosen = [
        (value, lesion.patient_id)
        for value, lesion in zip(values, lesions, strict=True)
        if lesion.label == label
    ]
    return [value for value, _ in chosen], [patient for _, patient in chosen]
