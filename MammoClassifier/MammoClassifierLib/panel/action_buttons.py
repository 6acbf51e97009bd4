"""The buttons and selectors that start an action, and when they are enabled."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

if TYPE_CHECKING:
    from MammoClassifierLib.panel.panel_state import PanelState


class ActionButtons:
    """Enables the buttons and selectors that start a job; none while a job is running.

    Parameters
    ----------
    ui
        The module's widgets by name.
    """

    def __init__(self, ui: SimpleNamespace) -> None:
        self._ui = ui

    def show(self, state: PanelState) -> None:
        """Enable what can be started in this state."""
        ui, isIdle = self._ui, not state.isRunning
        ui.classifyButton.setEnabled(isIdle)
        ui.classifyButton.setToolTip(state.problem or _("Classify the marked mass."))
        ui.ccMarkButton.setEnabled(isIdle and state.volumes["CC"] is not None)
        ui.mloMarkButton.setEnabled(isIdle and state.volumes["MLO"] is not None)
        ui.exportButton.setVisible(state.record is not None)
        for widget in (ui.exportButton, ui.mapSelector, ui.massSelector):
            widget.setEnabled(isIdle)
