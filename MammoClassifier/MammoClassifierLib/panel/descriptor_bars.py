"""The radiologists' words that a mass looks like, as a small table of bars for the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

from MammoClassifierLib.panel.gauge import CARD, FAINT, INK, TRACK, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mammopair.record import ConceptScore

ROW, TOP = 17, 44
"""Height of a word's row, and where the first begins, in pixels."""
NAME, BAR, SCORE, WITH, WITHOUT = 10, 152, 238, 284, 350
"""Left edges of the columns."""
BAR_WIDTH, BAR_HEIGHT = 78, 8
FILLED = "#7d8fa3"


def drawConcepts(concepts: Sequence[ConceptScore], *, stale: bool) -> qt.QPixmap:
    """A row a word: its name, its score as a bar and a number, where it stands among masses."""
    from mammopair.results.text import descriptor_name, percent, score

    pixmap = qt.QPixmap(WIDTH, TOP + ROW * len(concepts) + 6)
    pixmap.fill(qt.QColor(CARD))
    painter = qt.QPainter(pixmap)
    ink = FAINT if stale else INK
    _write(painter, NAME, 17, _("Looks to the networks like a mass called …"), ink)
    _write(painter, WITH, 17, _("higher than masses"), FAINT)
    _write(painter, WITH, 34, _("so called"), FAINT)
    _write(painter, WITHOUT, 34, _("others"), FAINT)
    for number, one in enumerate(concepts):
        base = TOP + ROW * number + 12
        _write(painter, NAME, base, descriptor_name(one.descriptor), ink)
        painter.fillRect(BAR, base - BAR_HEIGHT, BAR_WIDTH, BAR_HEIGHT, qt.QColor(TRACK))
        width = barWidth(one.score)
        colour = FAINT if stale else FILLED
        painter.fillRect(BAR, base - BAR_HEIGHT, width, BAR_HEIGHT, qt.QColor(colour))
        _write(painter, SCORE, base, score(one.score), ink)
        _write(painter, WITH, base, percent(one.above_with), ink)
        _write(painter, WITHOUT, base, percent(one.above_without), ink)
    painter.end()
    return pixmap


def barWidth(score: float) -> int:
    """Pixels of the bar of a score from 0 to 1."""
    return round(BAR_WIDTH * score)


def conceptWords(concepts: Sequence[ConceptScore]) -> str:
    """The same in lines of text, for the tool tip and for those who do not see the bars."""
    from mammopair.results.text import descriptor_name, percent, score

    line = _(
        "{descriptor} {score}: higher than {with_} of held-out masses so called, {without} of others"
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
