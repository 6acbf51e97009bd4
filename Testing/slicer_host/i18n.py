"""Stand-in for ``slicer.i18n``: texts come back as they are, if they may be translated at all."""

from __future__ import annotations


def translate(context: str, text: str) -> str:
    """A text in the application's language, which on this host is the one it was written in."""
    if not isinstance(text, str) or not isinstance(context, str):
        raise TypeError(f"translate takes two texts, not {context!r} and {text!r}")
    return text


def getContext(sourceFile: str) -> str:
    """Translation context of a source file: package and file name, without the ending."""
    from pathlib import Path

    path = Path(sourceFile)
    if (path.parent / "__init__.py").is_file():
        return f"{path.parent.name}.{path.stem}"
    return path.stem if path.is_file() else path.name


def tr(text: str) -> str:
    """A text in the application's language; the context is the caller's file."""
    return translate("", text)
