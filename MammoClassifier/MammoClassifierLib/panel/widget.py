"""The module's panel: passes what the user does to the logic and shows what comes back.

All choices live in the parameter node; the panel follows it. One method does one thing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from MammoClassifierLib.dicom.database_export import Exported, exportStepwise
from MammoClassifierLib.install import ensureInstalled, missingPackages
from MammoClassifierLib.logic import MammoClassifierLogic
from MammoClassifierLib.panel.breast_selector import BreastSelector
from MammoClassifierLib.panel.explanation_panel import ExplanationPanel
from MammoClassifierLib.panel.job_area import JobArea
from MammoClassifierLib.panel.message_area import MessageArea
from MammoClassifierLib.panel.result_panel import ResultPanel
from MammoClassifierLib.parameters import ShownMap, ShownMass
from MammoClassifierLib.scene.counterfactual_volumes import hasMoved
from MammoClassifierLib.scene.inputs import MarkedVolume, fingerprint
from MammoClassifierLib.scene.map_nodes import EXACT, hasMaps
from MammoClassifierLib.views.overlay import showOverlay
from MammoClassifierLib.scene.result_nodes import (
    checkStale,
    isAbout,
    isStale,
    readRecord,
    resultsInScene,
)
from MammoClassifierLib.scene.node_observer import WatchedInputs
from MammoClassifierLib.views.hanging import clearViews
from MammoClassifierLib.views.slice_views import HungViews
from MammoClassifierLib.views.layout import enterLayout, leaveLayout
from MammoClassifierLib.views.roi_placement import addRoi, roiDrawnOn, startPlacing, stopPlacing
from mammopair.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from slicer import vtkMRMLTableNode

    from MammoClassifierLib.logic import Result
    from MammoClassifierLib.parameters import MammoClassifierParameterNode
    from mammopair.progress import Progress
    from mammopair.record import Record

CHOICES = ("ccVolume", "mloVolume", "ccRoi", "mloRoi")
"""Parameters that a result depends on."""


class MammoClassifierWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel of the module."""

    def __init__(self, parent: qt.QWidget | None = None) -> None:
        self.logic: MammoClassifierLogic | None = None
        self._parameterNode: MammoClassifierParameterNode | None = None
        self._guiTag: int | None = None
        self._views = HungViews()
        self._watched = WatchedInputs(self.onInputModified)
        self._entered = False
        super().__init__(parent)

    def setup(self) -> None:
        """Build the panel from its .ui file and connect it."""
        super().setup()
        panel = slicer.util.loadUI(self.resourcePath("UI/MammoClassifier.ui"))
        self.layout.addWidget(panel)
        self.ui = slicer.util.childWidgetVariables(panel)
        panel.setMRMLScene(slicer.mrmlScene)
        self.logic = MammoClassifierLogic()
        self.messages = MessageArea(self.ui.messageLabel)
        self.jobs = JobArea(self.ui, self.messages, self._updateButtons)
        self.results = ResultPanel(self.ui)
        self.explanations = ExplanationPanel(self.ui)
        self.breasts = BreastSelector(self.ui.breastSelector)
        self.ui.breastSelector.connect("currentIndexChanged(int)", self.onBreastChosen)
        self.ui.ccMarkButton.clicked.connect(self.onMarkCc)
        self.ui.mloMarkButton.clicked.connect(self.onMarkMlo)
        self.ui.classifyButton.clicked.connect(self.onClassify)
        self.ui.cancelButton.clicked.connect(self.onCancel)
        self.ui.exportButton.clicked.connect(self.onExport)
        self.ui.mapSelector.connect("activated(int)", self.onMapChosen)
        self.ui.massSelector.connect("activated(int)", self.onMassChosen)
        self._observeScene()
        self.initializeParameterNode()

    def cleanup(self) -> None:
        """Called before the panel goes."""
        self.jobs.stop()
        self._setParameterNode(None)
        self.removeObservers()

    def enter(self) -> None:
        """Called each time the user opens the module: the views hang side by side."""
        try:
            enterLayout()
        except InputError as error:
            self.messages.fail(str(error))
        self._entered = True
        self._views.forget()
        self.initializeParameterNode()
        qt.QTimer.singleShot(0, self._hangAgain)
        self._sayMissing()

    def exit(self) -> None:
        """Called each time the user leaves: what was theirs comes back."""
        self._entered = False
        stopPlacing()
        self._setParameterNode(None)
        self._views.release()
        leaveLayout()

    # The scene.

    def initializeParameterNode(self) -> None:
        """Follow the scene's parameter node, and choose a breast where nothing is chosen yet."""
        self._setParameterNode(self.logic.getParameterNode())
        self._updateBreasts()

    def onSceneStartClose(self, *_args: object) -> None:
        """The scene is about to go."""
        if self.jobs.stop():
            self.messages.inform(_("Stopped: the scene was closed."))
        self._setParameterNode(None)

    def onSceneEndClose(self, *_args: object) -> None:
        """The scene is empty."""
        self._views.forget()
        self.results.show(None)
        if self._entered:
            clearViews()
            self.initializeParameterNode()

    def onSceneEndImport(self, *_args: object) -> None:
        """A scene was loaded, perhaps with a result in it."""
        self._views.forget()
        if self._entered:
            enterLayout()
            self.initializeParameterNode()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAdded(self, _caller: object, _event: object, node: slicer.vtkMRMLNode) -> None:
        """A volume came; its attributes follow, so it is looked at a moment later."""
        if node.IsA("vtkMRMLScalarVolumeNode"):
            self._updateSoon()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeGoing(self, _caller: object, _event: object, node: slicer.vtkMRMLNode) -> None:
        """Something goes, perhaps what is chosen, perhaps what is being classified."""
        if _sceneIsIncomplete() or not self._parameterNode:
            return
        chosen = [name for name in CHOICES if getattr(self._parameterNode, name) is node]
        if chosen and self.jobs.stop():
            sentence = _("Stopped: {node} was removed.")
            self.messages.inform(sentence.format(node=node.GetName()))
        # Selectors would take their next node for one that goes: rather none.
        for name in chosen:
            setattr(self._parameterNode, name, None)
        self._updateSoon()

    # What the user does.

    def onBreastChosen(self, index: int) -> None:
        """Take the views of a breast, and the ROIs that were drawn on them."""
        breast = self.breasts.breast(index)
        if not self._parameterNode or breast is None:
            return
        with slicer.util.NodeModify(self._parameterNode):
            self._parameterNode.ccVolume, self._parameterNode.mloVolume = breast.cc, breast.mlo
            self._parameterNode.ccRoi = roiDrawnOn(breast.cc)
            self._parameterNode.mloRoi = roiDrawnOn(breast.mlo)

    def onMarkCc(self, *_args: object) -> None:
        """Draw a ROI on the CC view."""
        self._parameterNode.ccRoi = self._mark("CC", self._parameterNode.ccVolume)

    def onMarkMlo(self, *_args: object) -> None:
        """Draw a ROI on the MLO view."""
        self._parameterNode.mloRoi = self._mark("MLO", self._parameterNode.mloVolume)

    def onClassify(self, *_args: object) -> None:
        """Begin to classify; the outcome comes to :meth:`onDone` or :meth:`onFailed`."""
        self.messages.clear()
        try:
            ensureInstalled()
            self._updateBreasts()
            inputs = self._parameterNode.inputs()
        except InputError as error:
            self.messages.fail(str(error))
            return
        steps = self.logic.classifyStepwise(inputs, self._parameterNode.side.value)
        self.jobs.start(steps, self.onDone)

    def onExport(self, *_args: object) -> None:
        """Begin to write the result that is shown into the DICOM database."""
        self.messages.clear()
        try:
            ensureInstalled()
            record = self._upToDateRecord()
        except InputError as error:
            self.messages.fail(str(error))
            return
        self.jobs.start(exportStepwise(record), self.onExported)

    def onMapChosen(self, *_args: object) -> None:
        """Make the map that was chosen, if it is not there yet."""
        parameters = self._parameterNode
        method = parameters.map.value or EXACT
        if parameters.result is None or hasMaps(parameters.result, method):
            return

        def back() -> None:
            parameters.map = ShownMap.BEST

        self._explain(lambda table: self.logic.explainStepwise(table, method), back)

    def onMassChosen(self, *_args: object) -> None:
        """Move the mass, if it was not moved yet."""
        parameters = self._parameterNode
        asItIs = parameters.mass is ShownMass.ORIGINAL
        if asItIs or parameters.result is None or hasMoved(parameters.result):
            return

        def back() -> None:
            parameters.mass = ShownMass.ORIGINAL

        self._explain(self.logic.moveStepwise, back)

    def _explain(
        self,
        steps: Callable[[vtkMRMLTableNode], Generator[Progress, None, None]],
        back: Callable[[], None],
    ) -> None:
        """Begin what explains the result that is shown; ``back`` is for where nothing comes."""
        self.messages.clear()
        try:
            ensureInstalled()
            self._upToDateRecord()
        except InputError as error:
            back()
            self.messages.fail(str(error))
            return
        self.jobs.start(steps(self._parameterNode.result), self.onExplained, back)

    def onExplained(self, _nothing: object) -> None:
        """Show what was made."""
        self.refresh()

    def onCancel(self, *_args: object) -> None:
        """Stop at once; nothing has been changed."""
        if self.jobs.stop():
            self.messages.inform(_("Cancelled. Nothing was changed."))

    # What comes back.

    def onDone(self, result: Result) -> None:
        """Show the result."""
        parameters = self._parameterNode or self.logic.getParameterNode()
        parameters.result = result.table
        device = self.logic.classifier.device
        self.messages.inform(_("Classified on {device}.").format(device=device))
        self.refresh()

    def onExported(self, exported: Exported) -> None:
        """Say where the result is now."""
        self.messages.inform(exported.inWords())

    # Following the parameter node.

    def refresh(self, *_args: object) -> None:
        """Bring everything in line with the parameter node."""
        if not self._parameterNode or _sceneIsIncomplete():
            return
        self._watched.watch(getattr(self._parameterNode, name) for name in CHOICES)
        self.breasts.show(self._parameterNode.shown())
        self._hang()
        self._updateButtons()
        self.refreshResult()

    def refreshResult(self, *_args: object) -> None:
        """Show the result, stale if an input has changed, and its evidence."""
        parameters = self._parameterNode
        if not parameters or _sceneIsIncomplete():
            return
        self._followInputs()
        table = parameters.result
        record = self._restated()
        self.results.show(record, stale=bool(table) and self._isStale())
        self.explanations.show(record, table, parameters.overlay())
        showOverlay(table if record else None, parameters.shown(), parameters.overlay())

    def _restated(self) -> Record | None:
        """The record that is shown, at the prevalence that the user states."""
        parameters = self._parameterNode
        record = readRecord(parameters.result) if parameters.result else None
        if record is None or record.prevalence is None or not parameters.prevalence:
            return record
        return self.logic.restate(record, parameters.prevalence / 100)

    def onInputModified(self, *_args: object) -> None:
        """A volume or a ROI that is chosen has changed."""
        if _sceneIsIncomplete() or not self._parameterNode:
            return
        self._hang()
        if self._parameterNode.result:
            table = self._parameterNode.result
            if not isStale(table) and self._isStale():
                self.refreshResult()
        self._updateButtons()

    def _followInputs(self) -> None:
        """Where there is a result of just what is chosen, that is the one to show."""
        inputs = self._inputs()
        mine = [table for table in resultsInScene() if inputs and isAbout(table, inputs)]
        if mine and self._parameterNode.result not in mine:
            self._parameterNode.result = mine[-1]

    def _isStale(self) -> bool:
        inputs, side = self._inputs(), self._parameterNode.side.value
        return checkStale(self._parameterNode.result, inputs, fingerprint(inputs, side))

    def _upToDateRecord(self) -> Record:
        """The record that is shown, if it is of what is chosen."""
        if self._isStale():
            problem = _("is out of date, for an input has changed since; click Classify again")
            raise InputError(_("Result"), problem)
        return self._restated()

    def _inputs(self) -> tuple[MarkedVolume, ...]:
        try:
            return self._parameterNode.inputs()
        except InputError:
            return ()

    def _hang(self) -> None:
        """Hang the chosen views, while the module is open."""
        parameters = self._parameterNode
        if not self._entered or not parameters:
            return
        try:
            self._views.show(parameters.shown(), {"CC": parameters.ccRoi, "MLO": parameters.mloRoi})
        except InputError as error:
            self.messages.fail(str(error))
        self._sayMirrored(self._views.mirrored)

    def _hangAgain(self) -> None:
        """Once the views have their size."""
        self._views.forget()
        self._hang()

    def _sayMirrored(self, mirrored: list[str]) -> None:
        """A mirrored film must be known for one."""
        sentence = _("Chest wall to chest wall; {views} shown mirrored.")
        text = sentence.format(views=_(" and ").join(mirrored)) if mirrored else ""
        self.ui.hangingLabel.setText(text)

    def _updateButtons(self) -> None:
        parameters = self._parameterNode
        if not parameters:
            return
        running = self.jobs.running
        for widget in (self.ui.exportButton, self.ui.mapSelector, self.ui.massSelector):
            widget.setEnabled(not running)
        problem = parameters.problem()
        self.ui.classifyButton.setEnabled(not running)
        self.ui.classifyButton.setToolTip(problem or _("Classify the marked mass"))
        self.ui.ccMarkButton.setEnabled(not running and parameters.ccVolume is not None)
        self.ui.mloMarkButton.setEnabled(not running and parameters.mloVolume is not None)

    # Breasts.

    def _updateBreasts(self, *_args: object) -> None:
        """List the breasts of the scene; take the first where no view is chosen."""
        if not self._parameterNode:
            return
        self.breasts.find()
        if not any(self._parameterNode.shown().values()):
            self.onBreastChosen(1)
        self.refresh()

    def _sayMissing(self) -> None:
        """Nothing is installed on entering; it is said that Classify will ask."""
        missing = missingPackages()
        if missing:
            sentence = _(
                "{packages}: not installed yet. Classify asks before it installs anything."
            )
            self.messages.inform(sentence.format(packages=", ".join(missing)))

    def _mark(
        self, projection: str, volume: slicer.vtkMRMLScalarVolumeNode
    ) -> slicer.vtkMRMLMarkupsROINode:
        """The view's own ROI, emptied, or a new one, waiting for the user's two clicks."""
        roi = roiDrawnOn(volume)
        if roi is None:
            roi = addRoi(projection, volume)
        roi.RemoveAllControlPoints()
        startPlacing(roi)
        return roi

    # Plumbing.

    def _observeScene(self) -> None:
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndImport)
        self.addObserver(scene, scene.NodeAddedEvent, self.onNodeAdded)
        first = 1.0  # before the selectors of the panel
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self.onNodeGoing, priority=first)

    def _setParameterNode(self, parameters: MammoClassifierParameterNode | None) -> None:
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._guiTag)
            node = self._parameterNode.parameterNode
            self.removeObserver(node, vtk.vtkCommand.ModifiedEvent, self.refresh)
            self._watched.release()
        self._parameterNode = parameters
        if parameters:
            self._guiTag = parameters.connectGui(self.ui)
            node = parameters.parameterNode
            self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self.refresh)
            self.refresh()

    def _updateSoon(self) -> None:
        qt.QTimer.singleShot(0, self._updateBreasts)


def _sceneIsIncomplete() -> bool:
    """While a scene is loaded or closed its nodes come and go one by one."""
    return slicer.mrmlScene.IsImporting() or slicer.mrmlScene.IsClosing()
