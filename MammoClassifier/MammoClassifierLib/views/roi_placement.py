"""Marking the mass: a ROI that is drawn on one view, and shown on that view alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from MammoClassifierLib.scene.inputs import DRAWN_ON
from MammoClassifierLib.views.layout import sliceLogic

if TYPE_CHECKING:
    from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode

COLOUR = (1.0, 0.87, 0.2)
"""Of the outline: seen on dark and on bright tissue, and no colour of evidence."""


def addRoi(projection: str, volume: vtkMRMLScalarVolumeNode) -> vtkMRMLMarkupsROINode:
    """Add a ROI for a view; it has yet to be placed."""
    name = _("Mass {projection}").format(projection=projection)
    roi = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLMarkupsROINode", slicer.mrmlScene.GenerateUniqueName(name)
    )
    roi.SetNodeReferenceID(DRAWN_ON, volume.GetID())
    roi.CreateDefaultDisplayNodes()
    display = roi.GetDisplayNode()
    display.SetSelectedColor(*COLOUR)
    display.SetColor(*COLOUR)
    display.SetFillVisibility(False)
    display.SetPropertiesLabelVisibility(False)
    return roi


def startPlacing(roi: vtkMRMLMarkupsROINode) -> None:
    """Let the next two clicks in a slice view place a ROI."""
    selection = slicer.mrmlScene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
    interaction = slicer.mrmlScene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    if selection is None or interaction is None:
        return
    selection.SetReferenceActivePlaceNodeClassName("vtkMRMLMarkupsROINode")
    selection.SetActivePlaceNodeID(roi.GetID())
    interaction.SwitchToSinglePlaceMode()


def stopPlacing() -> None:
    """Leave the place mode, if it is a ROI of ours that waits to be placed."""
    selection = slicer.mrmlScene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
    interaction = slicer.mrmlScene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    if selection is None or interaction is None:
        return
    placing = interaction.GetCurrentInteractionMode() == interaction.Place
    roi = slicer.mrmlScene.GetNodeByID(selection.GetActivePlaceNodeID() or "")
    if placing and roi is not None and roi.GetNodeReferenceID(DRAWN_ON):
        interaction.SwitchToViewTransformMode()


def roiDrawnOn(volume: vtkMRMLScalarVolumeNode | None) -> vtkMRMLMarkupsROINode | None:
    """The ROI that was last drawn on a volume."""
    rois = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
    mine = [roi for roi in rois if volume and roi.GetNodeReference(DRAWN_ON) is volume]
    return mine[-1] if mine else None


class RoiViews:
    """Shows each chosen ROI in its own slice view only: both planes lie in one place.

    What was set before comes back with :meth:`restore`.
    """

    def __init__(self) -> None:
        self._theirs: dict[str, tuple[str, ...]] = {}

    def show(self, projection: str, roi: vtkMRMLMarkupsROINode | None) -> None:
        """Show a ROI in the slice view of a projection and nowhere else."""
        logic = sliceLogic(projection)
        display = roi.GetDisplayNode() if roi is not None else None
        if logic is None or display is None:
            return
        self._theirs.setdefault(display.GetID(), tuple(display.GetViewNodeIDs()))
        wanted = (logic.GetSliceNode().GetID(),)
        if tuple(display.GetViewNodeIDs()) != wanted:
            _setViews(display, wanted)

    def restore(self) -> None:
        """Show the ROIs where they were shown before."""
        for displayId, views in self._theirs.items():
            display = slicer.mrmlScene.GetNodeByID(displayId)
            if display is not None:
                _setViews(display, views)
        self._theirs.clear()


def _setViews(display: slicer.vtkMRMLDisplayNode, views: tuple[str, ...]) -> None:
    with slicer.util.NodeModify(display):
        display.RemoveAllViewNodeIDs()
        for view in views:
            display.AddViewNodeID(view)
