"""An out-of-fold crop that maps are evaluated on, with the members that are explained."""

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
class EvaluatedCrop:
    """One crop."""

    row: CropRow
    centred: PlacedPatch
    """The patch as it is classified."""
    off_centre: PlacedPatch | None
    """The mass off-centre, cut from the whole film; None without film."""
    model: DifferentiableEnsemble
    """The members that were not trained on the patient, whose logit is explained."""
    all_members: DifferentiableEnsemble
    """All members that read the projection; used only for their agreement."""
    seed: int
    """Random seed of the crop, the same in every run."""


def load_evaluated_crop(
    folder: Path, crop: ScorableCrop, films: dict[str, FilmRow], ensemble: Ensemble
) -> EvaluatedCrop:
    """Read a crop, and its film if there is one.

    Parameters
    ----------
    folder
        The crop folder.
    crop
        The crop and the members to explain.
    films
        The films of the folder by file name.
    ensemble
        The ensemble.

    Raises
    ------
    InputError
        If an image cannot be read, or none of the members reads the projection.
    """
    row = crop.row
    seed = crc32(row.file.encode())
    return EvaluatedCrop(
        row=row,
        centred=read_patch(folder, row),
        off_centre=_off_centre(folder, row, films, seed),
        model=make_differentiable(ensemble, row.view, members=crop.members),
        all_members=make_differentiable(ensemble, row.view),
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
