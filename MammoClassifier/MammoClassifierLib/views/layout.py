"""The module's layout: CC and MLO side by side; the user's own comes back on leaving."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import slicer
from slicer.i18n import tr as _

from mammopair.errors import InputError

if TYPE_CHECKING:
    from slicer import vtkMRMLLayoutNode, vtkMRMLSliceLogic

LAYOUT = 5713
"""Number of the layout; those over 500 are free for modules."""
VIEWS = {"CC": "MammoCC", "MLO": "MammoMLO"}
"""Name of the slice view of each projection, as the layout's XML has it."""
XML = Path(__file__).resolve().parents[2] / "Resources" / "Layouts" / "MammoClassifierPair.xml"


def readLayout(path: Path = XML) -> str:
    """The layout's description.

    Slicer takes whatever it is given and shows nothing where that is wrong, so it is looked at
    here.

    Raises
    ------
    InputError
        If the file is not there, is not well-formed, or lacks one of the views.
    """
    try:
        text = path.read_text(encoding="utf-8")
        root = ElementTree.fromstring(text)
    except OSError as error:
        raise InputError(path, _("cannot be read; install the extension again")) from error
    except ElementTree.ParseError as error:
        problem = _("is not well-formed XML ({error})")
        raise InputError(path, problem.format(error=error)) from error
    found = {view.get("singletontag") for view in root.iter("view")}
    if root.tag != "layout" or found != set(VIEWS.values()):
        problem = _("is no layout with the views {views}")
        raise InputError(path, problem.format(views=", ".join(VIEWS.values())))
    return ElementTree.tostring(root, encoding="unicode")


def enterLayout() -> None:
    """Show CC and MLO side by side, and remember what was there."""
    node = layoutNode()
    if node is None or node.GetViewArrangement() == LAYOUT:
        return
    if not node.IsLayoutDescription(LAYOUT):
        node.AddLayoutDescription(LAYOUT, readLayout())
    _theirs.append(node.GetViewArrangement())
    node.SetViewArrangement(LAYOUT)


def leaveLayout() -> None:
    """Bring the user's layout back, unless another has been chosen meanwhile."""
    node = layoutNode()
    if node is not None and node.GetViewArrangement() == LAYOUT:
        node.SetViewArrangement(_theirs[-1] if _theirs else node.SlicerLayoutConventionalView)
    _theirs.clear()


_theirs: list[int] = []
"""The user's layout while the module's is shown, for all panels of the module together."""


def layoutNode() -> vtkMRMLLayoutNode | None:
    """The layout node, where there is a layout manager."""
    manager = slicer.app.layoutManager()
    return manager.layoutLogic().GetLayoutNode() if manager is not None else None


def sliceLogic(projection: str) -> vtkMRMLSliceLogic | None:
    """The slice logic of a projection's view, where that has been made."""
    manager = slicer.app.layoutManager()
    if manager is None or VIEWS[projection] not in manager.sliceViewNames():
        return None
    return manager.sliceWidget(VIEWS[projection]).sliceLogic()
