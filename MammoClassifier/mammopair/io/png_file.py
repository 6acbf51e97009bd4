"""Write a picture as a PNG file that states the intended use."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mammopair import RESEARCH_USE_ONLY
from mammopair.atomic_write import atomic_write_bytes, make_folder


def write_png(path: Path, picture: npt.NDArray[np.uint8]) -> None:
    """Write a grey ``(rows, columns)`` or RGB ``(rows, columns, 3)`` picture; make its folder.

    The text chunk ``Comment`` has :data:`mammopair.RESEARCH_USE_ONLY`.

    Raises
    ------
    InputError
        If the folder or the file cannot be written.
    """
    from PIL import Image, PngImagePlugin

    stream, notice = io.BytesIO(), PngImagePlugin.PngInfo()
    notice.add_text("Comment", RESEARCH_USE_ONLY)
    Image.fromarray(picture).save(stream, "PNG", pnginfo=notice)
    make_folder(path.parent)
    atomic_write_bytes(path, stream.getvalue())
