"""What a feature is: a name, a unit, a definition and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Feature:
    """One column of the table of features."""

    name: str
    unit: str
    """``mm``, ``mm2``, ``grey`` (a part of the file's range of brightness), or ``1``."""
    definition: str
    source: str
    """The publication, or the section of the IBSI manual (arXiv 1612.07003)."""

    @property
    def scale_free(self) -> bool:
        """Whether it stays the same where mass and patch are magnified together.

        All lengths that carry no millimetres are relative to the mass, or to the patch, which is
        twice the mass. Below 6.5 mm, where the patch has its least size, that is no longer so.
        """
        return not self.unit.startswith("mm")
