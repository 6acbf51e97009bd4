"""Scores of a crop folder: training patients are scored by members of their fold only."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from mammopair.classification import classify
from mammopair.errors import InputError
from mammopair.evaluation import evaluate_folder, out_of_fold_members, score_folder
from mammopair.evaluation.crop_scores import CHUNK_SIZE
from mammopair.io.crop_folder import read_crop, read_index
from mammopair.lesion import Lesion, MarkedView
from mammopair.lesion_groups import lesion_name
from mammopair.model.ensemble import load_ensemble
from mammopair.stats.metrics import measure
from Testing.stepwise import drive
from Testing.synthetic_lesions import read_crop_rows, write_ensemble, write_index


@pytest.fixture(scope="module")
def partly_trained(tmp_path_factory):
    """An ensemble of two members that was trained on patients 0 to 8 of the folder, in three folds.

    Member 0 was not trained on fold 0, member 1 not on fold 1; both were trained on fold 2.
    """
    fold_of = {f"S_{number:03d}": number % 3 for number in range(9)}
    folder = write_ensemble(tmp_path_factory.mktemp("trained") / "e", fold_of=fold_of)
    return load_ensemble(folder, "cpu")


@pytest.fixture(scope="module")
def scored(partly_trained, crop_folder):
    return drive(score_folder(crop_folder, partly_trained))


def test_a_training_patient_is_scored_by_members_of_that_fold_only(scored):
    for row, record in scored[1]:
        number = int(row.patient_id[2:])
        members = [score.member for score in record.views[0].member_scores]
        if number >= 9:
            assert members == ["member-0", "member-1"]
        else:
            assert members == [f"member-{number % 3}"]


def test_crops_that_every_member_was_trained_on_are_excluded(scored, crop_folder):
    rows = read_index(crop_folder)
    usable = [row for row in rows if row.patient_id not in ("S_002", "S_005", "S_008")]
    assert [row for row, _ in scored[1]] == usable
    assert len(usable) < len(rows)


def test_each_crop_is_scored_as_classify_scores_it(scored, crop_folder, partly_trained):
    for row, record in scored[1][:: len(scored[1]) // 4]:
        marked = MarkedView(read_crop(crop_folder, row), row.box)
        members = {score.member for score in record.views[0].member_scores}
        alone = classify(
            Lesion(row.patient_id, lesion_name(row), (marked,), label=row.label),
            partly_trained.select_members(members),
        )
        assert record.probability == pytest.approx(alone.probability, abs=1e-5)
        assert (record.case_id, record.lesion_id, record.label) == (
            row.patient_id,
            lesion_name(row),
            row.label,
        )


def test_progress_is_reported_for_every_chunk(scored):
    progress, rows = scored
    assert [step.done for step in progress] == sorted(step.done for step in progress)
    assert {step.total for step in progress} == {len(rows)}
    assert len(progress) >= len(rows) // CHUNK_SIZE


def test_a_folder_of_training_patients_only_is_rejected(crop_folder, tmp_path):
    fold_of = {f"S_{number:03d}": 7 for number in range(24)}
    ensemble = load_ensemble(write_ensemble(tmp_path / "e", fold_of=fold_of), "cpu")
    with pytest.raises(InputError, match="has only patients that every member was trained on"):
        drive(score_folder(crop_folder, ensemble))


def test_a_changed_or_missing_folds_table_is_rejected(crop_folder, tmp_path):
    """Otherwise members could score patients that they were trained on."""
    folder = write_ensemble(tmp_path / "e", fold_of={"S_000": 0, "S_001": 1})
    ensemble = load_ensemble(folder, "cpu")
    (folder / "folds.csv").write_text("patient_id,fold\nS_000,1\nS_001,0\n")
    with pytest.raises(
        InputError, match=r"folds\.csv: does not match folds_sha256 of the manifest"
    ):
        drive(score_folder(crop_folder, ensemble))
    (folder / "folds.csv").unlink()
    with pytest.raises(InputError, match=r"folds\.csv: is missing"):
        drive(score_folder(crop_folder, ensemble))


def test_out_of_fold_members_are_those_of_the_patients_fold(partly_trained):
    out_of_fold = out_of_fold_members(partly_trained)
    assert out_of_fold["S_000"] == {"member-0"}
    assert out_of_fold["S_001"] == {"member-1"}
    assert out_of_fold["S_002"] == frozenset()
    assert "S_010" not in out_of_fold


# --- figures -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def figures(ensemble, crop_folder):
    """Those of an ensemble that was trained on none of the patients."""
    return drive(evaluate_folder(crop_folder, ensemble))[1]


def test_each_level_has_figures_with_intervals(figures, crop_folder):
    rows = read_index(crop_folder)
    pairs = {row.pair_id for row in rows if row.pair_id}
    single = [row for row in rows if not row.pair_id]
    assert figures["views"]["n"] == len(rows)
    assert figures["pairs"]["n"] == len(pairs)
    assert figures["lesions"]["n"] == len(pairs) + len(single)
    for level in ("views", "pairs", "lesions"):
        for name in ("auc", "accuracy", "sensitivity", "specificity", "brier", "ece"):
            low, high = figures[level][f"{name}_ci"]
            assert 0 <= low <= figures[level][name] <= high <= 1


def test_figures_are_computed_from_the_scores(figures, ensemble, crop_folder):
    _, scored = drive(score_folder(crop_folder, ensemble))
    by_view = measure([r.probability for _, r in scored], [row.label for row, _ in scored])
    assert figures["views"]["auc"] == pytest.approx(by_view.auc)
    assert figures["views"]["accuracy"] == pytest.approx(
        np.mean([(record.probability >= 0.5) == row.label for row, record in scored])
    )
    pairs = {}
    for row, record in scored:
        if row.pair_id:
            pairs.setdefault((row.pair_id, row.label), []).append(record.probability)
    averaged = measure([np.mean(p) for p in pairs.values()], [label for _, label in pairs])
    assert figures["pairs"]["auc"] == pytest.approx(averaged.auc)


def test_figures_are_plain_json_and_state_which_members_scored(figures, ensemble):
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert figures["scored_by"] == "all members"
    assert figures["crops_of_training_patients"] == 0
    assert figures["model"]["sha256"] == ensemble.sha256
    assert "Research use only" in figures["notice"]


def test_figures_of_training_patients_state_that_members_were_excluded(partly_trained, crop_folder):
    _, found = drive(evaluate_folder(crop_folder, partly_trained))
    assert found["crops_of_training_patients"] > 0
    assert found["scored_by"].startswith("the members that were not trained on the patient")


@pytest.mark.parametrize(
    ("column", "value", "remains"),
    [
        ("scanner", "DBA", lambda row: row.scanner != "DBA"),
        ("view", "MLO", lambda row: row.view != "MLO"),
        ("label", "1", lambda row: row.label != 1),
        ("breast_density", "4", lambda row: row.breast_density != "4"),
        ("mm_per_crop_px", "0.2", lambda row: False),
    ],
)
def test_rows_with_a_value_can_be_excluded_for_columns_of_every_type(
    ensemble, crop_folder, column, value, remains
):
    rows = read_index(crop_folder)
    expected = [row for row in rows if remains(row)]
    assert len(expected) < len(rows)
    if not expected:
        with pytest.raises(InputError, match="has no rows left"):
            drive(evaluate_folder(crop_folder, ensemble, (column, value)))
        return
    _, found = drive(evaluate_folder(crop_folder, ensemble, (column, value)))
    assert found["views"]["n"] == len(expected)


def test_the_auc_of_one_class_is_none(ensemble, crop_folder):
    _, found = drive(evaluate_folder(crop_folder, ensemble, ("label", "0")))
    assert found["views"]["auc"] is None
    assert found["views"]["malignant"] == found["views"]["n"]


def test_the_error_for_a_damaged_image_names_it(ensemble, crop_folder, tmp_path):
    folder = shutil.copytree(crop_folder, tmp_path / "data")
    path = folder / read_crop_rows(folder)[4]["file"]
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(InputError, match=path.name):
        drive(evaluate_folder(folder, ensemble))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"label": "2"}, "line 3"),
        ({"lesion_w": "-1"}, "line 3"),
        ({"file": "crops/none.png"}, "which is not in the folder"),
        ({"view": "LM"}, "line 3"),
        ({"lesion_x": "9000"}, "lies outside the image"),
    ],
)
def test_an_invalid_row_is_rejected(ensemble, crop_folder, tmp_path, change, problem):
    folder = shutil.copytree(crop_folder, tmp_path / "data")
    rows = read_crop_rows(folder)
    rows[1] |= change
    write_index(folder, rows)
    with pytest.raises(InputError, match=problem):
        drive(evaluate_folder(folder, ensemble))


def test_an_index_that_is_not_utf_8_is_rejected(ensemble, crop_folder, tmp_path):
    folder = shutil.copytree(crop_folder, tmp_path / "data")
    index = folder / "crops.csv"
    index.write_bytes(index.read_bytes().replace(b"S_000", "Jürgen".encode("latin-1")))
    with pytest.raises(InputError, match="UTF-8"):
        drive(evaluate_folder(folder, ensemble))


def test_a_pair_without_one_of_its_views_counts_as_a_lesion_with_one_view(ensemble, crop_folder):
    both_views = drive(evaluate_folder(crop_folder, ensemble))[1]
    one_view = drive(evaluate_folder(crop_folder, ensemble, ("view", "MLO")))[1]
    assert both_views["pairs"]["n"] > 0
    assert one_view["pairs"]["n"] == 0
    assert one_view["pairs"]["auc"] is None
    assert one_view["lesions"]["n"] == one_view["views"]["n"] > 0
