"""DeLong's method: published values, the plain definition, and where it must not be used."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mammopair.errors import InputError
from mammopair.stats.bootstrap import bootstrap_intervals
from mammopair.stats.delong import delong_auc, delong_test

# Ovarian cancer with bowel obstruction, DeLong et al. 1988, the patients with all three values, as
# in the SAS/STAT user's guide, LOGISTIC, "Comparing Receiver Operating Characteristic Curves":
# albumin, total protein, Krebs-Goplerud score, and 1 for those who benefited from surgery.
OVARIAN = np.fromstring(
    """
    3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0
    1.6 5.6 5 1  3.8 5.7 5 1  3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1
    4.3 7.0 4 1  3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0  4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1
    3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1  4.3 6.5 4 1
    3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1
    3.5 6.2 5 1  2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1
    3.6 6.6 5 1
    """,
    sep=" ",
).reshape(-1, 4)
ALBUMIN, PROTEIN, BENEFIT = OVARIAN[:, 0], OVARIAN[:, 1], OVARIAN[:, 3].astype(int)
KREBS_GOPLERUD = 10 - OVARIAN[:, 2]


def structural_components(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """DeLong et al.'s own definition, couple by couple."""
    couples = np.array([[(a > b) + (a == b) / 2 for b in x[y == 0]] for a in x[y == 1]])
    return couples.mean(axis=1), couples.mean(axis=0)


@pytest.mark.parametrize(
    ("score", "auc", "standard_error"),
    [(KREBS_GOPLERUD, 0.7258, 0.1028), (PROTEIN, 0.6478, 0.1000)],
)
def test_published_areas_and_standard_errors(score, auc, standard_error):
    found = delong_auc(score, BENEFIT)
    assert found.auc == pytest.approx(auc, abs=5e-5)
    assert found.standard_error == pytest.approx(standard_error, abs=5e-5)


def test_published_comparison_of_two_correlated_areas():
    found = delong_test(PROTEIN, KREBS_GOPLERUD, BENEFIT)
    assert found.difference == pytest.approx(-0.0780, abs=5e-5)
    assert found.standard_error == pytest.approx(0.1046, abs=5e-5)
    assert found.z**2 == pytest.approx(0.5554, abs=5e-5)
    assert found.p_value == pytest.approx(0.4561, abs=5e-5)


@pytest.mark.parametrize("other", [PROTEIN, KREBS_GOPLERUD])
def test_the_fast_algorithm_is_the_plain_definition_ties_included(other):
    of_malignant, of_benign = zip(
        structural_components(ALBUMIN, BENEFIT), structural_components(other, BENEFIT), strict=True
    )
    m, n = BENEFIT.sum(), (1 - BENEFIT).sum()
    covariance = np.cov(of_malignant) / m + np.cov(of_benign) / n
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    found = delong_test(ALBUMIN, other, BENEFIT)
    assert found.first.auc == pytest.approx(np.mean(of_malignant[0]))
    assert found.first.standard_error == pytest.approx(np.sqrt(covariance[0, 0]))
    assert found.standard_error == pytest.approx(np.sqrt(variance))
    assert found.z == pytest.approx(found.difference / np.sqrt(variance))


def test_area_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    x = np.round(rng.normal(size=300) + y, 1)
    assert delong_auc(x, y).auc == pytest.approx(roc_auc_score(y, x))


def test_turning_the_test_round_turns_the_sign_only():
    one, two = (
        delong_test(ALBUMIN, PROTEIN, BENEFIT),
        delong_test(PROTEIN, ALBUMIN, BENEFIT),
    )
    assert one.z == pytest.approx(-two.z)
    assert one.p_value == pytest.approx(two.p_value)


def test_a_rising_transform_makes_no_difference():
    found = delong_test(ALBUMIN, np.exp(ALBUMIN), BENEFIT)
    assert (found.difference, found.standard_error, found.z, found.p_value) == (0, 0, 0, 1)


def test_a_perfect_separation_has_no_variance():
    found = delong_auc([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])
    assert (found.auc, found.standard_error) == (1.0, 0.0)


def test_rows_of_one_patient_make_delong_too_sure_and_the_bootstrap_not():
    rng = np.random.default_rng(0)
    label = np.repeat(rng.integers(0, 2, 100), 6)
    who = np.repeat(np.arange(100), 6)
    x = np.repeat(rng.normal(size=100), 6) + label + rng.normal(size=600) * 0.1
    p = 1 / (1 + np.exp(-x))
    low, high = bootstrap_intervals(p, label, who.astype(str), resamples=500).ranges["auc"]
    alone = delong_auc(p[::6], label[::6]).standard_error  # one row a patient
    assert delong_auc(p, label).standard_error < 0.5 * alone
    assert (high - low) / (2 * 1.96) == pytest.approx(alone, rel=0.15)


@pytest.mark.parametrize(
    ("scores", "labels", "says"),
    [
        ([0.1, 0.2, 0.3], [1, 0, 0], "1 malignant and 2 benign"),
        ([0.1, 0.2], [1, 1], "2 malignant and 0 benign"),
        ([0.1, np.inf, 0.3, 0.4], [1, 0, 0, 1], "NaN or infinity"),
        ([0.1, 0.2, 0.3], [1, 0], "one score and one label a row"),
        ([0.1, 0.2, 0.3], [1, 0, 3], r"1 \(malignant\) or 0 \(benign\)"),
    ],
)
def test_what_has_no_variance_is_refused(scores, labels, says):
    with pytest.raises(InputError, match=says):
        delong_auc(scores, labels)
