"""Adjusting a record for another prevalence or another coverage."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from mammopair.calibration.prior_shift import (
    adjust_coverage,
    adjust_prevalence,
    adjust_record,
    shift_probability,
)
from mammopair.errors import InputError
from mammopair.model.manifest import ReferenceFile, check_adjustment, read_manifest
from mammopair.record import (
    ConformalSet,
    Interval,
    ModelReference,
    OperatingPointResult,
    Record,
    read_records,
    write_records,
)
from mammopair.warning import CodedWarning

RECORD = Record(
    case_id="a",
    lesion_id="1",
    laterality="L",
    probability=0.6,
    interval=Interval(low=0.4, high=0.8, level=0.9),
    views=[],
    warnings=[CodedWarning(code="c", message="m")],
    model=ModelReference(name="small", version="0", sha256="0" * 64),
    software="tests",
    prevalence=0.48,
    operating_points=[
        OperatingPointResult(name="sensitivity 95 %", threshold=0.2, reached=True),
        OperatingPointResult(name="specificity 95 %", threshold=0.7, reached=False),
    ],
    conformal=ConformalSet(classes=["malignant"], coverage=0.9, p_benign=0.08, p_malignant=0.6),
)


@pytest.mark.parametrize("prevalence", [0.001, 0.05, 0.48, 0.9])
def test_the_odds_change_by_the_ratio_of_the_prevalence_odds(prevalence):
    shifted = shift_probability(0.6, 0.48, prevalence)
    odds = (0.6 / 0.4) * (prevalence / (1 - prevalence)) / (0.48 / 0.52)
    assert shifted / (1 - shifted) == pytest.approx(odds)


def test_the_formula_agrees_with_counting_lesions():
    """Of 1000 lesions 480 are malignant, 60 of 100 at one score; then the malignant ones halve."""
    malignant, benign, all_malignant, all_benign = 60 / 2, 40, 480 / 2, 520
    prevalence = all_malignant / (all_malignant + all_benign)
    assert shift_probability(0.6, 0.48, prevalence) == pytest.approx(
        malignant / (malignant + benign)
    )


def test_a_prior_shift_is_added_and_the_original_result_is_kept():
    adjusted = adjust_prevalence(RECORD, 0.1)
    assert replace(adjusted, prior_shift=None) == RECORD
    new = adjusted.prior_shift
    assert new.prevalence == 0.1
    assert new.probability == pytest.approx(shift_probability(0.6, 0.48, 0.1))
    assert new.interval.low < new.probability < new.interval.high < 0.8
    assert new.interval.level == 0.9


def test_thresholds_shift_with_the_probability_so_the_same_points_are_reached():
    new = adjust_prevalence(RECORD, 0.1).prior_shift
    for before, after in zip(RECORD.operating_points, new.operating_points, strict=True):
        assert (after.name, after.reached) == (before.name, before.reached)
        assert after.threshold == pytest.approx(shift_probability(before.threshold, 0.48, 0.1))
        assert (new.probability >= after.threshold) == after.reached


def test_the_trained_prevalence_changes_nothing():
    new = adjust_prevalence(RECORD, 0.48).prior_shift
    assert new.probability == pytest.approx(0.6)
    assert new.interval.low == pytest.approx(0.4)


def test_another_coverage_changes_the_set_and_not_the_p_values():
    assert adjust_coverage(RECORD, 0.95).conformal.classes == ["benign", "malignant"]
    wider = adjust_coverage(RECORD, 0.95)
    assert wider.conformal.coverage == 0.95
    assert adjust_coverage(wider, 0.9) == RECORD


def test_an_adjusted_record_is_written_and_read_back(tmp_path):
    adjusted = adjust_record(RECORD, 0.05, 0.8)
    write_records(tmp_path / "r.jsonl", [adjusted])
    assert read_records(tmp_path / "r.jsonl") == [adjusted]
    assert math.isfinite(adjusted.prior_shift.probability)
    assert adjust_record(RECORD, None, None) == RECORD


@pytest.mark.parametrize(
    ("prevalence", "message"),
    [
        (0, "prevalence: is 0; it must be between 0 and 1"),
        (1, "it must be between 0 and 1"),
        (5, "for 5 % use 0.05"),
        (-0.1, "it must be between 0 and 1"),
        (float("nan"), "it must be between 0 and 1"),
    ],
)
def test_an_impossible_prevalence_is_rejected(prevalence, message):
    with pytest.raises(InputError, match=message):
        adjust_prevalence(RECORD, prevalence)


def test_an_ensemble_without_prevalence_or_scores_is_named():
    older = replace(RECORD, prevalence=None, conformal=None)
    with pytest.raises(InputError, match="ensemble small, whose manifest has no prevalence"):
        adjust_prevalence(older, 0.1)
    with pytest.raises(InputError, match="ensemble small, which has no scores"):
        adjust_coverage(older, 0.95)


def test_an_unsupported_adjustment_is_rejected_before_classification(ensemble_folder):
    manifest = read_manifest(ensemble_folder)
    check_adjustment(manifest, None, None)
    with pytest.raises(InputError, match="no prevalence"):
        check_adjustment(manifest, 0.1, None)
    with pytest.raises(InputError, match="no scores"):
        check_adjustment(manifest, None, 0.9)
    reference_file = ReferenceFile(
        file="r.safetensors", sha256="0" * 64, coverage=0.9, warn_above=0.97
    )
    with pytest.raises(InputError, match="coverage: is 90"):
        check_adjustment(replace(manifest, reference=reference_file), None, 90)
