"""``mammopair-research correlate``: correlate an ensemble with descriptors and spiculation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from mammopair.atomic_write import prepare_folder
from mammopair.cli import options
from mammopair.cli.terminal import output, run_with_bar
from mammopair_research.cli.research_options import AllLesions, CropFolder, Seed

FILES = {
    "correlation.html": "the page, for a browser",
    "associations.csv": "every unit, zone score and measure with every descriptor",
    "zones.csv": "evidence by zone, spiculated against circumscribed",
    "dose.csv": "features along the counterfactual images",
    "correlation.json": "all results",
}


def correlate(
    folder: CropFolder,
    out: options.Out = Path("correlation"),
    lesions: Annotated[
        int,
        typer.Option(
            min=2, help="Number of lesions to sample for counterfactual images.", show_default=True
        ),
    ] = 100,
    all_lesions: AllLesions = False,
    seed: Seed = 0,
    model: options.Model = None,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Correlate units and maps with BI-RADS descriptors, and the logit with measured spiculation.

    Units and evidence are analysed on every crop with the networks that were not trained on the
    patient, with the false discovery rate controlled. For a sample of lesions, counterfactual
    images are generated and their features measured. Writes a page, CSV tables and JSON.

        mammopair-research correlate data/cbis-ddsm

        mammopair-research correlate data/cbis-ddsm --lesions 300 --out spiculation

    Takes about five minutes on one core.
    """
    from mammopair.model.ensemble import load_ensemble
    from mammopair_research.concept_correlation.correlation_output import (
        correlation_as_json,
        write_correlation,
    )
    from mammopair_research.concept_correlation.correlation_study import run_correlation_study

    prepare_folder(out)
    ensemble = load_ensemble(model, device)
    count = None if all_lesions else lesions
    study = run_with_bar(run_correlation_study(folder, ensemble, lesions=count, seed=seed))
    write_correlation(study, ensemble, out)
    if as_json:
        print(msgspec.json.encode(correlation_as_json(study, ensemble)).decode())
        return
    console = output()
    for name, content in FILES.items():
        console.print(f"{(out / name).as_posix()}  [dim]{content}[/dim]", soft_wrap=True)
