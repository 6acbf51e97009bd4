"""``mammopair-research train``: train and export an ensemble from a recipe and a crop folder."""

from __future__ import annotations

import json
from pathlib import Path

from mammopair.atomic_write import prepare_folder
from mammopair.cli import cluster_options, options
from mammopair.cli.figure_tables import print_figures
from mammopair.cli.terminal import output, run_with_bar
from mammopair.io.crop_folder import read_index
from mammopair_research.cli.research_options import Data, RecipeName
from mammopair_research.training.recipe import find_recipe, read_recipe


def train(
    recipe: RecipeName,
    data: Data,
    out: options.Out = Path("runs"),
    device: options.Device = "auto",
    jobs: cluster_options.Jobs = 1,
    as_json: options.Json = False,
) -> None:
    """Train an ensemble from scratch, calibrate it, measure it and write its model card.

    The command can be interrupted at any time: run it again to continue from the last epoch. The
    same recipe and data give the same weights on the same machine.

        mammopair-research train light-googlenet --data data/cbis-ddsm --out runs --jobs 2

    The ensemble is in `OUT/NAME/ensemble`: weights, manifest, folds and model card.
    """
    from mammopair_research.training.ensemble_export import export_ensemble
    from mammopair_research.training.member_tasks import train_members

    settings = read_recipe(find_recipe(recipe))
    rows = read_index(data)
    folder = out / settings.name
    prepare_folder(folder)
    with cluster_options.local_jobs(jobs) as pool:
        steps = train_members(settings, data, folder, device=device, pool=pool)
        checkpoints = run_with_bar(steps)
    manifest = run_with_bar(export_ensemble(settings, rows, data, checkpoints, folder / "ensemble"))
    if as_json:
        print(json.dumps(manifest.measured))
        return
    console = output()
    print_figures(manifest.measured, console)
    console.print(f"{folder / 'ensemble'}  [dim]the ensemble with its model card[/dim]")
