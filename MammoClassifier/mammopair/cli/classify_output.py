"""What ``demo`` and ``classify`` write and print for the lesions that were classified."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from mammopair.errors import InputError
from mammopair.io.lesion_table import TableLesion
from mammopair.record import Record


def classify_and_report(
    entries: Sequence[TableLesion],
    out: Path,
    *,
    model: str | None,
    device: str,
    as_json: bool,
    title: str,
    dicom: bool = False,
    deliver: Callable[[list[Path]], None] | None = None,
    prevalence: float | None = None,
    coverage: float | None = None,
    explain: bool = False,
) -> int:
    """Classify a manifest's lesions, write the results, print them; give the exit code.

    The records are adjust_record for a prevalence and a coverage where these are given, and explained
    with ``explain``. With ``dicom``
    the results are written as DICOM objects too, and these files handed to ``deliver``, where
    there is one.
    """
    from mammopair.batch import Failure, classify_entries
    from mammopair.calibration.prior_shift import adjust_record
    from mammopair.cli.dicom_output import write_dicom
    from mammopair.cli.explain_records import explained
    from mammopair.cli.terminal import with_bar
    from mammopair.model.ensemble import load_ensemble
    from mammopair.model.manifest import check_adjustment

    prepare_folder(out)
    ensemble = load_ensemble(model, device)
    check_adjustment(ensemble.manifest, prevalence, coverage)
    work = classify_entries(entries, ensemble)
    outcomes = list(with_bar(work, len(entries), f"Classifying on {ensemble.device}"))
    records = [
        adjust_record(outcome, prevalence, coverage)
        for outcome in outcomes
        if isinstance(outcome, Record)
    ]
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]

    for failure in failures:
        print(
            f"mammopair: {failure.case_id} lesion {failure.lesion_id}: {failure.reason}",
            file=sys.stderr,
        )
    unexplained = 0
    if explain:
        records, unexplained = explained(records, ensemble, out)
    if records:
        write_results(records, out, title=title)
    files, refused = write_dicom(records, out) if dicom else ([], 0)
    if as_json:
        print_json(records)
    elif records:
        print_results(records, out, dicom=bool(files))
    if files and deliver:
        deliver(files)
    return 1 if failures or refused or unexplained else 0


def prepare_folder(out: Path) -> None:
    """Make the output folder, before any long work is done for it.

    Raises
    ------
    InputError
        If it cannot be made or written to.
    """
    import tempfile

    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise InputError(out, f"cannot be written to: {error.strerror}") from error


def write_results(records: Sequence[Record], out: Path, *, title: str) -> None:
    """``records.jsonl``, ``table.csv`` and ``report.html``, each whole or not at all."""
    from mammopair.io.reader import read_view
    from mammopair.record import write_records
    from mammopair.results.record_table import records_to_csv
    from mammopair.results.rendered_view import render_view
    from mammopair.results.report import render_section, write_page

    def section(record: Record) -> str:
        views = {
            view.projection: render_view(
                read_view(Path(view.file)), view.evidence.square, record.laterality
            )
            for view in record.views
        }
        return render_section(record, views, out)

    write_records(out / "records.jsonl", records)
    records_to_csv(records, out / "table.csv")
    write_page(records, map(section, records), out / "report.html", title=title)


def print_results(records: Sequence[Record], out: Path, *, dicom: bool = False) -> None:
    """The table, and where the rest is."""
    from mammopair.cli.terminal import output

    moved = any(view.explanation for record in records for view in record.views)
    from mammopair.results.record_table import print_table

    console = output()
    print_table(records, console)
    console.print()
    for name, content in (
        ("report.html", "pictures, for a browser"),
        ("table.csv", "one row a lesion"),
        ("records.jsonl", "everything, one JSON record a line"),
        *(
            [("counterfactuals", "images of the masses changed towards benign and malignant")]
            if moved
            else []
        ),
        *([("dicom", "the same for DICOM viewers, a folder a lesion")] if dicom else []),
    ):
        console.print(f"{(out / name).as_posix()}  [dim]{content}[/dim]", soft_wrap=True)


def print_json(records: Sequence[Record]) -> None:
    """The records as one JSON array on standard output."""
    import msgspec

    sys.stdout.buffer.write(msgspec.json.encode(records) + b"\n")
