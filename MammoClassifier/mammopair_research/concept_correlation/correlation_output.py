"""Results of the correlation study: a page, CSV tables and JSON."""

from __future__ import annotations

import base64
import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.atomic_write import atomic_write
from mammopair.descriptors import DESCRIPTORS
from mammopair.io.json_file import write_json
from mammopair_research.concept_correlation.charts import MAIN_FEATURE, all_charts
from mammopair_research.concept_correlation.correlation_study import CorrelationStudy
from mammopair_research.concept_correlation.descriptor_associations import (
    FALSE_DISCOVERY_RATE,
    Association,
)

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble


@dataclass(frozen=True)
class AssociationRow:
    """One descriptor in the page's table."""

    descriptor: str
    with_descriptor: int
    """Number of crops with it."""
    without: int
    """Number of crops with another descriptor of its group."""
    units: Sequence[tuple[str, int, int, Association]]
    """By network: number of significant units, of tested units, and the strongest unit."""
    zone: Association | None
    """The strongest zone score of the evidence map."""
    measured: Association | None
    """Measured spiculation."""


def association_rows(associations: Sequence[Association]) -> list[AssociationRow]:
    """Summarise the associations of each tested descriptor."""
    tested = {one.descriptor for one in associations}
    rows = []
    for descriptor in (name for name in DESCRIPTORS if name in tested):
        found = [one for one in associations if one.descriptor == descriptor]
        sources = dict.fromkeys(one.source for one in found if one.source.startswith("units of"))
        units = []
        for source in sources:
            of_source = [one for one in found if one.source == source]
            significant = sum(one.significant for one in of_source)
            units.append((source.split()[-1], significant, len(of_source), _strongest(of_source)))
        zones = [one for one in found if one.source == "evidence map"]
        measured = [one for one in found if one.source == "measured"]
        all_crops = (zones or found)[0]
        rows.append(
            AssociationRow(
                descriptor=descriptor,
                with_descriptor=all_crops.with_descriptor,
                without=all_crops.without,
                units=units,
                zone=_strongest(zones) if zones else None,
                measured=measured[0] if measured else None,
            )
        )
    return rows


def write_correlation(study: CorrelationStudy, ensemble: Ensemble, out: Path) -> None:
    """Write ``correlation.html``, ``correlation.json`` and three CSV tables.

    Raises
    ------
    InputError
        If matplotlib is not installed, or a file cannot be written.
    """
    write_json(out / "correlation.json", correlation_as_json(study, ensemble))
    _write_csv(out / "associations.csv", [asdict(one) for one in study.associations])
    _write_csv(out / "zones.csv", [_flatten(asdict(one)) for one in study.contrasts])
    _write_csv(out / "dose.csv", [_flatten(asdict(one)) for one in study.responses])
    with atomic_write(out / "correlation.html") as stream:
        stream.write(_page(study, ensemble))


def correlation_as_json(study: CorrelationStudy, ensemble: Ensemble) -> dict[str, Any]:
    """Return the content of ``correlation.json``; of the units only significant ones."""
    return {
        "model": {
            "name": ensemble.manifest.name,
            "version": ensemble.manifest.version,
            "sha256": ensemble.sha256,
        },
        "crops": len(study.measurements.rows),
        "patients": len(set(study.measurements.patients.tolist())),
        "false_discovery_rate": FALSE_DISCOVERY_RATE,
        "associations_tested": len(study.associations),
        "associations": [asdict(one) for one in study.associations if one.significant],
        "zones": [asdict(one) for one in study.contrasts],
        "mean_maps": [
            {"descriptor": one.descriptor, "crops": one.crops, "cells": one.cells.tolist()}
            for one in study.maps
        ],
        "counterfactual_crops": len(study.counterfactuals),
        "logit_change": asdict(study.change),
        "dose": [asdict(one) for one in study.responses],
        "across_lesions": asdict(study.across) if study.across else None,
        "software": f"mammopair {__version__}",
        "research_use_only": True,
        "notice": RESEARCH_USE_ONLY,
    }


def _page(study: CorrelationStudy, ensemble: Ensemble) -> str:
    """Render one self-contained HTML page, without scripts and network access."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mammopair_research.concept_correlation", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["signed"] = lambda number: f"{number:+.2f}".replace("-", "−")
    measurements = study.measurements
    return environment.get_template("page.html").render(
        notice=RESEARCH_USE_ONLY,
        manifest=ensemble.manifest,
        software=f"mammopair {__version__}",
        sha256=ensemble.sha256,
        study=study,
        patients=len(set(measurements.patients.tolist())),
        members={member.member: len(member.crops) for member in measurements.members},
        rows=association_rows(study.associations),
        dose=next(one for one in study.responses if one.feature == MAIN_FEATURE),
        charts={name: _data_uri(svg) for name, svg in all_charts(study).items()},
        rate=FALSE_DISCOVERY_RATE,
    )


def _strongest(found: Sequence[Association]) -> Association:
    return max(found, key=lambda one: abs(one.auc - 0.5))


def _data_uri(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}"


def _flatten(row: dict[str, Any]) -> dict[str, Any]:
    """Spread means over columns: ``slope``, ``slope_low``, ``slope_high``, ``slope_n``."""
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
