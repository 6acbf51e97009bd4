"""The module's widget: passes the user's actions to the logic and displays the scene's state.

All choices are stored in the parameter node. Events of the scene only request a refresh, and any
number of requests in one turn of the event loop leads to one refresh.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from MammoClassifierLib.install import Installer, sharedInstaller
from MammoClassifierLib.logic import MammoClassifierLogic
from MammoClassifierLib.panel.action_buttons import ActionButtons
from MammoClassifierLib.panel.breast_selector import BreastSelector
from MammoClassifierLib.panel.coalesced_call import CoalescedCall
from MammoClassifierLib.panel.explanation_panel import ExplanationPanel
from MammoClassifierLib.panel.job_area import JobArea
from MammoClassifierLib.panel.message_area import MessageArea
from MammoClassifierLib.panel.panel_state import PanelState, readState
from MammoClassifierLib.panel.result_panel import ResultPanel
from MammoClassifierLib.parameters import ShownMap, ShownMass
from MammoClassifierLib.scene.breast_pairs import candidateVolumes
from MammoClassifierLib.scene.counterfactual_volumes import hasCounterfactuals
from MammoClassifierLib.scene.map_nodes import EXACT, hasMaps
from MammoClassifierLib.scene.node_observer import NodeObserver
from MammoClassifierLib.scene.result_nodes import isAbout, resultsInScene, updateStaleMark
from MammoClassifierLib.views.hanging import clearViews
from MammoClassifierLib.views.layout import enterLayout, leaveLayout
from MammoClassifierLib.views.overlay import showOverlay
from MammoClassifierLib.views.roi_placement import addRoi, roiDrawnOn, startPlacing, stopPlacing
from MammoClassifierLib.views.slice_views import SliceViews
from mammopair.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode, vtkMRMLTableNode

    from MammoClassifierLib.dicom.database_export import ExportedResult
    from MammoClassifierLib.logic import ClassifiedLesion
    from MammoClassifierLib.parameters import MammoClassifierParameterNode
    from mammopair.progress import Progress

CHOICES = ("ccVolume", "mloVolume", "ccRoi", "mloRoi")
"""Names of the parameters that a result depends on."""


class MammoClassifierWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel of the module.

    Parameters
    ----------
    parent
        The widget that Slicer provides; None for a panel of its own.
    logic
        By default a logic with the packaged ensemble.
    installer
        By default the installer of this session.
    """

    def __init__(
        self,
        parent: qt.QWidget | None = None,
        logic: MammoClassifierLogic | None = None,
        installer: Installer | None = None,
    ) -> None:
        self.logic = logic or MammoClassifierLogic()
        self._installer = installer or sharedInstaller
        self._parameterNode: MammoClassifierParameterNode | None = None
        self._guiTag: int | None = None
        self._state = PanelState()
        self._views = SliceViews()
        self._pendingRefresh = CoalescedCall(self.refresh)
        self._observer = NodeObserver(self._pendingRefresh.request)
        self._isEntered = False
        super().__init__(parent)

    def setup(self) -> None:
        """Load the panel from its .ui file and connect it."""
        super().setup()
        panel = slicer.util.loadUI(self.resourcePath("UI/MammoClassifier.ui"))
        self.layout.addWidget(panel)
        self.ui = slicer.util.childWidgetVariables(panel)
        panel.setMRMLScene(slicer.mrmlScene)
        self.messages = MessageArea(self.ui.messageLabel)
        self.jobs = JobArea(self.ui, self.messages, self._onRunningChanged)
        self.buttons = ActionButtons(self.ui)
        self.results = ResultPanel(self.ui)
        self.explanations = ExplanationPanel(self.ui)
        self.breasts = BreastSelector(self.ui.breastSelector)
        self.ui.breastSelector.connect("currentIndexChanged(int)", self.onBreastChosen)
        self.ui.ccMarkButton.connect("clicked()", self.onMarkCc)
        self.ui.mloMarkButton.connect("clicked()", self.onMarkMlo)
        self.ui.classifyButton.connect("clicked()", self.onClassify)
        self.ui.cancelButton.connect("clicked()", self.onCancel)
        self.ui.exportButton.connect("clicked()", self.onExport)
        self.ui.mapSelector.connect("activated(int)", self.onMapChosen)
        self.ui.massSelector.connect("activated(int)", self.onMassChosen)
        self._observeScene()
        self._show(PanelState())
        self.initializeParameterNode()

    def cleanup(self) -> None:
        """Called before the panel is deleted."""
        self.jobs.cancel()
        self._setParameterNode(None)
        self.removeObservers()

    def enter(self) -> None:
        """Called when the user opens the module: show the module's layout."""
        try:
            enterLayout()
        except InputError as error:
            self.messages.fail(str(error))
        self._isEntered = True
        self._views.reset()
        self.initializeParameterNode()
        missing = self._installer.describeMissing()
        if missing:
            self.messages.inform(missing)

    def exit(self) -> None:
        """Called when the user leaves the module: restore the user's layout."""
        self._isEntered = False
        stopPlacing()
        self._setParameterNode(None)
        self._views.restoreRois()
        leaveLayout()

    # Events of the scene.

    def initializeParameterNode(self) -> None:
        """Connect the panel to the parameter node of the scene."""
        self._setParameterNode(self.logic.getParameterNode())

    def onSceneStartClose(self, *_args: object) -> None:
        """Stop working with the nodes of the scene."""
        if self.jobs.cancel():
            self.messages.inform(_("Cancelled: the scene was closed."))
        self._setParameterNode(None)

    def onSceneEndClose(self, *_args: object) -> None:
        """Show the empty scene."""
        self._views.reset()
        self._show(PanelState())
        if self._isEntered:
            clearViews()
            self.initializeParameterNode()

    def onSceneEndImport(self, *_args: object) -> None:
        """Show the scene that was loaded, and the result in it."""
        self._views.reset()
        if self._isEntered:
            enterLayout()
            self.initializeParameterNode()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAdded(self, _caller: object, _event: object, node: slicer.vtkMRMLNode) -> None:
        """Request a refresh for a volume; its pixels and attributes are set before it happens."""
        if node.IsA("vtkMRMLScalarVolumeNode"):
            self._pendingRefresh.request()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(
        self, _caller: object, _event: object, node: slicer.vtkMRMLNode
    ) -> None:
        """Clear the choice of a node that is being removed, and cancel a job that uses it."""
        if _sceneIsIncomplete() or not self._parameterNode:
            return
        chosen = [name for name in CHOICES if getattr(self._parameterNode, name) is node]
        if chosen and self.jobs.cancel():
            sentence = _("Cancelled: {node} was removed.")
            self.messages.inform(sentence.format(node=node.GetName()))
        # Otherwise the node selectors would choose another node.
        for name in chosen:
            setattr(self._parameterNode, name, None)
        self._pendingRefresh.request()

    # Actions of the user.

    def onBreastChosen(self, row: int) -> None:
        """Choose the volumes of a breast and the ROIs that were drawn on them."""
        breast = self.breasts.breastOfRow(row)
        if not self._parameterNode or breast is None:
            return
        with slicer.util.NodeModify(self._parameterNode):
            self._parameterNode.ccVolume, self._parameterNode.mloVolume = breast.cc, breast.mlo
            self._parameterNode.ccRoi = roiDrawnOn(breast.cc)
            self._parameterNode.mloRoi = roiDrawnOn(breast.mlo)

    def onMarkCc(self) -> None:
        """Let the user draw a ROI on the CC view."""
        self._parameterNode.ccRoi = self._placeRoi("CC", self._parameterNode.ccVolume)

    def onMarkMlo(self) -> None:
        """Let the user draw a ROI on the MLO view."""
        self._parameterNode.mloRoi = self._placeRoi("MLO", self._parameterNode.mloVolume)

    def onClassify(self) -> None:
        """Start the classification; it ends with :meth:`onClassified`."""
        self.messages.clear()
        try:
            self._prepareEngine()
            inputs = self._parameterNode.inputs()
        except InputError as error:
            self.messages.fail(str(error))
            return
        steps = self.logic.classifyStepwise(inputs, self._parameterNode.side.value)
        self.jobs.start(steps, self.onClassified)

    def onExport(self) -> None:
        """Start the export of the displayed result; it ends with :meth:`onExported`."""
        self.messages.clear()
        try:
            self._prepareResult()
        except InputError as error:
            self.messages.fail(str(error))
            return
        self.jobs.start(self.logic.exportStepwise(self._state.record), self.onExported)

    def onMapChosen(self, *_args: object) -> None:
        """Compute the chosen map if the result does not have it."""
        parameters = self._parameterNode
        method = parameters.map.value or EXACT
        if parameters.result is None or hasMaps(parameters.result, method):
            return

        def chooseDefault() -> None:
            parameters.map = ShownMap.BEST

        self._explain(lambda table: self.logic.explainStepwise(table, method), chooseDefault)

    def onMassChosen(self, *_args: object) -> None:
        """Generate the counterfactual images if the result does not have them."""
        parameters = self._parameterNode
        isOriginal = parameters.mass is ShownMass.ORIGINAL
        if isOriginal or parameters.result is None or hasCounterfactuals(parameters.result):
            return

        def chooseOriginal() -> None:
            parameters.mass = ShownMass.ORIGINAL

        self._explain(self.logic.counterfactualsStepwise, chooseOriginal)

    def onCancel(self) -> None:
        """Cancel the running job."""
        if self.jobs.cancel():
            self.messages.inform(_("Cancelled. Nothing was changed."))

    # Outcomes of jobs.

    def onClassified(self, outcome: ClassifiedLesion) -> None:
        """Choose the new result for display."""
        parameters = self._parameterNode or self.logic.getParameterNode()
        parameters.result = outcome.table
        isOnGpu = self.logic.classifier.device != "cpu"
        sentence = _("Classification finished; it was computed on the {device}.")
        self.messages.inform(sentence.format(device=_("GPU") if isOnGpu else _("CPU")))
        self.refresh()

    def onExported(self, exported: ExportedResult) -> None:
        """Show where the result was exported to."""
        self.messages.inform(exported.message())

    def onExplained(self, _nothing: object) -> None:
        """Display the new map or images."""
        self.refresh()

    # The state.

    def refresh(self) -> None:
        """Update the choices and display the state of the scene.

        The scene's volumes are scanned here and nowhere else.
        """
        if not self._parameterNode or _sceneIsIncomplete():
            return
        self._updateParameterNode()
        self._pendingRefresh.cancel()  # the updates of the parameter node are displayed below
        self._show(readState(self._parameterNode, self.logic, isRunning=self.jobs.isRunning))

    def _updateParameterNode(self) -> None:
        """Choose a breast if no view is chosen, and the result of the chosen inputs."""
        volumes = candidateVolumes()
        self.breasts.setVolumes(volumes)
        parameters = self._parameterNode
        if not any(parameters.volumes().values()):
            self.onBreastChosen(1)
        self._observer.setNodes([*(getattr(parameters, name) for name in CHOICES), *volumes])
        inputs = parameters.usableInputs()
        own = [table for table in resultsInScene() if inputs and isAbout(table, inputs)]
        if own and parameters.result not in own:
            parameters.result = own[-1]
        if parameters.result:
            updateStaleMark(parameters.result, inputs, parameters.fingerprint())

    def _show(self, state: PanelState) -> None:
        """Display a state in the panel and, while the module is open, in the slice views."""
        self._state = state
        self.breasts.show(state.volumes)
        self.buttons.show(state)
        self.results.show(state)
        self.explanations.show(state)
        if self._isEntered:
            self._showInViews(state)

    def _showInViews(self, state: PanelState) -> None:
        try:
            self._views.show(state.volumes, state.rois)
        except InputError as error:
            self.messages.fail(str(error))
        mirrored = _(" and ").join(self._views.mirrored)
        text = _("Displayed chest wall to chest wall; {views} mirrored.").format(views=mirrored)
        self.ui.hangingLabel.setText(text if mirrored else "")
        showOverlay(state.result if state.record else None, state.volumes, state.overlay)

    def _onRunningChanged(self) -> None:
        self._state = replace(self._state, isRunning=self.jobs.isRunning)
        self.buttons.show(self._state)

    # Parts of the actions.

    def _prepareEngine(self) -> None:
        """Install what is missing, and update the state for the action that follows."""
        if self._installer.ensureInstalled():
            self._pendingRefresh.request()  # the engine can recognise the breasts now
        self._pendingRefresh.flush()

    def _prepareResult(self) -> None:
        """Raise an error if the displayed result is out of date."""
        self._prepareEngine()
        if self._state.isStale:
            problem = _("out of date because an input has changed; click Classify again")
            raise InputError(_("Result"), problem)

    def _explain(
        self,
        steps: Callable[[vtkMRMLTableNode], Generator[Progress, None, None]],
        onStopped: Callable[[], None],
    ) -> None:
        """Start to explain the displayed result; ``onStopped`` restores the earlier choice."""
        self.messages.clear()
        try:
            self._prepareResult()
        except InputError as error:
            onStopped()
            self.messages.fail(str(error))
            return
        self.jobs.start(steps(self._parameterNode.result), self.onExplained, onStopped)

    def _placeRoi(self, projection: str, volume: vtkMRMLScalarVolumeNode) -> vtkMRMLMarkupsROINode:
        """Empty the ROI of a view, or add one, and let the user place it with two clicks."""
        roi = roiDrawnOn(volume)
        if roi is None:
            roi = addRoi(projection, volume)
        roi.RemoveAllControlPoints()
        startPlacing(roi)
        return roi

    # Connections.

    def _observeScene(self) -> None:
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndImport)
        self.addObserver(scene, scene.NodeAddedEvent, self.onNodeAdded)
        # Called before the node selectors of the panel, which have the default priority.
        self.addObserver(
            scene, scene.NodeAboutToBeRemovedEvent, self.onNodeAboutToBeRemoved, priority=1.0
        )

    def _setParameterNode(self, parameters: MammoClassifierParameterNode | None) -> None:
        self._pendingRefresh.cancel()
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._guiTag)
            node = self._parameterNode.parameterNode
            self.removeObserver(node, vtk.vtkCommand.ModifiedEvent, self._pendingRefresh.request)
            self._observer.setNodes(())
        self._parameterNode = parameters
        if parameters:
            self._guiTag = parameters.connectGui(self.ui)
            node = parameters.parameterNode
            self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self._pendingRefresh.request)
            self._pendingRefresh.request()


def _sceneIsIncomplete() -> bool:
    """Return whether the scene is being loaded or closed, so that nodes may be missing."""
    return slicer.mrmlScene.IsImporting() or slicer.mrmlScene.IsClosing()
