"""The result in the panel: gauge, standing, shares of views and members, warnings, words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

from MammoClassifierLib.panel.descriptor_bars import conceptWords, drawConcepts
from MammoClassifierLib.panel.gauge import drawGauge
from MammoClassifierLib.panel.reference_text import prevalenceWords, standingWords

if TYPE_CHECKING:
    from mammopair.record import Record

HEADER_HEIGHT = 46
"""Pixels for the titles of the columns and the scroll bar below."""


class ResultPanel:
    """Shows a record in the widgets of the section *Result*.

    Parameters
    ----------
    ui
        The module's widgets by name.
    """

    def __init__(self, ui: SimpleNamespace) -> None:
        self._ui = ui

    def show(self, record: Record | None, *, stale: bool = False) -> None:
        """Show a record, plainly marked if an input has changed since; None empties the panel."""
        shown = record is not None
        ui = self._ui
        for widget in (ui.aboutLabel, ui.standingLabel, ui.sharesTable, ui.warningsLabel):
            widget.setVisible(shown)
            widget.setEnabled(not stale)
        for widget in (ui.prevalenceLabel, ui.prevalenceSpinBox):
            widget.setVisible(shown)
            widget.setEnabled(shown and not stale and record.prevalence is not None)
        ui.conceptsLabel.setVisible(shown and bool(record.concepts))
        self._ui.staleLabel.setVisible(shown and stale)
        self._ui.gaugeLabel.setVisible(shown)
        self._ui.exportButton.setVisible(shown)
        if record is None:
            return
        self._ui.gaugeLabel.setPixmap(drawGauge(record, stale=stale))
        self._ui.aboutLabel.setText(_about(record))
        self._ui.warningsLabel.setText(_warnings(record))
        standing = standingWords(record)
        self._ui.standingLabel.setText(standing)
        self._ui.standingLabel.setVisible(bool(standing))
        self._ui.prevalenceSpinBox.setToolTip(prevalenceWords(record))
        self._ui.conceptsLabel.setPixmap(drawConcepts(record.concepts, stale=stale))
        self._ui.conceptsLabel.setToolTip(conceptWords(record.concepts))
        self._fillShares(record)

    def _fillShares(self, record: Record) -> None:
        """One row a view and one for both; the first column is the mean over the members."""
        from mammopair.results.member_table import member_rows

        table = self._ui.sharesTable
        titles = [_("All"), *(row.member for row in member_rows(record.views))]
        rows = shares(record)
        table.setColumnCount(len(titles))
        table.setRowCount(len(rows))
        table.setHorizontalHeaderLabels(titles)
        table.setVerticalHeaderLabels([name for name, _values in rows])
        for row, (_name, values) in enumerate(rows):
            for column, value in enumerate(values):
                item = qt.QTableWidgetItem(value)
                item.setTextAlignment(qt.Qt.AlignCenter)
                table.setItem(row, column, item)
        table.resizeColumnsToContents()
        table.resizeRowsToContents()
        heights = sum(table.rowHeight(row) for row in range(len(rows)))
        table.setFixedHeight(heights + HEADER_HEIGHT)


def shares(record: Record) -> list[tuple[str, list[str]]]:
    """The name of each row and its cells in whole per cent, first the mean of all members."""
    from mammopair.results.member_table import member_rows
    from mammopair.results.text import MISSING, percent

    members = member_rows(record.views)
    rows = []
    for number, view in enumerate(record.views):
        scores = [member.member_scores[number] for member in members]
        cells = [percent(score.probability) if score else MISSING for score in scores]
        rows.append((view.projection, [percent(view.probability), *cells]))
    means = [percent(member.mean_probability) for member in members]
    rows.append((_("Together"), [percent(record.probability), *means]))
    return rows


def _about(record: Record) -> str:
    from mammopair.results.text import breast_name, evidence_directions

    text = _("{breast} breast of {case}. Evidence: {evidence}. {model} {version}, {software}.")
    return text.format(
        breast=breast_name(record.laterality).capitalize(),
        case=record.patient_id or record.case_id,
        evidence=evidence_directions(record).replace("\n", "; "),
        model=record.model.name,
        version=record.model.version,
        software=record.software,
    )


def _warnings(record: Record) -> str:
    """One line a warning, each once."""
    sentences = dict.fromkeys(warning.message for warning in record.warnings)
    return "\n".join(f"⚠ {sentence}" for sentence in sentences)
