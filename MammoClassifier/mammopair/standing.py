"""Where a lesion stands beside the held-out lesions of the training: points, set, looks.

What an ensemble's manifest lacks is left out of the record, as in ensembles made before there was
any such thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.caution import Caution
from mammopair.record import ConformalSet, PointReached, Typicality, ViewResult

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble, MemberOutput

Floats = npt.NDArray[np.float64]


def points_reached(probability: float, ensemble: Ensemble) -> list[PointReached]:
    """Each operating point, and whether the lesion's probability reaches its threshold."""
    return [
        PointReached(
            name=point.name, threshold=point.threshold, reached=probability >= point.threshold
        )
        for point in ensemble.manifest.operating_points
    ]


def conformal_set(logits: Floats, ensemble: Ensemble) -> ConformalSet | None:
    """The classes that a lesion may be of; ``logits`` ``(views, members)``, uncalibrated."""
    from mammopair.model.conformal import classes_in_set, p_values

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


def unusual_share(outputs: Sequence[MemberOutput], patch: int, ensemble: Ensemble) -> float | None:
    """The share of training crops that a crop looks more unusual than to the members."""
    from mammopair.model.typicality import mean_over_members

    if ensemble.reference is None:
        return None
    pooled = [(output.member, output.pooled[patch]) for output in outputs]
    return mean_over_members(pooled, ensemble.reference.usual)


def typicality(views: Sequence[ViewResult], ensemble: Ensemble) -> Typicality | None:
    """Of a lesion: that of its most unusual view."""
    kept = ensemble.manifest.reference
    shares = [view.more_unusual_than for view in views if view.more_unusual_than is not None]
    if kept is None or not shares:
        return None
    return Typicality(more_unusual_than=max(shares), caution_over=kept.caution_over)


def unusual_cautions(views: Sequence[ViewResult], ensemble: Ensemble) -> list[Caution]:
    """A caution for each view that looks too unusual."""
    kept = ensemble.manifest.reference
    return [
        Caution(
            code="unusual-crop",
            message=f"The marked square of the {view.projection} view looks unusual to the "
            f"networks: more so than {_whole(view.more_unusual_than)} % of the training's. Is it a "
            "mass, boxed tightly, on a film like those of the training? The number is less sure.",
        )
        for view in views
        if kept is not None
        and view.more_unusual_than is not None
        and view.more_unusual_than > kept.caution_over
    ]


def _whole(share: float) -> str:
    return f"{min(99.0, np.floor(100 * share)):.0f}"
