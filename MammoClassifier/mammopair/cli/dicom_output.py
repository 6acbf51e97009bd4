"""What ``--dicom`` writes: the DICOM objects of each lesion, in ``OUT/dicom/CASE/LESION``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.errors import InputError

if TYPE_CHECKING:
    from mammopair.record import Record

FOLDER = "dicom"
VIEWS_KEPT = 2
"""A breast with several masses names each of its views again."""


def write_dicom(records: Iterable[Record], out: Path) -> tuple[list[Path], int]:
    """Write the objects of each lesion, all or none; name those that cannot be.

    Returns
    -------
    list of Path
        The files.
    int
        How many lesions have none.
    """
    from mammopair.io.reader import read_view
    from mammopair.results.dicom.export import make_objects, write_objects
    from mammopair.results.lesion_folder import lesion_folder
    from mammopair.results.rendered_view import render_view

    films = lru_cache(VIEWS_KEPT)(read_view)
    written: list[Path] = []
    refused = 0
    for record in records:
        try:
            views = {
                view.projection: render_view(
                    films(Path(view.file)), view.evidence.square, record.laterality
                )
                for view in record.views
            }
            objects = make_objects(record, views)
            written += write_objects(objects, out / FOLDER / lesion_folder(record))
        except InputError as error:
            print(
                f"mammopair: {record.case_id} lesion {record.lesion_id}: {error}", file=sys.stderr
            )
            refused += 1
    return written, refused
