"""A warning that the user should see before relying on a result."""

from __future__ import annotations

from dataclasses import dataclass


# A dataclass although msgspec.Struct would encode to the same JSON: reading an image must work
# where msgspec is not installed, as in Slicer's own Python.
@dataclass(frozen=True, kw_only=True)
class CodedWarning:
    """One warning, raised by a reader or a check and stored in the record."""

    code: str
    """Stable identifier for programs: ``digital-detector``, ``no-spacing``, ``one-view``, ..."""
    message: str
    """One sentence for the user."""
