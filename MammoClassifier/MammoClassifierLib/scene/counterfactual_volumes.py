"""Counterfactual images of a result as small volumes over the square of the lesion.

They show the mass changed towards malignant and towards benign, in the grey values and the window
of the film.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MammoClassifierLib.scene.evidence_nodes import addVolume, placeOnSquare
from MammoClassifierLib.scene.result_nodes import attachNode, viewsOf
from MammoClassifierLib.scene.volumes import pixelsFromVolume

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slicer import vtkMRMLScalarVolumeNode, vtkMRMLTableNode, vtkMRMLVolumeNode

    from mammopair.explain.view_explanation import ViewCounterfactuals
    from mammopair.record import ConceptScore, CounterfactualPath, Record

COUNTERFACTUAL = "mammoCounterfactual"
"""Role of node references from a result's table; the projection and the image follow."""
IMAGES = ("malignant", "benign", "difference")
PATH = "MammoClassifier.path"
"""Attribute of a counterfactual image: its path, as JSON."""
DESCRIPTORS_SHOWN = 2
"""Number of descriptors named for an image: those whose scores changed most."""


def addCounterfactuals(
    table: vtkMRMLTableNode, counterfactuals: Mapping[str, ViewCounterfactuals]
) -> None:
    """Add the counterfactual images of each view, and their difference, to a result.

    Parameters
    ----------
    table
        The result.
    counterfactuals
        The images by projection.
    """
    import msgspec

    from mammopair.results.counterfactual_film import counterfactuals_on_film

    for projection, one in counterfactuals.items():
        film = viewsOf(table)[projection]
        images = counterfactuals_on_film(
            pixelsFromVolume(film), one.square, one.original, one.images
        )
        for image in IMAGES:
            name = _("{view} {image}").format(view=film.GetName(), image=_titles()[image])
            node = addVolume("vtkMRMLScalarVolumeNode", name, images[image])
            placeOnSquare(node, one.square, film)
            if image in one.paths:
                node.SetAttribute(PATH, msgspec.json.encode(one.paths[image]).decode())
            attachNode(table, COUNTERFACTUAL + f"{projection}.{image}", node)


def counterfactualNode(
    table: vtkMRMLTableNode, projection: str, image: str
) -> vtkMRMLScalarVolumeNode | None:
    """Return an image of a view, one of :data:`IMAGES`; None if it was not computed."""
    return table.GetNodeReference(COUNTERFACTUAL + f"{projection}.{image}")


def hasCounterfactuals(table: vtkMRMLTableNode) -> bool:
    """Return whether every view of a result has its counterfactual images."""
    views = viewsOf(table)
    return bool(views) and all(
        counterfactualNode(table, view, image) for view in views for image in IMAGES
    )


def setWindowOfFilm(node: vtkMRMLVolumeNode, film: vtkMRMLVolumeNode, image: str) -> None:
    """Display an image in the current window and colours of its film.

    In a difference, grey is no change; white and black are changes of at least
    ``CHANGE_LIMIT`` of the film's window, as in the engine's reports.
    """
    from mammopair.results.pictures import CHANGE_LIMIT

    display, ofFilm = node.GetDisplayNode(), film.GetDisplayNode()
    low, high = ofFilm.GetWindowLevelMin(), ofFilm.GetWindowLevelMax()
    if image == "difference":
        high = CHANGE_LIMIT * abs(high - low)
        low = -high
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(low, high)
    display.SetAndObserveColorNodeID(ofFilm.GetColorNodeID())


def counterfactualText(record: Record, table: vtkMRMLTableNode, image: str) -> str:
    """Return what an image changes: the probability of each view and the descriptors."""
    if image == "difference":
        return _(
            "White areas are brighter in the more malignant image than in the more benign one, "
            "black areas are darker. Generated image."
        )
    lines = []
    for view in record.views:
        path = _pathOf(counterfactualNode(table, view.projection, image))
        if path is not None:
            lines.append(f"{view.projection}: {pathText(path, view.concepts)}")
    lines.append(_("Generated image; it does not predict how the mass will look later."))
    return "\n".join(lines)


def pathText(path: CounterfactualPath, before: Sequence[ConceptScore]) -> str:
    """Return ``31 % → 87 % in 6 steps; spiculated margin 0.21 → 0.77``.

    Parameters
    ----------
    path
        The probabilities, and the concept scores of the counterfactual image.
    before
        The concept scores of the original image.
    """
    from mammopair.results.text import descriptor_name, percent, score

    text = _("{first} → {last} in {steps} steps").format(
        first=percent(path.probabilities[0]),
        last=percent(path.probabilities[-1]),
        steps=len(path.probabilities) - 1,
    )
    original = {one.descriptor: one.score for one in before}
    known = [one for one in path.concepts if one.descriptor in original]
    known.sort(key=lambda one: -abs(one.score - original[one.descriptor]))
    changes = [
        f"{descriptor_name(one.descriptor)} {score(original[one.descriptor])} → {score(one.score)}"
        for one in known[:DESCRIPTORS_SHOWN]
    ]
    return "; ".join([text, *changes])


def _pathOf(node: vtkMRMLVolumeNode | None) -> CounterfactualPath | None:
    import msgspec

    from mammopair.record import CounterfactualPath

    if node is None:
        return None
    try:
        return msgspec.json.decode(node.GetAttribute(PATH) or "", type=CounterfactualPath)
    except msgspec.MsgspecError:
        return None


def _titles() -> dict[str, str]:
    return {
        "malignant": _("changed towards malignant"),
        "benign": _("changed towards benign"),
        "difference": _("difference malignant minus benign"),
    }
