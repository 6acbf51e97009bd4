"""The module's logic: classifies and explains marked volumes without a widget or a dialog.

Examples
--------
>>> from MammoClassifier import MammoClassifierLogic  # doctest: +SKIP
>>> record = MammoClassifierLogic().classify(  # doctest: +SKIP
...     ccVolume, ccRoi, mloVolume, mloRoi
... )
>>> record.probability  # doctest: +SKIP
0.31
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from MammoClassifierLib.dicom.database_export import exportStepwise
from MammoClassifierLib.ensemble_classifier import Classifier, EnsembleClassifier
from MammoClassifierLib.parameters import MammoClassifierParameterNode
from MammoClassifierLib.scene.counterfactual_volumes import addCounterfactuals
from MammoClassifierLib.scene.inputs import (
    MarkedVolume,
    collectInputs,
    fingerprint,
    markedViewOf,
)
from MammoClassifierLib.scene.map_nodes import BEST, EXACT, QUICK, addMaps
from MammoClassifierLib.scene.result_nodes import (
    addResult,
    inputsOf,
    lateralityOf,
    readRecord,
    removeNewNodesOnError,
)
from mammopair.errors import InputError
from mammopair.progress import Progress, exhaust, rescale_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path
    from typing import TypeVar

    from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode, vtkMRMLTableNode

    from MammoClassifierLib.dicom.database_export import ExportedResult
    from mammopair.lesion import MarkedView
    from mammopair.record import Record

    Outcome = TypeVar("Outcome")

VIEWS_READ, CLASSIFIED = 20, 70
"""Progress in per cent when the views have been read, and when the networks have finished."""


@dataclass(frozen=True)
class ClassifiedLesion:
    """The outcome of a classification."""

    record: Record
    table: vtkMRMLTableNode
    """Represents the result in the scene, see :mod:`MammoClassifierLib.scene.result_nodes`."""


class MammoClassifierLogic(ScriptedLoadableModuleLogic):
    """Classifies marked masses, explains results and exports them.

    Methods that end in ``Stepwise`` return generators of progress in per cent; closing the
    generator cancels the work and leaves the scene as it was.

    Parameters
    ----------
    classifier
        By default the packaged ensemble, on the GPU if there is one.
    """

    def __init__(self, classifier: Classifier | None = None) -> None:
        super().__init__()
        self.moduleName = "MammoClassifier"
        self.classifier = classifier or EnsembleClassifier()

    def getParameterNode(self) -> MammoClassifierParameterNode:
        """Return the user's choices, which are stored in the scene."""
        return MammoClassifierParameterNode(super().getParameterNode())

    def classify(
        self,
        ccVolume: vtkMRMLScalarVolumeNode | None = None,
        ccRoi: vtkMRMLMarkupsROINode | None = None,
        mloVolume: vtkMRMLScalarVolumeNode | None = None,
        mloRoi: vtkMRMLMarkupsROINode | None = None,
        laterality: str | None = None,
    ) -> Record:
        """Classify one mass that is marked on its CC view, its MLO view, or both.

        The result is added to the scene: a table, the record and the evidence, in one folder.

        Parameters
        ----------
        ccVolume, mloVolume
            The views.
        ccRoi, mloRoi
            The ROI around the mass on each view. A view without a ROI is not used.
        laterality
            ``L`` or ``R``; needed only if the volumes do not state it.

        Raises
        ------
        InputError
            If an input or the ensemble cannot be used; one sentence with the remedy. The scene is
            then left as it was.
        """
        inputs = collectInputs(ccVolume, ccRoi, mloVolume, mloRoi)
        return exhaust(self.classifyStepwise(inputs, laterality)).record

    def adjustPrevalence(self, record: Record, prevalence: float) -> Record:
        """Return the record with its numbers at another prevalence in ``prior_shift``.

        Parameters
        ----------
        record
            A record of :meth:`classify`.
        prevalence
            Fraction of malignant masses, over 0 and under 1.

        Raises
        ------
        InputError
            If the prevalence is out of range, or that of the training data is not known.
        """
        from mammopair.calibration.prior_shift import adjust_prevalence

        return adjust_prevalence(record, prevalence)

    def explain(self, result: vtkMRMLTableNode, method: str) -> None:
        """Add the map of another method to each view of a result.

        Parameters
        ----------
        result
            The table of the result, see
            :func:`MammoClassifierLib.scene.result_nodes.resultsInScene`.
        method
            A key of :data:`mammopair.explain.methods.METHODS`.

        Raises
        ------
        InputError
            If the method is unknown, an input of the result has changed, or another ensemble
            produced the result.
        """
        exhaust(self.explainStepwise(result, method))

    def addCounterfactuals(self, result: vtkMRMLTableNode) -> None:
        """Add the counterfactual images of each view, malignant and benign, to a result.

        Raises
        ------
        InputError
            If an input of the result has changed, or another ensemble produced the result.
        """
        exhaust(self.counterfactualsStepwise(result))

    def exportToDicomDatabase(self, record: Record) -> list[Path]:
        """Write a report, the evidence and a picture of a record into Slicer's DICOM database.

        They are stored in the study of the views and replace an earlier export of the result.

        Returns
        -------
        list of Path
            The files in the folder of the database.

        Raises
        ------
        InputError
            If a view is not a DICOM image or the database is not writable; nothing of the result
            is then left in the database.
        """
        return list(exhaust(self.exportStepwise(record)).files)

    def classifyStepwise(
        self, inputs: tuple[MarkedVolume, ...], laterality: str | None = None
    ) -> Generator[Progress, None, ClassifiedLesion]:
        """Classify marked volumes; parameters and errors as :meth:`classify`."""
        from mammopair.lesion import Lesion

        before = fingerprint(inputs, laterality)
        marked = []
        for number, one in enumerate(inputs):
            message = _("Reading {view}").format(view=one.volume.GetName())
            yield Progress(VIEWS_READ * number // (len(inputs) + 1), 100, message)
            marked.append(markedViewOf(one, laterality))
        done = VIEWS_READ * len(inputs) // (len(inputs) + 1)
        yield Progress(done, 100, _("Loading the networks"))
        self.classifier.prepare()
        case = marked[0].view.patient_id or _("this scene")
        lesion = Lesion(case, inputs[0].roi.GetName(), tuple(marked))
        steps = self.classifier.classify(lesion)
        record = yield from rescale_progress(steps, VIEWS_READ, CLASSIFIED)
        best, maps = self.classifier.bestMap(), {}
        if best in QUICK and best != EXACT:
            for one in marked:
                steps = self.classifier.explain(one, len(marked), best)
                projection = str(one.view.projection)
                maps[projection] = yield from rescale_progress(steps, CLASSIFIED, 100)
        yield Progress(100, 100, _("Adding the result to the scene"))
        for one in inputs:
            if not all(map(slicer.mrmlScene.IsNodePresent, (one.volume, one.roi))):
                problem = _(
                    "the volume or its ROI was removed while it was classified; choose both"
                )
                raise InputError(one.volume.GetName(), problem)
        with removeNewNodesOnError():
            table = addResult(record, inputs, before)
            table.SetAttribute(BEST, best)
            addMaps(table, maps)
        return ClassifiedLesion(record, table)

    def explainStepwise(
        self, result: vtkMRMLTableNode, method: str
    ) -> Generator[Progress, None, None]:
        """Add a map; parameters and errors as :meth:`explain`."""
        from mammopair.explain.methods import find_method

        find_method(method)
        maps = yield from self._forEachView(
            result, lambda marked, views: self.classifier.explain(marked, views, method)
        )
        with removeNewNodesOnError():
            addMaps(result, maps)

    def counterfactualsStepwise(self, result: vtkMRMLTableNode) -> Generator[Progress, None, None]:
        """Add counterfactual images; errors as :meth:`addCounterfactuals`."""
        images = yield from self._forEachView(result, self.classifier.generateCounterfactuals)
        with removeNewNodesOnError():
            addCounterfactuals(result, images)

    def exportStepwise(self, record: Record) -> Generator[Progress, None, ExportedResult]:
        """Export a record; errors as :meth:`exportToDicomDatabase`."""
        return exportStepwise(record)

    def _forEachView(
        self,
        result: vtkMRMLTableNode,
        work: Callable[[MarkedView, int], Generator[Progress, None, Outcome]],
    ) -> Generator[Progress, None, dict[str, Outcome]]:
        """Run work on each view of a result; return its outcomes by projection."""
        yield Progress(0, 100, _("Reading the views"))
        self.classifier.checkSameModel(readRecord(result))
        outcomes, inputs = {}, inputsOf(result)
        for number, one in enumerate(inputs):
            marked = markedViewOf(one, lateralityOf(result))
            first, last = (100 * (number + part) // len(inputs) for part in (0, 1))
            steps = work(marked, len(inputs))
            outcomes[one.projection] = yield from rescale_progress(steps, first, last)
        if not slicer.mrmlScene.IsNodePresent(result):
            problem = _("was removed while it was being explained; click Classify again")
            raise InputError(result.GetName(), problem)
        inputsOf(result)
        return outcomes
