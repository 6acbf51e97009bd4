"""``mammopair-research faithfulness``: evaluate the attribution maps of an ensemble."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mammopair import RESEARCH_USE_ONLY
from mammopair.atomic_write import prepare_folder
from mammopair.cli import options
from mammopair.cli.terminal import output, run_with_bar
from mammopair.explain.default_method import write_default_method
from mammopair_research.cli.research_options import AllLesions, CropFolder, Seed
from mammopair_research.map_evaluation.chart import draw_chart
from mammopair_research.map_evaluation.measure_table import Cell
from mammopair_research.map_evaluation.method_choice import BEATEN_ON, RANDOMISED, RANKED_BY
from mammopair_research.map_evaluation.study_output import (
    Study,
    select_default,
    study_as_json,
    summarise_study,
    title_of,
    write_study,
)

if TYPE_CHECKING:
    from rich.table import Table

HEADINGS = {
    BEATEN_ON[0]: "deletion\nblur\n(low)",
    BEATEN_ON[1]: "deletion\nin-paint\n(low)",
    BEATEN_ON[2]: "energy\nin box\n(high)",
    RANDOMISED: "random\nweights\n(near 0)",
    RANKED_BY: "insertion\nminus del.\n(high)",
}
"""Short headings of the measures that the default is selected by."""
FILES = {
    "faithfulness.md": "the table with intervals, the rule and the caveats",
    "faithfulness.svg": "the table as a figure",
    "faithfulness.csv": "every mean and difference with its interval",
    "faithfulness.json": "all results",
}


def faithfulness(
    folder: CropFolder,
    out: options.Out = Path("faithfulness"),
    lesions: Annotated[
        int, typer.Option(min=2, help="Number of lesions to sample.", show_default=True)
    ] = 16,
    all_lesions: AllLesions = False,
    seed: Seed = 0,
    choose: Annotated[
        bool,
        typer.Option(
            "--choose",
            help="Make the best method the ensemble's default: write explanation.json to its "
            "folder.",
        ),
    ] = False,
    model: options.Model = None,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Evaluate attribution maps: deletion, insertion, localisation, randomisation, repeatability.

    Every method, and as baselines a centre blob, a random map and the brightness, on lesions that
    the explained networks were not trained on. Each measure has a 95 % interval by patient and
    paired differences from the baselines. With `films.csv` and the films in FOLDER, localisation
    is also measured with the mass off-centre.

        mammopair-research faithfulness data/cbis-ddsm

        mammopair-research faithfulness data/cbis-ddsm --lesions 100 --choose

    A lesion takes about half a minute on one core. The command can be interrupted at any time: run
    it again to continue; a larger sample includes a smaller one.
    """
    from mammopair.model.ensemble import load_ensemble
    from mammopair_research.map_evaluation.map_study import run_study

    prepare_folder(out)
    ensemble = load_ensemble(model, device)
    count = None if all_lesions else lesions
    steps = run_study(folder, ensemble, out, lesions=count, seed=seed)
    study = summarise_study(run_with_bar(steps))
    write_study(study, ensemble, out)
    draw_chart(study, out / "faithfulness.svg")
    if choose:
        write_default_method(select_default(study, ensemble), ensemble.folder)
    if as_json:
        print(json.dumps(study_as_json(study, ensemble)))
        return
    _print(study, out)


def _print(study: Study, out: Path) -> None:
    console = output()
    console.print(_table(study))
    console.print(f"Best method: [bold]{title_of(study.ranks[0].method)}[/bold]")
    if not any(BEATEN_ON[2] in cells for cells in study.table.values()):
        console.print(
            "The folder has no films, so localisation was not measured with the mass off-centre."
        )
    for name, content in FILES.items():
        console.print(f"{(out / name).as_posix()}  [dim]{content}[/dim]", soft_wrap=True)
    console.print(RESEARCH_USE_ONLY)


def _table(study: Study) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    title = f"{study.crops} crops of {study.patients} patients; means"
    table = Table(title=title, box=SIMPLE_HEAD)
    table.add_column("Map")
    for heading in (*HEADINGS.values(), "conditions\nmet"):
        table.add_column(heading, justify="right")
    met = {
        rank.method: f"{len(rank.passed)} of {len(rank.passed) + len(rank.failed)}"
        for rank in study.ranks
    }
    for method, cells in study.table.items():
        numbers = (_mean(cells.get(name)) for name in HEADINGS)
        table.add_row(title_of(method), *numbers, met.get(method, "baseline"))
    return table


def _mean(cell: Cell | None) -> str:
    return "" if cell is None else f"{cell.mean.value:.2f}"
