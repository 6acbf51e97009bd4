"""The panel's message: one sentence at a time, without a dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import qt

INFORMATION = "background-color: #2f5d50; color: #ffffff;"
ERROR = "background-color: #8c2f2f; color: #ffffff;"


class MessageArea:
    """Shows one sentence in a label; the label is hidden if there is none.

    Parameters
    ----------
    label
        The label, for plain text with word wrap.
    """

    def __init__(self, label: qt.QLabel) -> None:
        self._label = label
        self.clear()

    def inform(self, sentence: str) -> None:
        """Show what has happened."""
        self._show(sentence, INFORMATION)

    def fail(self, sentence: str) -> None:
        """Show an error and its remedy."""
        self._show(sentence, ERROR)

    def clear(self) -> None:
        """Hide the message."""
        self._label.setText("")
        self._label.setVisible(False)

    def _show(self, sentence: str, style: str) -> None:
        self._label.setStyleSheet(style)
        self._label.setText(sentence)
        self._label.setVisible(True)
