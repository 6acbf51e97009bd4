"""Figures as SVG text, drawn with matplotlib."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mammopair.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "mammopair",
    "font.size": 9,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def render_svg(size: tuple[float, float], draw: Callable[[Figure], None]) -> str:
    """Draw a figure and return it as SVG, the same for the same data.

    Parameters
    ----------
    size
        Width and height in inches.
    draw
        Draws on the figure.

    Raises
    ------
    InputError
        If matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(
            "matplotlib", "is not installed; run pip install 'mammopair[figures]'"
        ) from error
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
    return stream.getvalue()
