"""``mammopair evaluate``: score a folder of labelled crops."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mammopair.cli import options


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Holds crops.csv and the pictures it names.")],
    without: Annotated[
        str | None,
        typer.Option(
            help="Leave out rows of crops.csv with a value in a column, as `scanner=DBA`."
        ),
    ] = None,
    prevalence: options.Prevalence = None,
    subgroups: Annotated[
        bool, typer.Option("--subgroups", help="Lesions by density, margin, size, ... too.")
    ] = False,
    model: options.Model = None,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Measure an ensemble on labelled crops: AUC, accuracy, sensitivity, specificity, Brier, ECE.

    Each with a 95 % interval from a bootstrap over patients, by view, by pair (CC and MLO
    averaged) and by lesion. A member never scores a patient that it was trained on, nor do a
    calibration or thresholds that were fitted on the patient.

        mammopair evaluate data/cbis-ddsm

        mammopair evaluate data/cbis-ddsm --without scanner=DBA --json

        mammopair evaluate data/cbis-ddsm --subgroups

    Where malignancy is as frequent as you state, the probabilities are shifted to it first:

        mammopair evaluate data/other --prevalence 0.3
    """
    import json

    from mammopair.cli.figure_tables import print_figures, print_subgroups
    from mammopair.cli.terminal import output, run_with_bar
    from mammopair.evaluation import evaluate_folder
    from mammopair.model.ensemble import load_ensemble

    ensemble = load_ensemble(model, device)
    work = evaluate_folder(
        folder, ensemble, column_and_value(without), prevalence=prevalence, subgroups=subgroups
    )
    figures = run_with_bar(work)
    if as_json:
        print(json.dumps(figures))
        return
    console = output()
    print_figures(figures, console)
    print_subgroups(figures.get("subgroups", {}), console)
    console.print(
        f"Crops of patients of the training collection: {figures['crops_of_training_patients']}."
    )
    if prevalence is not None:
        console.print(f"Probabilities are shifted to a prevalence of {prevalence:g}.")
    console.print(figures["notice"])


def column_and_value(text: str | None) -> tuple[str, str] | None:
    """``scanner=DBA`` taken apart."""
    from msgspec.structs import fields

    from mammopair.io.crop_folder import CropRow

    if text is None:
        return None
    column, _, value = text.partition("=")
    columns = [field.name for field in fields(CropRow)]
    if column not in columns or not value:
        raise typer.BadParameter(f"give column=value, with a column of {', '.join(columns)}")
    return column, value
