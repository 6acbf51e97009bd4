"""The section *Result*: gauge, reference text, probabilities of views and networks, warnings."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

from MammoClassifierLib.panel.descriptor_bars import descriptorText, drawDescriptors
from MammoClassifierLib.panel.gauge import drawGauge
from MammoClassifierLib.panel.reference_text import prevalenceText, referenceText

if TYPE_CHECKING:
    from MammoClassifierLib.panel.panel_state import PanelState
    from mammopair.record import Record

HEADER_HEIGHT = 46
"""Height of the column titles and the scroll bar, in pixels."""


class ResultPanel:
    """Shows a record in the widgets of the section *Result*.

    Parameters
    ----------
    ui
        The module's widgets by name.
    """

    def __init__(self, ui: SimpleNamespace) -> None:
        self._ui = ui
        self._shown: tuple[Record | None, bool] | None = None

    def show(self, state: PanelState) -> None:
        """Show the record, marked as out of date if it is stale; hide the widgets without one."""
        record, stale = state.record, state.isStale
        if (record, stale) == self._shown:
            return
        self._shown = record, stale
        self._setVisibility(record, stale=stale)
        if record is None:
            return
        ui, reference = self._ui, referenceText(record)
        ui.gaugeLabel.setPixmap(drawGauge(record, stale=stale))
        ui.summaryLabel.setText(_summary(record))
        ui.warningsLabel.setText(_warnings(record))
        ui.referenceLabel.setText(reference)
        ui.referenceLabel.setVisible(bool(reference))
        ui.prevalenceSpinBox.setToolTip(prevalenceText(record))
        ui.descriptorsLabel.setPixmap(drawDescriptors(record.concepts, stale=stale))
        ui.descriptorsLabel.setToolTip(descriptorText(record.concepts))
        self._fillTable(record)

    def _setVisibility(self, record: Record | None, *, stale: bool) -> None:
        ui, shown = self._ui, record is not None
        for widget in (ui.summaryLabel, ui.referenceLabel, ui.probabilityTable, ui.warningsLabel):
            widget.setVisible(shown)
            widget.setEnabled(not stale)
        for widget in (ui.prevalenceLabel, ui.prevalenceSpinBox):
            widget.setVisible(shown)
            widget.setEnabled(shown and not stale and record.prevalence is not None)
        ui.descriptorsLabel.setVisible(shown and bool(record.concepts))
        ui.staleLabel.setVisible(shown and stale)
        ui.gaugeLabel.setVisible(shown)

    def _fillTable(self, record: Record) -> None:
        """One row for each view and one for the lesion; columns for the mean and each network."""
        table, rows = self._ui.probabilityTable, probabilityRows(record)
        networks = range(1, len(rows[0][1]))
        titles = [
            _("Mean"),
            *(_("Network {number}").format(number=number) for number in networks),
        ]
        table.setColumnCount(len(titles))
        table.setRowCount(len(rows))
        table.setHorizontalHeaderLabels(titles)
        table.setVerticalHeaderLabels([title for title, _cells in rows])
        for row, (_title, cells) in enumerate(rows):
            for column, cell in enumerate(cells):
                item = qt.QTableWidgetItem(cell)
                item.setTextAlignment(qt.Qt.AlignCenter)
                table.setItem(row, column, item)
        table.resizeColumnsToContents()
        table.resizeRowsToContents()
        heights = sum(table.rowHeight(row) for row in range(len(rows)))
        table.setFixedHeight(heights + HEADER_HEIGHT)


def probabilityRows(record: Record) -> list[tuple[str, list[str]]]:
    """Return the title and the cells of each row, in per cent.

    The first cell is the mean of the networks. The cell of a network that does not read a view is
    a dash.
    """
    from mammopair.results.member_table import member_rows
    from mammopair.results.text import MISSING, percent

    members = member_rows(record.views)
    rows = []
    for number, view in enumerate(record.views):
        scores = [member.member_scores[number] for member in members]
        cells = [percent(score.probability) if score else MISSING for score in scores]
        rows.append((view.projection, [percent(view.probability), *cells]))
    means = [percent(member.mean_probability) for member in members]
    rows.append((_("All views"), [percent(record.probability), *means]))
    return rows


def _summary(record: Record) -> str:
    from mammopair.results.text import breast_name

    breast = breast_name(record.laterality).capitalize()
    if record.patient_id:
        lesion = _("{breast} breast of patient {patient}.")
        lesion = lesion.format(breast=breast, patient=record.patient_id)
    else:
        lesion = _("{breast} breast.").format(breast=breast)
    evidence = _("Evidence in the {projection} view: {direction}.")
    sentences = [
        evidence.format(projection=view.projection, direction=view.evidence.direction)
        for view in record.views
    ]
    model = f"{record.model.name} {record.model.version}, {record.software}."
    return " ".join([lesion, *sentences, model])


def _warnings(record: Record) -> str:
    """Return one line for each distinct warning."""
    sentences = dict.fromkeys(warning.message for warning in record.warnings)
    return "\n".join(f"⚠ {sentence}" for sentence in sentences)
