"""Adjusted probability, conformal set, operating points and out-of-distribution score are shown."""

import csv
import io
import re

import pytest
from msgspec.structs import replace
from rich.console import Console

from mammopair.calibration.prior_shift import adjust_prevalence
from mammopair.record import ConformalSet, OperatingPointResult, OutOfDistribution
from mammopair.results.record_table import print_table, records_to_csv
from Testing.engine.results.report_pages import write_report

ADVICE = re.compile(r"recommend|advis|biops|follow.up|BI-?RADS|should be (seen|recalled)", re.I)


@pytest.fixture(scope="module")
def summarised(records):
    """The records with a reference summary, the first two adjusted for a prevalence of 10 %."""
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


def test_the_terminal_shows_all_numbers_and_the_prevalence_they_assume(summarised):
    text = printed(summarised)
    assert "2nd line: adjusted" in text
    assert "assume a prevalence of malignancy of 48 %, as in" in " ".join(text.split())
    assert "adjusted probabilities assume 10 %." in " ".join(text.split())
    for record in summarised:
        low, high = (round(100 * end) for end in (record.interval.low, record.interval.high))
        assert f"({low} to {high} %)" in text
    shown = summarised[0].prior_shift
    assert f"({100 * shown.interval.low:.0f} to {100 * shown.interval.high:.0f} %)" in text
    assert "90 %" in text
    for word in ("malignant", "benign", "both"):
        assert word in text
    assert "…" not in text


def test_nothing_is_shown_that_a_record_does_not_have(records, tmp_path):
    text = printed(records) + page_of(records, tmp_path / "report.html")
    assert "prevalence of malignancy of" not in text
    assert "coverage" not in text
    assert "Operating points" not in text
    assert "Out-of-distribution" not in text


def test_the_report_shows_the_whole_reference_summary_and_no_advice(summarised, tmp_path):
    text = page_of(summarised, tmp_path / "report.html")
    assert text.count("Probability adjusted for a prevalence of 10 %") == 1 + 2
    assert "Classes not excluded at 90 % coverage (conformal set) benign, malignant" in text
    assert "At or above: sensitivity 95 % (20 %)" in text
    assert "Below: specificity 95 % (70 %)" in text
    assert "higher than 98 % of the training images (warning above 97 %)" in text
    assert "assume a prevalence of malignancy of 48 %" in text
    assert not ADVICE.search(text)


def test_the_csv_has_a_column_for_each_value_and_leaves_unknown_ones_empty(
    summarised, records, tmp_path
):
    records_to_csv([*summarised, records[0]], tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as stream:
        first, _, third, older = csv.DictReader(stream)
    assert float(first["prevalence"]) == 0.48
    assert float(first["adjusted_prevalence"]) == 0.1
    assert float(first["adjusted_probability"]) == summarised[0].prior_shift.probability
    assert float(first["adjusted_interval_high"]) == summarised[0].prior_shift.interval.high
    assert first["points_reached"] == "sensitivity 95 %"
    assert third["conformal_classes"] == "benign malignant"
    assert float(third["conformal_coverage"]) == 0.9
    assert float(third["out_of_distribution_score"]) == 0.983
    assert third["adjusted_probability"] == ""
    assert {older[name] for name in ("prevalence", "conformal_classes", "points_reached")} == {""}
