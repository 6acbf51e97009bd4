"""What the study writes: a page for people, tables for machines."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.atomic_write import atomic_write
from mammopair.descriptors import DESCRIPTORS
from mammopair_research.concept_correlation.charts import DOSE, all_charts
from mammopair_research.concept_correlation.correlation_study import Findings
from mammopair_research.concept_correlation.descriptor_associations import (
    FALSE_DISCOVERIES,
    Association,
)

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble


@dataclass(frozen=True)
class AssociationRow:
    """One word in the page's table."""

    descriptor: str
    with_word: int
    without: int
    units: Sequence[tuple[str, int, int, Association]]
    """By network: units found, units tested, and the strongest of them."""
    zone: Association | None
    """The strongest figure of the evidence map."""
    measured: Association | None
    """Measured spiculation."""


def association_rows(associations: Sequence[Association]) -> list[AssociationRow]:
    """What is found for each word, in the order of the words."""
    tested_words = {one.descriptor for one in associations}
    rows = []
    for word in (word for word in DESCRIPTORS if word in tested_words):
        mine = [one for one in associations if one.descriptor == word]
        sources = dict.fromkeys(one.source for one in mine if one.source.startswith("units of"))
        units = []
        for source in sources:
            tested = [one for one in mine if one.source == source]
            found = sum(one.found for one in tested)
            units.append((source.split()[-1], found, len(tested), _strongest(tested)))
        zones = [one for one in mine if one.source == "evidence map"]
        rulers = [one for one in mine if one.source == "measured"]
        every = zones or mine
        rows.append(
            AssociationRow(
                descriptor=word,
                with_word=every[0].with_word,
                without=every[0].without,
                units=units,
                zone=_strongest(zones) if zones else None,
                measured=rulers[0] if rulers else None,
            )
        )
    return rows


def write_findings(findings: Findings, ensemble: Ensemble, out: Path) -> None:
    """``correlation.html``, ``.json`` and three CSV tables, each whole or not at all."""
    with atomic_write(out / "correlation.json") as stream:
        json.dump(
            without_nan(correlation_as_json(findings, ensemble)), stream, indent=1, allow_nan=False
        )
        stream.write("\n")
    _write_csv(out / "words.csv", [asdict(one) for one in findings.associations])
    _write_csv(out / "zones.csv", [_flat(asdict(one)) for one in findings.contrasts])
    _write_csv(out / "dose.csv", [_flat(asdict(one)) for one in findings.responses])
    with atomic_write(out / "correlation.html") as stream:
        stream.write(as_page(findings, ensemble))


def correlation_as_json(findings: Findings, ensemble: Ensemble) -> dict[str, Any]:
    """Everything but the single units that were not found, for machines."""
    return {
        "model": {
            "name": ensemble.manifest.name,
            "version": ensemble.manifest.version,
            "sha256": ensemble.sha256,
        },
        "crops": len(findings.gathered.rows),
        "patients": len(set(findings.gathered.patients.tolist())),
        "false_discovery_rate": FALSE_DISCOVERIES,
        "associations_tested": len(findings.associations),
        "associations": [asdict(one) for one in findings.associations if one.found],
        "zones": [asdict(one) for one in findings.contrasts],
        "mean_maps": [
            {"word": one.descriptor, "crops": one.crops, "cells": one.cells.tolist()}
            for one in findings.maps
        ],
        "moved_crops": len(findings.moved),
        "moved": asdict(findings.shift),
        "dose": [asdict(one) for one in findings.responses],
        "across_lesions": asdict(findings.across) if findings.across else None,
        "software": f"mammopair {__version__}",
        "research_use_only": True,
        "notice": RESEARCH_USE_ONLY,
    }


def as_page(findings: Findings, ensemble: Ensemble) -> str:
    """One self-contained HTML page, without script or network."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mammopair_research.concept_correlation", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["signed"] = lambda number: f"{number:+.2f}".replace("-", "−")
    charts = all_charts(findings)
    response = next(one for one in findings.responses if one.feature == DOSE)
    members = {member.member: len(member.crops) for member in findings.gathered.members}
    return environment.get_template("page.html").render(
        notice=RESEARCH_USE_ONLY,
        manifest=ensemble.manifest,
        software=f"mammopair {__version__}",
        sha256=ensemble.sha256,
        findings=findings,
        patients=len(set(findings.gathered.patients.tolist())),
        members=members,
        words=association_rows(findings.associations),
        dose=response,
        charts={name: _data_uri(svg) for name, svg in charts.items()},
        rate=FALSE_DISCOVERIES,
    )


def _strongest(found: Sequence[Association]) -> Association:
    return max(found, key=lambda one: abs(one.auc - 0.5))


def _data_uri(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}"


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Means spread over columns: ``slope``, ``slope_low``, ``slope_high``, ``slope_n``."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {
                name: value["value"],
                f"{name}_low": value["low"],
                f"{name}_high": value["high"],
                f"{name}_n": value["rows"],
                f"{name}_patients": value["patients"],
            }
        else:
            flat[name] = value
    return flat


def _write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    with atomic_write(path) as stream:
        if not rows:
            return
        table = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        table.writeheader()
        for row in rows:
            table.writerow(
                {
                    name: f"{value:.6g}" if isinstance(value, float) else value
                    for name, value in row.items()
                }
            )


def without_nan(value: Any) -> Any:  # noqa: ANN401  JSON is anything
    """JSON knows no NaN: null stands for what is not defined."""
    if isinstance(value, dict):
        return {name: without_nan(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(part) for part in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
