"""What lies over the views: a map, its form, its opacity; or the moved mass in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import slicer

from MammoClassifierLib.scene.counterfactual_volumes import movedNode, windowAs
from MammoClassifierLib.scene.colour_tables import showFrom
from MammoClassifierLib.scene.map_nodes import allMaps, mapNodes, shownMethod
from MammoClassifierLib.scene.result_nodes import viewsOf
from MammoClassifierLib.views.layout import VIEWS, sliceLogic

if TYPE_CHECKING:
    from slicer import vtkMRMLTableNode, vtkMRMLVolumeNode


@dataclass(frozen=True)
class Overlay:
    """What the user wishes to see of the evidence."""

    opacity: float = 1.0
    """From 0 to 1, where 1 is the opacity that mammopair's reports have."""
    level: int = 1
    """The weakest level shown, from 1."""
    continuous: bool = False
    """The continuous map instead of the levels."""
    method: str = ""
    """Whose map it is; empty for the one that measured best."""
    image: str = ""
    """A moved image, shown instead of the lesion; the map, which is of the lesion, is hidden."""


def showOverlay(
    result: vtkMRMLTableNode | None, shown: dict[str, vtkMRMLVolumeNode | None], overlay: Overlay
) -> None:
    """Show the evidence of a result over the views it belongs to, and nothing over others.

    Parameters
    ----------
    result
        The handle of a result, or None.
    shown
        The volume that hangs in the view of each projection.
    overlay
        What the user wishes to see.
    """
    about = viewsOf(result) if result is not None else {}
    if about:
        showFrom(overlay.level)
    for projection in VIEWS:
        volume = shown.get(projection)
        mine = volume is not None and about.get(projection) is volume
        if not mine:
            _setLayers(projection, None, None, overlay)
            continue
        for one in allMaps(result, projection):
            _hideLegend(one)
        moved = movedNode(result, projection, overlay.image) if overlay.image else None
        if moved is not None:
            windowAs(moved, volume, overlay.image)
            _setMoved(projection, moved)
            continue
        method = shownMethod(result, overlay.method)
        _setLayers(projection, *mapNodes(result, projection, method), overlay)


def _setLayers(
    projection: str,
    levels: vtkMRMLVolumeNode | None,
    continuous: vtkMRMLVolumeNode | None,
    overlay: Overlay,
) -> None:
    logic = sliceLogic(projection)
    if logic is None:
        return
    composite = logic.GetSliceCompositeNode()
    composite.SetLabelVolumeID(levels.GetID() if levels else None)
    composite.SetForegroundVolumeID(continuous.GetID() if continuous else None)
    composite.SetLabelOpacity(0.0 if overlay.continuous else overlay.opacity)
    composite.SetForegroundOpacity(_mapOpacity(overlay) if overlay.continuous else 0.0)
    viewNode = logic.GetSliceNode()
    _showLegend(levels, viewNode.GetID(), visible=not overlay.continuous)
    _showLegend(continuous, viewNode.GetID(), visible=overlay.continuous)


def _setMoved(projection: str, moved: vtkMRMLVolumeNode) -> None:
    """The film stays behind it, so that the moved mass is seen in its place."""
    logic = sliceLogic(projection)
    if logic is None:
        return
    composite = logic.GetSliceCompositeNode()
    composite.SetLabelVolumeID(None)
    composite.SetForegroundVolumeID(moved.GetID())
    composite.SetForegroundOpacity(1.0)


def _mapOpacity(overlay: Overlay) -> float:
    from mammopair.results.colours import STRONGEST_OPACITY

    return overlay.opacity * STRONGEST_OPACITY


def _hideLegend(node: vtkMRMLVolumeNode) -> None:
    colors = getattr(slicer.modules, "colors", None)
    legend = colors.logic().GetColorLegendDisplayNode(node) if colors is not None else None
    if legend is not None:
        legend.SetVisibility(False)


def _showLegend(node: vtkMRMLVolumeNode | None, viewId: str, *, visible: bool) -> None:
    """The colour legend, in this view alone."""
    colors = getattr(slicer.modules, "colors", None)
    if node is None or colors is None:
        return
    logic = colors.logic()
    legend = logic.GetColorLegendDisplayNode(node)
    if legend is None:
        legend = logic.AddDefaultColorLegendDisplayNode(node)
        legend.SetUseColorNamesForLabels(node.IsA("vtkMRMLLabelMapVolumeNode"))
        legend.SetTitleText(node.GetDisplayNode().GetColorNode().GetName())
    legend.RemoveAllViewNodeIDs()
    legend.AddViewNodeID(viewId)
    legend.SetVisibility(visible)
