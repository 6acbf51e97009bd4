"""What is written of one lesion beside its record: DICOM objects, a report, pictures.

Each goes into ``OUT/<what>/<case>/<lesion>``, by names that no case id can lead astray, and is
written whole over what was there; so a task that is done twice leaves the same files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from mammopair.batch.outcome import Failure
from mammopair.batch.work_plan import BatchPlan
from mammopair.errors import InputError
from mammopair.io.reader import read_view
from mammopair.record import Record
from mammopair.results.rendered_view import RenderedView

Views = Mapping[str, RenderedView]


def write_outputs(record: Record, plan: BatchPlan) -> Iterator[Failure]:
    """Write what the plan asks for; a failure for each output that could not be."""
    if not plan.outputs:
        return
    from mammopair.results.lesion_folder import lesion_folder
    from mammopair.results.rendered_view import render_view

    views = {
        view.projection: render_view(
            read_view(Path(view.file)), view.evidence.square, record.laterality
        )
        for view in record.views
    }

    for output in plan.outputs:
        folder = Path(plan.out) / output / lesion_folder(record)
        try:
            _WRITE[output](record, views, folder, plan)
        except InputError as error:
            yield Failure(record.case_id, record.lesion_id, str(error), output)


def _write_dicom(record: Record, views: Views, folder: Path, plan: BatchPlan) -> None:
    from mammopair.results.dicom.export import make_objects, write_objects

    write_objects(make_objects(record, views, plan.moment), folder)


def _write_report(record: Record, views: Views, folder: Path, plan: BatchPlan) -> None:
    from mammopair.results.report import render_section, write_page

    _make(folder)
    title = f"{record.case_id} lesion {record.lesion_id}"
    section = render_section(record, views, Path(plan.out))
    write_page([record], [section], folder / "report.html", title=title)


def _write_evidence(record: Record, views: Views, folder: Path, plan: BatchPlan) -> None:
    """``CC.png`` and ``MLO.png``: the lesion's square, as stored, with the evidence over it."""
    from mammopair.results.pictures import evidence_layer, lay_over

    _make(folder)
    for result in record.views:
        plain = views[result.projection].lesion
        layer = evidence_layer(result.evidence, result.evidence.square, len(plain))
        _save(lay_over(plain, layer), folder / f"{result.projection}.png")


def _save(picture: object, path: Path) -> None:
    from PIL import Image

    unfinished = path.with_name(f".{path.name}.part")
    try:
        Image.fromarray(picture).save(unfinished, "PNG")  # type: ignore[arg-type]
        unfinished.replace(path)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(path: Path, error: OSError) -> InputError:
    return InputError(
        path, f"cannot be written: {error.strerror}; choose a folder with space that is yours"
    )


_WRITE: dict[str, Callable[[Record, Views, Path, BatchPlan], None]] = {
    "dicom": _write_dicom,
    "report": _write_report,
    "evidence": _write_evidence,
}
