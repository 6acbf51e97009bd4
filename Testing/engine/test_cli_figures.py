"""The printed table of measures fits a terminal without cutting an interval."""

from __future__ import annotations

import io

from rich.console import Console

from mammopair.cli.figure_tables import COLUMNS, figures_table
from mammopair.stats.metric_summary import summarise


def printed(measured):
    stream = io.StringIO()
    Console(file=stream, width=80).print(figures_table(measured))
    return stream.getvalue()


def test_every_interval_is_printed_within_80_columns():
    patients = [str(number) for number in range(40)]
    figures = summarise([(n % 7) / 7 for n in range(40)], [n % 2 for n in range(40)], patients)
    text = printed({"pairs without scanner DBA": figures, "scored_by": "somebody"})
    assert "…" not in text
    for name in COLUMNS:
        low, high = figures[f"{name}_ci"]
        assert f"{low:.2f}-{high:.2f}" in text
    assert "pairs without" in text  # broken between words only
    assert "scanner DBA" in text


def test_measures_undefined_for_one_class_are_dashes():
    text = printed({"views": summarise([0.2, 0.4], [0, 0], ["a", "b"])})
    assert text.count("-\n") + text.count("- ") >= 6
