"""A caution: something that the user ought to know before trusting a result."""

from __future__ import annotations

import msgspec


class Caution(msgspec.Struct, frozen=True, kw_only=True):
    """One warning, for machines and for people. It travels from the reader to the record."""

    code: str
    """Stable: ``digital-detector``, ``no-spacing``, ``one-view``, ..."""
    message: str
    """One sentence, for people."""
