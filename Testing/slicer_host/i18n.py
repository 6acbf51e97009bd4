"""Stand-in for ``slicer.i18n``: returns texts untranslated."""

from __future__ import annotations


def translate(context: str, text: str) -> str:
    """Translate a text of a context; raises TypeError as Slicer does for anything but texts."""
    if not isinstance(text, str) or not isinstance(context, str):
        raise TypeError(f"translate takes two texts, not {context!r} and {text!r}")
    return text


def tr(text: str) -> str:
    """Translate a text in the context of the caller's file."""
    return translate("", text)
