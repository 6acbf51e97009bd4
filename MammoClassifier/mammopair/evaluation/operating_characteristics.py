"""What operating points, sets of classes and warnings achieve on scored lesions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mammopair.evaluation.lesion_scores import Scored, ScoredLesion
from mammopair.model.manifest import Manifest
from mammopair.stats.proportions import share_figures

CLASSES = ("benign", "malignant")


def achieved_points(lesions: Sequence[ScoredLesion]) -> dict[str, dict[str, Any]]:
    """By operating point: sensitivity and specificity, each with its interval by patient."""
    names = [point.name for point in lesions[0].operating_points] if lesions else []
    found = {}
    for number, name in enumerate(names):
        reached = [lesion.operating_points[number].reached for lesion in lesions]
        malignant = _of(lesions, 1, reached)
        benign = _of(lesions, 0, [not one for one in reached])
        found[name] = share_figures("sensitivity", *malignant) | share_figures(
            "specificity", *benign
        )
    return found


def achieved_coverage(lesions: Sequence[ScoredLesion]) -> dict[str, Any] | None:
    """Of each class, the share of lesions whose set holds it, and whose set is of one class."""
    sets = [lesion.conformal for lesion in lesions]
    if not lesions or any(one is None for one in sets):
        return None
    found: dict[str, Any] = {"stated": sets[0].coverage}  # type: ignore[union-attr]
    for label, name in enumerate(CLASSES):
        covered = [name in one.classes for one in sets]  # type: ignore[union-attr]
        single = [len(one.classes) == 1 for one in sets]  # type: ignore[union-attr]
        hits, patients = _of(lesions, label, covered)
        found[name] = (
            {"n": len(hits)}
            | share_figures("coverage", hits, patients)
            | share_figures("one_class", *_of(lesions, label, single))
        )
    return found


def share_out_of_distribution(scored: Scored, manifest: Manifest) -> dict[str, Any] | None:
    """The share of crops that are warned of as unusual; None for those of the training."""
    kept = manifest.reference
    known = [
        (record.out_of_distribution.score, row.patient_id)
        for row, record in scored
        if record.out_of_distribution
    ]
    if kept is None or not known:
        return None
    hits = [share > kept.warn_above for share, _ in known]
    return {"warn_above": kept.warn_above, "n": len(known)} | share_figures(
        "called", hits, [patient for _, patient in known]
    )


def _of(
    lesions: Sequence[ScoredLesion], label: int, values: Sequence[bool]
) -> tuple[list[bool], list[str]]:
    """The values, and the patients, of the lesions of one class."""
    chosen = [
        (value, lesion.patient_id)
        for value, lesion in zip(values, lesions, strict=True)
        if lesion.label == label
    ]
    return [value for value, _ in chosen], [patient for _, patient in chosen]
