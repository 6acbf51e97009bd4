"""Export of a result to Slicer's DICOM database: report, evidence and picture.

The engine creates the objects, for the patient and the study of the images. Slicer copies the
files into the folder of its database, and its DICOM browser lists them.
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
from mammopair.progress import Progress, rescale_progress

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ctk import ctkDICOMDatabase

    from mammopair.record import Record, ViewResult
    from mammopair.results.dicom.export import ResultObject

VIEWS_READ, CREATED, WRITTEN = 20, 80, 90
"""Progress in per cent when the views are read, the objects created, and their files written."""


@dataclass(frozen=True)
class ExportedResult:
    """The outcome of an export."""

    files: tuple[Path, ...]
    """The objects, in the folder of the database."""
    isReplaced: bool
    """Whether the database held an earlier export of the result."""
    hasImages: bool
    """Whether the database holds the images, too."""

    def message(self) -> str:
        """Return what was exported, in one sentence, or two if the images are missing."""
        text = _("{count} objects were added to the study of the images in the DICOM database.")
        if self.isReplaced:
            text = _("The {count} objects of this result in the DICOM database were replaced.")
        if not self.hasImages:
            text += " " + _("The images are not in the database; import them to see both together.")
        return text.format(count=len(self.files))


def exportStepwise(record: Record) -> Generator[Progress, None, ExportedResult]:
    """Write a record into the database, yielding progress in per cent.

    Closing the generator cancels. The database is changed only in the last step; if that fails,
    nothing of the result is left in it.

    Raises
    ------
    InputError
        If the database is not writable, or a view is not a DICOM image or no longer exists.
    """
    from mammopair.io.reader import read_view
    from mammopair.results.dicom.export import make_objects_stepwise, write_objects
    from mammopair.results.rendered_view import render_view

    database = _writableDatabase()
    record = _withCurrentFiles(record, database)
    views = {}
    for number, view in enumerate(record.views):
        message = _("Reading {view}").format(view=Path(view.file).name)
        yield Progress(VIEWS_READ * number // len(record.views), 100, message)
        pixels = read_view(Path(view.file))
        views[view.projection] = render_view(pixels, view.evidence.square, record.laterality)
    steps = make_objects_stepwise(record, views)
    message = _("Creating the DICOM objects")
    objects = yield from rescale_progress(steps, VIEWS_READ, CREATED, message)
    with TemporaryDirectory(dir=slicer.app.temporaryPath) as folder:
        yield Progress(CREATED, 100, _("Writing the DICOM objects"))
        files = write_objects(objects, Path(folder) / "result")
        yield Progress(WRITTEN, 100, _("Adding the objects to the DICOM database"))
        return _insert(database, record, objects, files)


def _writableDatabase() -> ctkDICOMDatabase:
    database = getattr(slicer, "dicomDatabase", None)
    if database is None or not database.isOpen or not database.databaseDirectory:
        problem = _("not open; open the DICOM module and create or choose a database there")
        raise InputError(_("DICOM database"), problem)
    try:
        with TemporaryDirectory(dir=database.databaseDirectory):
            pass
        with Path(database.databaseFilename).open("r+b"):
            pass
    except OSError as error:
        problem = _("not writable ({reason}); make it writable or choose another database")
        raise InputError(
            database.databaseDirectory, problem.format(reason=error.strerror)
        ) from error
    return database


def _withCurrentFiles(record: Record, database: ctkDICOMDatabase) -> Record:
    """Return the record with the current file of each view's image."""
    from msgspec.structs import replace

    if any(warning.code == "edited-pixels" for warning in record.warnings):
        problem = _(
            "were edited after loading, so the result does not describe the DICOM images; load the "
            "images again and click Classify"
        )
        raise InputError(_("Pixels"), problem)
    views = [replace(view, file=_imageFile(view, database)) for view in record.views]
    return replace(record, views=views)


def _imageFile(view: ViewResult, database: ctkDICOMDatabase) -> str:
    """Return the file of a view in the database, or the one that it was loaded from."""
    if not view.sop_uid:
        problem = _(
            "is not a DICOM image, so its result cannot be stored in the DICOM database; load the "
            "study with the DICOM module and classify it"
        )
        raise InputError(view.file, problem)
    for file in (database.fileForInstance(view.sop_uid), view.file):
        if file and Path(file).is_file():
            return str(file)
    problem = _("no longer exists; import its study into the DICOM database again")
    raise InputError(view.file, problem)


def _insert(
    database: ctkDICOMDatabase, record: Record, objects: Sequence[ResultObject], files: list[Path]
) -> ExportedResult:
    """Insert all files or none; the database reports no errors, so the outcome is checked."""
    from mammopair.io.dicom_attributes import get_text

    uids = [get_text(one.dataset, "SOPInstanceUID") for one in objects]
    isReplaced = any(database.fileForInstance(uid) for uid in uids)
    storeFile, generateThumbnail = True, False  # Slicer generates it when it is displayed
    database.prepareInsert()
    for file in files:
        database.insert(str(file), storeFile, generateThumbnail)
    stored = [Path(database.fileForInstance(uid)) for uid in uids]
    if not all(map(_isStored, files, stored)):
        for series in {get_text(one.dataset, "SeriesInstanceUID") for one in objects}:
            database.removeSeries(series)
        problem = _(
            "did not store the result, so nothing of it was kept; free disk space, close other "
            "programs that use the database, and export again"
        )
        raise InputError(database.databaseDirectory, problem)
    database.updateDisplayedFields()  # for the DICOM browser
    hasImages = all(database.fileForInstance(view.sop_uid) for view in record.views)
    return ExportedResult(tuple(stored), isReplaced, hasImages)


def _isStored(file: Path, stored: Path) -> bool:
    return stored.is_file() and filecmp.cmp(file, stored, shallow=False)
