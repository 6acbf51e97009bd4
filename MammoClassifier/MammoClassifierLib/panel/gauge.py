"""The probability and its interval as a picture: a scale, a band and a mark.

The picture has its own background, so that it is readable in light and dark styles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from mammopair.record import Record

WIDTH, HEIGHT = 420, 118
LEFT, RIGHT, SCALE_TOP, SCALE_HEIGHT = 24, 388, 66, 14
"""Position of the scale from 0 to 100 %, in pixels."""
CARD, INK, FAINT = "#f7f6f2", "#1d1d1f", "#8a8a8e"
TRACK, BAND = "#dcdad3", "#7d8fa3"


def drawGauge(record: Record, *, stale: bool) -> qt.QPixmap:
    """Draw the probability of a record and its interval, adjusted for prevalence if it is.

    Parameters
    ----------
    record
        The record.
    stale
        Whether the result is out of date; it is then drawn grey and crossed out.
    """
    from mammopair.results.text import interval_range, percent, share_text

    pixmap = qt.QPixmap(WIDTH, HEIGHT)
    pixmap.fill(qt.QColor(CARD))
    painter = qt.QPainter(pixmap)
    painter.setRenderHint(qt.QPainter.Antialiasing)
    _drawScale(painter)
    ink = FAINT if stale else INK
    shown = record.prior_shift or record
    low, high = gaugePosition(shown.interval.low), gaugePosition(shown.interval.high)
    _fill(painter, low, SCALE_TOP, max(high - low, 1), SCALE_HEIGHT, TRACK if stale else BAND)
    mark = gaugePosition(shown.probability) - 2
    _fill(painter, mark, SCALE_TOP - 7, 4, SCALE_HEIGHT + 14, ink)
    _write(painter, LEFT, 42, percent(shown.probability), 28, ink, bold=True)
    interval = _("{level} % interval: {range}").format(
        level=f"{100 * shown.interval.level:.0f}", range=interval_range(shown.interval)
    )
    title = _("probability of malignancy")
    if record.prior_shift:
        title = _("probability at a prevalence of {prevalence}")
        title = title.format(prevalence=share_text(record.prior_shift.prevalence))
    _write(painter, LEFT + 112, 26, title, 11, ink)
    _write(painter, LEFT + 112, 44, interval, 11, ink)
    if stale:
        _crossOut(painter)
    painter.end()
    return pixmap


def gaugePosition(probability: float) -> int:
    """Return the position of a probability on the scale, in pixels from the left edge."""
    return round(LEFT + (RIGHT - LEFT) * probability)


def _drawScale(painter: qt.QPainter) -> None:
    _fill(painter, LEFT, SCALE_TOP, RIGHT - LEFT, SCALE_HEIGHT, TRACK)
    for perCent in range(0, 101, 25):
        x = gaugePosition(perCent / 100)
        _fill(painter, x, SCALE_TOP + SCALE_HEIGHT, 1, 5, FAINT)
        _write(painter, x - 8, SCALE_TOP + SCALE_HEIGHT + 20, f"{perCent} %", 9, FAINT)


def _crossOut(painter: qt.QPainter) -> None:
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
