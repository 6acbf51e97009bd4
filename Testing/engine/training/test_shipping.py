"""What ships: an ensemble that loads, with figures that anyone can measure again, or nothing."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from mammopair.errors import InputError
from mammopair.model.ensemble import load_ensemble
from mammopair.model.weights import file_sha256
from mammopair.reading.crop_folder import read_index
from mammopair.scoring import evaluate_folder
from mammopair.training import shipping
from mammopair.training.checkpoint import averaged_weights
from mammopair.training.folds import split_patients
from mammopair.training.running import train_members
from mammopair.training.shipping import ship
from Testing.synthetic_lesions import read_crop_rows, write_index


def finish(steps):
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            return finished.value


@pytest.fixture(scope="module")
def trained(recipe, crop_folder, tmp_path_factory):
    """The checkpoints of the two members, after one epoch."""
    short = replace(recipe, optimisation=replace(recipe.optimisation, epochs=1))
    out = tmp_path_factory.mktemp("run")
    return short, finish(train_members(short, crop_folder, out, device="cpu"))


@pytest.fixture(scope="module")
def shipped_folder(trained, crop_folder, tmp_path_factory):
    recipe, checkpoints = trained
    folder = tmp_path_factory.mktemp("ship") / "ensemble"
    manifest = finish(ship(recipe, read_index(crop_folder), crop_folder, checkpoints, folder))
    return folder, manifest


def test_what_ships_loads_and_holds_the_averaged_weights(trained, shipped_folder):
    folder, manifest = shipped_folder
    ensemble = load_ensemble(folder, "cpu")
    assert ensemble.manifest == manifest
    for entry, checkpoint in zip(manifest.members, trained[1], strict=True):
        assert entry.sha256 == file_sha256(folder / entry.file)
        # Folded by loading, hence the last layer only.
        kept = averaged_weights(checkpoint)["fc.weight"].half().float()
        assert torch.equal(ensemble.networks[entry.name].fc.weight, kept)


def test_nothing_but_the_ensemble_is_left(shipped_folder):
    folder, _ = shipped_folder
    assert sorted(path.name for path in folder.iterdir()) == [
        "MODEL_CARD.md",
        "folds.csv",
        "manifest.json",
        "member-0.safetensors",
        "member-1.safetensors",
        "reference.safetensors",
    ]
    assert [path.name for path in folder.parent.iterdir()] == ["ensemble"]


def test_the_table_of_folds_is_that_of_the_training(trained, shipped_folder, crop_folder):
    folder, manifest = shipped_folder
    with (folder / "folds.csv").open(newline="", encoding="utf-8") as stream:
        fold_of = {row["patient_id"]: int(row["fold"]) for row in csv.DictReader(stream)}
    assert fold_of == split_patients(read_index(crop_folder), trained[0].folds)
    assert manifest.training.patients == len(fold_of) == 24
    assert manifest.training.crops == len(read_index(crop_folder))


def test_the_figures_are_those_that_evaluate_gives_on_the_same_folder(shipped_folder, crop_folder):
    folder, manifest = shipped_folder
    figures = finish(evaluate_folder(crop_folder, load_ensemble(folder, "cpu")))
    for level in ("views", "pairs", "lesions"):
        assert manifest.measured[level] == json.loads(json.dumps(figures[level]))
    assert manifest.measured["scored_by"] == figures["scored_by"]
    # Members of folds 0 and 2 of three: the patients of fold 1 are seen by both.
    rows = read_index(crop_folder)
    fold_of = split_patients(rows, _folds(manifest))
    usable = [row for row in rows if fold_of[row.patient_id] != 1]
    assert manifest.measured["views"]["n"] == len(usable) < len(rows)


def _folds(manifest):
    from mammopair.training.recipe import Folds

    return Folds(**manifest.training.recipe["folds"])


def test_figures_without_the_confounded_scanner_are_given_too(shipped_folder, crop_folder):
    folder, manifest = shipped_folder
    figures = finish(evaluate_folder(crop_folder, load_ensemble(folder, "cpu"), ("scanner", "DBA")))
    found = manifest.measured["views without scanner DBA"]
    assert found == json.loads(json.dumps(figures["views"]))
    assert found["n"] < manifest.measured["views"]["n"]


def test_calibration_and_thresholds_are_fitted_on_lesions_that_the_scorer_never_saw(
    shipped_folder,
):
    _, manifest = shipped_folder
    assert manifest.calibration.fitted_on.startswith(f"{manifest.measured['lesions']['n']} lesions")
    assert np.linalg.eigvalsh(np.array(manifest.calibration.covariance)).min() >= 0
    assert [point.name for point in manifest.operating_points] == [
        "sensitivity 95 %",
        "sensitivity 90 %",
        "specificity 90 %",
    ]


def test_the_model_card_says_what_the_manifest_says(shipped_folder):
    folder, manifest = shipped_folder
    card = (folder / "MODEL_CARD.md").read_text("utf-8")
    assert "Research use only" in card
    assert f"AUC | {manifest.measured['views']['auc']:.3f}" in card.replace("Level", "") or (
        f"{manifest.measured['views']['auc']:.3f}" in card
    )
    assert "3 folds" in card
    for member in manifest.members:
        assert member.sha256[:16] in card
    assert "{{" not in card
    assert "None" not in card


def test_shipping_again_gives_the_same_files(trained, shipped_folder, crop_folder, tmp_path):
    recipe, checkpoints = trained
    folder = shutil.copytree(shipped_folder[0], tmp_path / "ensemble")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    finish(ship(recipe, read_index(crop_folder), crop_folder, checkpoints, folder))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_stopping_halfway_leaves_no_ensemble_and_an_earlier_one_as_it_was(
    trained, shipped_folder, crop_folder, tmp_path
):
    recipe, checkpoints = trained
    rows = read_index(crop_folder)
    steps = ship(recipe, rows, crop_folder, checkpoints, tmp_path / "new")
    next(steps)
    steps.close()
    assert list(tmp_path.iterdir()) == []

    folder = shutil.copytree(shipped_folder[0], tmp_path / "ensemble")
    steps = ship(recipe, rows, crop_folder, checkpoints, folder)
    next(steps)
    steps.close()
    assert load_ensemble(folder, "cpu").manifest == shipped_folder[1]
    assert [path.name for path in tmp_path.iterdir()] == ["ensemble"]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    trained, crop_folder, tmp_path, monkeypatch
):
    def full(_manifest, folder):
        (folder / "manifest.json").write_text("{")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shipping, "write_manifest", full)
    recipe, checkpoints = trained
    folder = tmp_path / "ensemble"
    with pytest.raises(InputError, match=r"ensemble: cannot be written: No space left"):
        finish(ship(recipe, read_index(crop_folder), crop_folder, checkpoints, folder))
    assert list(tmp_path.iterdir()) == []


def test_an_untrained_member_is_refused_and_nothing_is_left(trained, crop_folder, tmp_path):
    recipe, checkpoints = trained
    missing = [checkpoints[0], tmp_path / "none.safetensors"]
    with pytest.raises(InputError, match="train the member"):
        finish(ship(recipe, read_index(crop_folder), crop_folder, missing, tmp_path / "e"))
    assert list(tmp_path.iterdir()) == []


def test_a_collection_of_single_views_has_no_figures_by_pair_and_a_card_that_says_so(
    trained, crop_folder, tmp_path
):
    recipe, checkpoints = trained
    data = shutil.copytree(crop_folder, tmp_path / "data")
    rows = [row | {"pair_id": ""} for row in read_crop_rows(data) if row["view"] == "CC"]
    write_index(data, rows)
    manifest = finish(ship(recipe, read_index(data), data, checkpoints, tmp_path / "ensemble"))
    assert manifest.measured["pairs"]["n"] == 0
    assert manifest.measured["pairs"]["auc"] is None
    card = (tmp_path / "ensemble" / "MODEL_CARD.md").read_text("utf-8")
    assert "| pairs | 0 | - |" in card
    assert "None" not in card
