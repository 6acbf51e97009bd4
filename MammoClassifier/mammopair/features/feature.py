"""Definition of a feature."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Feature:
    """Definition of a feature, one column of a feature table.

    Lengths in millimetres need the view's pixel spacing. All other features are relative to the
    mass or to the patch, which is twice the size of the mass, and so do not depend on its scale;
    except for masses below 6.5 mm, whose patch has the minimum size.
    """

    name: str
    unit: str
    """``mm``, ``mm2``, ``grey`` (fraction of the file's range of brightness), or ``1``."""
    definition: str
    source: str
    """The publication, or the section of the IBSI manual (arXiv 1612.07003)."""
