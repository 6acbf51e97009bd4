"""``mammopair-research handcrafted``: the baseline on hand-crafted radiological features."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mammopair.atomic_write import prepare_folder
from mammopair.cli import cluster_options, options
from mammopair.cli.figure_tables import figures_table
from mammopair.cli.terminal import output, run_with_bar
from mammopair.errors import InputError
from mammopair.features.catalogue import FEATURES
from mammopair.io.crop_folder import read_index
from mammopair_research.handcrafted.baseline_figures import measure_logits
from mammopair_research.handcrafted.baseline_report import REPORT
from mammopair_research.handcrafted.baseline_run import MODEL, run_baseline
from mammopair_research.handcrafted.classifier import load_classifier
from mammopair_research.handcrafted.feature_table import measure_folder
from mammopair_research.handcrafted.search_plan import read_search_plan

if TYPE_CHECKING:
    from rich.table import Table

LEVELS = ("views", "pairs", "lesions")
"""Levels that are printed; the report has more."""


def handcrafted(
    data: Annotated[
        Path | None, typer.Option(help="Crop folder: crops.csv and its images.")
    ] = None,
    out: options.Out = Path("runs"),
    plan: Annotated[
        Path | None,
        typer.Option(
            help="TOML file with folds and hyperparameters; default: the plan of this package."
        ),
    ] = None,
    features_only: Annotated[
        Path | None, typer.Option(help="Only measure the features and write them to this CSV file.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            "-m",
            help="Folder of a saved model to apply to the crops instead of fitting.",
        ),
    ] = None,
    definitions: Annotated[
        bool, typer.Option("--definitions", help="Only print the definitions of the features.")
    ] = False,
    jobs: cluster_options.Jobs = 1,
    as_json: options.Json = False,
) -> None:
    """Fit the baseline on radiological features: pipelines tuned by nested cross-validation.

    Logistic regression, support vector machine or gradient boosting: pipeline and hyperparameters
    are chosen on the training patients of each fold; the patients of the fold are then predicted.

        mammopair-research handcrafted --data data/cbis-ddsm --out runs --jobs 2

        mammopair-research handcrafted --data data/cbis-ddsm --features-only features.csv

        mammopair-research handcrafted --data other-crops --model runs/handcrafted/model

    `OUT/handcrafted` has `predictions.csv` and `run.json` for `mammopair-research compare`, the
    saved model, the features, their importance and `report.md`. Features and fits are cached there.
    """
    if definitions:
        _print_definitions(as_json)
    elif data is None:
        raise typer.BadParameter("give the crop folder", param_hint="--data")
    elif features_only:
        _measure(data, features_only, jobs)
    elif model:
        _print_figures(_apply(data, model, out, jobs), as_json)
    else:
        _fit(data, out, plan, jobs, as_json)


def _fit(data: Path, out: Path, plan: Path | None, jobs: int, as_json: bool) -> None:
    settings = read_search_plan(plan)
    folder = out / settings.name
    prepare_folder(folder)
    with cluster_options.local_jobs(jobs) as pool:
        figures = run_with_bar(run_baseline(settings, data, folder, pool=pool))
    _print_figures(figures, as_json)
    if not as_json:
        saved = figures["saved"]["pipeline"]
        output().print(f"{folder / MODEL}  [dim]the saved model, {saved}[/dim]")
        output().print(f"{folder / REPORT}  [dim]choices, importance, spiculation features[/dim]")


def _measure(data: Path, path: Path, jobs: int) -> None:
    with cluster_options.local_jobs(jobs) as pool:
        table = run_with_bar(measure_folder(data, read_index(data), path, pool=pool))
    crops, features = table.values.shape
    output().print(f"{path}  [dim]{features} features of {crops} crops[/dim]")


def _apply(data: Path, model: Path, out: Path, jobs: int) -> dict[str, Any]:
    """Return the metrics of a saved model on the patients that it was not fitted on."""
    classifier = load_classifier(model)
    fitted_on = set(classifier.description.patients)
    all_rows = read_index(data)
    rows = [row for row in all_rows if row.patient_id not in fitted_on]
    if not rows:
        raise InputError(
            data, f"has only patients that {model} was fitted on; use crops of other patients"
        )
    prepare_folder(out)
    with cluster_options.local_jobs(jobs) as pool:
        table = run_with_bar(measure_folder(data, rows, out / "scored-features.csv", pool=pool))
    figures: dict[str, Any] = dict(measure_logits(rows, classifier.logits(table.values)))
    excluded = len(all_rows) - len(rows)
    return figures | {"excluded": excluded, "pipeline": classifier.description.kind}


def _print_figures(figures: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(figures))
        return
    output().print(figures_table({level: figures[level] for level in LEVELS}))
    if excluded := figures.get("excluded"):
        output().print(f"{excluded} crops of patients that the model was fitted on were excluded.")


def _print_definitions(as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(feature) for feature in FEATURES]))
        return
    output().print(_definitions_table())


def _definitions_table() -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for title in ("feature", "unit", "definition", "source"):
        table.add_column(title, overflow="fold")
    for feature in FEATURES:
        table.add_row(feature.name, feature.unit, feature.definition, feature.source)
    return table
