"""One record and its views to DICOM objects, and these to files, whole or not at all.

>>> objects = make_objects(record, views)  # doctest: +SKIP
>>> write_objects(objects, Path("out/dicom"))  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.atomic_write import atomic_folder
from mammopair.progress import Progress, exhaust
from mammopair.record import Record, ViewResult
from mammopair.results.dicom.equipment import date
from mammopair.results.dicom.identity import carry_identity
from mammopair.results.dicom.parametric_map import make_parametric_map
from mammopair.results.dicom.secondary_capture import make_secondary_capture
from mammopair.results.dicom.segmentation import make_segmentation
from mammopair.results.dicom.source import Source, read_source
from mammopair.results.dicom.structured_report import make_structured_report
from mammopair.results.dicom.uids import settle_dimensions
from mammopair.results.rendered_view import RenderedView
from mammopair.view import Projection

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


@dataclass(frozen=True)
class ResultObject:
    """A DICOM object and the name of its file."""

    name: str
    """``report.dcm``, ``picture.dcm``, ``CC-evidence-levels.dcm``, ``CC-evidence-map.dcm``, ..."""
    dataset: Dataset


def make_objects(
    record: Record, views: Mapping[str, RenderedView], moment: datetime | None = None
) -> list[ResultObject]:
    """All objects of one lesion: report, picture, and each view's evidence.

    Where all evidence of a view is too faint for a level, it has no Segmentation.

    Parameters
    ----------
    record
        The lesion's; each view's ``file`` is read again for its header.
    views
        By projection, the rendered views, for the picture.
    moment
        Date and time of the objects; now by default.

    Raises
    ------
    InputError
        If a view's file is not DICOM, is another image than the record's or lacks a UID.
    """
    return exhaust(make_objects_stepwise(record, views, moment))


def make_objects_stepwise(
    record: Record, views: Mapping[str, RenderedView], moment: datetime | None = None
) -> Generator[Progress, None, list[ResultObject]]:
    """Make the objects, yielding progress before each; otherwise as :func:`make_objects`."""
    sources = [read_source(view) for view in sorted(record.views, key=_place)]
    total = 2 * len(sources) + 2
    named: list[tuple[str, Source, Dataset]] = []
    evidence: list[list[Dataset]] = []
    for number, source in enumerate(sources, start=1):
        name = source.result.projection
        yield Progress(2 * number - 2, total, f"Evidence levels of {name}")
        levels = make_segmentation(record, source, number)
        yield Progress(2 * number - 1, total, f"Evidence map of {name}")
        numbers = make_parametric_map(record, source, number)
        if levels is not None:
            named.append((f"{name}-evidence-levels", source, levels))
        named.append((f"{name}-evidence-map", source, numbers))
        evidence.append([made for made in (levels, numbers) if made is not None])
    yield Progress(total - 2, total, "Report")
    report = make_structured_report(record, sources, evidence)
    yield Progress(total - 1, total, "Picture")
    picture = make_secondary_capture(record, sources, views)
    named = [("report", sources[0], report), ("picture", sources[0], picture), *named]

    moment = moment or datetime.now()
    for _, source, made in named:
        carry_identity(source.header, made)
        settle_dimensions(made)
        date(made, moment)
        if made is not report:
            made.ImageLaterality = record.laterality
            made.BodyPartExamined = "BREAST"
    return [ResultObject(f"{name}.dcm", made) for name, _, made in named]


def write_objects(objects: Sequence[ResultObject], folder: Path) -> list[Path]:
    """Write a lesion's objects into a folder of their own, in place of what was there before.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        If the operating system refuses; then the folder is as it was.
    """
    with atomic_folder(folder) as unfinished:
        for made in objects:
            made.dataset.save_as(unfinished / made.name, enforce_file_format=True)
    return [folder / made.name for made in objects]


def _place(view: ViewResult) -> int:
    """CC first: what concerns the lesion as a whole is filed in its study."""
    return list(Projection).index(Projection(view.projection))
