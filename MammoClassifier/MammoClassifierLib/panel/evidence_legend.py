"""The legend of the evidence levels as a picture for the panel."""

from __future__ import annotations

import qt
from slicer.i18n import tr as _

from mammopair.results.evidence_levels import LEVEL_BOUNDS, LEVELS, labels_in_order, level_colours

WIDTH, HEIGHT = 420, 64
SWATCH, TOP = 44, 22
"""Width of a level's field, and where the fields begin, in pixels."""
TISSUE = "#6e6e6e"
"""Middling tissue, over which the colours are shown."""
CARD, INK = "#f7f6f2", "#1d1d1f"


def drawLegend(level: int) -> qt.QPixmap:
    """The levels from strongest against to strongest for; hidden ones are left out."""
    pixmap = qt.QPixmap(WIDTH, HEIGHT)
    pixmap.fill(qt.QColor(CARD))
    painter = qt.QPainter(pixmap)
    painter.setPen(qt.QColor(INK))
    font = qt.QFont()
    font.setPixelSize(11)
    painter.setFont(font)
    left = (WIDTH - (2 * LEVELS + 1) * SWATCH) // 2
    for place, colour in enumerate((level_colours() / 255.0)[labels_in_order()]):
        strength = abs(place - LEVELS)
        x = left + place * SWATCH
        painter.fillRect(x, TOP, SWATCH - 2, 18, qt.QColor(TISSUE))
        if strength >= max(level, 1):
            red, green, blue, opacity = (round(255 * part) for part in colour)
            painter.fillRect(x, TOP, SWATCH - 2, 18, qt.QColor(red, green, blue, opacity))
        if strength:
            sign = "+" if place > LEVELS else "−"
            painter.drawText(x + 6, TOP + 33, f"{sign}{LEVEL_BOUNDS[strength - 1]:g}")
    painter.drawText(left, 15, _("against malignancy"))
    painter.drawText(left + 6 * SWATCH, 15, _("for malignancy, logits"))
    painter.end()
    return pixmap
