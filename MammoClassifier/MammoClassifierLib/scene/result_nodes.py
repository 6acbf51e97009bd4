"""A result in the scene: a table of its numbers, its record and its evidence, in one folder.

The table node represents the result. It refers to all other nodes of the result, so that a saved
scene shows the same result when it is loaded.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import slicer
import vtk
from slicer.i18n import tr as _

from MammoClassifierLib.scene.evidence_nodes import addEvidence
from MammoClassifierLib.scene.inputs import MarkedVolume, fingerprint, sameInputs
from mammopair.errors import InputError

if TYPE_CHECKING:
    from slicer import vtkMRMLNode, vtkMRMLStorableNode, vtkMRMLTableNode, vtkMRMLVolumeNode

    from mammopair.record import Record

RESULT = "MammoClassifier.result"
"""Attribute of a result's table: the fingerprint of its inputs."""
STALE = "MammoClassifier.stale"
"""Attribute of a result's table: ``1`` once an input has changed."""
RECORD = "mammoRecord"
VIEW, ROI, LEVELS, MAP = "mammoView", "mammoRoi", "mammoLevels", "mammoMap"
"""Roles of node references from the table; all but the first are followed by the projection."""
PROJECTIONS = ("CC", "MLO")


def addResult(
    record: Record, inputs: tuple[MarkedVolume, ...], fingerprint: str
) -> vtkMRMLTableNode:
    """Add a result to the scene, and remove earlier results of the same volumes and ROIs.

    If a node cannot be added, the scene is left as it was.

    Parameters
    ----------
    record
        The engine's record.
    inputs
        The volume and the ROI of each projection in the record.
    fingerprint
        The fingerprint of the inputs, see :func:`MammoClassifierLib.scene.inputs.fingerprint`.

    Returns
    -------
    vtkMRMLTableNode
        The table that represents the result.
    """
    earlier = [table for table in resultsInScene() if isAbout(table, inputs)]
    marked = {one.projection: one for one in inputs}
    with removeNewNodesOnError():
        table = _addTable(record)
        text = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", _("Record"))
        _writeRecord(text, record)
        table.SetNodeReferenceID(RECORD, text.GetID())
        nodes = [table, text]
        for view in record.views:
            one = marked[view.projection]
            evidence = addEvidence(view.evidence, one.volume)
            table.SetNodeReferenceID(VIEW + view.projection, one.volume.GetID())
            table.SetNodeReferenceID(ROI + view.projection, one.roi.GetID())
            table.SetNodeReferenceID(LEVELS + view.projection, evidence.levels.GetID())
            table.SetNodeReferenceID(MAP + view.projection, evidence.map.GetID())
            nodes += [evidence.levels, evidence.map]
        table.SetAttribute(RESULT, fingerprint)
        _addFolder(table.GetName(), nodes)
    for one in earlier:
        removeResult(one)
    return table


def removeResult(table: vtkMRMLTableNode) -> None:
    """Remove a result and all nodes that belong to it alone from the scene."""
    roles = map(table.GetNthNodeReferenceRole, range(table.GetNumberOfNodeReferenceRoles()))
    own = [r for r in roles if r.startswith("mammo") and not r.startswith((VIEW, ROI))]
    nodes = [table.GetNodeReference(role) for role in own]
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(table)) if hierarchy else 0
    for node in (*nodes, table):
        if node is not None:
            _removeNode(node)
    if folder and _isEmptyResultFolder(hierarchy, folder):
        hierarchy.RemoveItem(folder)


def attachNode(table: vtkMRMLTableNode, role: str, node: vtkMRMLNode) -> None:
    """Make a node part of a result; an earlier node of the same role is removed.

    The node is placed in the result's folder and removed with the result.
    """
    earlier = table.GetNodeReference(role)
    table.SetNodeReferenceID(role, node.GetID())
    if earlier is not None:
        _removeNode(earlier)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    if hierarchy is not None:
        folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(table))
        _moveToFolder(hierarchy, folder, node)


def resultsInScene() -> list[vtkMRMLTableNode]:
    """Return the tables of all results."""
    tables = slicer.util.getNodesByClass("vtkMRMLTableNode")
    return [table for table in tables if table.GetAttribute(RESULT) is not None]


def readRecord(table: vtkMRMLTableNode) -> Record | None:
    """Return the record of a result; None if its text node was removed or does not parse."""
    from mammopair.record import decode_record

    text = table.GetNodeReference(RECORD)
    try:
        return decode_record(text.GetText()) if text else None
    except InputError:
        return None


def viewsOf(table: vtkMRMLTableNode) -> dict[str, vtkMRMLVolumeNode]:
    """Return the volumes of a result by projection, without those that were removed."""
    found = {p: table.GetNodeReference(VIEW + p) for p in PROJECTIONS}
    return {projection: volume for projection, volume in found.items() if volume is not None}


def lateralityOf(table: vtkMRMLTableNode) -> str | None:
    """Return the laterality that the user had chosen for a result."""
    return json.loads(table.GetAttribute(RESULT))[0]


