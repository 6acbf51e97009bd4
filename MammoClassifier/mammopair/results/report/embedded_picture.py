"""Pictures that are embedded in the page, so that the report is one file."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np

from mammopair.results.pictures import Colour, Grey


@dataclass(frozen=True)
class EmbeddedPicture:
    """A picture and its alternative text."""

    uri: str
    """``data:`` URI."""
    alt: str
    """What the picture shows, for readers who do not see it."""
    width: int
    height: int


def embed(picture: Grey | Colour, alt: str, *, lossless: bool = False) -> EmbeddedPicture:
    """Encode a picture as WebP, or as PNG if lossless."""
    from PIL import Image

    stream = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(picture))
    if lossless:
        image.save(stream, "PNG", optimize=True)
    else:
        image.save(stream, "WEBP", quality=85)
    kind = "png" if lossless else "webp"
    encoded = base64.b64encode(stream.getvalue()).decode("ascii")
    rows, columns = picture.shape[:2]
    return EmbeddedPicture(f"data:image/{kind};base64,{encoded}", alt, columns, rows)
