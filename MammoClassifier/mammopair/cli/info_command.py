"""``mammopair info``: describe an ensemble and the installation."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.batch.run_options import OPTION_HELP
from mammopair.cli.figure_tables import concepts_table, print_figures
from mammopair.cli.options import Json
from mammopair.cli.terminal import output
from mammopair.model.device import choose_device
from mammopair.model.ensemble_folder import included_ensembles


def info(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help=OPTION_HELP["model"],
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show an ensemble: members, training data, calibration and performance.

    The weights are verified against the SHA-256 values in the manifest.

        mammopair info

        mammopair info light-googlenet --json
    """
    from mammopair.model.ensemble import load_ensemble

    ensemble = load_ensemble(model, "cpu")
    manifest = ensemble.manifest
    facts: dict[str, Any] = {
        "software": f"mammopair {__version__}",
        "device": str(choose_device()),
        "included_ensembles": sorted(included_ensembles()),
        "ensemble": msgspec.to_builtins(manifest) | {"sha256": ensemble.sha256},
        "notice": RESEARCH_USE_ONLY,
    }
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(facts), indent=2).decode())
        return

    console = output()
    console.print(f"{facts['software']} on {facts['device']}")
    console.print(f"Included ensembles: {', '.join(facts['included_ensembles'])}\n")
    console.print(f"[bold]{manifest.name} {manifest.version}[/bold]  {manifest.description}")
    console.print(f"Intended use: {manifest.intended_use}")
    console.print(f"Trained on:   {manifest.training.data}")
    console.print(f"Verified:     {len(ensemble.members)} members, manifest {ensemble.sha256[:12]}")
    print_figures(manifest.measured, console)
    if manifest.concept_scales:
        console.print(concepts_table(manifest.concept_scales))
    console.print(f"\n{RESEARCH_USE_ONLY}")
