"""The mass moved towards malignant or benign, as small volumes over the lesion's square.

The engine moves a patch of its own brightness. Here its change is added to the film's own pixels,
averaged to the patch's grid, so that what was not changed looks as the film does around it, in
the film's own window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MammoClassifierLib.scene.evidence_nodes import addVolume, layOver
from MammoClassifierLib.scene.result_nodes import keepWith, viewsOf
from MammoClassifierLib.scene.volumes import pixelsOf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLTableNode, vtkMRMLVolumeNode

    from mammopair.explain.view_explanation import ViewCounterfactuals
    from mammopair.record import ConceptScore, CounterfactualPath, Record

MOVED = "mammoMoved"
"""Role of node references from a result's table; the projection and the image follow."""
IMAGES = ("malignant", "benign", "difference")
PATH = "MammoClassifier.path"
"""Attribute of a moved image: its path, as JSON."""
WORDS = 2
"""Words that are told of a moved image: those whose scores changed most."""


def addMoved(table: vtkMRMLTableNode, moved: Mapping[str, ViewCounterfactuals]) -> None:
    """Add the moved images of each view to a result, and their difference, by projection."""
    import msgspec

    from mammopair.results.counterfactual_film import counterfactuals_on_film

    for projection, mass in moved.items():
        film = viewsOf(table)[projection]
        pictures = counterfactuals_on_film(pixelsOf(film), mass.square, mass.original, mass.images)
        for image in IMAGES:
            name = _("{view} {image}").format(view=film.GetName(), image=_titles()[image])
            node = addVolume("vtkMRMLScalarVolumeNode", name, pictures[image])
            layOver(node, mass.square, film)
            if image in mass.paths:
                node.SetAttribute(PATH, msgspec.json.encode(mass.paths[image]).decode())
            keepWith(table, MOVED + f"{projection}.{image}", node)


def movedNode(
    table: vtkMRMLTableNode, projection: str, image: str
) -> vtkMRMLScalarVolumeNode | None:
    """An image of a view, one of :data:`IMAGES`, if it was made."""
    return table.GetNodeReference(MOVED + f"{projection}.{image}")


def hasMoved(table: vtkMRMLTableNode) -> bool:
    """Whether every view of a result was moved."""
    views = viewsOf(table)
    return bool(views) and all(movedNode(table, view, one) for view in views for one in IMAGES)


def windowAs(node: vtkMRMLVolumeNode, film: vtkMRMLVolumeNode, image: str) -> None:
    """Give an image the window and the colours that its film has now.

    A difference is grey where nothing was changed, white or black from a part of the film's
    window on, as in mammopair's reports.
    """
    from mammopair.results.pictures import CHANGE_LIMIT

    display, shown = node.GetDisplayNode(), film.GetDisplayNode()
    low, high = shown.GetWindowLevelMin(), shown.GetWindowLevelMax()
    if image == "difference":
        high = CHANGE_LIMIT * abs(high - low)
        low = -high
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(low, high)
    display.SetAndObserveColorNodeID(shown.GetColorNodeID())


def movedWords(record: Record, table: vtkMRMLTableNode, image: str) -> str:
    """The path of each view's probability to an image, and the words that changed most."""
    if image == "difference":
        return _(
            "White: brighter where the mass was moved towards malignant than towards benign; "
            "black: darker. A made image."
        )
    lines = []
    for view in record.views:
        node = movedNode(table, view.projection, image)
        path = _pathOf(node)
        if path is not None:
            lines.append(f"{view.projection}: {pathWords(path, view.concepts)}")
    lines.append(_("A made image, no prediction of how the mass will look."))
    return "\n".join(lines)


def pathWords(path: CounterfactualPath, before: Sequence[ConceptScore]) -> str:
    """``31 % → 87 % in 6 steps; looks spiculated margin 0.21 → 0.77``."""
    from mammopair.results.text import descriptor_name, percent, score

    text = _("{first} → {last} in {steps} steps").format(
        first=percent(path.probabilities[0]),
        last=percent(path.probabilities[-1]),
        steps=len(path.probabilities) - 1,
    )
    was = {one.descriptor: one.score for one in before}
    known = [one for one in path.concepts if one.descriptor in was]
    known.sort(key=lambda one: -abs(one.score - was[one.descriptor]))
    changes = [
        f"{descriptor_name(one.descriptor)} {score(was[one.descriptor])} → {score(one.score)}"
        for one in known[:WORDS]
    ]
    return "; ".join([text, *changes])


def _pathOf(node: vtkMRMLVolumeNode | None) -> CounterfactualPath | None:
    import msgspec

    from mammopair.record import CounterfactualPath

    try:
        return (
            msgspec.json.decode(node.GetAttribute(PATH) or "", type=CounterfactualPath)
            if node
            else None
        )
    except msgspec.MsgspecError:
        return None


def _titles() -> dict[str, str]:
    return {
        "malignant": _("moved towards malignant"),
        "benign": _("moved towards benign"),
        "difference": _("malignant less benign"),
    }
