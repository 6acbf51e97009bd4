"""The module's layout, CC and MLO side by side, and the slice views in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import slicer
from slicer.i18n import tr as _

from mammopair.errors import InputError

if TYPE_CHECKING:
    from slicer import vtkMRMLDisplayNode, vtkMRMLLayoutNode, vtkMRMLSliceLogic

LAYOUT = 5713
"""Number of the layout; numbers over 500 are free for modules."""
VIEWS = {"CC": "MammoCC", "MLO": "MammoMLO"}
"""Name of the slice view of each projection in the layout's XML."""
XML = Path(__file__).resolve().parents[2] / "Resources" / "Layouts" / "MammoClassifierPair.xml"


def readLayout(path: Path = XML) -> str:
    """Read and validate the layout's description; Slicer displays nothing for an invalid one.

    Raises
    ------
    InputError
        If the file cannot be read, is not well-formed, or lacks one of the views.
    """
    try:
        text = path.read_text(encoding="utf-8")
        root = ElementTree.fromstring(text)
    except OSError as error:
        raise InputError(path, _("cannot be read; install the extension again")) from error
    except ElementTree.ParseError as error:
        problem = _("is not well-formed XML ({error}); install the extension again")
        raise InputError(path, problem.format(error=error)) from error
    found = {view.get("singletontag") for view in root.iter("view")}
    if root.tag != "layout" or found != set(VIEWS.values()):
        problem = _("is not a layout with the views {views}; install the extension again")
        raise InputError(path, problem.format(views=", ".join(VIEWS.values())))
    return ElementTree.tostring(root, encoding="unicode")


def enterLayout() -> None:
    """Show CC and MLO side by side, and remember the user's layout.

    Raises
    ------
    InputError
        If the description of the layout is invalid.
    """
    node = layoutNode()
    if node is None or node.GetViewArrangement() == LAYOUT:
        return
    if not node.IsLayoutDescription(LAYOUT):
        node.AddLayoutDescription(LAYOUT, readLayout())
    _userLayouts.append(node.GetViewArrangement())
    node.SetViewArrangement(LAYOUT)


def leaveLayout() -> None:
    """Restore the user's layout, unless the user has chosen another one meanwhile."""
    node = layoutNode()
    if node is not None and node.GetViewArrangement() == LAYOUT:
        node.SetViewArrangement(
            _userLayouts[-1] if _userLayouts else node.SlicerLayoutConventionalView
        )
    _userLayouts.clear()


_userLayouts: list[int] = []
"""Layouts before the module's, shared by all panels of the module."""


def layoutNode() -> vtkMRMLLayoutNode | None:
    """Return the layout node; None without a layout manager."""
    manager = slicer.app.layoutManager()
    return manager.layoutLogic().GetLayoutNode() if manager is not None else None


def sliceLogic(projection: str) -> vtkMRMLSliceLogic | None:
    """Return the slice logic of a projection's view; None if the view was not created."""
    manager = slicer.app.layoutManager()
    if manager is None or VIEWS[projection] not in manager.sliceViewNames():
        return None
    return manager.sliceWidget(VIEWS[projection]).sliceLogic()


def restrictToViews(display: vtkMRMLDisplayNode, viewIds: tuple[str, ...]) -> None:
    """Display a node in these views only; in all views if none is given."""
    if tuple(display.GetViewNodeIDs()) == viewIds:
        return
    with slicer.util.NodeModify(display):
        display.RemoveAllViewNodeIDs()
        for viewId in viewIds:
            display.AddViewNodeID(viewId)
