"""The legend of the evidence levels as a picture."""

from __future__ import annotations

import qt
from slicer.i18n import tr as _

from MammoClassifierLib.panel.gauge import CARD, INK, WIDTH
from mammopair.results.evidence_levels import (
    LEVEL_BOUNDS,
    LEVELS,
    labels_in_order,
    level_colours,
)

HEIGHT = 64
SWATCH, TOP = 44, 22
"""Width of a level's field, and top of the fields, in pixels."""
TISSUE = "#6e6e6e"
"""Grey of medium tissue, below the colours."""


def drawLegend(level: int) -> qt.QPixmap:
    """Draw the levels from the strongest against to the strongest for malignancy.

    Parameters
    ----------
    level
        The weakest level displayed; fields of weaker levels are drawn without colour.
    """
    pixmap = qt.QPixmap(WIDTH, HEIGHT)
    pixmap.fill(qt.QColor(CARD))
    painter = qt.QPainter(pixmap)
    painter.setPen(qt.QColor(INK))
    font = qt.QFont()
    font.setPixelSize(11)
    painter.setFont(font)
    left = (WIDTH - (2 * LEVELS + 1) * SWATCH) // 2
    for place, colour in enumerate(level_colours()[labels_in_order()]):
        strength = abs(place - LEVELS)
        x = left + place * SWATCH
        painter.fillRect(x, TOP, SWATCH - 2, 18, qt.QColor(TISSUE))
        if strength >= max(level, 1):
            painter.fillRect(x, TOP, SWATCH - 2, 18, qt.QColor(*map(int, colour)))
        if strength:
            sign = "+" if place > LEVELS else "−"
            painter.drawText(x + 6, TOP + 33, f"{sign}{LEVEL_BOUNDS[strength - 1]:g}")
    painter.drawText(left, 15, _("against malignancy"))
    painter.drawText(left + 6 * SWATCH, 15, _("for malignancy (logits)"))
    painter.end()
    return pixmap
