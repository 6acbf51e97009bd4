"""One crop as a PNG file that also records where on the film it was cut.

The record makes the preparation resumable without a second file: a crop is prepared once its
file exists, and its row of ``crops.csv`` follows from the case descriptions and the record.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from mammopair.atomic_write import atomic_write_bytes
from mammopair.crop import PATCH_SIDE, cut_patch, place_square
from mammopair.view import Box, View
from mammopair_research.datasets.cbis_ddsm.report import Discrepancy

TEXT_KEY = "mammopair"
"""Keyword of the PNG text chunk that holds the record."""


class CropOrigin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a crop was cut."""

    schema: Literal[1] = 1
    film: str
    """The film's DICOM file, relative to the collection."""
    film_box: tuple[float, float, float, float]
    """x, y, width and height of the lesion on the film, in stored pixels."""
    lesion_box: tuple[float, float, float, float]
    """The same in the crop, in its pixels."""
    scanner: str
    """Empty where it is unknown."""
    mm_per_crop_px: float | None
    """Millimetres per pixel of the crop, on the film."""
    notes: tuple[Discrepancy, ...]
    """What did not match but did not prevent the preparation."""


def write_crop(
    path: Path, view: View, box: Box, *, film: str, scanner: str, notes: tuple[Discrepancy, ...]
) -> CropOrigin:
    """Cut a lesion's crop from its film with :mod:`mammopair.crop` and write it.

    Parameters
    ----------
    path
        The PNG file, 256 x 256 pixels of 8 bits.
    view
        The film, with its spacing where it is known.
    box
        The lesion on the film.
    film, scanner, notes
        See :class:`CropOrigin`.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    from PIL import Image, PngImagePlugin

    square = place_square(view, box)
    patch = cut_patch(view, square)
    inside = square.box_on_grid(box, PATCH_SIDE)
    spacing = view.spacing.column * square.width / PATCH_SIDE if view.spacing else None
    origin = CropOrigin(
        film=film,
        film_box=(box.x, box.y, box.width, box.height),
        lesion_box=(inside.x, inside.y, inside.width, inside.height),
        scanner=scanner,
        mm_per_crop_px=spacing,
        notes=notes,
    )
    information = PngImagePlugin.PngInfo()
    information.add_itxt(TEXT_KEY, msgspec.json.encode(origin).decode())
    content = io.BytesIO()
    picture = np.rint(np.clip(patch, 0, 1) * 255).astype(np.uint8)
    Image.fromarray(picture).save(content, "PNG", pnginfo=information)
    atomic_write_bytes(path, content.getvalue())
    return origin


def read_origin(path: Path) -> CropOrigin | None:
    """The record of a crop; None where there is no such crop, so that it must be cut."""
    from PIL import Image

    try:
        # Reading the text decodes the whole picture, so a truncated file raises here.
        with Image.open(path) as image:
            return msgspec.json.decode(image.text[TEXT_KEY].encode(), type=CropOrigin)  # type: ignore[attr-defined]
    except (OSError, SyntaxError, ValueError, KeyError, AttributeError, msgspec.MsgspecError):
        return None
