"""What the page shows of an explained view: the map, the moved images, and what they change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammopair.errors import InputError
from mammopair.record import CounterfactualPath, Explanation
from mammopair.results import pictures
from mammopair.results.rendered_view import RenderedView

STRONGEST_CHANGE = 0.3
"""Change of brightness, in the shown window, that is drawn black or white."""


@dataclass(frozen=True)
class MovedPictures:
    """A moved image as the page shows it, hung like the view."""

    path: CounterfactualPath
    image: str
    """``data:`` addresses."""
    change: str


@dataclass(frozen=True)
class ExplainedPictures:
    """What the page shows of one explained view."""

    original: str
    moved: tuple[MovedPictures, ...]
    side: int
    """Rows and columns of each picture."""
    scale: float = STRONGEST_CHANGE


def explained_pictures(
    explanation: Explanation, view: RenderedView, folder: Path
) -> ExplainedPictures:
    """Make the pictures of the crop and of its counterfactual images, all in the crop's window.

    Parameters
    ----------
    explanation
        Of the view.
    view
        Its rendered pictures.
    folder
        The folder that the file names in the record are relative to.

    Raises
    ------
    InputError
        If a moved image cannot be read.
    """
    original, hang = view.patch, view.hanging.apply
    window = pictures.tissue_window(original)
    moved = []
    for path in explanation.counterfactuals:
        image = read_patch(folder / path.file, original.shape)
        change = (image - original) / (window[1] - window[0])
        grey = np.rint(255 * (0.5 + change / (2 * STRONGEST_CHANGE)).clip(0, 1)).astype(np.uint8)
        shown = pictures.to_grey(image, window)
        moved.append(
            MovedPictures(path, pictures.data_uri(hang(shown)), pictures.data_uri(hang(grey)))
        )
    return ExplainedPictures(
        original=pictures.data_uri(hang(pictures.to_grey(original, window))),
        moved=tuple(moved),
        side=len(original),
    )


def read_patch(path: Path, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """A moved image in [0, 1].

    Raises
    ------
    InputError
        If it is not there, or is none.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            patch = np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255)
    except (OSError, UnidentifiedImageError) as error:
        raise InputError(path, f"cannot be read: {getattr(error, 'strerror', error)}") from error
    if patch.shape != shape:
        raise InputError(path, f"has {patch.shape[0]} rows, but the crop has {shape[0]}")
    return patch
