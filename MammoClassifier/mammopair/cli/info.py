"""``mammopair info``: what is installed, what ships, and what it can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.cli import options

if TYPE_CHECKING:
    from rich.console import Console

    from mammopair.model.ensemble_manifest import ConceptScale


def info(
    model: Annotated[
        str | None, typer.Argument(help="An ensemble that ships, or an ensemble's folder.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Show an ensemble: its members, data, calibration and measured figures.

    mammopair info

    mammopair info light-googlenet --json
    """
    import msgspec

    from mammopair.cli.figures import print_figures
    from mammopair.cli.terminal import output
    from mammopair.model.device import choose_device
    from mammopair.model.ensemble import load_ensemble, shipped_ensembles

    ensemble = load_ensemble(model, "cpu")
    manifest = ensemble.manifest
    facts: dict[str, Any] = {
        "software": f"mammopair {__version__}",
        "device": str(choose_device()),
        "ensembles that ship": sorted(shipped_ensembles()),
        "ensemble": msgspec.to_builtins(manifest) | {"sha256": ensemble.sha256},
        "notice": RESEARCH_USE_ONLY,
    }
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(facts), indent=2).decode())
        return

    console = output()
    console.print(f"{facts['software']} on {facts['device']}")
    console.print(f"Ensembles that ship: {', '.join(facts['ensembles that ship'])}\n")
    console.print(f"[bold]{manifest.name} {manifest.version}[/bold]  {manifest.description}")
    console.print(f"Intended use: {manifest.intended_use}")
    console.print(f"Trained on:   {manifest.training.data}")
    console.print(f"Verified:     {len(ensemble.members)} members, manifest {ensemble.sha256[:12]}")
    print_figures(manifest.measured, console)
    print_concepts(manifest.concept_scales, console)
    console.print(f"\n{RESEARCH_USE_ONLY}")


def print_concepts(scales: Sequence[ConceptScale], console: Console) -> None:
    """How well each word is told on crops that the scoring member never saw."""
    from rich.table import Table

    if not scales:
        return
    table = Table(title="Concept scores: AUC on held-out crops, 95 % interval by patient")
    for column in ("word", "crops with it", "AUC"):
        table.add_column(column)
    for scale in scales:
        auc = "-" if scale.auc is None else f"{scale.auc:.3f}"
        limits = f" ({scale.auc_ci[0]:.3f} to {scale.auc_ci[1]:.3f})" if scale.auc_ci else ""
        table.add_row(scale.word, f"{scale.given} of {scale.crops}", auc + limits)
    console.print(table)
