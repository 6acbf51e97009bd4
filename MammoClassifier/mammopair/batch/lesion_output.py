"""Adjust and explain the record of a lesion, and write the files that belong to it.

The files of a lesion are in ``OUT/<kind>/<case>/<lesion>``, under names that are valid on any file
system. They are written atomically, so that a task that runs twice leaves the same files.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.atomic_write import atomic_write, make_folder
from mammopair.batch.lesion_task import CutLesion
from mammopair.batch.outcome import Failure, Step
from mammopair.batch.run_folder import PAGE, SHARDS
from mammopair.batch.work_plan import BatchPlan
from mammopair.calibration.prior_shift import adjust_record
from mammopair.errors import InputError
from mammopair.explain.explanation import explain_record
from mammopair.io.png_file import write_png
from mammopair.progress import Progress
from mammopair.record import Record
from mammopair.results.lesion_folder import lesion_folder
from mammopair.results.rendered_view import RenderedView, lesion_with_evidence
from mammopair.results.report import render_section, write_page
from mammopair.view import Box

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

Views = Mapping[str, RenderedView]
"""The rendered views of a lesion, by projection."""


def finish_lesion(
    lesion: CutLesion,
    record: Record,
    ensemble: Ensemble,
    plan: BatchPlan,
    lock: AbstractContextManager[object],
) -> Generator[Progress, None, tuple[Record, tuple[Failure, ...]]]:
    """Adjust and explain a record and write the requested files, yielding progress.

    Returns
    -------
    Record
        As it is reported.
    tuple of Failure
        One for each step that failed.
    """
    wanted = plan.results
    record = adjust_record(record, wanted.prevalence, wanted.coverage)
    failures: list[Failure] = []

    def fail(step: Step, error: InputError) -> None:
        failures.append(Failure(record.case_id, record.lesion_id, str(error), step))

    if wanted.explain:
        with lock:
            try:
                record = yield from _explain(lesion, record, ensemble, Path(plan.out))
            except InputError as error:
                fail("explain", error)
    writers: tuple[tuple[Step, bool, Callable[[Record, Views, BatchPlan], None]], ...] = (
        ("dicom", wanted.dicom, _write_dicom),
        ("report", wanted.report or wanted.page, _write_report),
        ("evidence", wanted.evidence, _write_evidence),
    )
    for step, requested, write in writers:
        if requested:
            try:
                write(record, lesion.rendered, plan)
            except InputError as error:
                fail(step, error)
    return record, tuple(failures)


def section_file(record: Record, out: Path) -> Path:
    """Return the file with a lesion's section of ``report.html``, for the merge."""
    folder = lesion_folder(record)
    return out / SHARDS / "sections" / folder.parent / f"{folder.name}.html"


def _explain(
    lesion: CutLesion, record: Record, ensemble: Ensemble, out: Path
) -> Generator[Progress, None, Record]:
    name = lesion_folder(record).as_posix()
    return (yield from explain_record(record, lesion.lesion, ensemble, out, name))


def _write_dicom(record: Record, views: Views, plan: BatchPlan) -> None:
    from mammopair.results.dicom.export import make_objects, write_objects

    folder = Path(plan.out) / "dicom" / lesion_folder(record)
    write_objects(make_objects(record, views, plan.moment), folder)


def _write_report(record: Record, views: Views, plan: BatchPlan) -> None:
    """Write the lesion's own page, its section of the common page, or both."""
    section = render_section(record, views, Path(plan.out))
    if plan.results.report:
        path = Path(plan.out) / "report" / lesion_folder(record) / PAGE
        make_folder(path.parent)
        title = f"{record.case_id} lesion {record.lesion_id}"
        write_page([record], [section], path, title=title)
    if plan.results.page:
        path = section_file(record, Path(plan.out))
        make_folder(path.parent)
        with atomic_write(path) as stream:
            stream.write(section)


def _write_evidence(record: Record, views: Views, plan: BatchPlan) -> None:
    """Write ``CC.png`` and ``MLO.png``: the mass in its box with the evidence map."""
    folder = Path(plan.out) / "evidence" / lesion_folder(record)
    for result in record.views:
        view = views[result.projection]
        picture = lesion_with_evidence(view, result.evidence, Box(*result.box))
        write_png(folder / f"{result.projection}.png", picture)
