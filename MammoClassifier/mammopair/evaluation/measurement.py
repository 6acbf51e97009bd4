"""The figures of scored crops: what ``mammopair evaluate`` prints, and an ensemble ships with."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.calibration.prior_shift import probability_at_prevalence
from mammopair.errors import InputError
from mammopair.evaluation.crop_scores import score_folder, training_folds, view_scores
from mammopair.evaluation.lesion_scores import ScoredLesion, scored_lesions
from mammopair.evaluation.operating_characteristics import (
    achieved_coverage,
    achieved_points,
    share_out_of_distribution,
)
from mammopair.evaluation.subgroups import subgroup_figures
from mammopair.io.crop_folder import CropRow
from mammopair.progress import Progress
from mammopair.record import Record
from mammopair.stats.aggregation import lesion_scores
from mammopair.stats.metric_summary import summarise

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

THRESHOLD = 0.5
"""Of the calibrated probability, for accuracy, sensitivity and specificity."""


def evaluate_folder(
    folder: Path,
    ensemble: Ensemble,
    without: tuple[str, str] | None = None,
    *,
    prevalence: float | None = None,
    subgroups: bool = False,
) -> Generator[Progress, None, dict[str, Any]]:
    """Score a folder and measure.

    Parameters
    ----------
    without
        A column of ``crops.csv`` and a value: rows that have it are left out of the figures,
        as ``("scanner", "DBA")``.
    prevalence, subgroups
        As in :func:`measure_scores`.
    """
    for calibration in (ensemble.manifest.calibration_of(views) for views in (1, 2)):
        probability_at_prevalence(0.5, calibration.prevalence, prevalence, ensemble.manifest.name)
    scored = yield from score_folder(folder, ensemble)
    if without:
        column, value = without
        scored = [(row, record) for row, record in scored if str(getattr(row, column)) != value]
        if not scored:
            raise InputError(folder, f"leaves no row without {column}={value}; leave out less")
    return measure_scores(scored, ensemble, prevalence=prevalence, subgroups=subgroups)


def measure_scores(
    scored: Sequence[tuple[CropRow, Record]],
    ensemble: Ensemble,
    *,
    prevalence: float | None = None,
    subgroups: bool = False,
) -> dict[str, Any]:
    """The figures of scored crops, and by whom they were scored.

    Parameters
    ----------
    prevalence
        Share of malignant lesions that the probabilities are shifted to before they are measured.
    subgroups
        Whether to measure lesions by density, margin and so on too.

    Returns
    -------
    dict
        ``views``: each crop as a lesion of one view. ``pairs`` and ``lesions``: as the road would
        have them, had it read their views together. Each as
        :func:`~mammopair.stats.metric_summary.summarise` gives it. Then ``operating_points``,
        ``conformal`` and ``unusual``, as far as the ensemble has them; then how all came about.

    Raises
    ------
    InputError
        If rows of a pair or a mass contradict each other, or the ensemble does not say at which
        prevalence it was trained and another is stated.
    """
    lesion_scores(view_scores(list(scored)))  # raises where rows contradict each other
    folds = training_folds(ensemble)
    held_out = {entry.fold: ensemble.out_of_fold(entry.fold) for entry in ensemble.members}

    def scorer(patient: str) -> Ensemble:
        return held_out[folds[patient]] if patient in folds else ensemble

    def there(one: Record | ScoredLesion) -> float:
        return probability_at_prevalence(
            one.probability, one.prevalence, prevalence, ensemble.manifest.name
        )

    lesions = scored_lesions(scored, scorer)
    by_lesion = [there(lesion) for lesion in lesions]
    of_training = sum(row.patient_id in folds for row, _ in scored)
    figures: dict[str, Any] = {
        "views": summarise(
            [there(record) for _, record in scored],
            [row.label for row, _ in scored],
            [row.patient_id for row, _ in scored],
            threshold=THRESHOLD,
        ),
        "pairs": _summary(lesions, by_lesion, lambda lesion: lesion.pair),
        "lesions": _summary(lesions, by_lesion, lambda lesion: True),
        "operating_points": achieved_points(lesions),
        "conformal": achieved_coverage(lesions),
        "out_of_distribution": share_out_of_distribution(scored, ensemble.manifest),
    }
    if subgroups:
        figures["subgroups"] = subgroup_figures(lesions, by_lesion)
    return figures | {
        "threshold": THRESHOLD,
        "prevalence": prevalence,
        "crops_of_training_patients": of_training,
        "cross_fitted": bool(of_training and ensemble.manifest.cross_fits),
        "scored_by": (
            "the members that were not trained on the patient; without patients whom all saw"
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
    lesions: Sequence[ScoredLesion],
    probabilities: Sequence[float],
    belongs: Callable[[ScoredLesion], bool],
) -> dict[str, Any]:
    mine = [place for place, lesion in enumerate(lesions) if belongs(lesion)]
    return summarise(
        [probabilities[place] for place in mine],
        [lesions[place].label for place in mine],
        [lesions[place].patient_id for place in mine],
        threshold=THRESHOLD,
    )
