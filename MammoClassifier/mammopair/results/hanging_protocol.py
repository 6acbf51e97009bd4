"""How views are arranged and mirrored for display, as radiologists expect them.

The patient faces the reader: the chest wall of the right breast is at the right side of its
picture and that of the left breast at the left; CC is left of MLO. An MLO view has the head at
the top, a CC view the lateral side.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mammopair.view import Laterality, Projection, View

if TYPE_CHECKING:
    from mammopair.record import ViewResult

BRIGHTNESS_RATIO = 1.5
"""Minimum ratio of the mean brightness of the halves of a view for the brighter one to be taken
as the side of the chest wall."""


@dataclass(frozen=True)
class Hanging:
    """How stored pixels are mirrored for display."""

    mirrored: bool = False
    """Left and right are exchanged."""
    flipped: bool = False
    """Top and bottom are exchanged."""

    def apply(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Mirror a picture of shape ``(rows, columns, ...)`` in stored orientation."""
        if self.mirrored:
            picture = picture[:, ::-1]
        return picture[::-1] if self.flipped else picture

    @property
    def caption(self) -> str:
        """A sentence for the caption; empty if the view is shown as stored."""
        if self.mirrored and self.flipped:
            return "Rotated by 180 degrees for display."
        if self.mirrored:
            return "Mirrored left to right for display."
        return "Flipped top to bottom for display." if self.flipped else ""


def order_views(views: Iterable[ViewResult]) -> list[ViewResult]:
    """Sort views as they are shown from left to right: CC, then MLO."""
    order = list(Projection)
    return sorted(views, key=lambda view: order.index(Projection(view.projection)))


def hang(view: View, breast: Laterality | str) -> Hanging:
    """Determine how a view of a breast is mirrored for display.

    PatientOrientation decides where it is known and usable, otherwise the pixels: the breast
    fills the half at the chest wall. If neither is conclusive, the view is shown as stored.

    Parameters
    ----------
    view
        The view.
    breast
        ``L`` or ``R``; for any other value the view is shown as stored.
    """
    side = chest_wall(view)
    expected = "right" if breast == Laterality.RIGHT else "left"
    mirrored = breast in tuple(Laterality) and side is not None and side != expected
    return Hanging(mirrored=mirrored, flipped=_is_upside_down(view, breast))


def chest_wall(view: View) -> str | None:
    """Return the stored side of the chest wall: ``left``, ``right``, or None if unclear.

    The first value of PatientOrientation is the direction of the rows: ``A``, away from the
    chest wall, or ``P``, towards it (DICOM PS3.3 C.7.6.1.1.1).
    """
    row_direction = view.orientation[0][:1] if view.orientation else ""
    if row_direction in ("A", "P"):
        return "left" if row_direction == "A" else "right"
    coarse = view.pixels[::16, ::16]
    middle = coarse.shape[1] // 2
    left, right = float(coarse[:, :middle].mean()), float(coarse[:, -middle:].mean())
    if left > BRIGHTNESS_RATIO * right:
        return "left"
    return "right" if right > BRIGHTNESS_RATIO * left else None


def _is_upside_down(view: View, breast: Laterality | str) -> bool:
    """Whether the columns point to the head or the lateral side, by PatientOrientation."""
    column_direction = view.orientation[1] if view.orientation else ""
    if view.projection == Projection.MLO:
        return column_direction[:1] == "H"
    if view.projection == Projection.CC and breast in tuple(Laterality):
        return column_direction[:1] == str(breast)
    return False
