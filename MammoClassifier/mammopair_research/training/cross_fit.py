"""Calibration and thresholds for each fold from the other folds, so that figures are honest.

A calibration that is measured on the lesions that it was fitted on looks better than it is. Here
each fold's lesions are held to what the lesions of the other folds give. What ships is fitted on
all of them; nothing could be left to measure it on.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from mammopair.calibration.platt import lesion_probability, probabilities
from mammopair.model.manifest import CrossFit, Manifest
from mammopair_research.training.calibration_fit import fit_by_views
from mammopair_research.training.operating_points import operating_points
from mammopair_research.training.out_of_fold import LesionLogits


def calibrated(manifest: Manifest, lesions: Sequence[LesionLogits], said: str) -> Manifest:
    """The manifest with calibrations, operating points, and the cross-fits of both.

    Parameters
    ----------
    said
        Who scored the lesions, in words.

    Raises
    ------
    InputError
        If the lesions, or those outside a fold, are all of one class.
    """
    folds = sorted({lesion.fold for lesion in lesions})
    manifest = _fitted(manifest, lesions, said)
    if len(folds) < 2:  # as of an ensemble of one network: no other fold is left to fit on
        return manifest
    return msgspec.structs.replace(
        manifest, cross_fits=[_cross_fit(manifest, lesions, fold, said) for fold in folds]
    )


def _cross_fit(
    manifest: Manifest, lesions: Sequence[LesionLogits], fold: int, said: str
) -> CrossFit:
    others = [lesion for lesion in lesions if lesion.fold != fold]
    fitted = _fitted(manifest, others, f"outside fold {fold}, {said}")
    return CrossFit(
        fold=fold,
        calibration=fitted.calibration,
        one_view_calibration=fitted.one_view_calibration,
        thresholds=[point.threshold for point in fitted.operating_points],
    )


def _fitted(manifest: Manifest, lesions: Sequence[LesionLogits], said: str) -> Manifest:
    two, one = fit_by_views(lesions, said)
    manifest = msgspec.structs.replace(manifest, calibration=two, one_view_calibration=one)
    scores = [
        lesion_probability(
            probabilities(lesion.logits, manifest.calibration_of(len(lesion.logits)))
        )
        for lesion in lesions
    ]
    points = operating_points(scores, [lesion.label for lesion in lesions])
    return msgspec.structs.replace(manifest, operating_points=points)
