"""Position of a lesion among the out-of-fold training lesions, for its record.

Operating points, conformal set and out-of-distribution score; each is left out if the ensemble's
manifest does not have what it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.calibration.conformal import classes_in_set, p_values
from mammopair.calibration.out_of_distribution import mean_score_over_members
from mammopair.record import ConformalSet, OperatingPointResult, OutOfDistribution, ViewResult
from mammopair.warning import CodedWarning

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble, MemberOutput


def operating_point_results(probability: float, ensemble: Ensemble) -> list[OperatingPointResult]:
    """Compare a lesion's probability with the threshold of each operating point."""
    return [
        OperatingPointResult(
            name=point.name, threshold=point.threshold, reached=probability >= point.threshold
        )
        for point in ensemble.manifest.operating_points
    ]


def lesion_conformal_set(
    logits: npt.NDArray[np.float64], ensemble: Ensemble
) -> ConformalSet | None:
    """Compute the conformal set of a lesion.

    Parameters
    ----------
    logits
        ``(views, members)``: uncalibrated, NaN where a member does not support a view.
    ensemble
        The ensemble that computed them.

    Returns
    -------
    ConformalSet or None
        None if the ensemble has no out-of-fold scores.
    """
    reference = ensemble.manifest.reference
    if reference is None or ensemble.reference is None:
        return None
    folds = [entry.fold for entry in ensemble.members]
    p = p_values(logits, folds, ensemble.reference.scores)
    if p is None:
        return None
    return ConformalSet(
        classes=classes_in_set(p, reference.coverage),
        coverage=reference.coverage,
        p_benign=p.benign,
        p_malignant=p.malignant,
    )


def view_out_of_distribution(
    outputs: Sequence[MemberOutput], patch: int, ensemble: Ensemble
) -> float | None:
    """Compute the out-of-distribution score of a patch, given its index in the outputs.

    Returns
    -------
    float or None
        In [0, 1]; None if the ensemble has no reference distribution.
    """
    if ensemble.reference is None:
        return None
    pooled = [(output.member, output.pooled[patch]) for output in outputs]
    return mean_score_over_members(pooled, ensemble.reference.features)


def lesion_out_of_distribution(
    views: Sequence[ViewResult], ensemble: Ensemble
) -> OutOfDistribution | None:
    """Return the highest out-of-distribution score of a lesion's views; None if there is none."""
    reference = ensemble.manifest.reference
    scores = [
        view.out_of_distribution_score
        for view in views
        if view.out_of_distribution_score is not None
    ]
    if reference is None or not scores:
        return None
    return OutOfDistribution(score=max(scores), warn_above=reference.warn_above)


def out_of_distribution_warnings(
    views: Sequence[ViewResult], ensemble: Ensemble
) -> list[CodedWarning]:
    """Return a warning for each view with a score above the ensemble's limit."""
    reference = ensemble.manifest.reference
    return [
        CodedWarning(
            code="out-of-distribution",
            message=f"The {view.projection} view is atypical: it differs more from the training "
            f"data than {_percent(view.out_of_distribution_score)} % of the training crops do, so "
            "the probability is less reliable. Check that the box encloses a mass tightly and "
            "that the image is a digitised film.",
        )
        for view in views
        if reference is not None
        and view.out_of_distribution_score is not None
        and view.out_of_distribution_score > reference.warn_above
    ]


def _percent(score: float) -> str:
    return f"{min(99.0, np.floor(100 * score)):.0f}"
