"""What the study writes: the table as JSON, CSV and Markdown, and its picture."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.atomic_write import atomic_write
from mammopair.explain.default_method import DefaultMethod, weights_of
from mammopair.explain.methods import METHODS
from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.journal import Line
from mammopair_research.map_evaluation.measure_table import Table, make_table
from mammopair_research.map_evaluation.measures import MEASURES
from mammopair_research.map_evaluation.method_choice import RULE, MethodRank, method_ranks
from mammopair_research.stats.bootstrap_means import Mean

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

CAVEATS = (
    "Digitised film of one collection (CBIS-DDSM), masses that were biopsied or followed up; other "
    "detectors may differ.",
    "Each map explains the answer of the members that never saw the patient: for most patients of "
    "the training collection that is one member, not the ensemble's mean. Patients whom every "
    "member saw are left out.",
    "The networks were trained on no picture with a part blurred or filled in, so deletion and "
    "insertion measure their taste for such pictures too. Methods that are defined by blurring "
    "have an advantage where blur replaces.",
    "Energy and pointing ask whether the map lies in a radiologist's box. Evidence outside the box "
    "may be just as faithful to the network.",
    "The default was chosen on the figures that are shown, so the best of them are a little too "
    "good.",
)


@dataclass(frozen=True)
class Study:
    """What was measured, and what follows from it."""

    lines: Sequence[Line]
    table: Table
    method_ranks: Sequence[MethodRank]

    @property
    def lesions(self) -> int:
        """How many lesions it was measured on."""
        return len({line.lesion for line in self.lines})

    @property
    def crops(self) -> int:
        """How many crops it was measured on."""
        return len({line.file for line in self.lines})

    @property
    def patients(self) -> int:
        """How many patients it was measured on."""
        return len({line.patient_id for line in self.lines})


def summarise_study(lines: Sequence[Line]) -> Study:
    """Table and method_ranks of what was measured."""
    table = make_table(lines)
    return Study(lines, table, method_ranks(table))


def title_of(method: str) -> str:
    """As people read it."""
    known = METHODS | BASELINES
    return known[method].title if method in known else method


def choice_of(study: Study, ensemble: Ensemble) -> DefaultMethod:
    """The default that follows, bound to the weights that it was measured on."""
    best = study.method_ranks[0]
    return DefaultMethod(
        method=best.method,
        rule=RULE,
        passed=best.passed,
        failed=best.failed,
        lesions=study.lesions,
        crops=study.crops,
        weights=weights_of(ensemble.manifest),
        software=f"mammopair {__version__}",
    )


def write_study(study: Study, ensemble: Ensemble, out: Path) -> None:
    """``faithfulness.json``, ``.csv`` and ``.md``, each whole or not at all."""
    with atomic_write(out / "faithfulness.json") as stream:
        json.dump(study_as_json(study, ensemble), stream, indent=1)
        stream.write("\n")
    with atomic_write(out / "faithfulness.csv") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["method", "measure", "less", "value", "low", "high", "n", "patients"])
        table.writerows(_csv_rows(study))
    with atomic_write(out / "faithfulness.md") as stream:
        stream.write(study_as_markdown(study, ensemble))


def study_as_json(study: Study, ensemble: Ensemble) -> dict[str, Any]:
    """Everything, for machines."""
    best = study.method_ranks[0] if study.method_ranks else None
    return {
        "model": {
            "name": ensemble.manifest.name,
            "version": ensemble.manifest.version,
            "sha256": ensemble.sha256,
        },
        "lesions": study.lesions,
        "crops": study.crops,
        "patients": study.patients,
        "measures": {
            name: {"better": measure.better, "meaning": measure.meaning}
            for name, measure in MEASURES.items()
        },
        "methods": {
            method: {
                measure: asdict(cell.mean)
                | {"less": {name: asdict(mean) for name, mean in cell.against.items()}}
                for measure, cell in cells.items()
            }
            for method, cells in study.table.items()
        },
        "rule": RULE,
        "method_ranks": [asdict(standing) for standing in study.method_ranks],
        "default": best.method if best else None,
        "caveats": list(CAVEATS),
        "software": f"mammopair {__version__}",
        "research_use_only": True,
        "notice": RESEARCH_USE_ONLY,
    }


def study_as_markdown(study: Study, ensemble: Ensemble) -> str:
    """For people: measures downwards, methods across, then what follows."""
    methods = list(study.table)
    lines = [
        f"# How far the maps of `{ensemble.manifest.name}` {ensemble.manifest.version} can be "
        "believed",
        "",
        f"{study.crops} crops of {study.lesions} lesions of {study.patients} patients; mean and "
        "95 % interval by patient. **Bold**: beats every baseline, the whole interval of the "
        "paired difference.",
        "",
        "| | better | " + " | ".join(title_of(name) for name in methods) + " |",
        "|---|---|" + "---|" * len(methods),
    ]
    for name, measure in MEASURES.items():
        cells = [_markdown_cell(study, method, name) for method in methods]
        if any(cells):
            better = {1: "higher", -1: "lower", 0: "near 0"}[measure.better]
            lines.append(f"| {name} | {better} | " + " | ".join(cells) + " |")
    lines += ["", "## The default", "", RULE, ""]
    for place, standing in enumerate(study.method_ranks, start=1):
        missed = "; fails: " + ", ".join(standing.failed) if standing.failed else ""
        total = len(standing.passed) + len(standing.failed)
        lines.append(
            f"{place}. {title_of(standing.method)}: meets {len(standing.passed)} of {total}, "
            f"insertion less deletion {standing.score:.3f}{missed}."
        )
    lines += ["", "## What the figures are", ""]
    lines += [f"- **{name}**: {measure.meaning}" for name, measure in MEASURES.items()]
    lines += ["", "## Read with care", ""]
    lines += [f"- {caveat}" for caveat in CAVEATS]
    return "\n".join([*lines, "", RESEARCH_USE_ONLY, ""])


def _markdown_cell(study: Study, method: str, measure: str) -> str:
    cell = study.table[method].get(measure)
    if cell is None:
        return ""
    text = f"{cell.mean.value:.2f} ({cell.mean.low:.2f} to {cell.mean.high:.2f})"
    better = MEASURES[measure].better
    beaten = better and method not in BASELINES and cell.against
    if beaten and all(cell.beats(baseline, better) for baseline in cell.against):
        return f"**{text}**"
    return text


def _csv_rows(study: Study) -> list[list[Any]]:
    def row(method: str, measure: str, less: str, mean: Mean) -> list[Any]:
        numbers = (f"{number:.6f}" for number in (mean.value, mean.low, mean.high))
        return [method, measure, less, *numbers, mean.rows, mean.patients]

    return [
        row(method, measure, less, mean)
        for method, cells in study.table.items()
        for measure, cell in cells.items()
        for less, mean in {"": cell.mean, **cell.against}.items()
    ]
