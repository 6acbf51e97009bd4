"""The scores of the BI-RADS descriptors of a mass, as a picture with bars and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

from MammoClassifierLib.panel.gauge import BAND, CARD, FAINT, INK, TRACK, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mammopair.record import ConceptScore

ROW, TOP = 17, 44
"""Height of a row, and top of the first row, in pixels."""
NAME, BAR, SCORE, WITH, WITHOUT = 10, 152, 238, 284, 350
"""Left edges of the columns."""
BAR_WIDTH, BAR_HEIGHT = 78, 8


def drawDescriptors(concepts: Sequence[ConceptScore], *, stale: bool) -> qt.QPixmap:
    """Draw a row for each descriptor: its name, its score, and its rank among reference masses.

    Parameters
    ----------
    concepts
        The concept scores of a record.
    stale
        Whether the result is out of date; it is then drawn grey.
    """
    from mammopair.results.text import descriptor_name, percent, score

    pixmap = qt.QPixmap(WIDTH, TOP + ROW * len(concepts) + 6)
    pixmap.fill(qt.QColor(CARD))
    painter = qt.QPainter(pixmap)
    ink = FAINT if stale else INK
    _write(painter, NAME, 17, _("Descriptor score, from 0 to 1"), ink)
    _write(painter, WITH, 17, _("exceeds masses"), FAINT)
    _write(painter, WITH, 34, _("with it"), FAINT)
    _write(painter, WITHOUT, 34, _("without it"), FAINT)
    for number, one in enumerate(concepts):
        base = TOP + ROW * number + 12
        _write(painter, NAME, base, descriptor_name(one.descriptor), ink)
        painter.fillRect(BAR, base - BAR_HEIGHT, BAR_WIDTH, BAR_HEIGHT, qt.QColor(TRACK))
        width = round(BAR_WIDTH * one.score)
        colour = FAINT if stale else BAND
        painter.fillRect(BAR, base - BAR_HEIGHT, width, BAR_HEIGHT, qt.QColor(colour))
        _write(painter, SCORE, base, score(one.score), ink)
        _write(painter, WITH, base, percent(one.above_with), ink)
        _write(painter, WITHOUT, base, percent(one.above_without), ink)
    painter.end()
    return pixmap


def descriptorText(concepts: Sequence[ConceptScore]) -> str:
    """Return the same as text, one line for each descriptor."""
    from mammopair.results.text import descriptor_name, percent, score

    line = _(
        "{descriptor}: {score}; higher than {with_} of the reference masses with this descriptor "
        "and {without} of those without it"
    )
    return "\n".join(
        line.format(
            descriptor=descriptor_name(one.descriptor),
            score=score(one.score),
            with_=percent(one.above_with),
            without=percent(one.above_without),
        )
        for one in concepts
    )


def _write(painter: qt.QPainter, x: int, y: int, text: str, colour: str) -> None:
    font = qt.QFont()
    font.setPixelSize(12)
    painter.setFont(font)
    painter.setPen(qt.QColor(colour))
    painter.drawText(x, y, text)
