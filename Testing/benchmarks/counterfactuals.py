"""How often counterfactual images change the output as requested, on out-of-fold crops.

Run from the root of the repository::

    python -m Testing.benchmarks.counterfactuals FOLDER --lesions 40

One crop of each lesion, of patients that at least one member was not trained on. Three settings:

- **all members**: generated and classified by the whole ensemble;
- **out of fold**: generated and classified by the members that were not trained on the patient;
- **transferred**: generated out of fold, classified by the other members.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from mammopair.evaluation import out_of_fold_members
from mammopair.explain.counterfactual import DIRECTIONS, generate_counterfactual
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.io.crop_folder import CropRow, read_index
from mammopair.lesion_groups import lesion_name
from mammopair.model.ensemble import Ensemble, load_ensemble
from mammopair.progress import exhaust
from mammopair_research.datasets.training_data import load_patches

Results = Mapping[tuple[str, str], list[tuple[float, float]]]
"""Change of the probability and similarity of each lesion, by setting and direction."""


def out_of_fold_crops(
    folder: Path, ensemble: Ensemble, lesions: int
) -> list[tuple[CropRow, set[str]]]:
    """Draw crops of different lesions, with the members that were not trained on the patient."""
    members = out_of_fold_members(ensemble)
    rows = {lesion_name(row): row for row in read_index(folder) if members.get(row.patient_id)}
    drawn = np.random.default_rng(0).permutation(sorted(rows))[:lesions]
    return [(rows[lesion], members[rows[lesion].patient_id]) for lesion in drawn]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="Folder of crops.")
    parser.add_argument("--model", help="Name or folder of an ensemble.")
    parser.add_argument("--lesions", type=int, default=40, help="Number of lesions (default 40).")
    options = parser.parse_args()
    torch.set_num_threads(1)
    ensemble = load_ensemble(options.model, "cpu")
    names = {entry.name for entry in ensemble.members}
    results: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)

    crops = out_of_fold_crops(options.folder, ensemble, options.lesions)
    for number, (row, members) in enumerate(crops, start=1):
        patch = load_patches(options.folder, [row]).astype(np.float32) / 255
        settings = {
            "all members": make_differentiable(ensemble, row.view),
            "out of fold": make_differentiable(ensemble, row.view, members=members),
        }
        for towards in DIRECTIONS:
            for setting, model in settings.items():
                found = exhaust(generate_counterfactual(model, patch, towards))
                similarity = float(found.similarity[-1, 0])
                change = float(found.probabilities[-1, 0] - found.probabilities[0, 0])
                results[setting, towards].append((change, similarity))
            if names - members:
                others = make_differentiable(ensemble, row.view, members=names - members)
                before, after = (others.probabilities(image)[0] for image in found.path[[0, -1]])
                results["transferred", towards].append((float(after - before), similarity))
        print(f"{number} of {len(crops)} lesions", flush=True)
    print_table(results)


def print_table(results: Results) -> None:
    """Print one line for each setting and direction."""
    for (setting, towards), values in results.items():
        changes, similarities = np.array(values).T
        as_requested = (changes > 0 if towards == "malignant" else changes < 0).sum()
        print(
            f"{setting:11} towards {towards:9}: as requested {as_requested}/{len(values)}, "
            f"median change {np.median(changes):+.2f}, similarity {similarities.min():.2f} to "
            f"{similarities.max():.2f}"
        )


if __name__ == "__main__":
    main()
