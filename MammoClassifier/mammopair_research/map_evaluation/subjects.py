"""What an explanation is measured on: a held-out crop, also off the centre, and who may read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from mammopair.evaluation import ScorableCrop
from mammopair.explain.differentiable_ensemble import DifferentiableEnsemble, make_differentiable
from mammopair.io.crop_folder import CropRow
from mammopair_research.datasets.film_folder import FilmRow, read_film
from mammopair_research.datasets.patches import PlacedPatch, cut_placed_patch, read_patch
from mammopair_research.map_evaluation.off_centre import off_centre_square

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble


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
    crop: ScorableCrop,
    films: dict[str, FilmRow],
    ensemble: Ensemble,
) -> Subject:
    """Read a crop, and its film if there is one.

    Raises
    ------
    InputError
        If a picture cannot be read, or no member that never saw the patient reads the projection.
    """
    row = crop.row
    seed = crc32(row.file.encode())
    return Subject(
        row=row,
        centred=read_patch(folder, row),
        off_centre=_off_centre(folder, row, films, seed),
        reader=make_differentiable(ensemble, row.view, members=crop.members),
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
    return cut_placed_patch(film, off_centre_square(film, box, seed), box)
