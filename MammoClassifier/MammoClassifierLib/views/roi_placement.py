"""ROIs around masses: adding and placing them, and displaying each on its own view only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from MammoClassifierLib.scene.inputs import DRAWN_ON
from MammoClassifierLib.views.layout import restrictToViews, sliceLogic

if TYPE_CHECKING:
    from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode

COLOUR = (1.0, 0.87, 0.2)
"""Colour of the outline: visible on dark and bright tissue, and not a colour of evidence."""


def addRoi(projection: str, volume: vtkMRMLScalarVolumeNode) -> vtkMRMLMarkupsROINode:
    """Add a ROI for a view to the scene; it has no control points yet."""
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
    """Place a ROI with the user's next two clicks in a slice view."""
    selection = slicer.mrmlScene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
    interaction = slicer.mrmlScene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    if selection is None or interaction is None:
        return
    selection.SetReferenceActivePlaceNodeClassName("vtkMRMLMarkupsROINode")
    selection.SetActivePlaceNodeID(roi.GetID())
    interaction.SwitchToSinglePlaceMode()


def stopPlacing() -> None:
    """End the place mode if a ROI of this module is being placed."""
    selection = slicer.mrmlScene.GetNodeByID("vtkMRMLSelectionNodeSingleton")
    interaction = slicer.mrmlScene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    if selection is None or interaction is None:
        return
    placing = interaction.GetCurrentInteractionMode() == interaction.Place
    roi = slicer.mrmlScene.GetNodeByID(selection.GetActivePlaceNodeID() or "")
    if placing and roi is not None and roi.GetNodeReferenceID(DRAWN_ON):
        interaction.SwitchToViewTransformMode()


def roiDrawnOn(volume: vtkMRMLScalarVolumeNode | None) -> vtkMRMLMarkupsROINode | None:
    """Return the ROI that was drawn last on a volume; None if there is none."""
    rois = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
    own = [roi for roi in rois if volume and roi.GetNodeReference(DRAWN_ON) is volume]
    return own[-1] if own else None


class RoiViews:
    """Displays each chosen ROI in its own slice view only, because both image planes coincide.

    :meth:`restore` restores the views in which the ROIs were displayed before.
    """

    def __init__(self) -> None:
        self._userViews: dict[str, tuple[str, ...]] = {}

    def show(self, projection: str, roi: vtkMRMLMarkupsROINode | None) -> None:
        """Display a ROI in the slice view of a projection only."""
        logic = sliceLogic(projection)
        display = roi.GetDisplayNode() if roi is not None else None
        if logic is None or display is None:
            return
        self._userViews.setdefault(display.GetID(), tuple(display.GetViewNodeIDs()))
        restrictToViews(display, (logic.GetSliceNode().GetID(),))

    def restore(self) -> None:
        """Restore the views of all ROIs."""
        for displayId, viewIds in self._userViews.items():
            display = slicer.mrmlScene.GetNodeByID(displayId)
            if display is not None:
                restrictToViews(display, viewIds)
        self._userViews.clear()
