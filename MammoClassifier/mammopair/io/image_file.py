"""Read a PNG, TIFF, JPEG, NRRD or MetaImage file as a view."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammopair.errors import InputError
from mammopair.io.image_kind import CROP, MASK, is_mask, names_crop_or_mask
from mammopair.io.view_checks import check_header
from mammopair.io.view_names import parse_name
from mammopair.view import Spacing, SpacingMeaning, View
from mammopair.warning import CodedWarning

Picture = npt.NDArray[np.generic]

COARSEST_MM = 0.25
"""Largest pixel spacing, in millimetres, that is accepted from PNG, TIFF or JPEG. Programs that
do not know the resolution write 72 dots per inch, 0.35 mm; mammograms have 0.04 to 0.2 mm."""
NARROW = 1 / 8
"""Share of the value range of its data type below which an image causes a warning."""

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"NRRD000", "NRRD"),
)
_HEADER_BYTES = 65536
"""More than the text header of any NRRD or MetaImage of one image."""


def detect_format(start: bytes) -> str:
    """Return the format of an image from its first bytes; ``""`` if it is not supported.

    Parameters
    ----------
    start
        The first 1024 bytes or more, or the whole file if it is shorter.
    """
    for signature, kind in _SIGNATURES:
        if start.startswith(signature):
            return kind
    if re.search(rb"^\s*(ObjectType|NDims)\s*=", start[:1024], re.MULTILINE):
        return "MetaImage"
    return ""


def read_image(path: Path) -> View:
    """Read a mammogram from an image file that is not DICOM.

    Unsigned integers of 8 and 16 bits are scaled by the range of their type, all other types by
    the smallest and largest value of the image. Bright pixels are assumed to be dense tissue. The
    spacing is read from the file, laterality, projection and modifiers from its name where
    unambiguous.

    Raises
    ------
    InputError
        If the file has another format, is damaged, is a colour image, has more than one slice,
        has values that are not finite, or has the same value in every pixel.
    """
    path = Path(path)
    with path.open("rb") as file:
        start = file.read(_HEADER_BYTES)
    kind = detect_format(start)
    if not kind:
        raise InputError(path, "is not a PNG, TIFF, JPEG, NRRD or MetaImage file; convert it")
    if kind in ("NRRD", "MetaImage"):
        picture, spacing = _read_with_simpleitk(path, start)
    else:
        picture, spacing = _read_with_pillow(path)
    pixels, warnings = _scale(picture, path)
    if kind == "JPEG":
        message = "The image was compressed with a lossy method."
        warnings.append(CodedWarning(code="lossy-compression", message=message))

    named = parse_name(path.stem)
    modifiers = named.modifiers
    if names_crop_or_mask(path.stem):
        modifiers = (*modifiers, CROP)
        message = "The name of the file states that it is a crop or a mask, not a whole view."
        warnings.append(CodedWarning(code="crop", message=message))
    # The name is no identifier of the patient: pictures of one exam may be numbered.
    view = View(
        pixels=pixels,
        source=path,
        laterality=named.laterality,
        projection=named.projection,
        spacing=spacing,
        shape=pixels.shape,
        modifiers=modifiers,
    )
    return replace(view, warnings=(*warnings, *check_header(view)))


def _read_with_pillow(path: Path) -> tuple[Picture, Spacing | None]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            pages = getattr(image, "n_frames", 1)
            if pages > 1:
                raise InputError(path, f"has {pages} pages; select a single 2-D view")
            if image.mode not in ("L", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"):
                found = "black-and-white" if image.mode == "1" else f"colour ({image.mode})"
                raise InputError(path, f"is a {found} image; export it as greyscale")
            picture = np.asarray(image)
            dots = image.info.get("dpi")
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise InputError(
            path, f"is too large for a mammogram ({error}); export it again"
        ) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise InputError(path, f"cannot be decoded ({error}); export it again") from error
    return picture, _spacing_from_dots(dots)


def _spacing_from_dots(dots: tuple[float, float] | None) -> Spacing | None:
    """Convert a resolution in dots per inch, horizontal and vertical, to pixel spacing."""
    if not dots or min(dots) <= 0:
        return None
    across, down = (25.4 / float(one) for one in dots)
    if max(across, down) > COARSEST_MM:
        return None
    return Spacing(row=down, column=across, meaning=SpacingMeaning.DECLARED)


def _read_with_simpleitk(path: Path, start: bytes) -> tuple[Picture, Spacing | None]:
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("NrrdImageIO" if start.startswith(b"NRRD") else "MetaImageIO")
    reader.SetFileName(str(path))
    try:
        image = reader.Execute()
    except RuntimeError as error:
        raise InputError(
            path, "is damaged or has an unsupported encoding; export it again"
        ) from error
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(path, "is a colour image; export it as greyscale")
    picture: Picture = SimpleITK.GetArrayFromImage(image)
    across, down = image.GetSpacing()[:2]
    if picture.ndim > 2:
        if picture.shape[0] != 1 or picture.ndim > 3:
            raise InputError(path, f"has {picture.shape[0]} slices; select a single 2-D view")
        picture = picture[0]
    # SimpleITK returns a spacing of 1 mm where the header has none.
    has_spacing = re.search(
        rb"^\s*(spacings|space directions|ElementSpacing|ElementSize)\s*[:=](?!\s*nan)",
        start.split(b"\n\n", 1)[0],
        re.MULTILINE | re.IGNORECASE,
    )
    if not has_spacing or not (across > 0 and down > 0):
        return picture, None
    return picture, Spacing(row=down, column=across, meaning=SpacingMeaning.DECLARED)


def _scale(picture: Picture, path: Path) -> tuple[npt.NDArray[np.float32], list[CodedWarning]]:
    if picture.ndim != 2 or picture.size == 0:
        raise InputError(path, f"has the shape {picture.shape}; select a single 2-D view")
    if picture.dtype.kind == "f" and not np.isfinite(picture).all():
        raise InputError(path, "has values that are not finite; replace them by finite numbers")
    low, high = picture.min(), picture.max()
    if low == high:
        raise InputError(path, f"has the value {low} in every pixel; export the image again")
    if is_mask(picture):
        raise InputError(path, f"{MASK}; select the mammogram that it marks")
    if picture.dtype in (np.uint8, np.uint16):
        brightest = 2 ** (8 * picture.dtype.itemsize) - 1
        warnings = []
        if high < brightest * NARROW:
            message = (
                f"The brightest pixel is {high} of {brightest}; "
                "if the values use fewer bits, scale them to the full range first."
            )
            warnings.append(CodedWarning(code="narrow-range", message=message))
        return picture.astype(np.float32) / np.float32(brightest), warnings
    scaled = (picture.astype(np.float64) - float(low)) / (float(high) - float(low))
    return scaled.astype(np.float32), []
