"""``mammopair batch``: many lesions, resumable, on this machine or on a cluster."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from mammopair.batch.cluster import local_workers
from mammopair.batch.executor import LocalExecutor, TaskExecutor
from mammopair.batch.lesion_source import TableSource
from mammopair.batch.run_options import RunOptions
from mammopair.batch.run_summary import RunSummary
from mammopair.batch.runner import run_batch
from mammopair.cli import cluster_options
from mammopair.cli.options import Json, with_run_options
from mammopair.cli.run_output import print_files
from mammopair.cli.terminal import output, print_message, run_with_bar


@with_run_options()
def batch(
    table: Annotated[
        Path,
        typer.Argument(metavar="TABLE", help="Lesion table: CSV, one row per view of a lesion."),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the results.")],
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Continue the run in OUT; lesions that failed are tried again."
        ),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Number of worker processes; default: one per core, or one per GPU; 0: work in "
            "this process, without Dask.",
        ),
    ] = None,
    scheduler: cluster_options.Scheduler = None,
    tls_ca: cluster_options.TlsCa = None,
    tls_cert: cluster_options.TlsCert = None,
    tls_key: cluster_options.TlsKey = None,
    as_json: Json = False,
    *,
    options: RunOptions,
) -> None:
    """Classify many lesions, resumable, on all cores of this machine or on a Dask cluster.

    The table has the columns of `mammopair classify`:

        mammopair batch lesions.csv results

    Completed lesions are kept when the run is interrupted. Continue it with the same options:

        mammopair batch lesions.csv results --resume

    On an existing Dask cluster, with DICOM objects for each lesion:

        mammopair batch lesions.csv results --scheduler tls://node1:8786 --dicom
        --tls-ca ca.pem --tls-cert me.pem --tls-key me.key

    --json prints a summary of the run as one JSON object.

    Exit codes: 0, all lesions classified; 1, some lesions failed, each with the reason in
    `OUT/failures.csv`; 2, wrong usage; 130, interrupted.
    """
    if scheduler and workers is not None:
        raise typer.BadParameter("specify --workers or --scheduler, not both")
    tls = (tls_ca, tls_cert, tls_key)
    cluster_options.check_options(scheduler, tls)
    options = replace(options, existing="resume" if resume else "refuse")
    with _executor(workers, scheduler, tls, options.device) as executor:
        if executor.dashboard and not as_json:
            print_message(f"Dask dashboard: {executor.dashboard}")
        try:
            steps = run_batch(TableSource(table), out, executor, options)
            summary = run_with_bar(steps, rate=True)
        except KeyboardInterrupt:
            print_message(
                f"completed lesions are kept; continue with: mammopair batch {table} {out} --resume"
            )
            raise
    _print(summary, out, options, as_json=as_json)
    raise typer.Exit(summary.exit_code)


def _executor(
    workers: int | None, scheduler: str | None, tls: cluster_options.Tls, device: str
) -> AbstractContextManager[TaskExecutor]:
    """Start or connect to what runs the tasks."""
    if workers == 0:
        return nullcontext(LocalExecutor())
    if scheduler is not None:
        return cluster_options.workers_at(scheduler, tls)
    return local_workers(workers, device=device)


def _print(summary: RunSummary, out: Path, options: RunOptions, *, as_json: bool) -> None:
    """Print the summary on standard output, as JSON or as text."""
    for warning in summary.warnings:
        print_message(warning)
    if as_json:
        print(msgspec.json.encode(summary).decode())
        return
    console, counts = output(), summary.counts
    console.print(f"Classified {counts.records} of {counts.lesions} lesions.")
    if counts.failed_lesions:
        console.print(f"Failed lesions: {counts.failed_lesions}; the reasons are in failures.csv.")
    if summary.reused:
        console.print(f"Lesions completed in an earlier run: {summary.reused}.")
    if counts.lesions > summary.reused:
        console.print(f"{summary.seconds:.0f} s, {summary.rate:.2f} lesions per second.")
    if counts.missing:
        console.print(f"{counts.missing} lesions were not processed; run again with --resume.")
    if counts.records:
        console.print(histogram(counts.histogram))
    print_files(out, options)
    console.print(summary.notice, style="bold")


def histogram(counts: list[int], width: int = 40) -> str:
    """Format a histogram of the probabilities of malignancy as lines of bars."""
    step, largest = 100 // len(counts), max(counts)
    lines = ["Probability of malignancy"]
    for number, count in enumerate(counts):
        bar = "#" * -(-width * count // largest)
        lines.append(f"{number * step:3} to {(number + 1) * step:3} %  {bar} {count}")
    return "\n".join(lines)
