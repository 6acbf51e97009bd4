"""Observation of every event that can change an input of a classification."""

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


class NodeObserver(VTKObservationMixin):
    """Observes a changing set of volumes and ROIs.

    Parameters
    ----------
    onModified
        Called as ``onModified(node, event)`` when one of the nodes changes.
    """

    def __init__(self, onModified: Callable[..., None]) -> None:
        super().__init__()
        self._onModified = onModified
        self._nodes: list[slicer.vtkMRMLNode] = []

    def setNodes(self, nodes: Iterable[slicer.vtkMRMLNode | None]) -> None:
        """Observe these nodes instead of the earlier ones; None and repetitions are ignored."""
        wanted = list(dict.fromkeys(node for node in nodes if node is not None))
        if wanted == self._nodes:
            return
        self.removeObservers()
        for node in wanted:
            for event in EVENTS:
                self.addObserver(node, event, self._onModified)
        self._nodes = wanted
