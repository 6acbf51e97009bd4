"""The study: every method and every baseline on a sample of lesions that no explaining network saw.

Each figure of a crop goes to the ledger as soon as it is there, so that a run that was stopped
goes on, and a larger sample builds on a smaller one.
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
from mammopair_research.map_evaluation.crop_measures import measure_map, measure_repeated
from mammopair_research.map_evaluation.deletion import Ends, read_ends
from mammopair_research.map_evaluation.journal import Heading, Journal, Line
from mammopair_research.map_evaluation.subjects import Subject, make_subject

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

SLOW = {"occlusion", "integrated-gradients"}
"""Methods that take some fifty readings a map: what takes many maps is measured on fewer crops."""
SLOW_PART = 5
"""One lesion in so many, for those."""
SEED = 0
"""Of the sample."""


def all_methods() -> list[Method]:
    """Methods and baselines, in the order of the table."""
    return [*METHODS.values(), *BASELINES.values()]


def study(
    folder: Path,
    ensemble: Ensemble,
    out: Path,
    *,
    lesions: int | None,
    methods: Sequence[Method] | None = None,
    seed: int = SEED,
) -> Generator[Progress, None, list[Line]]:
    """Measure what is not measured yet.

    Parameters
    ----------
    folder
        Holds ``crops.csv`` and the pictures it names; ``films.csv`` and the films too, or there
        are no figures off the centre.
    out
        Where the ledger is.
    lesions
        Size of the sample; None for all.
    methods
        By default all, and the baselines.

    Returns
    -------
    list of Line
        Those of this sample and these methods, as the generator's value.

    Raises
    ------
    InputError
        If the folder or a picture cannot be read, no member may read any of it, or the ledger
        was begun on something else.
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
    ledger = Journal(out, heading)

    total = sum(len(rows) for rows in sample) * len(chosen)
    done = 0
    wanted = []
    for number, rows in enumerate(sample):
        for crop in rows:
            row = crop.row
            subject: Subject | None = None
            for method in chosen:
                yield Progress(done, total, f"{method.title} on lesion {number + 1}")
                done += 1
                wanted.append((row.file, method.name))
                if wanted[-1] in ledger.lines:
                    continue
                if subject is None:
                    subject = make_subject(folder, crop, films, ensemble)
                    ends = read_ends(subject.reader, subject.centred.pixels)
                repeated = method.name not in SLOW or number % SLOW_PART == 0
                ledger.add(_line(method, subject, ends, repeated=repeated))
    return [ledger.lines[key] for key in wanted]


def _line(method: Method, subject: Subject, ends: Ends, *, repeated: bool) -> Line:
    figures, profile = measure_map(method, subject, ends)
    if repeated:
        figures |= measure_repeated(method, subject)
    row = subject.row
    return Line(
        file=row.file,
        patient_id=row.patient_id,
        lesion=lesion_name(row),
        view=row.view,
        label=row.label,
        method=method.name,
        logit=ends.whole,
        figures={name: None if np.isnan(value) else value for name, value in figures.items()},
        repeated=repeated,
        profile=profile.tolist(),
    )
