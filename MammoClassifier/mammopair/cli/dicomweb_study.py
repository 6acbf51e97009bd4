"""``mammopair classify --dicomweb URL --study UID``: a study read from an archive, results back."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.errors import InputError

if TYPE_CHECKING:
    from mammopair.io.lesion_table import TableLesion
    from mammopair.view import Header

IMAGES = "images"
"""Folder of the study's images below the output folder, each named by its SOP Instance UID."""

Corners = tuple[float, float, float, float]


def classify_study(
    url: str,
    study: str,
    *,
    manifest: Path | None,
    boxes: Mapping[str, Corners | None],
    laterality: str | None,
    out: Path,
    model: str | None,
    device: str,
    as_json: bool,
    prevalence: float | None = None,
    coverage: float | None = None,
) -> int:
    """Read a study, classify what is marked in it, store the results into it; give the exit code.

    Parameters
    ----------
    url
        Of DICOMweb.
    study
        Study Instance UID.
    manifest
        The lesions; its files are SOP Instance UIDs. None where ``boxes`` mark one lesion.
    boxes
        By projection, the lesion's box on the study's view of that projection.
    prevalence, coverage
        What the records are restated for, where given.
    laterality
        The breast that is marked; None where the study has one only.

    Raises
    ------
    InputError
        If the archive does not give the study or take the results, or lacks a marked view.
    """
    from pydicom import dcmread

    from mammopair.cli.classify_output import classify_and_report, prepare_folder
    from mammopair.io.dicomweb import connect, fetch_mammograms, store
    from mammopair.io.lesion_table import read_lesion_table

    archive = connect(url)
    prepare_folder(out)
    files = fetch_mammograms(archive, study, out / IMAGES)
    if manifest is not None:
        entries = read_lesion_table(manifest, out / IMAGES)
    else:
        entries = [marked_lesion(files, boxes, laterality, study)]
    print(f"mammopair: read {len(files)} mammograms into {out / IMAGES}", file=sys.stderr)

    def deliver(results: list[Path]) -> None:
        store(archive, study, [dcmread(path) for path in results])
        print(f"mammopair: stored {len(results)} objects into study {study}", file=sys.stderr)

    return classify_and_report(
        entries,
        out,
        model=model,
        device=device,
        as_json=as_json,
        title=f"Study {study}",
        dicom=True,
        deliver=deliver,
        prevalence=prevalence,
        coverage=coverage,
    )


def marked_lesion(
    files: Sequence[Path],
    boxes: Mapping[str, Corners | None],
    laterality: str | None,
    study: str,
) -> TableLesion:
    """The lesion that boxes mark on a study's views of one breast.

    Raises
    ------
    InputError
        If the breast is not named or not there, or has no view of a projection that is marked.
    """
    from mammopair.io.exam import group_breasts
    from mammopair.io.lesion_table import LATERALITIES, LesionTableRow, TableLesion

    breasts = group_breasts(read_headers(files))
    side = LATERALITIES.get((laterality or "").upper())
    if laterality is None and len({one.laterality for one in breasts}) == 1:
        side = LATERALITIES[str(breasts[0].laterality)]
    if side is None:
        raise InputError(study, "shows both breasts or names none; give --laterality L or R")
    rows = []
    for projection, box in boxes.items():
        if box is None:
            continue
        views = [one.cc if projection == "CC" else one.mlo for one in breasts]
        found = [view for view in views if view is not None and view.laterality == side]
        if not found:
            raise InputError(study, f"has no {side} {projection} view, though a box is given on it")
        x, y, width, height = box
        rows.append(
            LesionTableRow(
                case_id=found[0].patient_id or study,
                lesion_id="1",
                laterality=side,
                view=projection,  # type: ignore[arg-type]  # CC or MLO
                file=str(found[0].source),
                box_x=x,
                box_y=y,
                box_w=width,
                box_h=height,
            )
        )
    if not rows:
        raise InputError(study, "has no lesion marked; give --cc-box, --mlo-box or a manifest")
    return TableLesion(tuple(rows))


def read_headers(files: Sequence[Path]) -> list[Header]:
    """The headers of those files that are mammograms; a study may hold other things."""
    from mammopair.io.dicom import read_header

    headers = []
    for path in files:
        try:
            headers.append(read_header(path))
        except InputError:
            continue
    return headers
