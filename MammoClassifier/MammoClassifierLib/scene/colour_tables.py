"""The two colour tables of evidence, from mammopair's one scale, as nodes of the scene.

One table is for the label map of evidence levels and one for the continuous map. There is one of
each in a scene, shared by all results, and both are saved with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from mammopair.results.colours import opaque_scale
from mammopair.results.evidence_levels import (
    LEVEL_BOUNDS,
    LEVELS,
    label_strengths,
    level_colours,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from slicer import vtkMRMLColorTableNode

SHADES = 255
"""Colours of the continuous map, an odd number: the middle one is no evidence at all."""


def levelNames() -> list[str]:
    """What the labels from 1 on say, for the legend."""
    against = [
        _("very strong, against"),
        _("strong, against"),
        _("moderate, against"),
        _("weak, against"),
    ]
    towards = [
        _("weak, for malignancy"),
        _("moderate, for malignancy"),
        _("strong, for malignancy"),
        _("very strong, for malignancy"),
    ]
    return [*against, *towards]


def levelTable() -> vtkMRMLColorTableNode:
    """The colour table of the levels: hue says the side, opacity the strength."""
    table = _singleton("MammoClassifierLevels", _("Evidence for and against malignancy"))
    if table.GetNumberOfColors() != 2 * LEVELS + 1:
        _fill(table, [_("faint"), *levelNames()], level_colours() / 255.0)
    return table


def mapTable() -> vtkMRMLColorTableNode:
    """The colour table of the continuous map, from ``-EVIDENCE_LIMIT`` to ``EVIDENCE_LIMIT``."""
    table = _singleton("MammoClassifierMap", _("Evidence in logits"))
    if table.GetNumberOfColors() != SHADES:
        logits, colours = opaque_scale(SHADES)
        _fill(table, [f"{logit:+.2f}" for logit in logits], colours)
    return table


def showFrom(level: int) -> None:
    """Hide evidence below a level, from 1 for all to :data:`LEVELS`, in both tables."""
    import numpy as np

    levels, shades = levelTable(), mapTable()
    opacities = level_colours()[:, 3] / 255.0
    _setOpacities(levels, np.where(label_strengths() >= level, opacities, 0.0))
    # Slicer shows a continuous map wholly or not at all: its opacity is the layer's.
    _setOpacities(shades, np.abs(opaque_scale(SHADES)[0]) >= LEVEL_BOUNDS[level - 1])


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
    with slicer.util.NodeModify(table):
        for index, opacity in enumerate(opacities):
            table.SetOpacity(index, float(opacity))
