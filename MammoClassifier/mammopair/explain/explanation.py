"""Explain the views of a record: a map, and counterfactual images in both directions.

It takes seconds per view, so it is done on request, after the classification. The maps are added to
the record, the images are written to files.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from mammopair.explain.attribution import Patches
from mammopair.explain.default_method import FALLBACK_METHOD, default_method
from mammopair.explain.view_explanation import counterfactuals_of_view, map_view
from mammopair.io.png_file import write_png
from mammopair.lesion import Lesion
from mammopair.progress import Progress
from mammopair.record import Explanation, Record

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

FINER_METHOD = "shifted-evidence"
"""The method that is used if the default is the class activation."""
COUNTERFACTUAL_FOLDER = "counterfactuals"
"""Folder of the counterfactual images, beside the records."""


def explain_record(
    record: Record,
    lesion: Lesion,
    ensemble: Ensemble,
    folder: Path,
    name: str,
    method: str = "",
) -> Generator[Progress, None, Record]:
    """Add an explanation of each view to a record; closing the generator cancels.

    Parameters
    ----------
    record
        Record of one lesion.
    lesion
        The lesion that was classified; its patches suffice.
    ensemble
        The ensemble that made the record.
    folder
        Folder of the records; file names in the record are relative to it.
    name
        Folder below :data:`COUNTERFACTUAL_FOLDER` for the images of this lesion.
    method
        A key of :data:`mammopair.explain.methods.METHODS`; :func:`displayed_method` if empty.

    Raises
    ------
    InputError
        If the method is unknown, or an image cannot be written.
    """
    by_projection = {str(marked.view.projection): marked for marked in lesion.marked}
    views = []
    for number, result in enumerate(record.views):
        yield Progress(number, len(record.views), f"Explaining the {result.projection} view")
        marked = by_projection[result.projection]
        count = len(record.views)
        found = yield from map_view(ensemble, marked, count, method or displayed_method(ensemble))
        counterfactuals = yield from counterfactuals_of_view(ensemble, marked, count)
        paths = []
        for towards, path in counterfactuals.paths.items():
            file = f"{COUNTERFACTUAL_FOLDER}/{name}/{result.projection}-{towards}.png"
            write_patch_png(folder / file, counterfactuals.images[towards])
            paths.append(replace(path, file=file))
        explanation = Explanation(
            method=found.method, evidence=found.evidence, error=found.error, counterfactuals=paths
        )
        views.append(replace(result, explanation=explanation))
    return replace(record, views=views)


def displayed_method(ensemble: Ensemble) -> str:
    """Return the method of the map that is added to a record by default.

    It is the default method of the ensemble. If that is the class activation, which every record
    contains, it is the class activation on a finer grid.

    Raises
    ------
    InputError
        As :func:`mammopair.explain.default_method.default_method`.
    """
    method = default_method(ensemble)
    return FINER_METHOD if method == FALLBACK_METHOD else method


def write_patch_png(path: Path, patch: Patches) -> None:
    """Write a patch ``(rows, rows)`` in [0, 1] as 8-bit PNG.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    write_png(path, np.rint(255 * patch.clip(0, 1)).astype(np.uint8))