def inputsOf(table: vtkMRMLTableNode) -> tuple[MarkedVolume, ...]:
    """Return the volumes and ROIs of a result.

    Raises
    ------
    InputError
        If one was removed or has changed since the classification.
    """
    volumes = viewsOf(table)
    inputs = [(p, volume, table.GetNodeReference(ROI + p)) for p, volume in volumes.items()]
    marked = tuple(MarkedVolume(*one) for one in inputs if one[2] is not None)
    record = readRecord(table)
    views = {view.projection for view in record.views} if record else set()
    complete = bool(views) and views == {one.projection for one in marked}
    if not complete or isStale(table, marked, fingerprint(marked, lateralityOf(table))):
        problem = _("is out of date because an input has changed; click Classify again")
        raise InputError(table.GetName(), problem)
    return marked


def isAbout(table: vtkMRMLTableNode, inputs: tuple[MarkedVolume, ...]) -> bool:
    """Return whether a result was computed from exactly these volumes and ROIs."""
    for role, wanted in (
        (VIEW, {one.projection: one.volume for one in inputs}),
        (ROI, {one.projection: one.roi for one in inputs}),
    ):
        if any(table.GetNodeReference(role + p) is not wanted.get(p) for p in PROJECTIONS):
            return False
    return True


def isStale(table: vtkMRMLTableNode, inputs: tuple[MarkedVolume, ...], fingerprint: str) -> bool:
    """Return whether a result is about other inputs, or one of its inputs has changed."""
    return (
        not isAbout(table, inputs)
        or hasStaleMark(table)
        or not sameInputs(table.GetAttribute(RESULT), fingerprint)
    )


def hasStaleMark(table: vtkMRMLTableNode) -> bool:
    """Return whether a result was marked as out of date."""
    return table.GetAttribute(STALE) == "1"


def updateStaleMark(
    table: vtkMRMLTableNode, inputs: tuple[MarkedVolume, ...], fingerprint: str
) -> None:
    """Mark a result as out of date, permanently, if one of its inputs has changed.

    A result about other inputs than these is not marked.
    """
    if isAbout(table, inputs) and isStale(table, inputs, fingerprint) and not hasStaleMark(table):
        table.SetAttribute(STALE, "1")


@contextlib.contextmanager
def removeNewNodesOnError() -> Iterator[None]:
    """Remove all nodes that were added within this context if an exception is raised."""
    before = {node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLNode")}
    try:
        yield
    except BaseException:
        for node in slicer.util.getNodesByClass("vtkMRMLNode"):
            if node.GetID() not in before:
                slicer.mrmlScene.RemoveNode(node)
        raise


def _addTable(record: Record) -> vtkMRMLTableNode:
    """Add a table with a row for each view and one for the lesion; unrounded values in [0, 1]."""
    from mammopair.results.member_table import member_rows
    from mammopair.results.text import breast_name

    name = _("MammoClassifier {breast} breast").format(breast=breast_name(record.laterality))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name)
    node.SetDescription(record.notice)
    rows = [[view.projection, view.probability, view.evidence.direction] for view in record.views]
    rows.append([_("together"), record.probability, ""])
    columns: list[tuple[str, list[object]]] = [
        (title, [row[column] for row in rows])
        for column, title in enumerate((_("View"), _("Probability of malignancy"), _("Evidence")))
    ]
    for bound in ("low", "high"):
        title = _("Interval {bound}").format(bound=bound)
        values = [float("nan")] * len(record.views) + [getattr(record.interval, bound)]
        columns.append((title, values))
    for row in member_rows(record.views):
        scores = [score.probability if score else float("nan") for score in row.member_scores]
        columns.append((row.member, [*scores, row.mean_probability]))
    with slicer.util.NodeModify(node):
        for title, values in columns:
            node.AddColumn(_column(title, values))
    return node


def _column(title: str, values: list[object]) -> vtk.vtkAbstractArray:
    array = vtk.vtkStringArray() if isinstance(values[0], str) else vtk.vtkDoubleArray()
    array.SetName(title)
    for value in values:
        array.InsertNextValue(value)
    return array


def _writeRecord(text: vtkMRMLNode, record: Record) -> None:
    from mammopair.record import encode_record

    text.SetText(encode_record(record, indent=1))


def _removeNode(node: vtkMRMLStorableNode) -> None:
    """Remove a node, then its display and storage nodes.

    In the other order the node creates new display nodes.
    """
    own = [node.GetNthStorageNode(n) for n in range(node.GetNumberOfStorageNodes())]
    if node.IsA("vtkMRMLDisplayableNode"):
        own += [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())]
    for one in (node, *own):
        slicer.mrmlScene.RemoveNode(one)


def _addFolder(name: str, nodes: list[vtkMRMLNode]) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    if hierarchy is None:
        return
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), name)
    hierarchy.SetItemAttribute(folder, RESULT, "1")
    for node in nodes:
        _moveToFolder(hierarchy, folder, node)


def _moveToFolder(hierarchy: vtkMRMLNode, folder: int, node: vtkMRMLNode) -> None:
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.SetItemParent(item, folder)
    else:
        hierarchy.CreateItem(folder, node)


def _isEmptyResultFolder(hierarchy: vtkMRMLNode, folder: int) -> bool:
    children = vtk.vtkIdList()
    hierarchy.GetItemChildren(folder, children)
    return hierarchy.GetItemAttribute(folder, RESULT) == "1" and not children.GetNumberOfIds()
