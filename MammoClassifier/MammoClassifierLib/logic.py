"""The module's logic: nodes in, a record and nodes out. Needs no widget and opens no dialog.

Examples
--------
>>> logic = slicer.modules.mammoclassifier.widgetRepresentation().self().logic  # doctest: +SKIP
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
from MammoClassifierLib.scene.explained_results import explainStepwise, moveStepwise
from MammoClassifierLib.scene.inputs import MarkedVolume, collectInputs, fingerprint, readMarked
from MammoClassifierLib.scene.map_nodes import BEST, EXACT, QUICK, addMaps
from MammoClassifierLib.scene.result_nodes import allOrNothing, makeResult
from mammopair.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode, vtkMRMLTableNode

    from mammopair.progress import Progress
    from mammopair.record import Record

READING, READ = 20, 70
"""Per cent of the progress when the views were read, and when the members have read them."""


@dataclass(frozen=True)
class Result:
    """What a classification leaves."""

    record: Record
    table: vtkMRMLTableNode
    """The handle of the nodes that were made (:mod:`MammoClassifierLib.scene.result_nodes`)."""


class MammoClassifierLogic(ScriptedLoadableModuleLogic):
    """Classifies marked masses.

    Parameters
    ----------
    classifier
        None for the ensemble that ships, on the GPU where there is one.
    """

    def __init__(self, classifier: Classifier | None = None) -> None:
        super().__init__()
        self.moduleName = "MammoClassifier"
        self.classifier = classifier or EnsembleClassifier()

    def getParameterNode(self) -> MammoClassifierParameterNode:
        """The choices of the user, kept in the scene."""
        return MammoClassifierParameterNode(super().getParameterNode())

    def classify(
        self,
        ccVolume: vtkMRMLScalarVolumeNode | None = None,
        ccRoi: vtkMRMLMarkupsROINode | None = None,
        mloVolume: vtkMRMLScalarVolumeNode | None = None,
        mloRoi: vtkMRMLMarkupsROINode | None = None,
        laterality: str | None = None,
    ) -> Record:
        """Classify one mass, marked on its CC view, its MLO view, or both.

        The numbers and the evidence are added to the scene, in a folder of their own.

        Parameters
        ----------
        ccVolume, mloVolume
            The views.
        ccRoi, mloRoi
            The ROI around the mass on each. A view without one does not take part.
        laterality
            ``L`` or ``R``, where the volumes do not know.

        Raises
        ------
        InputError
            One sentence, if an input or the ensemble cannot be used; the scene is as it was.
        """
        inputs = collectInputs(ccVolume, ccRoi, mloVolume, mloRoi)
        from mammopair.progress import exhaust

        return exhaust(self.classifyStepwise(inputs, laterality)).record

    def restate(self, record: Record, prevalence: float) -> Record:
        """The record with the result beside it as it is at another prevalence.

        Parameters
        ----------
        record
            As :meth:`classify` gave it.
        prevalence
            Share of malignant masses among such masses, over 0 and under 1.

        Raises
        ------
        InputError
            If the prevalence is out of range, or the ensemble does not say at which it was trained.
        """
        from mammopair.calibration.prior_shift import adjust_prevalence

        return adjust_prevalence(record, prevalence)

    def explain(self, result: vtkMRMLTableNode, method: str) -> None:
        """Add the map of another method to a result, for each of its views.

        Parameters
        ----------
        result
            The result's table, see :func:`MammoClassifierLib.scene.result_nodes.resultsInScene`.
        method
            ``fine-evidence``, ``occlusion`` or ``integrated-gradients``.

        Raises
        ------
        InputError
            One sentence, if there is no such method, or the result is out of date.
        """
        from mammopair.progress import exhaust

        exhaust(self.explainStepwise(result, method))

    def explainStepwise(
        self, result: vtkMRMLTableNode, method: str
    ) -> Generator[Progress, None, None]:
        """As :meth:`explain`, yielding progress in per cent; closing the generator cancels."""
        return explainStepwise(self.classifier, result, method)

    def moveImages(self, result: vtkMRMLTableNode) -> None:
        """Add to a result the mass of each view, moved towards malignant and towards benign.

        Raises
        ------
        InputError
            One sentence, if the result is out of date.
        """
        from mammopair.progress import exhaust

        exhaust(self.moveStepwise(result))

    def moveStepwise(self, result: vtkMRMLTableNode) -> Generator[Progress, None, None]:
        """As :meth:`moveImages`, yielding progress in per cent; closing the generator cancels."""
        return moveStepwise(self.classifier, result)

    def exportToDicomDatabase(self, record: Record) -> list[Path]:
        """Write a record into Slicer's DICOM database: report, evidence and picture.

        They stand in the study of the views, and replace what the same result left there before.

        Returns
        -------
        list of Path
            The objects' files, in the folder of the database.

        Raises
        ------
        InputError
            One sentence, if a view is no DICOM image or the database cannot be written to;
            nothing of the result is in it then.
        """
        from mammopair.progress import exhaust

        return list(exhaust(exportStepwise(record)).files)

    def classifyStepwise(
        self, inputs: tuple[MarkedVolume, ...], laterality: str | None = None
    ) -> Generator[Progress, None, Result]:
        """Classify, yielding progress in per cent; closing the generator cancels.

        Raises
        ------
        InputError
            As :meth:`classify`.
        """
        from mammopair.lesion import Lesion
        from mammopair.progress import Progress, rescale_progress

        seen = fingerprint(inputs, laterality)
        marked = []
        for number, one in enumerate(inputs):
            message = _("Reading {view}").format(view=one.volume.GetName())
            yield Progress(READING * number // (len(inputs) + 1), 100, message)
            marked.append(readMarked(one, laterality))
        yield Progress(READING * len(inputs) // (len(inputs) + 1), 100, _("Loading the ensemble"))
        self.classifier.prepare()
        case = marked[0].view.patient_id or _("this scene")
        lesion = Lesion(case, inputs[0].roi.GetName(), tuple(marked))
        record = yield from rescale_progress(self.classifier.classify(lesion), READING, READ)
        best, maps = self.classifier.bestMap(), {}
        if best in QUICK and best != EXACT:
            for one in marked:
                steps = self.classifier.explain(one, len(marked), best)
                maps[str(one.view.projection)] = yield from rescale_progress(steps, READ, 100)
        yield Progress(100, 100, _("Adding the result to the scene"))
        for one in inputs:
            if not all(map(slicer.mrmlScene.IsNodePresent, (one.volume, one.roi))):
                problem = _("was removed, or its ROI, while it was read; choose it again")
                raise InputError(one.volume.GetName(), problem)
        with allOrNothing():
            table = makeResult(record, inputs, seen)
            table.SetAttribute(BEST, best)
            addMaps(table, maps)
        return Result(record, table)
