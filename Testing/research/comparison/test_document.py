"""The files say what the comparison says."""

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


def test_what_is_written_is_read_back(table, tmp_path):
    paths = write_comparison(table, tmp_path)
    assert [path.name for path in paths] == [FILE, "comparison.md", "comparison.csv"]
    assert read_comparison(tmp_path / FILE) == table


def test_markdown_has_every_row_with_its_figures_and_the_published_ones(table):
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


def test_markdown_says_what_it_was_measured_on_and_what_was_left_out(table):
    text = comparison_as_markdown(table)
    pairs = table.rows[0].levels["pairs"]
    assert f"on {pairs.n} pairs" in text
    assert "Made up." in text
    assert "- Reduced: both, cc, mlo, features held out folds 0, 2 of 4 only.\n" in text


def test_csv_has_a_line_a_row_and_level_with_the_figures_in_full(table):
    lines = list(csv.DictReader(io.StringIO(comparison_as_csv(table))))
    assert len(lines) == 3 * len(table.rows)
    by_place = {(line["name"], line["level"]): line for line in lines}
    for row in table.rows:
        for name, level in row.levels.items():
            line = by_place[row.name, name]
            assert int(line["n"]) == level.n
            assert float(line["auc"]) == level.figures["auc"].value
            assert float(line["ece_high"]) == level.figures["ece"].high
    assert by_place["features", "pairs"]["parameters"] == ""


def test_published_figures_say_whose_and_on_whom():
    figures = published_figures()
    papers = figures[0]
    assert (papers.accuracy, papers.auc) == (0.85, 0.91)
    assert "not published" in papers.split
    for figure in figures:
        assert figure.source
        assert figure.split
        assert figure.accuracy or figure.auc


def test_what_is_no_comparison_is_refused(tmp_path):
    path = tmp_path / FILE
    with pytest.raises(InputError, match="cannot be read"):
        read_comparison(path)
    path.write_text('{"rows": 3}')
    with pytest.raises(InputError, match="is not a comparison"):
        read_comparison(path)
