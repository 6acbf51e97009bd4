"""What a record says of its standing is shown: prevalence, set, points, looks."""

import csv
import io
import re

import pytest
from msgspec.structs import replace
from rich.console import Console

from mammopair.calibration.prior_shift import adjust_prevalence
from mammopair.record import ConformalSet, OperatingPointResult, OutOfDistribution
from mammopair.results.record_table import print_table, records_to_csv
from Testing.engine.results.pages import write_report

ADVICE = re.compile(r"recommend|advis|biops|follow.up|BI-?RADS|should be (seen|recalled)", re.I)


@pytest.fixture(scope="module")
def standing(records):
    """The same records as an ensemble that knows gives them, the first two at 10 % too."""
    points = [
        OperatingPointResult(name="sensitivity 95 %", threshold=0.2, reached=True),
        OperatingPointResult(name="specificity 95 %", threshold=0.7, reached=False),
    ]
    sets = (["malignant"], ["benign"], ["benign", "malignant"])
    known = [
        replace(
            record,
            prevalence=0.48,
            operating_points=points,
            conformal=ConformalSet(classes=classes, coverage=0.9, p_benign=0.2, p_malignant=0.3),
            out_of_distribution=OutOfDistribution(score=0.983, warn_above=0.97),
        )
        for record, classes in zip(records, sets, strict=True)
    ]
    return [adjust_prevalence(known[0], 0.1), adjust_prevalence(known[1], 0.1), known[2]]


def printed(records, width=80):
    console = Console(file=io.StringIO(), width=width)
    print_table(records, console)
    return console.file.getvalue()


def page_of(records, path):
    write_report(records, path)
    text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", path.read_text("utf-8"), flags=re.S)
    return re.sub(r"\s+", " ", text)


def test_the_terminal_says_at_which_prevalence_each_number_holds_and_cuts_no_number(standing):
    text = printed(standing)
    assert "below: at 10 %" in text
    assert "hold where 48 % of the marked masses are malignant" in " ".join(text.split())
    assert "those at 10 % hold where 10 % are." in " ".join(text.split())
    for record in standing:
        low, high = (round(100 * end) for end in (record.interval.low, record.interval.high))
        assert f"({low} to {high} %)" in text
    shown = standing[0].prior_shift
    assert f"({100 * shown.interval.low:.0f} to {100 * shown.interval.high:.0f} %)" in text
    assert "90 %" in text
    for word in ("malignant", "benign", "either"):
        assert word in text
    assert "…" not in text


def test_an_older_record_says_nothing_of_what_its_ensemble_did_not_know(records, tmp_path):
    text = printed(records) + page_of(records, tmp_path / "report.html")
    assert "hold where" not in text
    assert "coverage" not in text
    assert "Operating points" not in text
    assert "unusual" not in text


def test_the_page_shows_set_points_looks_and_the_number_at_the_stated_prevalence(
    standing, tmp_path
):
    text = page_of(standing, tmp_path / "report.html")
    assert text.count("Where 10 % of the marked masses are malignant") == 2
    assert "Set of classes, 90 % coverage benign or malignant" in text
    assert "sensitivity 95 %: reached (20 %); specificity 95 %: not reached (70 %)" in text
    assert "more unusual than 98 % of the training's crops" in text
    assert "hold where 48 % of the marked masses are malignant" in text
    assert not ADVICE.search(text)


def test_the_csv_has_a_column_for_each_and_leaves_unknown_ones_empty(standing, records, tmp_path):
    records_to_csv([*standing, records[0]], tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as stream:
        first, _, third, older = csv.DictReader(stream)
    assert float(first["prevalence"]) == 0.48
    assert float(first["adjusted_prevalence"]) == 0.1
    assert float(first["adjusted_probability"]) == standing[0].prior_shift.probability
    assert float(first["adjusted_interval_high"]) == standing[0].prior_shift.interval.high
    assert first["points_reached"] == "sensitivity 95 %"
    assert third["conformal_classes"] == "benign malignant"
    assert float(third["conformal_coverage"]) == 0.9
    assert float(third["out_of_distribution_score"]) == 0.983
    assert third["adjusted_probability"] == ""
    assert {older[name] for name in ("prevalence", "conformal_classes", "points_reached")} == {""}
