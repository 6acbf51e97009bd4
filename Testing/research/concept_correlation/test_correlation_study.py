"""The study of a folder: who is asked, what is written, and what the page says."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser

import numpy as np
import pytest

from mammopair.evaluation import explainable_crops
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.model.ensemble import load_ensemble
from mammopair_research.concept_correlation.correlation_output import (
    association_rows,
    without_nan,
    write_findings,
)
from mammopair_research.concept_correlation.correlation_study import find
from mammopair_research.concept_correlation.crop_measurements import (
    measure_crops,
    read_marked_patch,
)
from Testing.stepwise import drive
from Testing.synthetic_lesions import write_crop_folder, write_ensemble

PATIENTS = 42


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_crop_folder(tmp_path_factory.mktemp("words") / "lesions", patients=PATIENTS)


@pytest.fixture(scope="module")
def partly_seen(tmp_path_factory):
    """Member 0 never saw patients of fold 0, member 1 those of fold 1."""
    fold_of = {f"S_{number:03d}": number % 2 for number in range(PATIENTS)}
    home = write_ensemble(tmp_path_factory.mktemp("seen") / "e", fold_of=fold_of, flips=False)
    return load_ensemble(home, "cpu")


@pytest.fixture(scope="module")
def findings(folder, partly_seen):
    return drive(find(folder, partly_seen, lesions=2))[1]


def test_a_member_is_asked_of_patients_only_whom_it_never_saw(folder, partly_seen):
    _, gathered = drive(measure_crops(folder, explainable_crops(folder, partly_seen), partly_seen))
    for number, member in enumerate(gathered.members):
        asked = {int(gathered.rows[crop].patient_id[2:]) % 2 for crop in member.crops}
        assert asked == {number}
    assert sum(len(member.crops) for member in gathered.members) == len(gathered.rows)


def test_what_is_gathered_of_a_crop_is_what_its_member_says(folder, partly_seen, findings):
    gathered = findings.gathered
    for number in (0, len(gathered.rows) - 1):
        row = gathered.rows[number]
        member = f"member-{int(row.patient_id[2:]) % 2}"
        reader = make_differentiable(partly_seen, row.view, members={member})
        patch = read_marked_patch(folder, row)
        assert gathered.logits[number] == pytest.approx(
            reader.logits(patch.pixels[None])[0], abs=1e-4
        )
        assert gathered.evidence[number].mean() + reader.bias == pytest.approx(
            gathered.logits[number], abs=1e-4
        )
        sums = gathered.zones[number]
        assert sums[:, 0].sum() - sums[:, 1].sum() == pytest.approx(
            gathered.evidence[number].mean()
        )


def test_measured_spiculation_goes_with_the_word_on_masses_drawn_with_spicules(findings):
    """The stars of these folders are called spiculated, the discs circumscribed."""
    (measured,) = (
        one
        for one in findings.associations
        if (one.source, one.descriptor) == ("measured", "spiculated")
    )
    assert measured.auc > 0.95
    assert measured.found


def test_each_source_is_tested_by_itself_and_each_word_has_its_row(findings):
    sources = {one.source for one in findings.associations}
    assert sources == {"units of member-0", "units of member-1", "evidence map", "measured"}
    rows = association_rows(findings.associations)
    assert [row.descriptor for row in rows][:2] == ["circumscribed", "spiculated"]
    for row in rows:
        for name, found, tested, best in row.units:
            mine = [
                one
                for one in findings.associations
                if one.source.endswith(name) and one.descriptor == row.descriptor
            ]
            assert tested == len(mine)
            assert found == sum(one.found for one in mine)
            assert abs(best.auc - 0.5) == max(abs(one.auc - 0.5) for one in mine)


class Page(HTMLParser):
    """Its tags and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def test_page_tables_and_json_say_the_same(findings, partly_seen, tmp_path):
    pytest.importorskip("matplotlib")
    write_findings(findings, partly_seen, tmp_path)
    whole = json.loads((tmp_path / "correlation.json").read_text())
    slope = next(one for one in whole["dose"] if one["feature"] == "radial lines")["slope"]
    with (tmp_path / "dose.csv").open() as stream:
        row = next(r for r in csv.DictReader(stream) if r["feature"] == "radial lines")
    assert float(row["slope"]) == pytest.approx(slope["value"], rel=1e-4)
    with (tmp_path / "words.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == len(findings.associations)

    page = Page((tmp_path / "correlation.html").read_text())
    text = " ".join(" ".join(page.words).split())
    assert f"{slope['value']:+.3f}".replace("-", "−") in text
    assert "Research use only" in text
    assert "Correlation." in text
    assert "Film." in text
    assert f"member-0: {len(findings.gathered.members[0].crops)} crops" in text
    pictures = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(pictures) == 4
    assert all(p["src"].startswith("data:image/svg+xml;base64,") and p["alt"] for p in pictures)
    assert "script" not in {tag for tag, _ in page.tags}


def test_json_has_null_for_what_is_not_defined():
    assert without_nan({"a": [float("nan"), 1.0], "b": np.inf}) == {"a": [None, 1.0], "b": None}
