"""Which inputs the out-of-distribution score distinguishes from masses on film.

Run from the root of the repository; DATA contains ``crops.csv`` and ``films.csv``::

    python -m Testing.benchmarks.out_of_distribution DATA
    python -m Testing.benchmarks.out_of_distribution DATA --model ENSEMBLE --crops 60

Every probe is cut from films of patients that the member was not trained on. Each row has the AUC
of the distance for the probes against masses of such patients, and the fraction of the probes with
a warning, averaged over the members.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from mammopair.calibration.out_of_distribution import feature_distances, out_of_distribution_score
from mammopair.crop import cut_patch, place_square
from mammopair.evaluation.out_of_fold import training_folds
from mammopair.io.crop_folder import CropRow, read_index
from mammopair.model.ensemble import Ensemble, load_ensemble
from mammopair.view import Box, View
from mammopair_research.datasets.film_folder import FilmRow, read_film, read_film_index
from Testing.synthetic_mammograms import breast

TRIES = 200
"""Random positions that are tried for a box in the background."""
TISSUE = 0.15
"""A patch is in the breast if 90 % of its pixels are brighter than this."""

Marked = tuple[View, Box]
Probe = Callable[[View, Box, np.random.Generator], Marked | None]


def mass(view: View, box: Box, _: np.random.Generator) -> Marked:
    """Return the mass as it was marked."""
    return view, box


def background(view: View, box: Box, rng: np.random.Generator) -> Marked | None:
    """Return a box of the mass's size elsewhere in the breast; None if there is no room."""
    rows, columns = view.pixels.shape
    for _ in range(TRIES):
        x = rng.uniform(0, max(columns - box.width, 1))
        y = rng.uniform(0, max(rows - box.height, 1))
        separate = abs(x - box.x) > 1.5 * box.width or abs(y - box.y) > 1.5 * box.height
        other = Box(x, y, box.width, box.height)
        if separate and (cut_patch(view, place_square(view, other)) > TISSUE).mean() > 0.9:
            return view, other
    return None


def inverted(view: View, box: Box, _: np.random.Generator) -> Marked:
    """Return the mass on a film of the opposite polarity."""
    return replace(view, pixels=1 - view.pixels), box


def boxed(factor: float) -> Probe:
    """Return a probe with a box of another size around the same centre."""

    def probe(view: View, box: Box, _: np.random.Generator) -> Marked:
        x, y = box.centre
        width, height = factor * box.width, factor * box.height
        return view, Box(x - width / 2, y - height / 2, width, height)

    return probe


def noise(view: View, box: Box, rng: np.random.Generator) -> Marked:
    """Replace the film by random pixels."""
    return replace(view, pixels=rng.random(view.pixels.shape, dtype=np.float32)), box


def phantom(view: View, box: Box, rng: np.random.Generator) -> Marked:
    """Replace the film by a synthetic breast with grain."""
    pixels = breast(*view.pixels.shape) / 4095 + 0.02 * rng.standard_normal(view.pixels.shape)
    return replace(view, pixels=np.clip(pixels, 0, 1).astype(np.float32)), box


PROBES: dict[str, Probe] = {
    "mass": mass,
    "background of the same film": background,
    "opposite polarity": inverted,
    "box of 0.4 times the size": boxed(0.4),
    "box of 2.5 times the size": boxed(2.5),
    "synthetic breast": phantom,
    "noise": noise,
}


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--model", default=None)
    arguments.add_argument("--crops", type=int, default=60, help="Crops per member (default 60).")
    chosen = arguments.parse_args()
    torch.set_num_threads(1)
    ensemble = load_ensemble(chosen.model, "cpu")
    if ensemble.reference is None:
        raise SystemExit(f"the ensemble {ensemble.manifest.name} has no reference distribution")

    limit = ensemble.manifest.reference.warn_above
    found = {name: list(measure(ensemble, chosen, probe)) for name, probe in PROBES.items()}
    print(f"{'probe':30}  crops    AUC  warnings (score above {100 * limit:.0f} %)")
    for name, members in found.items():
        crops = sum(len(scores) for _, scores in members)
        warned = np.mean(np.concatenate([scores for _, scores in members]) > limit)
        area = np.mean([auc for auc, _ in members])
        print(f"{name:30}  {crops:5}  {area:.3f}  {100 * warned:5.1f} %")
    print("The row of masses is slightly too low: these masses are in the fitted distribution.")


def measure(
    ensemble: Ensemble, chosen: argparse.Namespace, probe: Probe
) -> Iterator[tuple[float, np.ndarray]]:
    """Compute, for each member, the AUC of a probe and the scores of its crops."""
    folds, films = training_folds(ensemble), read_film_index(chosen.data)
    rows = [row for row in read_index(chosen.data) if row.film_box and row.film in films]
    for entry in ensemble.members:
        rng = np.random.default_rng(0)
        of_fold = [row for row in rows if folds.get(row.patient_id) == entry.fold]
        drawn = [row for row in of_fold if row.view in entry.views]
        drawn = [drawn[i] for i in rng.permutation(len(drawn))[: chosen.crops]]
        marked = [(row, probe_of(chosen.data, row, films[row.film], probe, rng)) for row in drawn]
        patches = [(row.view, cut_patch(at[0], place_square(*at))) for row, at in marked if at]
        views, pixels = [view for view, _ in patches], np.stack([patch for _, patch in patches])
        (output,) = ensemble.select_members({entry.name}).predict(pixels, views)
        distribution = ensemble.reference.features[entry.name]
        distances = feature_distances(output.pooled, distribution)
        labels = np.repeat([0, 1], [len(distribution.distances), len(distances)])
        area = roc_auc_score(labels, np.concatenate([distribution.distances, distances]))
        yield float(area), out_of_distribution_score(output.pooled, distribution)


def probe_of(
    data: Path, row: CropRow, film: FilmRow, probe: Probe, rng: np.random.Generator
) -> Marked | None:
    """Return the probe of one crop's film."""
    return probe(read_film(data, row, film), row.film_box, rng)


if __name__ == "__main__":
    main()
