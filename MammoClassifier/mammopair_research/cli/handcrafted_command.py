"""``mammopair-research handcrafted``: the classical baseline on radiological features."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mammopair.cli import cluster_options, options

if TYPE_CHECKING:
    from rich.table import Table


LEVELS = ("views", "pairs", "lesions")
"""What is printed; the rest is in the report."""


def handcrafted(
    data: Annotated[
        Path | None, typer.Option(help="Holds crops.csv and the pictures it names.")
    ] = None,
    out: options.Out = Path("runs"),
    plan: Annotated[
        Path | None,
        typer.Option(help="A TOML file with folds and settings in place of those that ship."),
    ] = None,
    features_only: Annotated[
        Path | None, typer.Option(help="Measure the features into this CSV, and stop.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="Measure this saved model on the crops, fit nothing."),
    ] = None,
    definitions: Annotated[
        bool, typer.Option("--definitions", help="Print each feature's definition, and stop.")
    ] = False,
    jobs: cluster_options.Jobs = 1,
    as_json: options.Json = False,
) -> None:
    """Fit the classical baseline: named radiological features, and pipelines tuned inside folds.

    Logistic regression, support vector machine or gradient boosting: which one, and its settings,
    is chosen among the training patients of each fold; the others are predicted.

        mammopair-research handcrafted --data data/cbis-ddsm --out runs --jobs 2

        mammopair-research handcrafted --data data/cbis-ddsm --features-only features.csv

        mammopair-research handcrafted --data other-crops --model runs/handcrafted/model

    In `OUT/handcrafted`: `predictions.csv` and `run.json` for `mammopair-research compare`, the saved
    model, the features, their importance and `report.md`. A second run measures no crop again.
    """
    if definitions:
        _print_definitions(as_json)
    elif data is None:
        raise typer.BadParameter("give the folder of crops", param_hint="--data")
    elif features_only:
        _measure(data, features_only, jobs)
    elif model:
        _print_figures(_score(data, model, out, jobs), as_json)
    else:
        _fit(data, out, plan, jobs, as_json)


def _fit(data: Path, out: Path, plan: Path | None, jobs: int, as_json: bool) -> None:
    from mammopair.atomic_write import prepare_folder
    from mammopair.cli.terminal import output, run_with_bar
    from mammopair_research.handcrafted.baseline_run import run_baseline
    from mammopair_research.handcrafted.search_plan import read_search_plan

    settings = read_search_plan(plan)
    folder = out / settings.name
    prepare_folder(folder)
    with cluster_options.local_jobs(jobs) as pool:
        figures = run_with_bar(run_baseline(settings, data, folder, pool=pool))
    _print_figures(figures, as_json)
    if not as_json:
        saved = figures["saved"]["pipeline"]
        output().print(f"{folder / 'model'}  [dim]the saved model, a {saved}[/dim]")
        output().print(f"{folder / 'report.md'}  [dim]choices, importance, spiculation[/dim]")


def _measure(data: Path, path: Path, jobs: int) -> None:
    from mammopair.cli.terminal import output, run_with_bar
    from mammopair.io.crop_folder import read_index
    from mammopair_research.handcrafted.feature_table import measure_folder

    with cluster_options.local_jobs(jobs) as pool:
        table = run_with_bar(measure_folder(data, read_index(data), path, pool=pool))
    crops, features = table.values.shape
    output().print(f"{path}  [dim]{features} features of {crops} crops[/dim]")


def _score(data: Path, model: Path, out: Path, jobs: int) -> dict[str, Any]:
    """The figures of a saved model; patients that it was fitted on are left out."""
    from mammopair.atomic_write import prepare_folder
    from mammopair.cli.terminal import run_with_bar
    from mammopair.errors import InputError
    from mammopair.io.crop_folder import read_index
    from mammopair_research.handcrafted.baseline_figures import measure_logits
    from mammopair_research.handcrafted.classifier import load_classifier
    from mammopair_research.handcrafted.feature_table import measure_folder

    classifier = load_classifier(model)
    seen = set(classifier.description.patients)
    every = read_index(data)
    rows = [row for row in every if row.patient_id not in seen]
    if not rows:
        raise InputError(data, f"holds only patients that {model} was fitted on")
    prepare_folder(out)
    with cluster_options.local_jobs(jobs) as pool:
        table = run_with_bar(measure_folder(data, rows, out / "scored-features.csv", pool=pool))
    figures: dict[str, Any] = dict(measure_logits(rows, classifier.logits(table.values)))
    return figures | {"left_out": len(every) - len(rows), "pipeline": classifier.description.kind}


def _print_figures(figures: dict[str, Any], as_json: bool) -> None:
    import json

    from mammopair.cli.figure_tables import figures_table
    from mammopair.cli.terminal import output

    if as_json:
        print(json.dumps(figures))
        return
    output().print(figures_table({level: figures[level] for level in LEVELS}))
    if figures.get("left_out"):
        output().print(f"{figures['left_out']} crops of patients it was fitted on were left out.")


def _print_definitions(as_json: bool) -> None:
    import json
    from dataclasses import asdict

    from mammopair.cli.terminal import output
    from mammopair.features.catalogue import FEATURES

    if as_json:
        print(json.dumps([asdict(feature) for feature in FEATURES]))
        return
    output().print(_definitions_table(FEATURES))


def _definitions_table(features: Any) -> Table:  # noqa: ANN401  the catalogue would load at import
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for title in ("feature", "unit", "definition", "source"):
        table.add_column(title, overflow="fold")
    for feature in features:
        table.add_row(feature.name, feature.unit, feature.definition, feature.source)
    return table
