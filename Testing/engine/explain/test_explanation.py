"""Explaining a record adds maps, counterfactual images and their files."""

from __future__ import annotations

import dataclasses

import msgspec
import numpy as np
import pytest
from PIL import Image

from mammopair.classification import classify
from mammopair.errors import InputError
from mammopair.explain.explanation import explain_record
from mammopair.lesion import Lesion, MarkedView
from mammopair.record import read_records, write_records
from mammopair.view import Box
from Testing.engine.explain.test_concept_scores import scale
from Testing.stepwise import drive
from Testing.synthetic_lesions import LESION_BOX, film

PAIR = ("R CC", "R MLO")


def lesion(names=PAIR, box=LESION_BOX, **changes):
    views = [dataclasses.replace(film(name, seed=3), **changes) for name in names]
    marked = tuple(MarkedView(view, Box(*box)) for view in views)
    return Lesion("c", "1", marked)


def explain(ensemble, folder, marked_lesion, **options):
    record = classify(marked_lesion, ensemble)
    return drive(explain_record(record, marked_lesion, ensemble, folder, "a/1", **options))


@pytest.fixture(scope="module")
def with_concepts(ensemble):
    manifest = msgspec.structs.replace(ensemble.manifest, concept_scales=[scale()])
    return dataclasses.replace(ensemble, manifest=manifest)


@pytest.fixture(scope="module")
def explained(with_concepts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained")
    progress, record = explain(with_concepts, folder, lesion())
    return progress, record, folder


def test_each_view_has_a_map_and_both_counterfactual_images(explained):
    progress, record, folder = explained
    assert len(progress) > 10
    for view in record.views:
        explanation = view.explanation
        cells = np.array(explanation.evidence.cells)
        logits = [0.8 * reading.logit - 0.1 for reading in view.member_scores]
        error = abs(cells.mean() + explanation.evidence.bias - np.mean(logits))
        assert error == pytest.approx(explanation.error, abs=1e-3)
        assert explanation.method == "shifted-evidence"
        assert len(cells) == 2 * len(view.evidence.cells)
        assert [path.towards for path in explanation.counterfactuals] == ["malignant", "benign"]
        for path in explanation.counterfactuals:
            assert path.probabilities[0] == pytest.approx(view.probability, abs=1e-4)
            assert len(path.probabilities) > 3
            assert 0.8 <= path.similarity <= 1
            assert [one.descriptor for one in path.concepts] == ["spiculated"]
            assert Image.open(folder / path.file).size == (256, 256)
        assert len({path.file for path in explanation.counterfactuals}) == 2


def test_the_map_covers_the_square_of_the_evidence(explained):
    for view in explained[1].views:
        first, second = view.evidence, view.explanation.evidence
        assert first.square == second.square


def test_the_record_is_otherwise_unchanged_and_can_be_read_back(explained, with_concepts, tmp_path):
    record = explained[1]
    write_records(tmp_path / "r.jsonl", [record])
    assert read_records(tmp_path / "r.jsonl") == [record]
    plain = [msgspec.structs.replace(view, explanation=None) for view in record.views]
    assert msgspec.structs.replace(record, views=plain) == classify(lesion(), with_concepts)


def test_another_method_can_be_selected(ensemble, tmp_path):
    _, record = explain(ensemble, tmp_path, lesion(["R CC"]), method="fine-evidence")
    explanation = record.views[0].explanation
    assert explanation.method == "fine-evidence"
    assert len(explanation.evidence.cells) == 2 * len(record.views[0].evidence.cells)
    assert explanation.counterfactuals[0].concepts == [], "this ensemble has no scales"


def test_an_unknown_method_is_rejected(ensemble, tmp_path):
    with pytest.raises(InputError, match="is 'guess'; it must be one of"):
        explain(ensemble, tmp_path, lesion(["R CC"]), method="guess")


def test_a_box_at_the_edge_of_the_image_is_explained(ensemble, tmp_path):
    _, record = explain(ensemble, tmp_path, lesion(["R CC"], box=(-8, -6, 60, 60)))
    assert record.views[0].explanation.counterfactuals[0].similarity >= 0.8


@pytest.mark.parametrize("value", [0.0, 1.0], ids=["empty", "saturated"])
def test_a_patch_without_contrast_is_not_changed(ensemble, tmp_path, value):
    flat = np.full((400, 320), value, np.float32)
    _, record = explain(ensemble, tmp_path, lesion(["R CC"], pixels=flat))
    for path in record.views[0].explanation.counterfactuals:
        assert len(set(path.probabilities)) == 1
        assert path.similarity == pytest.approx(1)


@pytest.mark.parametrize("intercept", [-60.0, 60.0])
def test_extreme_probabilities_stay_within_0_and_1(ensemble, tmp_path, intercept):
    calibration = msgspec.structs.replace(ensemble.manifest.calibration, intercept=intercept)
    manifest = msgspec.structs.replace(ensemble.manifest, calibration=calibration)
    certain = dataclasses.replace(ensemble, manifest=manifest)
    _, record = explain(certain, tmp_path, lesion(["R CC"]))
    for path in record.views[0].explanation.counterfactuals:
        assert all(0 < probability < 1 for probability in path.probabilities)


def test_a_folder_that_cannot_be_written_is_reported(ensemble, tmp_path):
    (tmp_path / "counterfactuals").write_text("a file is in the way")
    with pytest.raises(InputError, match="cannot be written"):
        explain(ensemble, tmp_path, lesion(["R CC"]))
