"""The evidence maps of a result: the map in its record, and maps of other methods on request.

The map of each method is kept as a label map of levels and a continuous map, on its own grid,
under a node reference of the result's table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MammoClassifierLib.scene.evidence_nodes import addEvidence
from MammoClassifierLib.scene.result_nodes import LEVELS, MAP, attachNode, viewsOf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slicer import vtkMRMLTableNode, vtkMRMLVolumeNode

    from mammopair.explain.view_explanation import ViewMap
    from mammopair.record import Record

EXACT = "evidence"
"""The method whose map is in every record."""
QUICK = ("evidence", "fine-evidence")
"""Methods whose maps take no longer than the classification."""
BEST = "MammoClassifier.best"
"""Attribute of a result's table: the method with the best measured faithfulness."""
ERROR = "MammoClassifier.error"
"""Attribute of a map: the difference between its sum and the logit; absent if not additive."""


def addMaps(table: vtkMRMLTableNode, maps: Mapping[str, ViewMap]) -> None:
    """Add the maps of one method to a result.

    Parameters
    ----------
    table
        The result.
    maps
        The maps by projection.
    """
    from mammopair.explain.methods import find_method

    for projection, one in maps.items():
        volume = viewsOf(table)[projection]
        title = find_method(one.method).title.lower()
        nodes = addEvidence(one.evidence, volume, title)
        if one.error is not None:
            nodes.map.SetAttribute(ERROR, repr(one.error))
        attachNode(table, _role(LEVELS, projection, one.method), nodes.levels)
        attachNode(table, _role(MAP, projection, one.method), nodes.map)


def mapNodes(
    table: vtkMRMLTableNode, projection: str, method: str
) -> tuple[vtkMRMLVolumeNode | None, vtkMRMLVolumeNode | None]:
    """Return the levels and the continuous map of a method on a view; None if not computed."""
    return tuple(table.GetNodeReference(_role(kind, projection, method)) for kind in (LEVELS, MAP))


def allMaps(table: vtkMRMLTableNode, projection: str) -> list[vtkMRMLVolumeNode]:
    """Return the levels and continuous maps of all methods on a view."""
    roles = map(table.GetNthNodeReferenceRole, range(table.GetNumberOfNodeReferenceRoles()))
    own = [role for role in roles if role.startswith((LEVELS + projection, MAP + projection))]
    nodes = map(table.GetNodeReference, own)
    return [node for node in nodes if node is not None]


def hasMaps(table: vtkMRMLTableNode, method: str) -> bool:
    """Return whether every view of a result has the map of a method."""
    views = viewsOf(table)
    return bool(views) and all(all(mapNodes(table, view, method)) for view in views)


def displayedMethod(table: vtkMRMLTableNode, chosen: str) -> str:
    """Return the method whose map is displayed: the chosen one if computed, else the exact one.

    Parameters
    ----------
    table
        The result.
    chosen
        The user's choice; empty for the method with the best measured faithfulness.
    """
    wanted = chosen or table.GetAttribute(BEST) or EXACT
    return wanted if hasMaps(table, wanted) else EXACT


def mapText(record: Record, table: vtkMRMLTableNode, method: str) -> str:
    """Return a sentence on what a cell of the map means, and one on how the cells add up."""
    from mammopair.explain.evidence_map import evidence_error
    from mammopair.explain.methods import find_method

    about = find_method(method)
    text = _("{title}: {meaning}.").format(title=about.title, meaning=about.meaning)
    if not about.additive:
        return text + " " + _("Its cells do not add up to the logit.")
    if method == EXACT:
        errors = [evidence_error(view) for view in record.views]
    else:
        nodes = [mapNodes(table, view, method)[1] for view in viewsOf(table)]
        errors = [_errorOf(node) for node in nodes if node is not None]
    known = [error for error in errors if error is not None]
    if not known:
        return text
    sum_ = _("Its cells add up to the view's logit, with an error of at most {error}.")
    return text + " " + sum_.format(error=f"{max(known):.1g}")


def _errorOf(node: vtkMRMLVolumeNode) -> float | None:
    error = node.GetAttribute(ERROR)
    return float(error) if error else None


def _role(kind: str, projection: str, method: str) -> str:
    return kind + projection if method == EXACT else f"{kind}{projection}.{method}"
