"""The evidence over the slice views: a map, or a counterfactual image in place of the lesion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import slicer

from MammoClassifierLib.scene.colour_tables import setWeakestLevel
from MammoClassifierLib.scene.counterfactual_volumes import counterfactualNode, setWindowOfFilm
from MammoClassifierLib.scene.map_nodes import allMaps, displayedMethod, mapNodes
from MammoClassifierLib.scene.result_nodes import viewsOf
from MammoClassifierLib.views.layout import VIEWS, restrictToViews, sliceLogic
from mammopair.results.colours import STRONGEST_OPACITY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slicer import vtkMRMLTableNode, vtkMRMLVolumeNode


@dataclass(frozen=True)
class Overlay:
    """The user's choices for the overlay."""

    opacity: float = 1.0
    """From 0 to 1; 1 is the opacity in the engine's reports."""
    level: int = 1
    """The weakest level displayed, from 1 to 4."""
    continuous: bool = False
    """Whether the continuous map is displayed instead of the levels."""
    method: str = ""
    """The method of the map; empty for the one with the best measured faithfulness."""
    image: str = ""
    """A counterfactual image, displayed instead of the map; empty for none."""


def showOverlay(
    result: vtkMRMLTableNode | None,
    volumes: Mapping[str, vtkMRMLVolumeNode | None],
    overlay: Overlay,
) -> None:
    """Display the evidence of a result over its own views, and nothing over other volumes.

    Parameters
    ----------
    result
        The table of a result, or None.
    volumes
        The volume displayed in the slice view of each projection.
    overlay
        What to display.
    """
    views = viewsOf(result) if result is not None else {}
    if views:
        setWeakestLevel(overlay.level)
    for projection in VIEWS:
        volume = volumes.get(projection)
        if volume is None or views.get(projection) is not volume:
            _showMap(projection, None, None, overlay)
            continue
        image = counterfactualNode(result, projection, overlay.image) if overlay.image else None
        displayed = None
        if image is not None:
            setWindowOfFilm(image, volume, overlay.image)
            _showCounterfactual(projection, image)
        else:
            method = displayedMethod(result, overlay.method)
            levels, continuous = mapNodes(result, projection, method)
            _showMap(projection, levels, continuous, overlay)
            displayed = continuous if overlay.continuous else levels
        _showLegend(projection, displayed, allMaps(result, projection))


def _showMap(
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
    opacity = overlay.opacity * STRONGEST_OPACITY if overlay.continuous else 0.0
    composite.SetForegroundOpacity(opacity)


def _showCounterfactual(projection: str, image: vtkMRMLVolumeNode) -> None:
    """Display an image over the film, without a map: the map is that of the original."""
    logic = sliceLogic(projection)
    if logic is None:
        return
    composite = logic.GetSliceCompositeNode()
    composite.SetLabelVolumeID(None)
    composite.SetForegroundVolumeID(image.GetID())
    composite.SetForegroundOpacity(1.0)


def _showLegend(
    projection: str, displayed: vtkMRMLVolumeNode | None, maps: list[vtkMRMLVolumeNode]
) -> None:
    """Show Slicer's colour legend of the displayed map in its view, and hide those of the others.

    Nothing is changed, and nothing rendered, where a legend is displayed as it should be.
    """
    colors = getattr(slicer.modules, "colors", None)
    view = sliceLogic(projection)
    if colors is None or view is None:
        return
    logic = colors.logic()
    for one in maps:
        legend = logic.GetColorLegendDisplayNode(one)
        if one is not displayed and legend is not None:
            legend.SetVisibility(False)
    if displayed is None:
        return
    legend = logic.GetColorLegendDisplayNode(displayed)
    if legend is None:
        legend = logic.AddDefaultColorLegendDisplayNode(displayed)
        legend.SetUseColorNamesForLabels(displayed.IsA("vtkMRMLLabelMapVolumeNode"))
        legend.SetTitleText(displayed.GetDisplayNode().GetColorNode().GetName())
    restrictToViews(legend, (view.GetSliceNode().GetID(),))
    legend.SetVisibility(True)
