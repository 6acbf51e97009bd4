"""The summary of metrics: its keys, intervals and JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mammopair.stats.bootstrap import bootstrap_intervals
from mammopair.stats.metric_summary import summarise
from mammopair.stats.metrics import measure

KEYS = ["n", "patients", "malignant"] + [
    key
    for name in ("auc", "accuracy", "sensitivity", "specificity", "brier", "ece")
    for key in (name, f"{name}_ci")
]


def sample(patients: int = 40) -> tuple[list[float], list[int], list[str]]:
    """Return probabilities, labels and patients: two or three rows per patient."""
    rng = np.random.default_rng(0)
    rows = []
    for index in range(patients):
        label = int(index % 3 == 0)
        drawn = (rng.uniform(0.1, 0.6, 3) + 0.3 * label)[: 2 + index % 2]
        rows += [(float(p), label, f"P{index}") for p in drawn]
    probabilities, labels, names = zip(*rows, strict=True)
    return list(probabilities), list(labels), list(names)


def test_a_summary_has_the_metrics_and_their_intervals_by_patient():
    p, y, patients = sample()
    found = summarise(p, y, patients, threshold=0.6, resamples=200)
    assert list(found) == [*KEYS, "resamples", "resamples_left_out"]
    assert (found["n"], found["patients"], found["malignant"]) == (100, 40, sum(y))
    values = measure(p, y, threshold=0.6)
    ranges = bootstrap_intervals(p, y, patients, threshold=0.6, resamples=200).ranges
    for name in ("auc", "accuracy", "sensitivity", "specificity", "brier", "ece"):
        assert found[name] == getattr(values, name)
        assert found[f"{name}_ci"] == list(ranges[name])
    assert found["auc_ci"][0] < found["auc"] < found["auc_ci"][1]


def test_arrays_are_summarised_as_plain_json():
    p, y, patients = sample()
    found = summarise(np.array(p, dtype=np.float32), np.array(y), np.array(patients), resamples=50)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize(("p", "y", "patients"), [([], [], []), ([0.2, 0.7], [1, 1], ["a", "b"])])
def test_undefined_metrics_are_null_and_not_nan(p, y, patients):
    found = json.loads(json.dumps(summarise(p, y, patients, resamples=20), allow_nan=False))
    assert (found["n"], found["malignant"]) == (len(y), sum(y))
    assert {found[key] for key in KEYS[3:]} == {None}
    assert found["resamples_left_out"] == 20
