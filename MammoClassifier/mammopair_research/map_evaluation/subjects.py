"""What an explanation is measured on: a held-out crop, also off the centre, and who may read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import numpy.typing as npt

from mammopair.crop import PATCH_SIDE, CropSquare, cut_patch, place_square
from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble, make_differentiable
from mammopair.io.crop_folder import CropRow, read_crop
from mammopair.view import Box, View
from mammopair_research.datasets.film_folder import FilmRow, read_film
from mammopair_research.map_evaluation.off_centre import off_centre_square

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble


@dataclass(frozen=True)
class PlacedPatch:
    """A patch, and the box of the mass in its corner coordinates."""

    pixels: npt.NDArray[np.float32]
    """``(256, 256)`` in [0, 1]."""
    box: Box


@dataclass(frozen=True)
class Subject:
    """One crop."""

    row: CropRow
    centred: PlacedPatch
    """As it is used."""
    off_centre: PlacedPatch | None
    """Cut from the whole film; None where the folder has none of it."""
    reader: DifferentiableEnsemble
    """The members that never saw the patient: whose answer is explained."""
    everyone: DifferentiableEnsemble
    """All members that read the projection: only for how far they agree."""
    seed: int
    """Of whatever is drawn for this crop; the same in every run."""


def make_subject(
    folder: Path,
    row: CropRow,
    unseen: frozenset[str],
    films: dict[str, FilmRow],
    ensemble: Ensemble,
) -> Subject:
    """Read a crop, and its film where there is one.

    Raises
    ------
    InputError
        If a picture cannot be read, or no member that never saw the patient reads the projection.
    """
    view = read_crop(folder, row)
    square = place_square(view, row.box)
    seed = crc32(row.file.encode())
    return Subject(
        row=row,
        centred=_cut(view, square, row.box),
        off_centre=_off_centre(folder, row, films, seed),
        reader=make_differentiable(ensemble, row.view, members=unseen),
        everyone=make_differentiable(ensemble, row.view),
        seed=seed,
    )


def _off_centre(
    folder: Path, row: CropRow, films: dict[str, FilmRow], seed: int
) -> PlacedPatch | None:
    box = row.film_box
    if box is None or row.film not in films:
        return None
    film = read_film(folder, row, films[row.film])
    return _cut(film, off_centre_square(film, box, seed), box)


def _cut(view: View, square: CropSquare, box: Box) -> PlacedPatch:
    return PlacedPatch(cut_patch(view, square).copy(), square.box_on_grid(box, PATCH_SIDE))
