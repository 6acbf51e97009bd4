"""The sections *Explanation* and *Evidence*: texts and legend for what the views display."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MammoClassifierLib.panel.evidence_legend import drawLegend
from MammoClassifierLib.scene.counterfactual_volumes import counterfactualText, hasCounterfactuals
from MammoClassifierLib.scene.map_nodes import displayedMethod, mapText

if TYPE_CHECKING:
    from MammoClassifierLib.panel.panel_state import PanelState


class ExplanationPanel:
    """Describes the map and the counterfactual image that are displayed over the views.

    Parameters
    ----------
    ui
        The module's widgets by name.
    """

    def __init__(self, ui: SimpleNamespace) -> None:
        self._ui = ui
        self._level: int | None = None

    def show(self, state: PanelState) -> None:
        """Show the texts and the legend of a result; disable the sections without one."""
        ui, shown = self._ui, state.record is not None
        ui.explanationSection.setEnabled(shown)
        ui.evidenceSection.setEnabled(shown)
        for widget in (ui.legendLabel, ui.mapTextLabel):
            widget.setVisible(shown)
        isCounterfactual = bool(shown and state.overlay.image and hasCounterfactuals(state.result))
        ui.counterfactualLabel.setVisible(isCounterfactual)
        if not shown:
            return
        if state.overlay.level != self._level:
            self._level = state.overlay.level
            ui.legendLabel.setPixmap(drawLegend(self._level))
        if isCounterfactual:
            text = counterfactualText(state.record, state.result, state.overlay.image)
            ui.counterfactualLabel.setText(text)
            ui.mapTextLabel.setText(
                _("No map is displayed over a generated image: the map is that of the original.")
            )
        else:
            ui.mapTextLabel.setText(_mapText(state))


def _mapText(state: PanelState) -> str:
    method = displayedMethod(state.result, state.overlay.method)
    text = mapText(state.record, state.result, method)
    if state.overlay.method and method != state.overlay.method:
        text += " " + _("The selected map has not been computed; select it again to compute it.")
    return text
