"""Where a lesion stands beside the held-out lesions of the training: points, set, looks.

What an ensemble's manifest lacks is left out of the record, as in ensembles made before there was
any such thing.
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

Floats = npt.NDArray[np.float64]


def operating_point_results(probability: float, ensemble: Ensemble) -> list[OperatingPointResult]:
    """Each operating point, and whether the lesion's probability reaches its threshold."""
    return [
        OperatingPointResult(
            name=point.name, threshold=point.threshold, reached=probability >= point.threshold
        )
        for point in ensemble.manifest.operating_points
    ]


def conformal_set(logits: Floats, ensemble: Ensemble) -> ConformalSet | None:
    """The classes that a lesion may be of; ``logits`` ``(views, members)``, uncalibrated."""
    kept = ensemble.manifest.reference
    if kept is None or ensemble.reference is None:
        return None
    folds = [entry.fold for entry in ensemble.members]
    p = p_values(logits, folds, ensemble.reference.scores)
    if p is None:
        return None
    return ConformalSet(
        classes=classes_in_set(p, kept.coverage),
        coverage=kept.coverage,
        p_benign=p.benign,
        p_malignant=p.malignant,
    )


def view_out_of_distribution(
    outputs: Sequence[MemberOutput], patch: int, ensemble: Ensemble
) -> float | None:
    """The share of training crops that a crop looks more unusual than to the members."""
    if ensemble.reference is None:
        return None
    pooled = [(output.member, output.pooled[patch]) for output in outputs]
    return mean_score_over_members(pooled, ensemble.reference.features)


def lesion_out_of_distribution(
    views: Sequence[ViewResult], ensemble: Ensemble
) -> OutOfDistribution | None:
    """Of a lesion: that of its most unusual view."""
    kept = ensemble.manifest.reference
    shares = [
        view.out_of_distribution_score
        for view in views
        if view.out_of_distribution_score is not None
    ]
    if kept is None or not shares:
        return None
    return OutOfDistribution(score=max(shares), warn_above=kept.warn_above)


def out_of_distribution_warnings(
    views: Sequence[ViewResult], ensemble: Ensemble
) -> list[CodedWarning]:
    """A warning for each view that looks too unusual."""
    kept = ensemble.manifest.reference
    return [
        CodedWarning(
            code="out-of-distribution",
            message=f"The marked square of the {view.projection} view looks unusual to the "
            f"networks: more so than {_whole(view.out_of_distribution_score)} % of the training's. Is it a "
            "mass, boxed tightly, on a film like those of the training? The number is less sure.",
        )
        for view in views
        if kept is not None
        and view.out_of_distribution_score is not None
        and view.out_of_distribution_score > kept.warn_above
    ]


def _whole(share: float) -> str:
    return f"{min(99.0, np.floor(100 * share)):.0f}"
