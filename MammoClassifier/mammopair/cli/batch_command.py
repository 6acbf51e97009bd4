"""``mammopair batch``: thousands of lesions, resumable, on this machine or on a cluster."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mammopair.cli import cluster_options, options

if TYPE_CHECKING:
    from mammopair.batch.batch_summary import Summary
    from mammopair.batch.executor import TaskExecutor


def batch(
    manifest: Annotated[Path, typer.Argument(help="CSV table, one row a view of a lesion.")],
    out: Annotated[Path, typer.Argument(help="Folder for all that is written.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run that OUT holds.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes; one a core, or one a GPU, by default; 0: no Dask."),
    ] = None,
    scheduler: cluster_options.Scheduler = None,
    tls_ca: cluster_options.TlsCa = None,
    tls_cert: cluster_options.TlsCert = None,
    tls_key: cluster_options.TlsKey = None,
    dicom: options.Dicom = False,
    report: Annotated[bool, typer.Option("--report", help="A page a lesion, in HTML.")] = False,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="A picture a view, with the evidence over it.")
    ] = False,
    parquet: Annotated[bool, typer.Option("--parquet", help="The records as Parquet too.")] = False,
    model: options.Model = None,
    device: options.Device = "auto",
    runtime: Annotated[
        str, typer.Option(help="`torch`, or `openvino`, which is faster on most CPUs.")
    ] = "torch",
    as_json: options.Json = False,
) -> None:
    """Classify the lesions of a table, from ten to an archive.

    The table has the columns of `mammopair classify`:

        mammopair batch lesions.csv results

    Whatever stops it, what is finished stays; go on from there:

        mammopair batch lesions.csv results --resume

    On a cluster of yours, with each lesion's results as DICOM objects too:

        mammopair batch lesions.csv results --scheduler tls://node1:8786 --dicom
        --tls-ca ca.pem --tls-cert me.pem --tls-key me.key

    Exit code 0: all done; 1: some lesions failed, each with its reason in `OUT/failures.csv`;
    2: wrong usage; 130: stopped.
    """
    from mammopair.batch.parquet import need_parquet, write_parquet
    from mammopair.batch.runner import Options, run_batch
    from mammopair.batch.work_plan import OUTPUTS
    from mammopair.cli.terminal import run_with_bar

    if scheduler and workers is not None:
        raise typer.BadParameter("give --workers or --scheduler, not both")
    tls = (tls_ca, tls_cert, tls_key)
    cluster_options.check_options(scheduler, tls)
    if parquet:
        need_parquet()
    wanted = dict(zip(OUTPUTS, (dicom, report, evidence), strict=True))
    chosen = Options(
        model=model,
        device=device,
        runtime=runtime,
        outputs=tuple(name for name, asked in wanted.items() if asked),
        resume=resume,
    )
    with _crew(workers, scheduler, tls, device) as crew:
        if crew.dashboard and not as_json:
            _say(f"Dask dashboard: {crew.dashboard}")
        try:
            summary = run_with_bar(run_batch(manifest, out, crew, chosen), rate=True)
        except KeyboardInterrupt:
            _say(f"go on with: mammopair batch {manifest} {out} --resume")
            raise
    if parquet:
        write_parquet(out)
    _print(summary, out, chosen.outputs, parquet=parquet, as_json=as_json)
    raise typer.Exit(summary.exit_code)


def _crew(
    workers: int | None, scheduler: str | None, tls: cluster_options.Tls, device: str
) -> AbstractContextManager[TaskExecutor]:
    """Whoever is to do the work."""
    from mammopair.batch.executor import LocalExecutor

    if workers == 0:
        return nullcontext(LocalExecutor())
    if scheduler is not None:
        return cluster_options.workers_at(scheduler, tls)
    from mammopair.batch.cluster import local_workers

    return local_workers(workers, device=device)


def _print(
    summary: Summary, out: Path, outputs: tuple[str, ...], *, parquet: bool, as_json: bool
) -> None:
    """What it came to: for machines on standard output, or for people."""
    import msgspec

    for warning in summary.warnings:
        _say(warning)
    if as_json:
        print(msgspec.json.encode(summary).decode())
        return
    from mammopair.cli.terminal import output

    console, tally = output(), summary.tally
    console.print(
        f"{tally.records} of {tally.lesions} lesions classified, {tally.failed_lesions} with a "
        f"failure; {summary.kept} were done before."
    )
    if tally.lesions > summary.kept:
        console.print(f"{summary.seconds:.0f} s, {summary.rate:.2f} lesions a second.")
    if tally.missing:
        console.print(f"{tally.missing} were not come to; go on with --resume.")
    if tally.records:
        console.print(histogram(tally.histogram))
    names = {
        "records.jsonl": "everything, one JSON record a line",
        "table.csv": "one row a lesion",
        "failures.csv": "what could not be done, and why",
        **({"records.parquet": "the same as Parquet"} if parquet else {}),
        **dict.fromkeys(outputs, "a folder a case and lesion"),
    }
    for name, content in names.items():
        console.print(f"{(out / name).as_posix()}  [dim]{content}[/dim]", soft_wrap=True)
    console.print(summary.notice, style="bold")


def histogram(counts: list[int], width: int = 40) -> str:
    """Lines of bars: how many records have which probability of malignancy."""
    step, most = 100 // len(counts), max(counts)
    lines = ["Probability of malignancy"]
    for number, count in enumerate(counts):
        bar = "#" * -(-width * count // most)
        lines.append(f"{number * step:3} to {(number + 1) * step:3} %  {bar} {count}")
    return "\n".join(lines)


def _say(sentence: str) -> None:
    print(f"mammopair: {sentence}", file=sys.stderr)
