"""The result of a lesion as one picture with text.

Each view is shown as it hangs, with the marked box; below it is the square around the mass with
the evidence map. The picture contains no patient identifiers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mammopair import RESEARCH_USE_ONLY
from mammopair.record import Record, ViewResult
from mammopair.results.colours import EVIDENCE_LIMIT
from mammopair.results.dicom.ascii_text import to_ascii
from mammopair.results.pictures import Colour, legend_picture
from mammopair.results.rendered_view import RenderedView, film_with_box, lesion_with_evidence
from mammopair.results.text import (
    breast_name,
    interval_name,
    interval_range,
    percent,
    share_text,
)
from mammopair.view import Box

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FILM_HEIGHT = 480
"""Rows of the picture of a whole view."""
MARGIN = 20
"""Space around text and between pictures, in pixels."""
LARGE, SMALL = 22, 16
"""Font sizes, in pixels."""
WHITE, GREY = (255, 255, 255), (170, 170, 170)


@dataclass(frozen=True)
class _Line:
    """One line of text."""

    text: str
    size: int = SMALL
    colour: tuple[int, int, int] = WHITE


def draw_result(
    record: Record, results: Sequence[ViewResult], views: Mapping[str, RenderedView]
) -> Colour:
    """Draw the result of a lesion.

    Parameters
    ----------
    record
        The lesion's record.
    results
        Its views, from left to right.
    views
        By projection, the rendered views.

    Returns
    -------
    ndarray of uint8, shape ``(rows, columns, 3)``
        The result with the prevalence that it assumes above the views, which are side by side, and
        the intended use below them.
    """
    columns = [_draw_view(record, result, views[result.projection]) for result in results]
    height = max(len(column) for column in columns)
    pictures = np.hstack([_pad_below(column, height) for column in columns])
    head = [
        _Line(f"Probability of malignancy {percent(record.probability)}", LARGE),
        _Line(
            f"{interval_name(record.interval.level)} {interval_range(record.interval)}, "
            f"{breast_name(record.laterality)} breast"
        ),
        *_prevalence(record),
    ]
    foot = [
        _Line(RESEARCH_USE_ONLY, LARGE),
        _Line(
            to_ascii(f"{record.model.name} {record.model.version}, {record.software}"), colour=GREY
        ),
    ]
    scale = _Line(
        f"Evidence: against malignancy (-{EVIDENCE_LIMIT:g} logits) to "
        f"for malignancy (+{EVIDENCE_LIMIT:g} logits)",
        colour=GREY,
    )
    width = max(pictures.shape[1], _text_width([*head, scale, *foot]))
    return np.vstack(
        [
            _draw_text(head, width),
            _centre(pictures, width),
            _centre(legend_picture(), width),
            _draw_text([scale], width),
            _draw_text(foot, width),
        ]
    )


def _prevalence(record: Record) -> list[_Line]:
    """Return the prevalence that the probability assumes, and the result at another one."""
    lines = []
    if record.prevalence is not None:
        lines.append(f"Assumed prevalence of malignancy: {share_text(record.prevalence)}")
    if record.prior_shift is not None:
        adjusted = record.prior_shift
        lines.append(
            f"At {share_text(adjusted.prevalence)}: {percent(adjusted.probability)} "
            f"({interval_name(adjusted.interval.level)} {interval_range(adjusted.interval)})"
        )
    return [_Line(line, colour=GREY) for line in lines]


def _draw_view(record: Record, result: ViewResult, view: RenderedView) -> Colour:
    """Draw the name and probability of a view, its film, and the lesion with its evidence."""
    box = Box(*result.box)
    film = view.hanging.apply(film_with_box(view, box, FILM_HEIGHT))
    lesion = view.hanging.apply(lesion_with_evidence(view, result.evidence, box))
    caption = [
        _Line(f"{record.laterality} {result.projection} {percent(result.probability)}", LARGE),
        _Line(f"Evidence: {result.evidence.direction}", colour=GREY),
    ]
    width = max(film.shape[1], lesion.shape[1], _text_width(caption)) + 2 * MARGIN
    gap = np.zeros((MARGIN, width, 3), np.uint8)
    bands = [_draw_text(caption, width), _centre(film, width), gap, _centre(lesion, width), gap]
    return np.vstack(bands)


def _draw_text(lines: Sequence[_Line], width: int) -> Colour:
    """Draw centred lines of text on black."""
    from PIL import Image, ImageDraw

    height = sum(round(1.5 * line.size) for line in lines) + MARGIN
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    top = MARGIN // 2
    for line in lines:
        position = (width // 2, top)
        draw.text(position, line.text, fill=line.colour, font=_font(line.size), anchor="ma")
        top += round(1.5 * line.size)
    return np.asarray(image)


def _text_width(lines: Sequence[_Line]) -> int:
    return round(max(_font(line.size).getlength(line.text) for line in lines)) + 2 * MARGIN


def _font(size: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)  # type: ignore[return-value]  # Pillow's bundled font


def _centre(picture: Colour, width: int) -> Colour:
    """Add black at both sides."""
    spare = width - picture.shape[1]
    return np.pad(picture, ((0, 0), (spare // 2, spare - spare // 2), (0, 0)))


def _pad_below(picture: Colour, height: int) -> Colour:
    """Add black below."""
    return np.pad(picture, ((0, height - len(picture)), (0, 0), (0, 0)))
