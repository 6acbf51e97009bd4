"""The volumes and ROIs that are chosen, observed for whatever a result depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import slicer
import vtk
from slicer.util import VTKObservationMixin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EVENTS = (
    vtk.vtkCommand.ModifiedEvent,
    slicer.vtkMRMLTransformableNode.TransformModifiedEvent,
    slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent,
    slicer.vtkMRMLMarkupsNode.PointModifiedEvent,
)
"""What may change a volume or a ROI that a result depends on."""


class WatchedInputs(VTKObservationMixin):
    """Observes some nodes of the scene, and those only.

    Parameters
    ----------
    onModified
        Called when one of them changes.
    """

    def __init__(self, onModified: Callable[..., None]) -> None:
        super().__init__()
        self._onModified = onModified
        self._nodes: list[slicer.vtkMRMLNode] = []

    def watch(self, nodes: Iterable[slicer.vtkMRMLNode | None]) -> None:
        """Observe these from now on; None and what is named twice count for nothing."""
        wanted = list(dict.fromkeys(node for node in nodes if node is not None))
        if wanted == self._nodes:
            return
        self.release()
        for node in wanted:
            for event in EVENTS:
                self.addObserver(node, event, self._onModified)
        self._nodes = wanted

    def release(self) -> None:
        """Observe nothing more."""
        self.removeObservers()
        self._nodes = []
