"""Scoring a folder: nobody is scored by a member that saw them, and figures are of what is said."""

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
def partly_seen(tmp_path_factory):
    """An ensemble of two that was trained on patients 0 to 8 of the folder, in three folds.

    Member 0 never saw fold 0, member 1 never saw fold 1, and both saw fold 2.
    """
    fold_of = {f"S_{number:03d}": number % 3 for number in range(9)}
    folder = write_ensemble(tmp_path_factory.mktemp("seen") / "e", fold_of=fold_of)
    return load_ensemble(folder, "cpu")


@pytest.fixture(scope="module")
def scored(partly_seen, crop_folder):
    return drive(score_folder(crop_folder, partly_seen))


def test_a_patient_of_the_training_is_scored_by_members_that_never_saw_her(scored):
    for row, record in scored[1]:
        number = int(row.patient_id[2:])
        readers = [reading.member for reading in record.views[0].member_scores]
        if number >= 9:
            assert readers == ["member-0", "member-1"]
        else:
            assert readers == [f"member-{number % 3}"]


def test_crops_that_every_member_saw_are_left_out(scored, crop_folder):
    rows = read_index(crop_folder)
    usable = [row for row in rows if row.patient_id not in ("S_002", "S_005", "S_008")]
    assert [row for row, _ in scored[1]] == usable
    assert len(usable) < len(rows)


def test_each_crop_is_scored_as_the_road_scores_it(scored, crop_folder, partly_seen):
    for row, record in scored[1][:: len(scored[1]) // 4]:
        marked = MarkedView(read_crop(crop_folder, row), row.box)
        members = {reading.member for reading in record.views[0].member_scores}
        alone = classify(
            Lesion(row.patient_id, lesion_name(row), (marked,), label=row.label),
            partly_seen.select_members(members),
        )
        assert record.probability == pytest.approx(alone.probability, abs=1e-5)
        assert (record.case_id, record.lesion_id, record.label) == (
            row.patient_id,
            lesion_name(row),
            row.label,
        )


def test_progress_is_told_for_every_chunk(scored):
    progress, rows = scored
    assert [step.done for step in progress] == sorted(step.done for step in progress)
    assert {step.total for step in progress} == {len(rows)}
    assert len(progress) >= len(rows) // CHUNK_SIZE


def test_a_folder_of_training_patients_only_is_refused(crop_folder, tmp_path):
    fold_of = {f"S_{number:03d}": 7 for number in range(24)}
    ensemble = load_ensemble(write_ensemble(tmp_path / "e", fold_of=fold_of), "cpu")
    with pytest.raises(InputError, match="has only patients that every member was trained on"):
        drive(score_folder(crop_folder, ensemble))


def test_a_table_of_folds_that_was_changed_or_lost_is_refused(crop_folder, tmp_path):
    """Else a member could be made to score whom it was trained on."""
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


def test_unseen_members_are_those_of_the_patients_fold(partly_seen):
    unseen = out_of_fold_members(partly_seen)
    assert unseen["S_000"] == {"member-0"}
    assert unseen["S_001"] == {"member-1"}
    assert unseen["S_002"] == frozenset()
    assert "S_010" not in unseen


# --- figures -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def figures(ensemble, crop_folder):
    """By an ensemble that saw nobody."""
    return drive(evaluate_folder(crop_folder, ensemble))[1]


def test_each_level_has_its_figures_with_intervals(figures, crop_folder):
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


def test_figures_are_those_of_the_scores_computed_by_hand(figures, ensemble, crop_folder):
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


def test_the_figures_are_plain_json_and_say_by_whom_they_were_scored(figures, ensemble):
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    assert figures["scored_by"] == "all members"
    assert figures["crops_of_training_patients"] == 0
    assert figures["model"]["sha256"] == ensemble.sha256
    assert "Research use only" in figures["notice"]


def test_figures_of_training_patients_say_that_members_were_left_out(partly_seen, crop_folder):
    _, found = drive(evaluate_folder(crop_folder, partly_seen))
    assert found["crops_of_training_patients"] > 0
    assert found["scored_by"].startswith("the members that were not trained on the patient")


@pytest.mark.parametrize(
    ("column", "value", "left"),
    [
        ("scanner", "DBA", lambda row: row.scanner != "DBA"),
        ("view", "MLO", lambda row: row.view != "MLO"),
        ("label", "1", lambda row: row.label != 1),
        ("breast_density", "4", lambda row: row.breast_density != "4"),
        ("mm_per_crop_px", "0.2", lambda row: False),
    ],
)
def test_rows_with_a_value_can_be_left_out_whatever_the_kind_of_its_column(
    ensemble, crop_folder, column, value, left
):
    rows = read_index(crop_folder)
    expected = [row for row in rows if left(row)]
    assert len(expected) < len(rows)
    if not expected:
        with pytest.raises(InputError, match="has no rows left"):
            drive(evaluate_folder(crop_folder, ensemble, (column, value)))
        return
    _, found = drive(evaluate_folder(crop_folder, ensemble, (column, value)))
    assert found["views"]["n"] == len(expected)


def test_one_class_only_has_no_auc_and_says_none(ensemble, crop_folder):
    _, found = drive(evaluate_folder(crop_folder, ensemble, ("label", "0")))
    assert found["views"]["auc"] is None
    assert found["views"]["malignant"] == found["views"]["n"]


def test_a_picture_that_is_damaged_is_named(ensemble, crop_folder, tmp_path):
    folder = shutil.copytree(crop_folder, tmp_path / "data")
    path = folder / read_crop_rows(folder)[4]["file"]
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(InputError, match=path.name):
        drive(evaluate_folder(folder, ensemble))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"label": "2"}, "line 3"),
        ({"lesion_w": "-1"}, "line 3"),
        ({"file": "crops/none.png"}, "which is not in the folder"),
        ({"view": "LM"}, "line 3"),
        ({"lesion_x": "9000"}, "lies outside the image"),
    ],
)
def test_a_row_that_cannot_be_is_named(ensemble, crop_folder, tmp_path, change, said):
    folder = shutil.copytree(crop_folder, tmp_path / "data")
    rows = read_crop_rows(folder)
    rows[1] |= change
    write_index(folder, rows)
    with pytest.raises(InputError, match=said):
        drive(evaluate_folder(folder, ensemble))


def test_an_index_that_is_not_utf_8_is_named(ensemble, crop_folder, tmp_path):
    folder = shutil.copytree(crop_folder, tmp_path / "data")
    index = folder / "crops.csv"
    index.write_bytes(index.read_bytes().replace(b"S_000", "Jürgen".encode("latin-1")))
    with pytest.raises(InputError, match="UTF-8"):
        drive(evaluate_folder(folder, ensemble))


def test_a_pair_that_lost_a_view_counts_as_a_mass_with_one_view(ensemble, crop_folder):
    whole = drive(evaluate_folder(crop_folder, ensemble))[1]
    one_view = drive(evaluate_folder(crop_folder, ensemble, ("view", "MLO")))[1]
    assert whole["pairs"]["n"] > 0
    assert one_view["pairs"]["n"] == 0
    assert one_view["pairs"]["auc"] is None
    assert one_view["lesions"]["n"] == one_view["views"]["n"] > 0
