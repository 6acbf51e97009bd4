"""Explaining a result of the scene step by step: its volumes are read again, its nodes grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from MammoClassifierLib.scene.counterfactual_volumes import addMoved
from MammoClassifierLib.scene.inputs import readMarked
from MammoClassifierLib.scene.map_nodes import addMaps
from MammoClassifierLib.scene.result_nodes import allOrNothing, inputsOf, lateralityOf, readRecord
from mammopair.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import TypeVar

    from slicer import vtkMRMLTableNode

    from MammoClassifierLib.ensemble_classifier import Classifier
    from mammopair.lesion import MarkedView
    from mammopair.progress import Progress

    Made = TypeVar("Made")


def explainStepwise(
    classifier: Classifier, table: vtkMRMLTableNode, method: str
) -> Generator[Progress, None, None]:
    """Add the map of a method to a result, yielding progress in per cent.

    Closing the generator cancels; nothing is added before the last step.

    Raises
    ------
    InputError
        If there is no such method, an input of the result has changed, or another ensemble made it.
    """
    from mammopair.explain.methods import find_method

    find_method(method)
    maps = yield from _eachView(
        classifier, table, lambda marked, views: classifier.explain(marked, views, method)
    )
    with allOrNothing():
        addMaps(table, maps)


def moveStepwise(
    classifier: Classifier, table: vtkMRMLTableNode
) -> Generator[Progress, None, None]:
    """Add the moved images to a result; as :func:`explainStepwise`."""
    moved = yield from _eachView(classifier, table, classifier.move)
    with allOrNothing():
        addMoved(table, moved)


def _eachView(
    classifier: Classifier,
    table: vtkMRMLTableNode,
    work: Callable[[MarkedView, int], Generator[Progress, None, Made]],
) -> Generator[Progress, None, dict[str, Made]]:
    """What the work makes of each view of a result, by projection."""
    from mammopair.progress import Progress, rescale_progress

    yield Progress(0, 100, _("Reading the views"))
    classifier.checkSame(readRecord(table))
    made, inputs = {}, inputsOf(table)
    for number, one in enumerate(inputs):
        marked = readMarked(one, lateralityOf(table))
        first, last = (100 * (number + part) // len(inputs) for part in (0, 1))
        made[one.projection] = yield from rescale_progress(work(marked, len(inputs)), first, last)
    if not slicer.mrmlScene.IsNodePresent(table):
        raise InputError(table.GetName(), _("was removed while it was explained"))
    inputsOf(table)
    return made
