"""A result in Slicer's DICOM database: report, evidence and picture, beside their images.

The objects are the engine's, filed under the patient and the study of the images. Slicer copies
them into the folder of its database, and its DICOM browser shows them.
"""

from __future__ import annotations

import filecmp
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from mammopair.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ctk import ctkDICOMDatabase

    from mammopair.progress import Progress
    from mammopair.record import Record, ViewResult
    from mammopair.results.dicom.export import ResultObject

READ, MADE = 20, 80
"""Per cent of the progress when the views have been read and when the objects have been made."""


@dataclass(frozen=True)
class Exported:
    """What an export leaves."""

    files: tuple[Path, ...]
    """The objects, in the folder of the database."""
    replaced: bool
    """Whether the database held the same result before."""
    besideImages: bool
    """Whether the database holds the images, too."""

    def inWords(self) -> str:
        """One sentence for the user, and a second one where the images are not there."""
        text = _("The result is in the DICOM database: {count} objects in the study of its images.")
        if self.replaced:
            text = _("The {count} objects of this result in the DICOM database were replaced.")
        if not self.besideImages:
            text += _(" The images are not in the database: import them to see both together.")
        return text.format(count=len(self.files))


def exportStepwise(record: Record) -> Generator[Progress, None, Exported]:
    """Write a record into the database, yielding progress in per cent.

    Closing the generator cancels. The database takes all objects in one step, the last: before
    it nothing is changed, and if it fails nothing of the result is left.

    Raises
    ------
    InputError
        If the database cannot be written to, or a view is not, or is no more, a DICOM image.
    """
    from mammopair.io.reader import read_view
    from mammopair.progress import Progress, rescale_progress
    from mammopair.results.dicom.export import make_objects_stepwise, write_objects
    from mammopair.results.rendered_view import render_view

    database = _databaseForWriting()
    record = _withImages(record, database)
    views = {}
    for number, view in enumerate(record.views):
        message = _("Reading {view}").format(view=Path(view.file).name)
        yield Progress(READ * number // len(record.views), 100, message)
        pixels = read_view(Path(view.file))
        views[view.projection] = render_view(pixels, view.evidence.square, record.laterality)
    objects = yield from rescale_progress(
        make_objects_stepwise(record, views), READ, MADE, _("Creating the DICOM objects")
    )
    with TemporaryDirectory(dir=slicer.app.temporaryPath) as folder:
        yield Progress(MADE, 100, _("Writing the DICOM objects"))
        files = write_objects(objects, Path(folder) / "result")
        yield Progress(90, 100, _("Adding them to the DICOM database"))
        return _insert(database, record, objects, files)


def _databaseForWriting() -> ctkDICOMDatabase:
    """Slicer's database, if it is open and its folder is not read-only."""
    database = getattr(slicer, "dicomDatabase", None)
    if database is None or not database.isOpen or not database.databaseDirectory:
        problem = _("is not open; open the DICOM module, and create or choose a database there")
        raise InputError(_("DICOM database"), problem)
    try:
        with TemporaryDirectory(dir=database.databaseDirectory):
            pass
        with Path(database.databaseFilename).open("r+b"):
            pass
    except OSError as error:
        problem = _("cannot be written to: {reason}; make it writable, or choose another database")
        raise InputError(
            database.databaseDirectory, problem.format(reason=error.strerror)
        ) from error
    return database


def _withImages(record: Record, database: ctkDICOMDatabase) -> Record:
    """The record with the files that its images are in now."""
    from msgspec.structs import replace

    if any(warning.code == "edited-pixels" for warning in record.warnings):
        problem = _("were edited, so the result is not about the DICOM images; load them anew")
        raise InputError(_("Pixels"), problem)
    views = [replace(view, file=_imageOf(view, database)) for view in record.views]
    return replace(record, views=views)


def _imageOf(view: ViewResult, database: ctkDICOMDatabase) -> str:
    """Where the image of a view is: in the database, or where it was read from."""
    if not view.sop_uid:
        problem = _(
            "is no DICOM image, so its result has no place in the DICOM database; load the study "
            "through the DICOM module and classify it"
        )
        raise InputError(view.file, problem)
    for file in (database.fileForInstance(view.sop_uid), view.file):
        if file and Path(file).is_file():
            return str(file)
    problem = _("is no longer there; import its study into the DICOM database again")
    raise InputError(view.file, problem)


def _insert(
    database: ctkDICOMDatabase, record: Record, objects: Sequence[ResultObject], files: list[Path]
) -> Exported:
    """Have the database take all files or none: it says nothing where it fails, so look."""
    from mammopair.io.dicom_attributes import get_text

    uids = [get_text(one.dataset, "SOPInstanceUID") for one in objects]
    replaced = any(database.fileForInstance(uid) for uid in uids)
    storeFile, generateThumbnail = True, False  # Slicer makes one when it is looked at
    database.prepareInsert()
    for file in files:
        database.insert(str(file), storeFile, generateThumbnail)
    stored = [Path(database.fileForInstance(uid)) for uid in uids]
    if not all(map(_same, files, stored)):
        for series in {get_text(one.dataset, "SeriesInstanceUID") for one in objects}:
            database.removeSeries(series)
        problem = _(
            "did not take the result, and nothing of it was left there; make room on the disk, "
            "close other programs that use the database, and try again"
        )
        raise InputError(database.databaseDirectory, problem)
    database.updateDisplayedFields()  # and the browser with them
    besideImages = all(database.fileForInstance(view.sop_uid) for view in record.views)
    return Exported(tuple(stored), replaced, besideImages)


def _same(file: Path, stored: Path) -> bool:
    return stored.is_file() and filecmp.cmp(file, stored, shallow=False)
