"""Cross-fitting: calibration and thresholds for each fold, fitted on the other folds.

A calibration measured on the lesions that it was fitted on looks better than it is. The exported
calibration is fitted on all lesions, so its quality is measured with the cross-fits instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from mammopair.calibration.platt import lesion_probability, probabilities
from mammopair.model.manifest import CrossFit, Manifest
from mammopair_research.training.calibration_fit import fit_by_views
from mammopair_research.training.operating_points import choose_operating_points
from mammopair_research.training.out_of_fold import LesionLogits


def calibrate_manifest(
    manifest: Manifest, lesions: Sequence[LesionLogits], scored_by: str
) -> Manifest:
    """Return the manifest with calibrations, operating points and the cross-fits of both.

    Parameters
    ----------
    manifest
        The manifest before calibration.
    lesions
        All training lesions, by out-of-fold members.
    scored_by
        Description of the members that scored the lesions.

    Raises
    ------
    InputError
        If the lesions, or those outside a fold, are all of one class.
    """
    folds = sorted({lesion.fold for lesion in lesions})
    manifest = _fit(manifest, lesions, scored_by)
    if len(folds) < 2:  # an ensemble of one network has no other fold to fit on
        return manifest
    return msgspec.structs.replace(
        manifest, cross_fits=[_cross_fit(manifest, lesions, fold, scored_by) for fold in folds]
    )


def _cross_fit(
    manifest: Manifest, lesions: Sequence[LesionLogits], fold: int, scored_by: str
) -> CrossFit:
    others = [lesion for lesion in lesions if lesion.fold != fold]
    fitted = _fit(manifest, others, f"outside fold {fold}, {scored_by}")
    return CrossFit(
        fold=fold,
        calibration=fitted.calibration,
        one_view_calibration=fitted.one_view_calibration,
        thresholds=[point.threshold for point in fitted.operating_points],
    )


def _fit(manifest: Manifest, lesions: Sequence[LesionLogits], scored_by: str) -> Manifest:
    two, one = fit_by_views(lesions, scored_by)
    manifest = msgspec.structs.replace(manifest, calibration=two, one_view_calibration=one)
    scores = [
        lesion_probability(
            probabilities(lesion.logits, manifest.calibration_of(len(lesion.logits)))
        )
        for lesion in lesions
    ]
    points = choose_operating_points(scores, [lesion.label for lesion in lesions])
    return msgspec.structs.replace(manifest, operating_points=points)
