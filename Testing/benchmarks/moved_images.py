"""How far moved images go where they were sent, and stay the lesion: on held-out crops.

    python -m Testing.benchmarks.moved_images FOLDER --lesions 40

One crop a lesion, drawn from patients that at least one member never saw. Three questions:

- **in use**: moved by the whole ensemble, read by it with all mirrorings;
- **held out**: moved and read by the members that never saw the patient;
- **elsewhere**: the held-out move, read by the other members, which had no part in it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from mammopair.evaluation import out_of_fold_members
from mammopair.explain.counterfactual import DIRECTIONS, generate_counterfactual
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.io.crop_folder import read_index
from mammopair.lesion_groups import lesion_name
from mammopair.model.ensemble import load_ensemble
from mammopair_research.datasets.training_data import load_patches
from Testing.stepwise import drive


def held_out_crops(folder: Path, ensemble, lesions: int, seed: int = 0):
    """``lesions`` rows of different lesions, and the members that never saw each patient."""
    unseen = out_of_fold_members(ensemble)
    rows = {lesion_name(row): row for row in read_index(folder) if unseen.get(row.patient_id)}
    drawn = np.random.default_rng(seed).permutation(sorted(rows))[:lesions]
    return [(rows[lesion], unseen[rows[lesion].patient_id]) for lesion in drawn]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--lesions", type=int, default=40)
    given = parser.parse_args()
    torch.set_num_threads(1)
    ensemble = load_ensemble(given.model, "cpu")
    names = {entry.name for entry in ensemble.members}
    wished = {(how, to): [] for how in ("in use", "held out", "elsewhere") for to in DIRECTIONS}
    change = {key: [] for key in wished}
    similar = {key: [] for key in wished}

    for row, unseen in held_out_crops(given.folder, ensemble, given.lesions):
        patch = load_patches(given.folder, [row]).astype(np.float32) / 255
        everyone = make_differentiable(ensemble, row.view)
        alone = make_differentiable(ensemble, row.view, members=unseen)
        others = (
            make_differentiable(ensemble, row.view, members=names - unseen)
            if names - unseen
            else None
        )
        for towards in DIRECTIONS:
            sign = 1 if towards == "malignant" else -1

            def note(how, before, after, similarity, sign=sign, towards=towards):
                wished[how, towards].append(sign * (after - before) > 0)
                change[how, towards].append(after - before)
                similar[how, towards].append(similarity)

            _, found = drive(generate_counterfactual(everyone, patch, towards))
            p = found.probabilities[:, 0]
            note("in use", p[0], p[-1], found.similarity[-1, 0])
            _, found = drive(generate_counterfactual(alone, patch, towards))
            p = found.probabilities[:, 0]
            note("held out", p[0], p[-1], found.similarity[-1, 0])
            if others:
                before, after = (others.probabilities(image)[0] for image in found.path[[0, -1]])
                note("elsewhere", before, after, found.similarity[-1, 0])
        print(f"{len(wished['in use', 'benign'])} lesions", flush=True)
        if len(wished["in use", "benign"]) % 5 == 0:
            print_table(wished, change, similar)
    print_table(wished, change, similar)


def print_table(wished, change, similar) -> None:
    for (how, towards), went in wished.items():
        if went:
            median = np.median(change[how, towards])
            print(
                f"{how:10} towards {towards:9}: as wished {sum(went)}/{len(went)}, "
                f"median change {median:+.2f}, similarity {min(similar[how, towards]):.2f} to "
                f"{max(similar[how, towards]):.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
