"""A result in the scene: its numbers, its record and its evidence, in one folder.

The table node is the result's handle. It refers to everything else, so that a scene that was
saved and opened again shows the same result.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import slicer
import vtk
from slicer.i18n import tr as _

from MammoClassifierLib.scene.evidence_nodes import makeEvidence
from MammoClassifierLib.scene.inputs import MarkedVolume, fingerprint, sameInputs
from mammopair.errors import InputError

if TYPE_CHECKING:
    from slicer import (
        vtkMRMLNode,
        vtkMRMLStorableNode,
        vtkMRMLTableNode,
        vtkMRMLVolumeNode,
    )

    from mammopair.record import Record

RESULT = "MammoClassifier.result"
"""Attribute of a result's table: the fingerprint of its inputs."""
STALE = "MammoClassifier.stale"
"""Attribute of a result's table: ``1`` once an input has changed."""
RECORD = "mammoRecord"
VIEW, ROI, LEVELS, MAP = "mammoView", "mammoRoi", "mammoLevels", "mammoMap"
"""Roles of node references from the table; all but the first are followed by the projection."""


def makeResult(
    record: Record, inputs: tuple[MarkedVolume, ...], fingerprint: str
) -> vtkMRMLTableNode:
    """Add a result to the scene; an earlier one of the same ROIs on the same volumes goes.

    Parameters
    ----------
    record
        What the engine said.
    inputs
        The volume and the ROI of each projection in the record.
    fingerprint
        Of the inputs (:func:`MammoClassifierLib.scene.inputs.fingerprint`).

    Returns
    -------
    vtkMRMLTableNode
        The result's handle.
    """
    earlier = [table for table in resultsInScene() if isAbout(table, inputs)]
    marked = {one.projection: one for one in inputs}
    with allOrNothing():
        table = _addTable(record)
        text = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", _("Record"))
        _writeRecord(text, record)
        table.SetNodeReferenceID(RECORD, text.GetID())
        nodes = [table, text]
        for view in record.views:
            one = marked[view.projection]
            evidence = makeEvidence(view.evidence, one.volume)
            table.SetNodeReferenceID(VIEW + view.projection, one.volume.GetID())
            table.SetNodeReferenceID(ROI + view.projection, one.roi.GetID())
            table.SetNodeReferenceID(LEVELS + view.projection, evidence.levels.GetID())
            table.SetNodeReferenceID(MAP + view.projection, evidence.map.GetID())
            nodes += [evidence.levels, evidence.map]
        table.SetAttribute(RESULT, fingerprint)
        _putInFolder(table.GetName(), nodes)
    for one in earlier:
        removeResult(one)
    return table


def readRecord(table: vtkMRMLTableNode) -> Record | None:
    """The record of a result; None where its text is gone or was changed into something else."""
    from mammopair.record import decode_record

    text = table.GetNodeReference(RECORD)
    try:
        return decode_record(text.GetText()) if text else None
    except InputError:
        return None


def resultsInScene() -> list[vtkMRMLTableNode]:
    """The handles of all results."""
    tables = slicer.util.getNodesByClass("vtkMRMLTableNode")
    return [table for table in tables if table.GetAttribute(RESULT) is not None]


def viewsOf(table: vtkMRMLTableNode) -> dict[str, vtkMRMLVolumeNode]:
    """The volumes that a result is about, by projection, as far as they are still there."""
    found = {p: table.GetNodeReference(VIEW + p) for p in ("CC", "MLO")}
    return {projection: volume for projection, volume in found.items() if volume is not None}


def isAbout(table: vtkMRMLTableNode, inputs: tuple[MarkedVolume, ...]) -> bool:
    """Whether a result is about these volumes and ROIs and no others."""
    for role, wanted in (
        (VIEW, {one.projection: one.volume for one in inputs}),
        (ROI, {one.projection: one.roi for one in inputs}),
    ):
        if any(table.GetNodeReference(role + p) is not wanted.get(p) for p in ("CC", "MLO")):
            return False
    return True


