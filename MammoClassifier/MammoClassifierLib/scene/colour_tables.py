"""The colour tables of evidence as MRML nodes: one for the levels, one for the continuous map.

The colours are the engine's. A scene has one node of each table, shared by all results and saved
with the scene.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from mammopair.results.colours import opaque_scale
from mammopair.results.evidence_levels import (
    LEVELS,
    is_visible,
    label_opacities,
    level_colours,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from slicer import vtkMRMLColorTableNode

CONTINUOUS_COLOURS = 255
"""Number of colours of the continuous map; odd, so that the middle one is no evidence."""


def ensureLevelTable() -> vtkMRMLColorTableNode:
    """Return the table of the levels, after adding it to the scene if it has none.

    The hue is the direction of the evidence, the opacity its strength.
    """
    table = _singleton("MammoClassifierLevels", _("Evidence for and against malignancy"))
    if table.GetNumberOfColors() != 2 * LEVELS + 1:
        _fill(table, [_("faint"), *_levelNames()], level_colours() / 255.0)
    return table


def ensureContinuousTable() -> vtkMRMLColorTableNode:
    """Return the table of the continuous map, after adding it to the scene if it has none.

    Its range is ``-EVIDENCE_LIMIT`` to ``EVIDENCE_LIMIT`` logits.
    """
    table = _singleton("MammoClassifierMap", _("Evidence in logits"))
    if table.GetNumberOfColors() != CONTINUOUS_COLOURS:
        logits, colours = opaque_scale(CONTINUOUS_COLOURS)
        _fill(table, [f"{logit:+.2f}" for logit in logits], colours)
    return table


def setWeakestLevel(level: int) -> None:
    """Hide evidence below a level, from 1 (weak) to ``LEVELS`` (very strong), in both tables."""
    _setOpacities(ensureLevelTable(), label_opacities(level))
    # Slicer displays a continuous map opaque or not at all; its opacity is that of the layer.
    logits, _colours = opaque_scale(CONTINUOUS_COLOURS)
    _setOpacities(ensureContinuousTable(), is_visible(logits, level))


def _levelNames() -> list[str]:
    """Names of the labels from 1 on, shown in Slicer's colour legend."""
    return [
        _("very strong, against"),
        _("strong, against"),
        _("moderate, against"),
        _("weak, against"),
        _("weak, for malignancy"),
        _("moderate, for malignancy"),
        _("strong, for malignancy"),
        _("very strong, for malignancy"),
    ]


def _singleton(tag: str, name: str) -> vtkMRMLColorTableNode:
    scene = slicer.mrmlScene
    table = scene.GetSingletonNode(tag, "vtkMRMLColorTableNode")
    if table is None:
        table = scene.CreateNodeByClass("vtkMRMLColorTableNode")
        table.UnRegister(None)
        table.SetSingletonTag(tag)
        table.SetName(name)
        table.SetTypeToUser()
        table = scene.AddNode(table)
        table.SetHideFromEditors(False)
    return table


def _fill(table: vtkMRMLColorTableNode, names: list[str], colours: npt.NDArray[np.float64]) -> None:
    with slicer.util.NodeModify(table):
        table.SetTypeToUser()
        table.SetNumberOfColors(len(names))
        table.GetLookupTable().SetTableRange(0, len(names) - 1)
        for index, (name, colour) in enumerate(zip(names, colours, strict=True)):
            table.SetColor(index, name, *map(float, colour))


def _setOpacities(table: vtkMRMLColorTableNode, opacities: npt.NDArray[np.float64]) -> None:
    """Set the opacity of each colour; without an event if none of them changes."""
    shown = table.GetLookupTable()
    changed = [
        (index, float(opacity))
        for index, opacity in enumerate(opacities)
        if abs(shown.GetTableValue(index)[3] - opacity) > 1e-3
    ]
    with slicer.util.NodeModify(table):
        for index, opacity in changed:
            table.SetOpacity(index, opacity)
