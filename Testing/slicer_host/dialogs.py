"""Message boxes on a host: nobody sits there, so a test answers and the text is kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtWidgets import QMessageBox

AFFIRMATIVE = (QMessageBox.Ok, QMessageBox.Yes, QMessageBox.Retry, QMessageBox.Open)
NEGATIVE = (QMessageBox.Cancel, QMessageBox.No, QMessageBox.Close, QMessageBox.Abort)


@dataclass(frozen=True)
class Message:
    """One message box that came up."""

    text: str
    title: str
    kind: str
    """``information``, ``warning``, ``critical``, ``question`` or ``none``."""
    detail: str = ""


@dataclass
class Desk:
    """Who answers, and what has been asked so far."""

    messages: list[Message] = field(default_factory=list)
    answers: dict[str, bool] = field(default_factory=dict)

    def says_yes(self, text: str) -> bool:
        """The test's answer to a message: that of the first part it names, yes if it names none."""
        return next((yes for part, yes in self.answers.items() if part in text), True)


desk = Desk()

KINDS = {
    QMessageBox.Information: "information",
    QMessageBox.Warning: "warning",
    QMessageBox.Critical: "critical",
    QMessageBox.Question: "question",
}


def answer_box(box: QMessageBox):
    """Keep what a message box says and press the button that the test wants."""
    text = str(box.text())
    kind = KINDS.get(box.icon(), "none")
    desk.messages.append(
        Message(text, str(box.windowTitle()).strip(), kind, str(box.detailedText()))
    )
    wanted = AFFIRMATIVE if desk.says_yes(text) else NEGATIVE
    buttons = box.standardButtons()
    return next((button for button in wanted if buttons & button), QMessageBox.Ok)


def _static(kind):
    def show(parent, title, text, buttons=QMessageBox.Ok, default=QMessageBox.NoButton):
        desk.messages.append(Message(str(text), str(title), kind))
        wanted = AFFIRMATIVE if desk.says_yes(str(text)) else NEGATIVE
        return next((button for button in wanted if buttons & button), QMessageBox.Ok)

    return staticmethod(show)


def take_over() -> None:
    """Let every message box of Qt be answered here instead of waiting for a click."""
    QMessageBox.exec = QMessageBox.exec_ = answer_box
    for kind in ("information", "warning", "critical", "question"):
        setattr(QMessageBox, kind, _static(kind))
