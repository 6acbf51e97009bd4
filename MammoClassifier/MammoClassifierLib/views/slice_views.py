"""The two slice views: a volume is displayed again only if it or its position has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from MammoClassifierLib.scene.geometry import ijkToWorld
from MammoClassifierLib.views.hanging import hangVolume
from MammoClassifierLib.views.roi_placement import RoiViews
from mammopair.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode


@dataclass(frozen=True)
class DisplayedVolume:
    """A volume as it is displayed in a slice view."""

    volume: vtkMRMLScalarVolumeNode | None
    position: tuple[float, ...]
    """IJK to world, row by row; empty if a parent transform is not linear."""
    mirrored: bool


class SliceViews:
    """Displays the chosen volumes, and each chosen ROI in its own view only."""

    def __init__(self) -> None:
        self._displayed: dict[str, DisplayedVolume] = {}
        self._rois = RoiViews()

    def show(
        self,
        volumes: Mapping[str, vtkMRMLScalarVolumeNode | None],
        rois: Mapping[str, vtkMRMLMarkupsROINode | None],
    ) -> None:
        """Display the volume and the ROI of each projection.

        Raises
        ------
        InputError
            If a volume has a parent transform that is not linear. It is raised only once until
            the volume moves.
        """
        problems = []
        for projection, volume in volumes.items():
            position, shown = _positionOf(volume), self._displayed.get(projection)
            if shown is None or shown.volume is not volume or shown.position != position:
                mirrored = False
                try:
                    mirrored = hangVolume(projection, volume)
                except InputError as error:
                    problems.append(error)
                self._displayed[projection] = DisplayedVolume(volume, position, mirrored)
        for projection, roi in rois.items():
            self._rois.show(projection, roi)
        if problems:
            raise problems[0]

    @property
    def mirrored(self) -> list[str]:
        """The projections that are displayed mirrored."""
        return [projection for projection, one in self._displayed.items() if one.mirrored]

    def reset(self) -> None:
        """Display all volumes again at the next call of :meth:`show`."""
        self._displayed.clear()

    def restoreRois(self) -> None:
        """Restore the views in which the ROIs were displayed before."""
        self._rois.restore()


def _positionOf(volume: vtkMRMLScalarVolumeNode | None) -> tuple[float, ...]:
    try:
        return tuple(ijkToWorld(volume).ravel()) if volume is not None else ()
    except InputError:
        return ()
