"""The maps that a result has: the record's own, and those that were made on request.

A map of a method is kept as the record's own is: a label map of levels and a continuous map, on
its own grid, under a node reference of the result's table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MammoClassifierLib.scene.evidence_nodes import makeEvidence
from MammoClassifierLib.scene.result_nodes import LEVELS, MAP, keepWith, viewsOf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slicer import vtkMRMLTableNode, vtkMRMLVolumeNode

    from mammopair.explain.view_explanation import ViewMap
    from mammopair.record import Record

EXACT = "evidence"
"""The method whose map is in every record."""
QUICK = ("evidence", "fine-evidence")
"""Methods whose maps take no longer than the classification itself."""
BEST = "MammoClassifier.best"
"""Attribute of a result's table: the method that measured best on its ensemble."""
ERROR = "MammoClassifier.error"
"""Attribute of a map: by how many logits it fails to add up; not there where it does not add up."""


def addMaps(table: vtkMRMLTableNode, maps: Mapping[str, ViewMap]) -> None:
    """Add the maps of one method to a result, by projection."""
    from mammopair.explain.methods import find_method

    for projection, one in maps.items():
        volume = viewsOf(table)[projection]
        title = find_method(one.method).title.lower()
        nodes = makeEvidence(one.evidence, volume, title)
        if one.error is not None:
            nodes.map.SetAttribute(ERROR, repr(one.error))
        keepWith(table, _role(LEVELS, projection, one.method), nodes.levels)
        keepWith(table, _role(MAP, projection, one.method), nodes.map)


def mapNodes(
    table: vtkMRMLTableNode, projection: str, method: str
) -> tuple[vtkMRMLVolumeNode | None, vtkMRMLVolumeNode | None]:
    """The levels and the continuous map of a method on a view."""
    return tuple(table.GetNodeReference(_role(kind, projection, method)) for kind in (LEVELS, MAP))


def allMaps(table: vtkMRMLTableNode, projection: str) -> list[vtkMRMLVolumeNode]:
    """The levels and continuous maps of all methods on a view."""
    roles = map(table.GetNthNodeReferenceRole, range(table.GetNumberOfNodeReferenceRoles()))
    mine = [role for role in roles if role.startswith((LEVELS + projection, MAP + projection))]
    nodes = map(table.GetNodeReference, mine)
    return [node for node in nodes if node is not None]


def hasMaps(table: vtkMRMLTableNode, method: str) -> bool:
    """Whether every view of a result has the map of a method."""
    views = viewsOf(table)
    return bool(views) and all(all(mapNodes(table, view, method)) for view in views)


def shownMethod(table: vtkMRMLTableNode, chosen: str) -> str:
    """The method whose map is shown: the one that is chosen, if it was made, else the exact one.

    Empty is the one that measured best.
    """
    wanted = chosen or table.GetAttribute(BEST) or EXACT
    return wanted if hasMaps(table, wanted) else EXACT


def mapWords(record: Record, table: vtkMRMLTableNode, method: str) -> str:
    """What a map says, and how far it adds up to what the ensemble said."""
    from mammopair.explain.evidence_map import evidence_error
    from mammopair.explain.methods import find_method

    about = find_method(method)
    text = _("{title}: {meaning}.").format(title=about.title, meaning=about.meaning)
    if not about.additive:
        return text + " " + _("Each place by itself: it does not add up to the logit.")
    if method == EXACT:
        errors = [evidence_error(view) for view in record.views]
    else:
        nodes = [mapNodes(table, view, method)[1] for view in viewsOf(table)]
        errors = [_errorOf(node) for node in nodes if node is not None]
    known = [error for error in errors if error is not None]
    if not known:
        return text
    adds = _("It adds up to the logit within {error}.").format(error=f"{max(known):.1g}")
    return f"{text} {adds}"


def _errorOf(node: vtkMRMLVolumeNode) -> float | None:
    noted = node.GetAttribute(ERROR)
    return float(noted) if noted else None


def _role(kind: str, projection: str, method: str) -> str:
    return kind + projection if method == EXACT else f"{kind}{projection}.{method}"
