"""The module's own message area: one sentence, never a pop-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import qt

STYLES = {
    "information": "background-color: #2f5d50; color: #ffffff;",
    "error": "background-color: #8c2f2f; color: #ffffff;",
}


class MessageArea:
    """Shows one sentence at a time in a label.

    Parameters
    ----------
    label
        Plain text, wrapped.
    """

    def __init__(self, label: qt.QLabel) -> None:
        self._label = label
        self.text = ""
        self.clear()

    def inform(self, sentence: str) -> None:
        """Say what has happened."""
        self._show(sentence, "information")

    def fail(self, sentence: str) -> None:
        """Say what is wrong and what would do."""
        self._show(sentence, "error")

    def clear(self) -> None:
        """Say nothing."""
        self.text = ""
        self._label.setText("")
        self._label.setVisible(False)

    def _show(self, sentence: str, kind: str) -> None:
        self.text = sentence
        self._label.setStyleSheet(STYLES[kind])
        self._label.setText(sentence)
        self._label.setVisible(True)
