"""What hangs in the two slice views now: hung anew only where something has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from MammoClassifierLib.scene.geometry import ijkToWorld
from MammoClassifierLib.views.hanging import hangView
from MammoClassifierLib.views.roi_placement import RoiViews
from mammopair.errors import InputError

if TYPE_CHECKING:
    from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode


@dataclass(frozen=True)
class Hung:
    """A volume as it was hung."""

    volume: vtkMRMLScalarVolumeNode | None
    place: tuple[float, ...]
    mirrored: bool


class HungViews:
    """Hangs volumes and shows each ROI on its own view."""

    def __init__(self) -> None:
        self._hung: dict[str, Hung] = {}
        self._rois = RoiViews()

    def show(
        self,
        volumes: dict[str, vtkMRMLScalarVolumeNode | None],
        rois: dict[str, vtkMRMLMarkupsROINode | None],
    ) -> None:
        """Hang the volume of each projection, unless it hangs just so.

        Raises
        ------
        InputError
            If one lies under a transform that is not linear; it is not tried again before it
            moves.
        """
        problems = []
        for projection, volume in volumes.items():
            place, hung = _placeOf(volume), self._hung.get(projection)
            if hung is None or hung.volume is not volume or hung.place != place:
                self._hung[projection] = Hung(volume, place, mirrored=False)
                try:
                    mirrored = hangView(projection, volume)
                    self._hung[projection] = Hung(volume, place, mirrored)
                except InputError as error:
                    problems.append(error)
        for projection, roi in rois.items():
            self._rois.show(projection, roi)
        if problems:
            raise problems[0]

    @property
    def mirrored(self) -> list[str]:
        """The projections that are shown mirrored."""
        return [projection for projection, hung in self._hung.items() if hung.mirrored]

    def forget(self) -> None:
        """Hang everything anew the next time."""
        self._hung.clear()

    def release(self) -> None:
        """Show the ROIs where they were shown before."""
        self._rois.restore()


def _placeOf(volume: vtkMRMLScalarVolumeNode | None) -> tuple[float, ...]:
    """Where a volume is in the world; empty where that cannot be told in a matrix."""
    try:
        return tuple(ijkToWorld(volume).ravel()) if volume is not None else ()
    except InputError:
        return ()
