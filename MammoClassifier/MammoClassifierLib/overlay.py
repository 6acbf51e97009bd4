"""The evidence over the views: which form of it, how opaque, from which level on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import slicer

from MammoClassifierLib.colours import showFrom
from MammoClassifierLib.layouts import VIEWS, sliceLogic
from MammoClassifierLib.results import LEVELS, MAP, viewsOf

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
        levels = result.GetNodeReference(LEVELS + projection) if mine else None
        continuous = result.GetNodeReference(MAP + projection) if mine else None
        _setLayers(projection, levels, continuous, overlay)


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


def _mapOpacity(overlay: Overlay) -> float:
    from mammopair.results.colours import STRONGEST_OPACITY

    return overlay.opacity * STRONGEST_OPACITY


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
