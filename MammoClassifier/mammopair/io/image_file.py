"""One image file that is not DICOM to one view: PNG, TIFF, JPEG, NRRD, MetaImage."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammopair.errors import InputError
from mammopair.io.file_names import read_name
from mammopair.view import Spacing, SpacingMeaning, View
from mammopair.warning import CodedWarning

Picture = npt.NDArray[np.generic]

COARSEST_MM = 0.25
"""A resolution in PNG, TIFF or JPEG is believed up to here: 72 dots per inch, 0.35 mm, is what
programs write that know nothing of it, while mammograms are stored at 0.04 to 0.2 mm."""
NARROW = 1 / 8
"""An image that uses less of its type's range than this draws a warning."""

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"NRRD000", "NRRD"),
)


def recognise(start: bytes) -> str:
    """The format of an image from its first bytes; ``""`` where it is none of ours.

    Parameters
    ----------
    start
        1024 bytes or more, or all there are.
    """
    for signature, kind in _SIGNATURES:
        if start.startswith(signature):
            return kind
    if re.search(rb"^\s*(ObjectType|NDims)\s*=", start[:1024], re.MULTILINE):
        return "MetaImage"
    return ""


def read_image(path: Path) -> View:
    """Read a mammogram from an image file.

    Unsigned integers of 8 and 16 bits are scaled by the range of their type; everything else, by
    its own least and largest value. Bright is taken to be dense. Spacing is known only where the
    file states one; laterality and projection only where the file's name plainly holds them.

    Raises
    ------
    InputError
        If it is no such image, is damaged, in colour, has more than one slice, holds values that
        are not finite, or one single value.
    """
    path = Path(path)
    with path.open("rb") as file:
        start = file.read(_HEADER_BYTES)
    kind = recognise(start)
    if not kind:
        raise InputError(path, "is not PNG, TIFF, JPEG, NRRD or MetaImage")
    if kind in ("NRRD", "MetaImage"):
        picture, spacing = _read_with_simpleitk(path, start)
    else:
        picture, spacing = _read_with_pillow(path)
    pixels, warnings = _scale(picture, path)
    if kind == "JPEG":
        message = "The image has been compressed with loss."
        warnings.append(CodedWarning(code="lossy-compression", message=message))

    named = read_name(path.stem)
    unknown = {
        "unknown-laterality": (named.laterality, "The file does not say which breast it shows."),
        "unknown-projection": (named.projection, "The file does not say which view it shows."),
        "no-spacing": (spacing, "The pixel spacing is unknown: nothing is measured in mm."),
    }
    warnings += [
        CodedWarning(code=c, message=m) for c, (known, m) in unknown.items() if known is None
    ]
    message = "Whether it is film or digital is unknown; the networks have seen film only."
    warnings.append(CodedWarning(code="unknown-detector", message=message))
    return View(
        pixels=pixels,
        source=path,
        laterality=named.laterality,
        projection=named.projection,
        spacing=spacing,
        patient_id=named.subject,
        warnings=tuple(warnings),
    )


_HEADER_BYTES = 65536
"""More than the text header of any NRRD or MetaImage of one picture."""


def _read_with_pillow(path: Path) -> tuple[Picture, Spacing | None]:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            pages = getattr(image, "n_frames", 1)
            if pages > 1:
                raise InputError(path, f"holds {pages} pages; give a single 2-D view")
            if image.mode not in ("L", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"):
                found = "black and white" if image.mode == "1" else f"in colour ({image.mode})"
                raise InputError(path, f"is {found}; export it in shades of grey")
            picture = np.asarray(image)
            dots = image.info.get("dpi")
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise InputError(path, f"is too large for a mammogram: {error}") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise InputError(path, f"cannot be decoded ({error}); export it again") from error
    return picture, _spacing_from_dots(dots)


def _spacing_from_dots(dots: tuple[float, float] | None) -> Spacing | None:
    """Spacing from dots per inch, across and down."""
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
            path, "is damaged, or of a kind that is not read; export it again"
        ) from error
    if image.GetNumberOfComponentsPerPixel() != 1:
        raise InputError(path, "is in colour; export it in shades of grey")
    picture: Picture = SimpleITK.GetArrayFromImage(image)
    across, down = image.GetSpacing()[:2]
    if picture.ndim > 2:
        if picture.shape[0] != 1 or picture.ndim > 3:
            raise InputError(path, f"holds {picture.shape[0]} slices; give a single 2-D view")
        picture = picture[0]
    states = re.search(
        rb"^\s*(spacings|space directions|ElementSpacing|ElementSize)\s*[:=](?!\s*nan)",
        start.split(b"\n\n", 1)[0],
        re.MULTILINE | re.IGNORECASE,
    )
    if not states or not (across > 0 and down > 0):
        return picture, None
    return picture, Spacing(row=down, column=across, meaning=SpacingMeaning.DECLARED)


def _scale(picture: Picture, path: Path) -> tuple[npt.NDArray[np.float32], list[CodedWarning]]:
    if picture.ndim != 2 or picture.size == 0:
        raise InputError(path, f"has the shape {picture.shape}; give a single 2-D view")
    if picture.dtype.kind == "f" and not np.isfinite(picture).all():
        raise InputError(path, "holds values that are not finite; replace them by numbers")
    low, high = picture.min(), picture.max()
    if low == high:
        raise InputError(path, f"every pixel is {low}; there is no picture in it")
    if picture.dtype in (np.uint8, np.uint16):
        brightest = 2 ** (8 * picture.dtype.itemsize) - 1
        warnings = []
        if high < brightest * NARROW:
            message = (
                f"Its brightest value is {high} of {brightest}: if it was stored with fewer bits, "
                "scale it up first."
            )
            warnings.append(CodedWarning(code="narrow-range", message=message))
        return picture.astype(np.float32) / np.float32(brightest), warnings
    scaled = (picture.astype(np.float64) - float(low)) / (float(high) - float(low))
    return scaled.astype(np.float32), []
