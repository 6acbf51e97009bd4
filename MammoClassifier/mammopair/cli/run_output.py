"""Run a batch in this process and print its results: what ``demo`` and ``classify`` do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mammopair.batch.executor import LocalExecutor
from mammopair.batch.lesion_source import LesionSource
from mammopair.batch.outcome import read_failures
from mammopair.batch.run_folder import FAILURES, PAGE, PARQUET, RECORDS, TABLE
from mammopair.batch.run_options import RunOptions
from mammopair.batch.runner import run_batch
from mammopair.cli.terminal import output, print_message, run_with_bar
from mammopair.explain.explanation import COUNTERFACTUAL_FOLDER
from mammopair.record import Record, encode_record, read_records
from mammopair.results.record_table import print_table


def classify_and_print(
    source: LesionSource, out: Path, options: RunOptions, *, as_json: bool
) -> int:
    """Classify lesions in this process, write the results, print them; return the exit code.

    Earlier results of this kind in ``out`` are replaced.
    """
    options = replace(options, existing="replace")
    summary = run_with_bar(run_batch(source, out, LocalExecutor(), options))
    for failure in read_failures(out / FAILURES):
        print_message(failure.sentence)
    records = read_records(out / RECORDS)
    if as_json:
        print_json(records)
    elif records:
        print_results(records, out, options)
    return summary.exit_code


def print_results(records: Sequence[Record], out: Path, options: RunOptions) -> None:
    """Print the table of results and the files that were written."""
    print_table(records, output())
    output().print()
    print_files(out, options)


def print_files(out: Path, options: RunOptions) -> None:
    """Print the files and folders of a run, one per line, with their content."""
    results = options.results
    files = {
        PAGE: ("pictures of all lesions, for a browser", results.page),
        TABLE: ("one row per lesion", True),
        RECORDS: ("complete results, one JSON record per line", True),
        FAILURES: ("lesions that failed, with the reason", True),
        PARQUET: ("the same as Parquet", options.parquet),
        "report": ("an HTML page for each lesion", results.report),
        "evidence": ("a picture of each view with its evidence map", results.evidence),
        COUNTERFACTUAL_FOLDER: (
            "counterfactual images, more benign and more malignant",
            results.explain,
        ),
        "dicom": ("DICOM objects for each lesion", results.dicom),
    }
    for name, (content, written) in files.items():
        if written:
            output().print(f"{(out / name).as_posix()}  [dim]{content}[/dim]", soft_wrap=True)


def print_json(records: Sequence[Record]) -> None:
    """Print the records as one JSON array."""
    text = f"[{','.join(map(encode_record, records))}]\n"
    sys.stdout.buffer.write(text.encode())
