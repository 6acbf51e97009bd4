"""Text of our own for DICOM attributes: ASCII, so that it is valid in any character set."""

from __future__ import annotations


def to_ascii(text: str) -> str:
    """Replace other characters by numeric references: ``&#24739;``."""
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def to_line(text: str, limit: int = 64) -> str:
    """Convert text to the value of a one-line attribute.

    Line breaks become spaces, backslashes, which separate values, become slashes, and text beyond
    ``limit`` characters is cut off.
    """
    one_line = "".join(letter if letter.isprintable() else " " for letter in to_ascii(text))
    return one_line.replace("\\", "/").strip()[:limit]
