"""The mask among the files of one region of interest: found by content, not by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammopair.errors import InputError
from mammopair.io.dicom import open_dataset
from mammopair.io.dicom_attributes import get_text
from mammopair.io.pixel_data import decode_pixels
from mammopair.view import Box
from mammopair_research.datasets.cbis_ddsm.case_descriptions import MassView
from mammopair_research.datasets.cbis_ddsm.mask_box import is_constant, is_mask, mask_box, scale_box
from mammopair_research.datasets.cbis_ddsm.report import Code, LeftOutError
from mammopair_research.datasets.cbis_ddsm.series_index import is_listed_file

Note = tuple[Code, str, Path]
"""Kind, sentence and file of a discrepancy that did not prevent the preparation."""


@dataclass(frozen=True)
class RoiImage:
    """One DICOM file of a region of interest: its mask or its cropped image."""

    path: Path
    pixels: npt.NDArray[np.generic]
    """``(rows, columns)``, as stored."""
    series_uid: str
    description: str
    """Series Description (0008,103E): ``ROI mask images`` or ``cropped images``."""


def locate_lesion(
    mass: MassView, files: Sequence[Path], film: tuple[int, int]
) -> tuple[Box, list[Note]]:
    """The lesion's box on its film, from the mask among the files of its region of interest.

    A mask holds two values; a cropped image holds many. In some series of the collection the
    two are swapped, so names and descriptions only serve to report it.

    Parameters
    ----------
    mass
        The mass in a view.
    files
        All DICOM files under its Patient ID, sorted.
    film
        Rows and columns of the film.

    Raises
    ------
    LeftOutError
        If there is no mask, no region in it, no way to choose among several, or if its
        proportions are not the film's.
    """
    if not files:
        raise LeftOutError(
            Code.MISSING_ROI_SERIES,
            f"No file of the region of interest {mass.name} was found; download its series.",
        )
    images, notes = _read_images(files)
    masks = [image for image in images if is_mask(image.pixels)]
    masks = [image for image in masks if image.pixels.shape == film] or masks
    if not masks:
        raise _no_mask(images, notes, files)

    boxes = [mask_box(image.pixels) for image in masks]
    chosen, (box, regions) = masks[0], boxes[0]
    shape = chosen.pixels.shape
    if len(masks) > 1:
        if any(
            other != boxes[0] or image.pixels.shape != shape
            for image, other in zip(masks, boxes, strict=True)
        ):
            raise LeftOutError(
                Code.SEVERAL_MASKS,
                f"{len(masks)} masks mark different regions; keep the right one.",
                chosen.path.parent,
            )
        notes.append((Code.SEVERAL_MASKS, f"{len(masks)} masks mark the same region.", chosen.path))
    if _is_named_as_crop(chosen, mass, files):
        message = "The file is named as the cropped image but is the mask; it was used as the mask."
        notes.append((Code.SWAPPED_MASK, message, chosen.path))
    if regions > 1:
        message = f"The mask has {regions} separate regions; the largest was used."
        notes.append((Code.SEPARATE_REGIONS, message, chosen.path))
    if shape == film:
        return box, notes
    sizes = f"The mask has {shape[0]} rows and {shape[1]} columns, the film {film[0]} and {film[1]}"
    scaled = scale_box(box, (shape[0], shape[1]), film)
    if scaled is None:
        raise LeftOutError(
            Code.SIZE_MISMATCH,
            f"{sizes}; their proportions differ, so the mask does not fit the film.",
            chosen.path,
        )
    notes.append((Code.SIZE_MISMATCH, f"{sizes}; the box was rescaled.", chosen.path))
    return scaled, notes


def _read_images(files: Sequence[Path]) -> tuple[list[RoiImage], list[Note]]:
    images: list[RoiImage] = []
    notes: list[Note] = []
    for path in files:
        try:
            dataset = open_dataset(path)
            pixels = decode_pixels(dataset, path)
        except InputError as error:
            notes.append((Code.UNREADABLE_FILE, f"The file {error.problem}.", path))
            continue
        series, description = (
            get_text(dataset, "SeriesInstanceUID"),
            get_text(dataset, "SeriesDescription"),
        )
        images.append(RoiImage(path, pixels, series, description))
    return images, notes


def _no_mask(
    images: Sequence[RoiImage], notes: Sequence[Note], files: Sequence[Path]
) -> LeftOutError:
    """Why there is no mask among the files of a region of interest."""
    for code, message, path in notes:
        if code is Code.UNREADABLE_FILE:
            return LeftOutError(code, f"{message} No other file is a mask.", path)
    for image in images:
        if is_constant(image.pixels):
            message = f"Every pixel of the mask is {image.pixels.flat[0]}; it marks no region."
            return LeftOutError(Code.EMPTY_MASK, message, image.path)
    return LeftOutError(
        Code.MISSING_MASK,
        f"None of the {len(files)} files of the region of interest is a mask, which has two "
        "values; download its series again.",
        files[0].parent,
    )


def _is_named_as_crop(mask: RoiImage, mass: MassView, files: Sequence[Path]) -> bool:
    """Whether case descriptions, or else the series' description, name the mask as the crop."""
    siblings = [path for path in files if path.parent == mask.path.parent]
    as_mask, as_crop = (
        is_listed_file(mask.path, mask.series_uid, listed, siblings)
        for listed in (mass.listed_mask, mass.listed_crop)
    )
    if as_mask or as_crop:
        return as_crop
    return "cropped" in mask.description.lower()
