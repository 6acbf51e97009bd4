"""Results of the study as JSON, CSV and Markdown."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.atomic_write import atomic_write
from mammopair.explain.default_method import DefaultMethod, weights_of
from mammopair.explain.methods import METHODS
from mammopair.io.json_file import write_json
from mammopair_research.map_evaluation.baseline_maps import BASELINES
from mammopair_research.map_evaluation.journal import Line
from mammopair_research.map_evaluation.measure_table import MeasureTable, make_table
from mammopair_research.map_evaluation.measures import MEASURES
from mammopair_research.map_evaluation.method_choice import RULE, MethodRank, rank_methods
from mammopair_research.stats.bootstrap_means import Mean

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

BETTER = {1: "higher", -1: "lower", 0: "near 0"}
CAVEATS = (
    "Digitised film of one collection (CBIS-DDSM) with masses that were biopsied or followed up; "
    "results on other detectors may differ.",
    "Each map explains the members that were not trained on the patient: for most patients of the "
    "training data that is one member, not the mean of the ensemble. Patients that every member "
    "was trained on are excluded.",
    "The networks were not trained on images with blurred or filled regions, so deletion and "
    "insertion also measure their response to such images. Methods based on blurring have an "
    "advantage if blur is the replacement.",
    "Energy and pointing measure whether the map lies in a radiologist's box. Evidence outside the "
    "box may be as faithful to the network.",
    "The default was selected on the figures shown, so the best of them are slightly optimistic.",
)


@dataclass(frozen=True)
class Study:
    """The measurements and the ranking of the methods."""

    lines: Sequence[Line]
    table: MeasureTable
    ranks: Sequence[MethodRank]

    @property
    def lesions(self) -> int:
        """Number of lesions."""
        return len({line.lesion for line in self.lines})

    @property
    def crops(self) -> int:
        """Number of crops."""
        return len({line.file for line in self.lines})

    @property
    def patients(self) -> int:
        """Number of patients."""
        return len({line.patient_id for line in self.lines})


def summarise_study(lines: Sequence[Line]) -> Study:
    """Compute the table and the ranking."""
    table = make_table(lines)
    return Study(lines, table, rank_methods(table))


def title_of(method: str) -> str:
    """Return the display name of a method or baseline."""
    known = METHODS | BASELINES
    return known[method].title if method in known else method


def select_default(study: Study, ensemble: Ensemble) -> DefaultMethod:
    """Return the best method as the default of the weights that it was measured on."""
    best = study.ranks[0]
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
    """Write ``faithfulness.json``, ``.csv`` and ``.md``.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    write_json(out / "faithfulness.json", study_as_json(study, ensemble))
    with atomic_write(out / "faithfulness.csv") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["method", "measure", "minus", "value", "low", "high", "n", "patients"])
        table.writerows(_csv_rows(study))
    with atomic_write(out / "faithfulness.md") as stream:
        stream.write(study_as_markdown(study, ensemble))


def study_as_json(study: Study, ensemble: Ensemble) -> dict[str, Any]:
    """Return all results as a JSON-serialisable dictionary."""
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
                | {"minus": {name: asdict(mean) for name, mean in cell.differences.items()}}
                for measure, cell in cells.items()
            }
            for method, cells in study.table.items()
        },
        "rule": RULE,
        "ranks": [asdict(rank) for rank in study.ranks],
        "default": study.ranks[0].method if study.ranks else None,
        "caveats": list(CAVEATS),
        "software": f"mammopair {__version__}",
        "research_use_only": True,
        "notice": RESEARCH_USE_ONLY,
    }


def study_as_markdown(study: Study, ensemble: Ensemble) -> str:
    """Format the results: a table of measures by method, the ranking and the caveats."""
    methods = list(study.table)
    lines = [
        f"# Evaluation of the maps of `{ensemble.manifest.name}` {ensemble.manifest.version}",
        "",
        f"{study.crops} crops of {study.lesions} lesions of {study.patients} patients; mean and "
        "95 % interval by patient. **Bold**: better than every baseline, with the whole interval "
        "of the paired difference.",
        "",
        "| | better | " + " | ".join(title_of(name) for name in methods) + " |",
        "|---|---|" + "---|" * len(methods),
    ]
    for name, measure in MEASURES.items():
        cells = [_markdown_cell(study, method, name) for method in methods]
        if any(cells):
            lines.append(f"| {name} | {BETTER[measure.better]} | " + " | ".join(cells) + " |")
    lines += ["", "## Default method", "", RULE, ""]
    for place, rank in enumerate(study.ranks, start=1):
        failed = "; fails: " + ", ".join(rank.failed) if rank.failed else ""
        total = len(rank.passed) + len(rank.failed)
        lines.append(
            f"{place}. {title_of(rank.method)}: meets {len(rank.passed)} of {total} conditions, "
            f"insertion minus deletion {rank.score:.3f}{failed}."
        )
    lines += ["", "## Measures", ""]
    lines += [f"- **{name}**: {measure.meaning}" for name, measure in MEASURES.items()]
    lines += ["", "## Caveats", ""]
    lines += [f"- {caveat}" for caveat in CAVEATS]
    return "\n".join([*lines, "", RESEARCH_USE_ONLY, ""])


def _markdown_cell(study: Study, method: str, measure: str) -> str:
    cell = study.table[method].get(measure)
    if cell is None:
        return ""
    text = f"{cell.mean.value:.2f} ({cell.mean.low:.2f} to {cell.mean.high:.2f})"
    better = MEASURES[measure].better
    is_compared = better and method not in BASELINES and cell.differences
    if is_compared and all(cell.beats(baseline, better) for baseline in cell.differences):
        return f"**{text}**"
    return text


def _csv_rows(study: Study) -> list[list[Any]]:
    def row(method: str, measure: str, minus: str, mean: Mean) -> list[Any]:
        numbers = (f"{number:.6f}" for number in (mean.value, mean.low, mean.high))
        return [method, measure, minus, *numbers, mean.rows, mean.patients]

    return [
        row(method, measure, minus, mean)
        for method, cells in study.table.items()
        for measure, cell in cells.items()
        for minus, mean in {"": cell.mean, **cell.differences}.items()
    ]
