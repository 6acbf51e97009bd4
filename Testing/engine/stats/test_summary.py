"""The dictionary that is printed: its keys, its JSON, and what each level is made of."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mammopair.stats.aggregation import ViewScore
from mammopair.stats.bootstrap import bootstrap_intervals
from mammopair.stats.metric_summary import score_levels, summarise
from mammopair.stats.metrics import measure

KEYS = ["n", "patients", "malignant"] + [
    key
    for name in ("auc", "accuracy", "sensitivity", "specificity", "brier", "ece")
    for key in (name, f"{name}_ci")
]


def views(patients: int = 40) -> list[ViewScore]:
    """A pair in the left breast of each patient, and in every other one a mass on one view."""
    rng = np.random.default_rng(0)
    rows = []
    for index in range(patients):
        who, label = f"P{index}", index % 3 == 0
        p = rng.uniform(0.1, 0.6, 3) + 0.3 * label
        rows += [
            ViewScore(who, "LEFT", "CC", "1", f"{who}_LEFT", int(label), p[0]),
            ViewScore(who, "LEFT", "MLO", "1", f"{who}_LEFT", int(label), p[1]),
        ]
        if index % 2:
            rows.append(ViewScore(who, "RIGHT", "MLO", "1", "", int(label), p[2]))
    return rows


def test_a_summary_holds_the_metrics_and_their_intervals_by_patient():
    rows = views()
    p, y = [row.probability for row in rows], [row.label for row in rows]
    who = [row.patient_id for row in rows]
    found = summarise(p, y, who, threshold=0.6, seed=3, resamples=200)
    assert list(found) == [*KEYS, "resamples", "resamples_left_out"]
    assert (found["n"], found["patients"], found["malignant"]) == (100, 40, sum(y))
    values = measure(p, y, threshold=0.6)
    ranges = bootstrap_intervals(p, y, who, threshold=0.6, seed=3, resamples=200).ranges
    for name in ("auc", "accuracy", "sensitivity", "specificity", "brier", "ece"):
        assert found[name] == getattr(values, name)
        assert found[f"{name}_ci"] == list(ranges[name])
    assert found["auc_ci"][0] < found["auc"] < found["auc_ci"][1]


def test_numpy_in_and_plain_json_out():
    rows = views()
    found = summarise(
        np.array([row.probability for row in rows], dtype=np.float32),
        np.array([row.label for row in rows], dtype=np.int64),
        np.array([row.patient_id for row in rows]),
        resamples=50,
    )
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize(("p", "y", "who"), [([], [], []), ([0.2, 0.7], [1, 1], ["a", "b"])])
def test_too_little_is_null_and_never_nan(p, y, who):
    found = json.loads(json.dumps(summarise(p, y, who, resamples=20), allow_nan=False))
    assert (found["n"], found["malignant"]) == (len(y), sum(y))
    assert {found[key] for key in KEYS[3:]} == {None}
    assert found["resamples_left_out"] == 20


def test_the_three_levels_are_views_pairs_and_lesions():
    rows = views()
    found = score_levels(rows, resamples=50)
    assert list(found) == ["views", "pairs", "lesions"]
    assert [level["n"] for level in found.values()] == [100, 40, 60]
    assert [level["patients"] for level in found.values()] == [40, 40, 40]
    labels = [row.label for row in rows[:2]]
    assert labels == [1, 1]
    pair_means = [
        (cc.probability + mlo.probability) / 2
        for cc, mlo in zip(
            [row for row in rows if row.pair_id and row.view == "CC"],
            [row for row in rows if row.pair_id and row.view == "MLO"],
            strict=True,
        )
    ]
    pair_labels = [row.label for row in rows if row.view == "CC"]
    assert found["pairs"]["auc"] == measure(pair_means, pair_labels).auc
    json.dumps(found, allow_nan=False)


def test_without_pairs_that_level_is_empty_and_the_others_stand():
    rows = [row for row in views() if not row.pair_id]
    found = score_levels(rows, resamples=50)
    assert found["pairs"]["n"] == 0
    assert found["pairs"]["auc"] is None
    assert found["lesions"] == found["views"]
    assert found["views"]["auc"] is not None
