"""Metrics of scored crops: what ``mammopair evaluate`` prints and ensembles are exported with."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.calibration.prior_shift import probability_at_prevalence
from mammopair.errors import InputError
from mammopair.evaluation.crop_scores import score_folder
from mammopair.evaluation.lesion_scores import ScoredCrops, ScoredLesion, scored_lesions
from mammopair.evaluation.operating_characteristics import (
    measure_coverage,
    measure_operating_points,
    out_of_distribution_share,
)
from mammopair.evaluation.out_of_fold import training_folds
from mammopair.evaluation.subgroups import subgroup_figures
from mammopair.io.crop_folder import CropRow
from mammopair.progress import Progress
from mammopair.record import Record
from mammopair.stats.metric_summary import summarise

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

THRESHOLD = 0.5
"""Calibrated probability from which on a lesion counts as called malignant in the accuracy,
sensitivity and specificity."""


def evaluate_folder(
    folder: Path,
    ensemble: Ensemble,
    without: tuple[str, str] | None = None,
    *,
    prevalence: float | None = None,
    subgroups: bool = False,
) -> Generator[Progress, None, dict[str, Any]]:
    """Score a folder of labelled crops and compute the metrics.

    Parameters
    ----------
    folder
        A crop folder; see :mod:`mammopair.io.crop_folder`.
    without
        A column of ``crops.csv`` and a value: rows with that value are excluded from the metrics,
        e.g. ``("scanner", "DBA")``.
    prevalence, subgroups
        As in :func:`measure_scores`.

    Returns
    -------
    dict
        As :func:`measure_scores`, as the generator's value.

    Raises
    ------
    InputError
        As :func:`~mammopair.evaluation.crop_scores.score_folder` and :func:`measure_scores`, and
        if ``without`` excludes every row.
    """
    for calibration in (ensemble.manifest.calibration_of(views) for views in (1, 2)):
        # Raise before the crops are scored, which takes minutes.
        probability_at_prevalence(0.5, calibration.prevalence, prevalence, ensemble.manifest.name)
    scored = yield from score_folder(folder, ensemble)
    if without:
        column, value = without
        scored = [(row, record) for row, record in scored if str(getattr(row, column)) != value]
        if not scored:
            raise InputError(
                folder, f"has no rows left without {column}={value}; exclude fewer rows"
            )
    return measure_scores(scored, ensemble, prevalence=prevalence, subgroups=subgroups)


def measure_scores(
    scored: ScoredCrops,
    ensemble: Ensemble,
    *,
    prevalence: float | None = None,
    subgroups: bool = False,
) -> dict[str, Any]:
    """Compute the metrics of scored crops.

    Parameters
    ----------
    scored
        As :func:`~mammopair.evaluation.crop_scores.score_folder` returns them.
    ensemble
        The ensemble that scored them.
    prevalence
        Share of malignant lesions, in (0, 1), that the probabilities are shifted to before the
        metrics are computed; None leaves them as calibrated.
    subgroups
        Whether to include metrics by density, margin and so on.

    Returns
    -------
    dict
        ``views`` (each crop as a lesion with one view), ``pairs`` and ``lesions`` (views combined),
        each as :func:`~mammopair.stats.metric_summary.summarise` returns it; then
        ``operating_points``, ``conformal`` and ``out_of_distribution``, as far as the ensemble has
        them; then how the figures were computed.

    Raises
    ------
    InputError
        If the rows of a lesion contradict each other, or ``prevalence`` is given but the
        ensemble's manifest does not state its training prevalence.
    """
    folds = training_folds(ensemble)
    out_of_fold = {entry.fold: ensemble.out_of_fold(entry.fold) for entry in ensemble.members}

    def ensemble_of(patient: str) -> Ensemble:
        return out_of_fold[folds[patient]] if patient in folds else ensemble

    def shifted(one: Record | ScoredLesion) -> float:
        return probability_at_prevalence(
            one.probability, one.prevalence, prevalence, ensemble.manifest.name
        )

    lesions = scored_lesions(scored, ensemble_of)
    by_lesion = [shifted(lesion) for lesion in lesions]
    pairs = [index for index, lesion in enumerate(lesions) if lesion.is_pair]
    of_training = sum(row.patient_id in folds for row, _ in scored)
    figures: dict[str, Any] = {
        "views": _summary([shifted(record) for _, record in scored], [row for row, _ in scored]),
        "pairs": _summary([by_lesion[i] for i in pairs], [lesions[i] for i in pairs]),
        "lesions": _summary(by_lesion, lesions),
        "operating_points": measure_operating_points(lesions),
        "conformal": measure_coverage(lesions),
        "out_of_distribution": out_of_distribution_share(scored, ensemble.manifest),
    }
    if subgroups:
        figures["subgroups"] = subgroup_figures(lesions, by_lesion)
    return figures | {
        "threshold": THRESHOLD,
        "prevalence": prevalence,
        "crops_of_training_patients": of_training,
        "cross_fitted": bool(of_training and ensemble.manifest.cross_fits),
        "scored_by": (
            "the members that were not trained on the patient; patients that every member was "
            "trained on are excluded"
            if of_training
            else "all members"
        ),
        "model": {
            "name": ensemble.manifest.name,
            "version": ensemble.manifest.version,
            "sha256": ensemble.sha256,
        },
        "software": f"mammopair {__version__}",
        "research_use_only": True,
        "notice": RESEARCH_USE_ONLY,
    }


def _summary(
    probabilities: Sequence[float], items: Sequence[CropRow] | Sequence[ScoredLesion]
) -> dict[str, Any]:
    return summarise(
        probabilities,
        [item.label for item in items],
        [item.patient_id for item in items],
        threshold=THRESHOLD,
    )
