"""``mammopair-research correlate``: what the networks see, and the words that radiologists give to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mammopair.cli import options


def correlate(
    folder: Annotated[Path, typer.Argument(help="Holds crops.csv and the pictures it names.")],
    out: options.Out = Path("correlation"),
    lesions: Annotated[
        int,
        typer.Option(
            min=2, help="Lesions of which images are moved, drawn by lot.", show_default=True
        ),
    ] = 100,
    everything: Annotated[bool, typer.Option("--all", help="Move images of all lesions.")] = False,
    seed: Annotated[int, typer.Option(help="Of the lot.")] = 0,
    model: options.Model = None,
    device: options.Device = "auto",
    correlation_as_json: options.Json = False,
) -> None:
    """Tie units and maps to radiologists' words, and the logit to measured spiculation.

    Units and evidence are taken on every crop of patients whom the network never saw, with false
    discoveries controlled; images are moved towards malignant and benign for a sample of lesions,
    and measured on their way. Writes a page, CSV tables and JSON.

        mammopair-research correlate data/cbis-ddsm

        mammopair-research correlate data/cbis-ddsm --lesions 300 --out spiculation

    About five minutes of one core.
    """
    import json

    from mammopair.atomic_write import prepare_folder
    from mammopair.cli.terminal import output, run_with_bar
    from mammopair.model.ensemble import load_ensemble
    from mammopair_research.concept_correlation.correlation_output import (
        correlation_as_json as to_json,
    )
    from mammopair_research.concept_correlation.correlation_output import (
        without_nan,
        write_findings,
    )
    from mammopair_research.concept_correlation.correlation_study import find

    prepare_folder(out)
    ensemble = load_ensemble(model, device)
    count = None if everything else lesions
    findings = run_with_bar(find(folder, ensemble, lesions=count, seed=seed))
    write_findings(findings, ensemble, out)
    if correlation_as_json:
        print(json.dumps(without_nan(to_json(findings, ensemble))))
        return
    console = output()
    for name, content in (
        ("correlation.html", "the page, for a browser"),
        ("words.csv", "every unit, zone and measure with every word"),
        ("zones.csv", "evidence by zone, spiculated against circumscribed"),
        ("dose.csv", "measures along the moved images"),
        ("correlation.json", "everything"),
    ):
        console.print(f"{(out / name).as_posix()}  [dim]{content}[/dim]", soft_wrap=True)
