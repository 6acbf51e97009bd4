"""A lesion: one mass, marked with a box on one or two views, and the patches around it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mammopair.box_checks import check_box
from mammopair.crop import CropSquare, cut_patch, place_square
from mammopair.view import Box, View
from mammopair.warning import CodedWarning


@dataclass(frozen=True)
class Patch:
    """The pixels of the square around a mass."""

    square: CropSquare
    pixels: npt.NDArray[np.float32]
    """``(256, 256)``, in [0, 1], bright where dense."""
    warnings: tuple[CodedWarning, ...] = ()
    """Of the box; see :func:`~mammopair.box_checks.check_box`."""


@dataclass(frozen=True)
class MarkedView:
    """A view and the box around the mass on it."""

    view: View
    box: Box
    patch: Patch | None = None
    """Set where the pixels of the view were released; see :func:`with_patch_only`."""


@dataclass(frozen=True)
class Lesion:
    """One mass, marked on its CC view, its MLO view, or both."""

    case_id: str
    lesion_id: str
    marked: tuple[MarkedView, ...]
    label: int | None = None
    """1 malignant, 0 benign, None unknown; copied to the record and used for nothing else."""


def extract_patch(marked: MarkedView) -> Patch:
    """Return the patch of a marked view; check the box and cut it unless the view has a patch.

    Raises
    ------
    InputError
        If the box cannot be that of a mass on the view; see
        :func:`~mammopair.box_checks.check_box`.
    """
    if marked.patch is not None:
        return marked.patch
    warnings = check_box(marked.view, marked.box)
    square = place_square(marked.view, marked.box)
    return Patch(square, cut_patch(marked.view, square), warnings)


def with_patch_only(marked: MarkedView) -> MarkedView:
    """Return the marked view with its patch but without the pixels of the film, to save memory.

    Raises
    ------
    InputError
        As :func:`extract_patch`.
    """
    no_pixels = np.empty((0, 0), dtype=np.float32)
    view = replace(marked.view, pixels=no_pixels)
    return replace(marked, view=view, patch=extract_patch(marked))
