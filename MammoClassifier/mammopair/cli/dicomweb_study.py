"""Classify lesions in a study of a DICOMweb archive and store the results in the study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mammopair.batch.lesion_source import LesionSource, ListSource, TableSource
from mammopair.batch.outcome import read_failures
from mammopair.batch.run_folder import FAILURES, RECORDS
from mammopair.batch.run_options import RunOptions
from mammopair.cli.marked_lesion import Corners, MarkedFile, ProjectionName, make_lesion
from mammopair.cli.run_output import classify_and_print
from mammopair.cli.terminal import print_message
from mammopair.errors import InputError
from mammopair.io.dicom import read_header
from mammopair.io.dicomweb import connect, fetch_mammograms, store
from mammopair.io.exam import group_breasts
from mammopair.io.lesion_table import LATERALITIES, TableLesion, read_lesion_table
from mammopair.record import read_records
from mammopair.results.lesion_folder import lesion_folder
from mammopair.view import Header

IMAGES = "images"
"""Folder of the study's images in the output folder; files are named by SOP Instance UID."""

Boxes = Mapping[ProjectionName, Corners | None]
"""By projection, the box around the mass; None where the mass is not marked."""


def classify_study(
    url: str,
    study: str,
    lesions: Path | Boxes,
    laterality: str | None,
    *,
    out: Path,
    options: RunOptions,
    as_json: bool,
) -> int:
    """Read a study, classify lesions in it, and store the DICOM results in the study.

    Parameters
    ----------
    url
        DICOMweb URL of the archive.
    study
        Study Instance UID.
    lesions
        A lesion table whose files are SOP Instance UIDs, or the boxes of one lesion.
    laterality
        The breast that the boxes mark; None if the study has one breast only.
    out
        Folder for the images and the results.
    options
        DICOM objects are written in any case.
    as_json
        Whether to print the records as JSON.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    InputError
        If the archive cannot be read or written, or the study lacks a marked view.
    """
    from pydicom import dcmread

    archive = connect(url)
    files = fetch_mammograms(archive, study, out / IMAGES)
    source = _source(lesions, files, laterality, study)
    print_message(f"read {len(files)} mammograms into {out / IMAGES}")
    options = replace(options, results=replace(options.results, dicom=True))
    code = classify_and_print(source, out, options, as_json=as_json)
    results = written_objects(out)
    if results:
        store(archive, study, [dcmread(path) for path in results])
        print_message(f"stored {len(results)} DICOM objects in study {study}")
    return code


def _source(
    lesions: Path | Boxes, files: Sequence[Path], laterality: str | None, study: str
) -> LesionSource:
    title = f"Study {study}"
    if isinstance(lesions, Path):
        root = files[0].parent
        read_lesion_table(lesions, root)
        return TableSource(lesions, root, title)
    return ListSource([marked_lesion(files, lesions, laterality, study)], title)


def marked_lesion(
    files: Sequence[Path], boxes: Boxes, laterality: str | None, study: str
) -> TableLesion:
    """Make the lesion that boxes mark on a study's views of one breast.

    Raises
    ------
    InputError
        If the breast is not specified or not in the study, or has no view of a marked projection.
    """
    headers, rejected = read_usable_headers(files)
    for error in rejected:
        print_message(f"not used: {error}")
    breasts = group_breasts(headers)
    side = LATERALITIES.get((laterality or "").upper())
    if laterality is None and len({one.laterality for one in breasts}) == 1:
        side = LATERALITIES[str(breasts[0].laterality)]
    if side is None:
        raise InputError(
            study, "contains both breasts or does not name them; specify --laterality L or R"
        )
    marked: dict[ProjectionName, MarkedFile] = {}
    patient = ""
    for projection, box in boxes.items():
        if box is None:
            continue
        views = [one.cc if projection == "CC" else one.mlo for one in breasts]
        found = [view for view in views if view is not None and view.laterality == side]
        if not found:
            raise InputError(
                study,
                f"contains no {side} {projection} view that can be used; leave out "
                f"--{projection.lower()}-box, or name the image in a lesion table",
            )
        marked[projection] = MarkedFile(found[0].source, box, side)
        patient = patient or found[0].patient_id
    if not marked:
        raise InputError(study, "specify --cc-box, --mlo-box or a lesion table")
    return make_lesion(patient or study, marked)


def read_usable_headers(files: Sequence[Path]) -> tuple[list[Header], list[InputError]]:
    """Read the images of a study, which may contain other objects and unusable images.

    The pixels are decoded, as a mask or a damaged image must not replace a usable view.

    Returns
    -------
    list of Header
        Of the images that can be classified.
    list of InputError
        Why the others cannot.
    """
    from mammopair.io.dicom import read_dicom

    headers, rejected = [], []
    for path in files:
        try:
            read_dicom(path, on_demand=True)
            headers.append(read_header(path))
        except InputError as error:
            rejected.append(error)
    return headers, rejected


def written_objects(out: Path) -> list[Path]:
    """Return the DICOM files of the lesions whose objects were written by the last run."""
    failures = read_failures(out / FAILURES)
    failed = {(one.case_id, one.lesion_id) for one in failures if one.step == "dicom"}
    return [
        path
        for record in read_records(out / RECORDS)
        if (record.case_id, record.lesion_id) not in failed
        for path in sorted((out / "dicom" / lesion_folder(record)).iterdir())
    ]
