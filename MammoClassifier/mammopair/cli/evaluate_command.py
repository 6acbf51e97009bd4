"""``mammopair evaluate``: measure an ensemble on a folder of labelled crops."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import fields

from mammopair.cli.figure_tables import print_figures, print_subgroups
from mammopair.cli.options import Device, Json, Model, Prevalence
from mammopair.cli.terminal import output, run_with_bar
from mammopair.evaluation import evaluate_folder
from mammopair.io.crop_folder import CropRow


def evaluate(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="Crop folder: crops.csv and its images."),
    ],
    without: Annotated[
        str | None,
        typer.Option(
            help="Leave out rows of crops.csv with this value: COLUMN=VALUE, as `scanner=DBA`."
        ),
    ] = None,
    prevalence: Prevalence = None,
    subgroups: Annotated[
        bool,
        typer.Option("--subgroups", help="Also measure subgroups: density, margin, size, ..."),
    ] = False,
    model: Model = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Measure an ensemble on labelled crops: AUC, accuracy, sensitivity, specificity, Brier, ECE.

    The measures have 95 % intervals from a bootstrap over patients, and are computed by view, by
    pair (mean of CC and MLO) and by lesion. Patients of the training data are scored out-of-fold:
    by members, calibration and thresholds that were fitted on other patients.

        mammopair evaluate data/cbis-ddsm

        mammopair evaluate data/cbis-ddsm --without scanner=DBA --json

        mammopair evaluate data/cbis-ddsm --subgroups

    With the probabilities adjusted to another prevalence:

        mammopair evaluate data/other --prevalence 0.3
    """
    from mammopair.model.ensemble import load_ensemble

    ensemble = load_ensemble(model, device)
    work = evaluate_folder(
        folder, ensemble, parse_condition(without), prevalence=prevalence, subgroups=subgroups
    )
    figures = run_with_bar(work)
    if as_json:
        print(json.dumps(figures))
        return
    console = output()
    print_figures(figures, console)
    print_subgroups(figures.get("subgroups", {}), console)
    console.print(
        f"Crops of patients of the training data: {figures['crops_of_training_patients']}."
    )
    if prevalence is not None:
        console.print(f"Probabilities are adjusted to a prevalence of {prevalence:g}.")
    console.print(figures["notice"])


def parse_condition(text: str | None) -> tuple[str, str] | None:
    """Parse ``COLUMN=VALUE``.

    Raises
    ------
    typer.BadParameter
        If it is not of this form, or crops.csv has no such column.
    """
    if text is None:
        return None
    column, _, value = text.partition("=")
    columns = [field.name for field in fields(CropRow)]
    if column not in columns or not value:
        raise typer.BadParameter(
            f"--without is {text!r}; specify COLUMN=VALUE with one of the columns "
            f"{', '.join(columns)}"
        )
    return column, value
