"""The sections *Explanation* and *Evidence*: what is shown over the views, said in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MammoClassifierLib.panel.evidence_legend import drawLegend
from MammoClassifierLib.scene.counterfactual_volumes import hasMoved, movedWords
from MammoClassifierLib.scene.map_nodes import mapWords, shownMethod

if TYPE_CHECKING:
    from slicer import vtkMRMLTableNode

    from MammoClassifierLib.views.overlay import Overlay
    from mammopair.record import Record


class ExplanationPanel:
    """Says what the overlay shows of a result.

    Parameters
    ----------
    ui
        The module's widgets by name.
    """

    def __init__(self, ui: SimpleNamespace) -> None:
        self._ui = ui

    def show(self, record: Record | None, table: vtkMRMLTableNode | None, overlay: Overlay) -> None:
        """Put the shown map, the moved mass and the legend into words; None empties both."""
        ui, shown = self._ui, record is not None
        ui.explanationSection.setEnabled(shown)
        ui.evidenceSection.setEnabled(shown)
        for widget in (ui.legendLabel, ui.mapWordsLabel):
            widget.setVisible(shown)
        moved = shown and bool(overlay.image) and hasMoved(table)
        ui.movedLabel.setVisible(moved)
        if not shown:
            return
        ui.legendLabel.setPixmap(drawLegend(overlay.level))
        ui.mapWordsLabel.setText(self._aboutMap(record, table, overlay, moved=moved))
        if moved:
            ui.movedLabel.setText(movedWords(record, table, overlay.image))

    def _aboutMap(
        self, record: Record, table: vtkMRMLTableNode, overlay: Overlay, *, moved: bool
    ) -> str:
        if moved:
            return _("Hidden while the mass is shown moved: the map is of the mass as it is.")
        method = shownMethod(table, overlay.method)
        text = mapWords(record, table, method)
        if overlay.method and method != overlay.method:
            text += " " + _("The map that is chosen was not made yet: choose it again to make it.")
        return text
