"""``mammopair-research train``: from a recipe and a folder of crops to an ensemble that can export_ensemble."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mammopair.cli import cluster_options, options


def train(
    recipe: Annotated[str, typer.Argument(help="A TOML file, or a recipe that ships, by name.")],
    data: Annotated[Path, typer.Option(help="Holds crops.csv and the pictures it names.")],
    out: options.Out = Path("runs"),
    device: options.Device = "auto",
    jobs: cluster_options.Jobs = 1,
    as_json: options.Json = False,
) -> None:
    """Train an ensemble from scratch, calibrate it, measure it and write its model card.

    Interrupt it at any time: the same command goes on from the last epoch. The same recipe and
    data give the same weights on the same machine.

        mammopair-research train light-googlenet --data data/cbis-ddsm --out runs --jobs 2

    What ships is in `OUT/NAME/ensemble`: weights as safetensors, manifest, folds, model card.
    """
    import json

    from mammopair.atomic_write import prepare_folder
    from mammopair.cli.figure_tables import print_figures
    from mammopair.cli.terminal import output, run_with_bar
    from mammopair.io.crop_folder import read_index
    from mammopair_research.training.ensemble_export import export_ensemble
    from mammopair_research.training.member_tasks import train_members
    from mammopair_research.training.recipe import find_recipe, read_recipe

    plan = read_recipe(find_recipe(recipe))
    rows = read_index(data)
    folder = out / plan.name
    prepare_folder(folder)
    with cluster_options.local_jobs(jobs) as pool:
        steps = train_members(plan, data, folder, device=device, pool=pool)
        checkpoints = run_with_bar(steps)
    manifest = run_with_bar(export_ensemble(plan, rows, data, checkpoints, folder / "ensemble"))
    if as_json:
        print(json.dumps(manifest.measured))
        return
    console = output()
    print_figures(manifest.measured, console)
    console.print(f"{folder / 'ensemble'}  [dim]the ensemble and its model card[/dim]")
