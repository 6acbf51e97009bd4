"""Message boxes: recorded and answered at once, as no user is there to close them."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtWidgets import QMessageBox

AFFIRMATIVE = (QMessageBox.Ok, QMessageBox.Yes, QMessageBox.Retry, QMessageBox.Open)
NEGATIVE = (QMessageBox.Cancel, QMessageBox.No, QMessageBox.Close, QMessageBox.Abort)


class Message(NamedTuple):
    """One message box that was shown."""

    text: str
    title: str


messages: list[Message] = []
"""The message boxes of this session."""
answers: dict[str, bool] = {}
"""The user's answers by part of the message's text; the first that matches, otherwise yes."""


def answer(box: QMessageBox) -> QMessageBox.StandardButton:
    """Record a message box and return the button that the test's answer presses."""
    messages.append(Message(box.text, box.windowTitle.strip()))
    confirm = next((answer for part, answer in answers.items() if part in box.text), True)
    wanted, buttons = AFFIRMATIVE if confirm else NEGATIVE, box.standardButtons()
    return next((button for button in wanted if buttons & button), QMessageBox.Ok)


def replace_qt_message_boxes() -> None:
    """Make message boxes return the test's answer instead of waiting for a click."""
    QMessageBox.exec = QMessageBox.exec_ = answer
