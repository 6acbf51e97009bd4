"""The study of a folder: out-of-fold members, files and the contents of the page."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest

from mammopair.evaluation import explainable_crops
from mammopair.explain.differentiable_ensemble import make_differentiable
from mammopair.model.ensemble import load_ensemble
from mammopair_research.concept_correlation.correlation_output import (
    association_rows,
    correlation_as_json,
    write_correlation,
)
from mammopair_research.concept_correlation.correlation_study import run_correlation_study
from mammopair_research.concept_correlation.crop_measurements import (
    measure_crops,
    read_marked_patch,
)
from Testing.stepwise import drive
from Testing.synthetic_lesions import write_crop_folder, write_ensemble

PATIENTS = 42


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_crop_folder(tmp_path_factory.mktemp("data") / "lesions", patients=PATIENTS)


@pytest.fixture(scope="module")
def partly_trained(tmp_path_factory):
    """Return an ensemble whose member 0 has fold 0 and member 1 fold 1."""
    fold_of = {f"S_{number:03d}": number % 2 for number in range(PATIENTS)}
    home = write_ensemble(tmp_path_factory.mktemp("trained") / "e", fold_of=fold_of, flips=False)
    return load_ensemble(home, "cpu")


@pytest.fixture(scope="module")
def study(folder, partly_trained):
    return drive(run_correlation_study(folder, partly_trained, lesions=2))[1]


def test_members_predict_only_patients_that_they_were_not_trained_on(folder, partly_trained):
    _, measurements = drive(
        measure_crops(folder, explainable_crops(folder, partly_trained), partly_trained)
    )
    for number, member in enumerate(measurements.members):
        folds = {int(measurements.rows[crop].patient_id[2:]) % 2 for crop in member.crops}
        assert folds == {number}
    assert sum(len(member.crops) for member in measurements.members) == len(measurements.rows)


def test_measurements_of_a_crop_are_those_of_its_member(folder, partly_trained, study):
    measurements = study.measurements
    for number in (0, len(measurements.rows) - 1):
        row = measurements.rows[number]
        member = f"member-{int(row.patient_id[2:]) % 2}"
        model = make_differentiable(partly_trained, row.view, members={member})
        patch = read_marked_patch(folder, row)
        assert measurements.logits[number] == pytest.approx(
            model.logits(patch.pixels[None])[0], abs=1e-4
        )
        assert measurements.evidence[number].mean() + model.bias == pytest.approx(
            measurements.logits[number], abs=1e-4
        )
        sums = measurements.zones[number]
        assert sums[:, 0].sum() - sums[:, 1].sum() == pytest.approx(
            measurements.evidence[number].mean()
        )


def test_measured_spiculation_is_associated_with_the_descriptor(study):
    """In the synthetic folder stars are spiculated and discs circumscribed."""
    (measured,) = (
        one
        for one in study.associations
        if (one.source, one.descriptor) == ("measured", "spiculated")
    )
    assert measured.auc > 0.95
    assert measured.significant


def test_each_source_is_tested_separately_and_each_descriptor_has_a_row(study):
    sources = {one.source for one in study.associations}
    assert sources == {"units of member-0", "units of member-1", "evidence map", "measured"}
    rows = association_rows(study.associations)
    assert [row.descriptor for row in rows][:2] == ["circumscribed", "spiculated"]
    for row in rows:
        for name, significant, tested, best in row.units:
            found = [
                one
                for one in study.associations
                if one.source.endswith(name) and one.descriptor == row.descriptor
            ]
            assert tested == len(found)
            assert significant == sum(one.significant for one in found)
            assert abs(best.auc - 0.5) == max(abs(one.auc - 0.5) for one in found)


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def test_page_tables_and_json_have_the_same_figures(study, partly_trained, tmp_path):
    pytest.importorskip("matplotlib")
    write_correlation(study, partly_trained, tmp_path)
    written = json.loads((tmp_path / "correlation.json").read_text())
    slope = next(one for one in written["dose"] if one["feature"] == "radial lines")["slope"]
    with (tmp_path / "dose.csv").open() as stream:
        row = next(r for r in csv.DictReader(stream) if r["feature"] == "radial lines")
    assert float(row["slope"]) == pytest.approx(slope["value"], rel=1e-4)
    with (tmp_path / "associations.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == len(study.associations)

    page = Page((tmp_path / "correlation.html").read_text())
    text = " ".join(" ".join(page.texts).split())
    assert f"{slope['value']:+.3f}".replace("-", "−") in text
    assert "Research use only" in text
    assert "Correlation." in text
    assert "Film." in text
    assert f"member-0: {len(study.measurements.members[0].crops)} crops" in text
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == 4
    assert all(p["src"].startswith("data:image/svg+xml;base64,") and p["alt"] for p in images)
    assert "script" not in {tag for tag, _ in page.tags}


def test_json_has_null_for_undefined_numbers(study, partly_trained):
    undefined = replace(study.contrasts[0], effect=float("nan"), effect_high=np.inf)
    changed = replace(study, contrasts=[undefined])
    content = msgspec.json.encode(correlation_as_json(changed, partly_trained))
    (contrast,) = json.loads(content)["zones"]
    assert (contrast["effect"], contrast["effect_high"]) == (None, None)
    assert contrast["effect_low"] == undefined.effect_low
