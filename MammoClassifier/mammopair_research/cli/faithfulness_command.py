"""``mammopair-research faithfulness``: how far each explaining map can be believed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mammopair.cli import options


def faithfulness(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Holds crops.csv and the pictures it names; for crops with the mass off the "
            "centre, films.csv and the films too."
        ),
    ],
    out: options.Out = Path("faithfulness"),
    lesions: Annotated[
        int, typer.Option(min=2, help="Lesions in the sample, drawn by lot.", show_default=True)
    ] = 16,
    everything: Annotated[bool, typer.Option("--all", help="All lesions; takes hours.")] = False,
    seed: Annotated[int, typer.Option(help="Of the lot.")] = 0,
    choose: Annotated[
        bool,
        typer.Option(
            "--choose", help="Make the best method the default: writes explanation.json beside it."
        ),
    ] = False,
    model: options.Model = None,
    device: options.Device = "auto",
    study_as_json: options.Json = False,
) -> None:
    """Measure explanations: deletion, insertion, place, randomised weights, repeatability.

    Every method, and a centre blob, a random map and the brightness as baselines, on lesions that
    the explaining networks never saw. Each figure has its 95 % interval by patient and its paired
    difference from each baseline.

        mammopair-research faithfulness data/cbis-ddsm

        mammopair-research faithfulness data/cbis-ddsm --lesions 100 --choose

    A lesion takes about half a minute of one core. Interrupt it at any time: the same command goes
    on, and a larger sample builds on a smaller one.
    """
    import json

    from mammopair.atomic_write import prepare_folder
    from mammopair.cli.terminal import run_with_bar
    from mammopair.explain.default_method import write_default_method
    from mammopair.model.ensemble import load_ensemble
    from mammopair_research.map_evaluation.chart import draw_chart
    from mammopair_research.map_evaluation.map_study import study
    from mammopair_research.map_evaluation.study_output import (
        choice_of,
        summarise_study,
        write_study,
    )
    from mammopair_research.map_evaluation.study_output import study_as_json as to_json

    prepare_folder(out)
    ensemble = load_ensemble(model, device)
    count = None if everything else lesions
    found = summarise_study(run_with_bar(study(folder, ensemble, out, lesions=count, seed=seed)))
    write_study(found, ensemble, out)
    draw_chart(found, out / "faithfulness.svg")
    if choose:
        write_default_method(choice_of(found, ensemble), ensemble.folder)
    if study_as_json:
        print(json.dumps(to_json(found, ensemble)))
        return
    _print(found, out)


HEADINGS = (
    *("deletion\nblur\n(low)", "deletion\nin-paint\n(low)", "energy\nin box\n(high)"),
    *("weights\nrandom\n(near 0)", "insertion\nless del.\n(high)"),
)
"""Of what the choice rests on, short enough for a terminal."""


def _print(found, out: Path) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  its type would load numpy
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from mammopair import RESEARCH_USE_ONLY
    from mammopair.cli.terminal import output
    from mammopair_research.map_evaluation.method_choice import BEATEN_ON, RANDOMISED, RANKED_BY
    from mammopair_research.map_evaluation.study_output import title_of

    shown = dict(zip((*BEATEN_ON, RANDOMISED, RANKED_BY), HEADINGS, strict=True))

    console = output()
    table = Table(title=f"{found.crops} crops of {found.patients} patients; means", box=SIMPLE_HEAD)
    table.add_column("Map")
    for heading in shown.values():
        table.add_column(heading, justify="right")
    table.add_column("rule:\nmet", justify="right")
    met = {
        one.method: f"{len(one.passed)} of {len(one.passed) + len(one.failed)}"
        for one in found.method_ranks
    }
    for method, cells in found.table.items():
        numbers = (f"{cells[name].mean.value:.2f}" if name in cells else "" for name in shown)
        table.add_row(title_of(method), *numbers, met.get(method, "baseline"))
    console.print(table)
    console.print(f"Measured best: [bold]{title_of(found.method_ranks[0].method)}[/bold]")
    if not any(BEATEN_ON[-1] in cells for cells in found.table.values()):
        console.print("The folder has no films, so nothing was measured with the mass off-centre.")
    for name, content in (
        ("faithfulness.md", "the table with intervals, the rule, what to be careful with"),
        ("faithfulness.svg", "the same as a picture"),
        ("faithfulness.csv", "every mean and difference, with its interval"),
        ("faithfulness.json", "everything"),
    ):
        console.print(f"{(out / name).as_posix()}  [dim]{content}[/dim]", soft_wrap=True)
    console.print(RESEARCH_USE_ONLY)
