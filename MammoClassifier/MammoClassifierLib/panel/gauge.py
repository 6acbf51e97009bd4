"""The probability and its interval as a drawn gauge: a scale, a band, a mark.

Drawn on a card of its own colours, so that it reads alike in light and dark themes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from mammopair.record import Record

WIDTH, HEIGHT = 420, 118
LEFT, RIGHT, SCALE_TOP, SCALE_HEIGHT = 24, 388, 66, 14
"""Where the scale from 0 to 100 % lies on the card, in pixels."""
CARD, INK, FAINT = "#f7f6f2", "#1d1d1f", "#8a8a8e"
TRACK, BAND = "#dcdad3", "#7d8fa3"


def drawGauge(record: Record | None, *, stale: bool) -> qt.QPixmap:
    """The gauge of a record, at the prevalence that was stated where one was.

    Crossed out where the result is stale, empty where there is none.
    """
    from mammopair.results.text import interval_range, percent, share_text

    pixmap = qt.QPixmap(WIDTH, HEIGHT)
    pixmap.fill(qt.QColor(CARD))
    painter = qt.QPainter(pixmap)
    painter.setRenderHint(qt.QPainter.Antialiasing)
    _drawScale(painter)
    if record is None:
        _write(painter, LEFT, 40, _("No result yet"), 15, FAINT)
    else:
        ink = FAINT if stale else INK
        said = record.prior_shift or record
        low, high = position(said.interval.low), position(said.interval.high)
        _fill(painter, low, SCALE_TOP, max(high - low, 1), SCALE_HEIGHT, TRACK if stale else BAND)
        _fill(painter, position(said.probability) - 2, SCALE_TOP - 7, 4, SCALE_HEIGHT + 14, ink)
        _write(painter, LEFT, 42, percent(said.probability), 28, ink, bold=True)
        level = f"{100 * said.interval.level:.0f}"
        interval = _("{level} % interval {range}").format(
            level=level, range=interval_range(said.interval)
        )
        about = _("probability of malignancy")
        if record.prior_shift:
            about = _("of malignancy, at {share} prevalence")
            about = about.format(share=share_text(record.prior_shift.prevalence))
        _write(painter, LEFT + 112, 26, about, 11, ink)
        _write(painter, LEFT + 112, 44, interval, 11, ink)
        if stale:
            _strike(painter)
    painter.end()
    return pixmap


def position(probability: float) -> int:
    """Where a probability lies on the scale, in pixels from the card's left."""
    return round(LEFT + (RIGHT - LEFT) * probability)


def _drawScale(painter: qt.QPainter) -> None:
    _fill(painter, LEFT, SCALE_TOP, RIGHT - LEFT, SCALE_HEIGHT, TRACK)
    for per_cent in range(0, 101, 25):
        x = position(per_cent / 100)
        _fill(painter, x, SCALE_TOP + SCALE_HEIGHT, 1, 5, FAINT)
        _write(painter, x - 8, SCALE_TOP + SCALE_HEIGHT + 20, f"{per_cent} %", 9, FAINT)


def _strike(painter: qt.QPainter) -> None:
    pen = qt.QPen()
    pen.setColor(qt.QColor(FAINT))
    pen.setWidth(2)
    painter.setPen(pen)
    painter.drawLine(LEFT - 4, 31, LEFT + 92, 31)


def _fill(painter: qt.QPainter, x: int, y: int, width: int, height: int, colour: str) -> None:
    painter.fillRect(x, y, width, height, qt.QColor(colour))


def _write(
    painter: qt.QPainter, x: int, y: int, text: str, size: int, colour: str, *, bold: bool = False
) -> None:
    font = qt.QFont()
    font.setPixelSize(size + 2)
    font.setBold(bold)
    painter.setFont(font)
    painter.setPen(qt.QColor(colour))
    painter.drawText(x, y, text)
