"""Make the DICOM objects of a lesion from its record and views, and write them.

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
from mammopair.record import Record
from mammopair.results.dicom.equipment import set_dates
from mammopair.results.dicom.identity import copy_identity
from mammopair.results.dicom.parametric_map import make_parametric_map
from mammopair.results.dicom.secondary_capture import make_secondary_capture
from mammopair.results.dicom.segmentation import make_segmentation
from mammopair.results.dicom.source import Source, read_source
from mammopair.results.dicom.structured_report import make_structured_report
from mammopair.results.dicom.uids import set_dimension_uid
from mammopair.results.hanging_protocol import order_views
from mammopair.results.rendered_view import RenderedView

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
    """Make all objects of one lesion: report, picture, and the evidence of each view.

    A view whose evidence is negligible everywhere has no Segmentation.

    Parameters
    ----------
    record
        The lesion's record; the header of each view is read from its ``file``.
    views
        By projection, the rendered views, for the picture.
    moment
        Date and time of the objects; now by default.

    Raises
    ------
    InputError
        If a view's file is not DICOM, is another image than that of the record or lacks a UID, or
        if DICOM has no code for the interval of the record.
    """
    return exhaust(make_objects_stepwise(record, views, moment))


def make_objects_stepwise(
    record: Record, views: Mapping[str, RenderedView], moment: datetime | None = None
) -> Generator[Progress, None, list[ResultObject]]:
    """Make the objects as :func:`make_objects`, yielding progress before each."""
    # CC first: the report and the picture belong to its study.
    sources = [read_source(view) for view in order_views(record.views)]
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
    yield Progress(total - 2, total, "Structured report")
    report = make_structured_report(record, sources, evidence)
    yield Progress(total - 1, total, "Picture")
    picture = make_secondary_capture(record, sources, views)
    named = [("report", sources[0], report), ("picture", sources[0], picture), *named]

    moment = moment or datetime.now()
    for _, source, made in named:
        copy_identity(source.header, made)
        set_dimension_uid(made)
        set_dates(made, moment)
        if made is not report:
            made.ImageLaterality = record.laterality
            made.BodyPartExamined = "BREAST"
    return [ResultObject(f"{name}.dcm", made) for name, _, made in named]


def write_objects(objects: Sequence[ResultObject], folder: Path) -> list[Path]:
    """Write the objects of a lesion to a folder, in place of earlier contents.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        If the operating system refuses; an earlier folder is then left unchanged.
    """
    with atomic_folder(folder) as unfinished:
        for made in objects:
            made.dataset.save_as(unfinished / made.name, enforce_file_format=True)
    return [folder / made.name for made in objects]
