"""The Markdown, CSV and JSON files contain the figures of the comparison."""

from __future__ import annotations

import csv
import io

import pytest

from mammopair.errors import InputError
from mammopair_research.comparison.compare_runs import compare_runs
from mammopair_research.comparison.comparison_document import (
    comparison_as_csv,
    comparison_as_markdown,
    write_comparison,
)
from mammopair_research.comparison.comparison_schema import FILE, read_comparison
from mammopair_research.comparison.published import published_figures
from Testing.stepwise import drive


@pytest.fixture
def table(matrix):
    return drive(compare_runs(matrix, None, 100))[1]


def test_a_written_comparison_is_read_back_unchanged(table, tmp_path):
    paths = write_comparison(table, tmp_path)
    assert [path.name for path in paths] == [FILE, "comparison.md", "comparison.csv"]
    assert read_comparison(tmp_path / FILE) == table


def test_markdown_has_the_figures_of_every_row_and_the_published_figures(table):
    text = comparison_as_markdown(table)
    for row in table.rows:
        auc = row.levels["pairs"].figures["auc"]
        (line,) = (line for line in text.splitlines() if line.startswith(f"| {row.title} |"))
        assert f"| {auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f}) |" in line
        for metric in row.against_reference.values():
            assert f"{metric.difference:+.3f} ({metric.low:+.3f} to {metric.high:+.3f}), p" in line
    for other in table.published:
        assert f"| {other.title} |" in text
        assert other.split in text
    assert "None" not in text
    assert "| nan" not in text
    widths = {line.count("|") for line in text.splitlines()[: 2 + len(table.rows)]}
    assert len(widths) == 1


def test_markdown_states_the_data_and_the_notes(table):
    text = comparison_as_markdown(table)
    pairs = table.rows[0].levels["pairs"]
    assert f"on {pairs.n} pairs" in text
    assert "Synthetic." in text
    assert "- Reduced cross-validation: both, cc, mlo, features predicted folds 0, 2" in text


def test_csv_has_one_line_per_row_and_level_with_unrounded_figures(table):
    lines = list(csv.DictReader(io.StringIO(comparison_as_csv(table))))
    assert len(lines) == 3 * len(table.rows)
    by_row_and_level = {(line["name"], line["level"]): line for line in lines}
    for row in table.rows:
        for name, level in row.levels.items():
            line = by_row_and_level[row.name, name]
            assert int(line["n"]) == level.n
            assert float(line["auc"]) == level.figures["auc"].value
            assert float(line["ece_high"]) == level.figures["ece"].high
    assert by_row_and_level["features", "pairs"]["parameters"] == ""


def test_published_figures_state_their_source_and_patients():
    figures = published_figures()
    paper = figures[0]
    assert (paper.accuracy, paper.auc) == (0.85, 0.91)
    assert "not published" in paper.split
    for figure in figures:
        assert figure.source
        assert figure.split
        assert figure.accuracy or figure.auc


def test_an_invalid_comparison_is_rejected(tmp_path):
    path = tmp_path / FILE
    with pytest.raises(InputError, match="is missing; run `make table`"):
        read_comparison(path)
    path.write_text('{"rows": 3}')
    with pytest.raises(InputError, match=r"is not valid: .*; run `make table`"):
        read_comparison(path)