def removeResult(table: vtkMRMLTableNode) -> None:
    """Take a result out of the scene, with everything that belongs to it alone."""
    roles = map(table.GetNthNodeReferenceRole, range(table.GetNumberOfNodeReferenceRoles()))
    own = [r for r in roles if r.startswith("mammo") and not r.startswith((VIEW, ROI))]
    nodes = [table.GetNodeReference(role) for role in own]
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(table)) if hierarchy else 0
    for node in (*nodes, table):
        if node is not None:
            _removeNode(node)
    if folder and _isOurs(hierarchy, folder):
        hierarchy.RemoveItem(folder)


def keepWith(table: vtkMRMLTableNode, role: str, node: vtkMRMLNode) -> None:
    """Make a node a result's own: it lies in its folder, and goes with it.

    One that had the same role before goes.
    """
    earlier = table.GetNodeReference(role)
    table.SetNodeReferenceID(role, node.GetID())
    if earlier is not None:
        _removeNode(earlier)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    if hierarchy is not None:
        folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(table))
        _putInto(hierarchy, folder, node)


def inputsOf(table: vtkMRMLTableNode) -> tuple[MarkedVolume, ...]:
    """The volumes and ROIs that a result is about.

    Raises
    ------
    InputError
        If one is gone, or has changed since.
    """
    volumes = viewsOf(table)
    inputs = [(p, volume, table.GetNodeReference(ROI + p)) for p, volume in volumes.items()]
    marked = tuple(MarkedVolume(*one) for one in inputs if one[2] is not None)
    views = readRecord(table).views if readRecord(table) else []
    problem = _("is out of date, for an input has changed since; classify again")
    if not views or {view.projection for view in views} != {one.projection for one in marked}:
        raise InputError(table.GetName(), problem)
    if checkStale(table, marked, fingerprint(marked, lateralityOf(table))):
        raise InputError(table.GetName(), problem)
    return marked


def lateralityOf(table: vtkMRMLTableNode) -> str | None:
    """The breast that was stated when a result was made."""
    return json.loads(table.GetAttribute(RESULT))[0]


def _removeNode(node: vtkMRMLStorableNode) -> None:
    """Remove a node with the display and storage nodes that are its own."""
    own = [node.GetNthStorageNode(n) for n in range(node.GetNumberOfStorageNodes())]
    if node.IsA("vtkMRMLDisplayableNode"):
        own += [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())]
    for one in (node, *own):  # in this order, or the node makes itself new display nodes
        slicer.mrmlScene.RemoveNode(one)


def isStale(table: vtkMRMLTableNode) -> bool:
    """Whether an input has changed since the result was made."""
    return table.GetAttribute(STALE) == "1"


def checkStale(table: vtkMRMLTableNode, inputs: tuple[MarkedVolume, ...], fingerprint: str) -> bool:
    """Whether a result is not, or no more, that of these inputs.

    A volume or ROI that has changed marks it as stale for good; that others are chosen does not.
    """
    if not isAbout(table, inputs):
        return True
    if not isStale(table) and not sameInputs(table.GetAttribute(RESULT), fingerprint):
        table.SetAttribute(STALE, "1")
    return isStale(table)


def _addTable(record: Record) -> vtkMRMLTableNode:
    """One row a view and one for both; probabilities from 0 to 1, unrounded."""
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


def _putInFolder(name: str, nodes: list[vtkMRMLNode]) -> None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    if hierarchy is None:
        return
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), name)
    hierarchy.SetItemAttribute(folder, RESULT, "1")
    for node in nodes:
        _putInto(hierarchy, folder, node)


def _putInto(hierarchy: vtkMRMLNode, folder: int, node: vtkMRMLNode) -> None:
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.SetItemParent(item, folder)
    else:
        hierarchy.CreateItem(folder, node)


def _isOurs(hierarchy: vtkMRMLNode, folder: int) -> bool:
    children = vtk.vtkIdList()
    hierarchy.GetItemChildren(folder, children)
    return hierarchy.GetItemAttribute(folder, RESULT) == "1" and not children.GetNumberOfIds()


@contextlib.contextmanager
def allOrNothing() -> Iterator[None]:
    """Take back every node that was added, if something goes wrong."""
    before = {node.GetID() for node in slicer.util.getNodesByClass("vtkMRMLNode")}
    try:
        yield
    except BaseException:
        for node in slicer.util.getNodesByClass("vtkMRMLNode"):
            if node.GetID() not in before:
                slicer.mrmlScene.RemoveNode(node)
        raise
