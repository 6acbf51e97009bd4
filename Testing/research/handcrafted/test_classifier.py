"""A saved classifier of every kind gives the decision values of its pipeline."""

from __future__ import annotations

import numpy as np
import pytest

from mammopair.errors import InputError
from mammopair.features.catalogue import FEATURE_NAMES, FEATURES_VERSION
from mammopair_research.handcrafted.classifier import (
    ARRAYS,
    FILE,
    Description,
    FeatureClassifier,
    load_classifier,
    save_classifier,
)
from mammopair_research.handcrafted.pipelines import build_pipeline, fitted_arrays

SETTINGS = {
    "logistic regression": {"strength": 0.1},
    "support vector machine": {"strength": 1.0, "gamma": 0.01},
    "gradient boosting": {"trees": 40, "depth": 3, "rate": 0.1},
}


@pytest.fixture(scope="module")
def rows():
    """Return features with a signal, some unknown, some outliers, one always unknown."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((200, len(FEATURE_NAMES))) * rng.uniform(
        0.1, 30, len(FEATURE_NAMES)
    )
    labels = (values[:, 0] / values[:, 0].std() + rng.standard_normal(200) > 0).astype(int)
    values[rng.random(values.shape) < 0.02] = np.nan
    values[3, 5] = 1e9
    values[:, 7] = np.nan
    values[:, 8] = 2.5
    return values, labels


@pytest.fixture(scope="module", params=SETTINGS)
def fitted(request, rows):
    """Return a fitted pipeline and the classifier made from it."""
    kind = request.param
    pipeline = build_pipeline(kind, SETTINGS[kind]).fit(*rows)
    description = Description(
        kind=kind,
        settings=SETTINGS[kind],
        slope=0.7,
        intercept=-0.2,
        features=list(FEATURE_NAMES),
        features_version=FEATURES_VERSION,
    )
    return pipeline, FeatureClassifier(description, fitted_arrays(kind, pipeline))


def test_the_decision_values_equal_those_of_the_pipeline(fitted, rows):
    pipeline, classifier = fitted
    expected = pipeline.decision_function(rows[0])
    assert expected.std() > 0.1
    assert classifier.decide(rows[0]) == pytest.approx(expected, abs=1e-9)
    assert classifier.logits(rows[0]) == pytest.approx(0.7 * expected - 0.2, abs=1e-9)


def test_a_loaded_classifier_gives_bit_identical_logits(fitted, rows, tmp_path):
    _, classifier = fitted
    save_classifier(classifier, tmp_path / "model")
    loaded = load_classifier(tmp_path / "model")
    assert np.array_equal(loaded.logits(rows[0]), classifier.logits(rows[0]))
    assert loaded.description.kind == classifier.description.kind
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [FILE, ARRAYS]


def test_unknown_features_give_finite_logits(fitted):
    _, classifier = fitted
    assert np.isfinite(classifier.logits(np.full((2, len(FEATURE_NAMES)), np.nan))).all()


@pytest.fixture
def saved(fitted, tmp_path):
    save_classifier(fitted[1], tmp_path)
    return tmp_path


def damaged_arrays(folder):
    (folder / ARRAYS).write_bytes((folder / ARRAYS).read_bytes()[:-8])


def other_features(folder):
    text = (folder / FILE).read_text("utf-8")
    (folder / FILE).write_text(text.replace(FEATURE_NAMES[0], "another_feature"), "utf-8")


def unknown_kind(folder):
    text = (folder / FILE).read_text("utf-8")
    (folder / FILE).write_text(text.replace('"kind": "', '"kind": "un'), "utf-8")


@pytest.mark.parametrize(
    ("damage", "file", "problem"),
    [
        (lambda folder: (folder / FILE).unlink(), FILE, "is missing"),
        (lambda folder: (folder / ARRAYS).unlink(), ARRAYS, "cannot be read"),
        (damaged_arrays, ARRAYS, "does not match arrays_sha256"),
        (other_features, FILE, "other features"),
        (unknown_kind, FILE, "is not valid"),
    ],
    ids=["no description", "no arrays", "cut off", "other features", "another kind"],
)
def test_a_damaged_model_is_rejected_with_the_file(saved, damage, file, problem):
    damage(saved)
    with pytest.raises(InputError) as caught:
        load_classifier(saved)
    assert file in caught.value.subject
    assert problem in caught.value.problem
