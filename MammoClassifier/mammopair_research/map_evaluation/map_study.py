"""The study: every method and baseline on a sample of out-of-fold lesions.

The measures of each crop are appended to the journal immediately, so an interrupted study can be
continued, and a larger sample reuses those of a smaller one.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mammopair.evaluation import explainable_crops
from mammopair.explain.attribution import Method
from mammopair.explain.default_method import weights_of
from mammopair.explain.methods import METHODS
from mammopair.lesion_groups import lesion_name
from mammopair.progress import Progress
from mammopair_research.datasets.film_folder import read_film_index
from mammopair_research.datasets.lesion_sample import sample_lesions
from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.crop_measures import measure_map, measure_robustness
from mammopair_research.map_evaluation.deletion import Endpoints, compute_endpoints
from mammopair_research.map_evaluation.evaluated_crop import EvaluatedCrop, load_evaluated_crop
from mammopair_research.map_evaluation.journal import Heading, Journal, Line

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

SLOW_METHODS = {"occlusion", "integrated-gradients"}
"""Methods with some fifty passes per map; their robustness is measured on fewer lesions."""
SLOW_INTERVAL = 5
"""Every how many lesions the robustness of slow methods is measured."""


def all_methods() -> list[Method]:
    """Return methods and baselines in the order of the table."""
    return [*METHODS.values(), *BASELINES.values()]


def run_study(
    folder: Path,
    ensemble: Ensemble,
    out: Path,
    *,
    lesions: int | None,
    methods: Sequence[Method] | None = None,
    seed: int = 0,
) -> Generator[Progress, None, list[Line]]:
    """Measure what is not in the journal yet.

    Parameters
    ----------
    folder
        A crop folder; without ``films.csv`` and the films nothing is measured off-centre.
    ensemble
        The ensemble to explain.
    out
        Folder of the journal.
    lesions
        Size of the sample; None for all lesions.
    methods
        Methods and baselines; None for all.
    seed
        Random seed of the sample.

    Returns
    -------
    list of Line
        The lines of this sample and these methods, as the generator's value.

    Raises
    ------
    InputError
        If the folder or an image cannot be read, no member may explain any of it, or the journal is
        of another study.
    """
    chosen = all_methods() if methods is None else list(methods)
    sample = sample_lesions(explainable_crops(folder, ensemble), lesions, seed)
    films = read_film_index(folder)
    calibration = ensemble.manifest.calibration
    heading = Heading(
        weights=weights_of(ensemble.manifest),
        calibration=(calibration.slope, calibration.intercept),
        seed=seed,
    )
    journal = Journal(out, heading)

    total = sum(len(crops) for crops in sample) * len(chosen)
    keys: list[tuple[str, str]] = []
    for number, crops in enumerate(sample):
        for scorable in crops:
            crop: EvaluatedCrop | None = None
            for method in chosen:
                yield Progress(len(keys), total, f"{method.title} on lesion {number + 1}")
                keys.append((scorable.row.file, method.name))
                if keys[-1] in journal.lines:
                    continue
                if crop is None:
                    crop = load_evaluated_crop(folder, scorable, films, ensemble)
                    endpoints = compute_endpoints(crop.model, crop.centred.pixels)
                robustness = method.name not in SLOW_METHODS or number % SLOW_INTERVAL == 0
                journal.add(_measure(method, crop, endpoints, robustness=robustness))
    return [journal.lines[key] for key in keys]


def _measure(
    method: Method, crop: EvaluatedCrop, endpoints: Endpoints, *, robustness: bool
) -> Line:
    figures, profile = measure_map(method, crop, endpoints)
    if robustness:
        figures |= measure_robustness(method, crop)
    row = crop.row
    return Line(
        file=row.file,
        patient_id=row.patient_id,
        lesion=lesion_name(row),
        view=row.view,
        label=row.label,
        method=method.name,
        logit=endpoints.whole,
        figures={name: None if np.isnan(value) else value for name, value in figures.items()},
        robustness=robustness,
        profile=profile.tolist(),
    )
