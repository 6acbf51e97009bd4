"""A warning: something that the user ought to know before trusting a result."""

from __future__ import annotations

from dataclasses import dataclass


# A dataclass and no msgspec.Struct, which writes the same JSON: reading works without packages
# that Slicer does not bring.
@dataclass(frozen=True, kw_only=True)
class CodedWarning:
    """One warning, for machines and for people. It travels from the reader to the record."""

    code: str
    """Stable: ``digital-detector``, ``no-spacing``, ``one-view``, ..."""
    message: str
    """One sentence, for people."""
