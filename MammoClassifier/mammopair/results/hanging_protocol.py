"""How a view hangs: which way round a radiologist expects to see it.

The patient faces the reader: the right breast's chest wall is at the right side of its picture
and the left breast's at the left; an MLO view has the head upwards, a CC view the lateral side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mammopair.view import Laterality, Projection, View

PLAINLY_FULLER = 1.5
"""One half of a view must be brighter than the other by this factor to be the chest wall's."""


@dataclass(frozen=True)
class Hanging:
    """What is done to the stored pixels before they are shown."""

    mirrored: bool = False
    """Left and right are exchanged."""
    flipped: bool = False
    """Top and bottom are exchanged."""

    def apply(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Turn a picture of shape ``(rows, columns, ...)`` the way it hangs."""
        if self.mirrored:
            picture = picture[:, ::-1]
        return picture[::-1] if self.flipped else picture

    @property
    def words(self) -> str:
        """What a caption has to say of it; empty if the view is shown as stored."""
        if self.mirrored and self.flipped:
            return "Turned by half a turn for display."
        if self.mirrored:
            return "Mirrored left to right for display."
        return "Flipped top to bottom for display." if self.flipped else ""


def hang(view: View, breast: Laterality | str) -> Hanging:
    """How a view of the right or left breast is to be turned for display.

    PatientOrientation decides where it is known and usable, else the pixels: the breast fills the
    half at the chest wall. Where neither tells, the view is shown as stored.
    """
    side = chest_wall(view)
    wanted = "right" if breast == Laterality.RIGHT else "left"
    mirrored = breast in tuple(Laterality) and side is not None and side != wanted
    return Hanging(mirrored=mirrored, flipped=_upside_down(view, breast))


def chest_wall(view: View) -> str | None:
    """The stored side at which the chest wall lies: ``left``, ``right``, or None if unclear.

    PatientOrientation's first value says where the rows lead: ``A``, away from the chest wall,
    or ``P``, towards it (DICOM PS3.3 C.7.6.1.1.1).
    """
    rows_lead = view.orientation[0][:1] if view.orientation else ""
    if rows_lead in ("A", "P"):
        return "left" if rows_lead == "A" else "right"
    coarse = view.pixels[::16, ::16]
    middle = coarse.shape[1] // 2
    left, right = float(coarse[:, :middle].mean()), float(coarse[:, -middle:].mean())
    if left > PLAINLY_FULLER * right:
        return "left"
    return "right" if right > PLAINLY_FULLER * left else None


def _upside_down(view: View, breast: Laterality | str) -> bool:
    """Whether PatientOrientation's second value, where columns lead, says that it stands on end."""
    columns_lead = view.orientation[1] if view.orientation else ""
    if view.projection == Projection.MLO:
        return columns_lead[:1] == "H"
    if view.projection == Projection.CC and breast in tuple(Laterality):
        return columns_lead[:1] == str(breast)
    return False
