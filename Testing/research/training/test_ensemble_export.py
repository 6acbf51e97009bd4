"""An exported ensemble loads and has reproducible metrics; a failed export leaves nothing."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from mammopair.calibration.platt import lesion_probability, probabilities
from mammopair.errors import InputError
from mammopair.evaluation import evaluate_folder
from mammopair.evaluation.out_of_fold import training_folds
from mammopair.io.crop_folder import read_index
from mammopair.model.ensemble import load_ensemble
from mammopair.model.weights import file_sha256
from mammopair.progress import exhaust
from mammopair.stats.metrics import measure
from mammopair_research.datasets.folds import Folds, split_patients
from mammopair_research.training import ensemble_export
from mammopair_research.training.calibration_fit import fit_calibration
from mammopair_research.training.checkpoint import averaged_weights
from mammopair_research.training.ensemble_export import export_ensemble
from mammopair_research.training.member_tasks import train_members
from mammopair_research.training.out_of_fold import out_of_fold_lesions, predict_out_of_fold
from Testing.synthetic_lesions import read_crop_rows, write_index


@pytest.fixture(scope="module")
def trained(recipe, crop_folder, tmp_path_factory):
    """Return the recipe and the checkpoints of its two members after one epoch."""
    short = replace(recipe, optimisation=replace(recipe.optimisation, epochs=1))
    out = tmp_path_factory.mktemp("run")
    return short, exhaust(train_members(short, crop_folder, out, device="cpu"))


@pytest.fixture(scope="module")
def exported(trained, crop_folder, tmp_path_factory):
    recipe, checkpoints = trained
    folder = tmp_path_factory.mktemp("export") / "ensemble"
    manifest = exhaust(
        export_ensemble(recipe, read_index(crop_folder), crop_folder, checkpoints, folder)
    )
    return folder, manifest


def test_an_exported_ensemble_has_the_averaged_weights(trained, exported):
    folder, manifest = exported
    ensemble = load_ensemble(folder, "cpu")
    assert ensemble.manifest == manifest
    for entry, checkpoint in zip(manifest.members, trained[1], strict=True):
        assert entry.sha256 == file_sha256(folder / entry.file)
        # Loading folds batch norms, so only the last layer is comparable.
        expected = averaged_weights(checkpoint)["fc.weight"].half().float()
        assert torch.equal(ensemble.networks[entry.name].fc.weight, expected)


def test_only_the_files_of_the_ensemble_are_written(exported):
    folder, _ = exported
    assert sorted(path.name for path in folder.iterdir()) == [
        "MODEL_CARD.md",
        "folds.csv",
        "manifest.json",
        "member-0.safetensors",
        "member-1.safetensors",
        "reference.safetensors",
    ]
    assert [path.name for path in folder.parent.iterdir()] == ["ensemble"]


def test_the_table_of_folds_is_that_of_the_training(trained, exported, crop_folder):
    folder, manifest = exported
    with (folder / "folds.csv").open(newline="", encoding="utf-8") as stream:
        fold_of = {row["patient_id"]: int(row["fold"]) for row in csv.DictReader(stream)}
    assert fold_of == split_patients(read_index(crop_folder), trained[0].folds)
    assert manifest.training.patients == len(fold_of) == 24
    assert manifest.training.crops == len(read_index(crop_folder))


def test_the_metrics_are_those_of_evaluate_on_the_same_folder(exported, crop_folder):
    folder, manifest = exported
    ensemble = load_ensemble(folder, "cpu")
    figures = exhaust(evaluate_folder(crop_folder, ensemble, subgroups=True))
    for level in ("views", "pairs", "lesions", "operating_points", "conformal", "subgroups"):
        assert manifest.measured[level] == json.loads(json.dumps(figures[level]))
    assert manifest.measured["scored_by"] == figures["scored_by"]
    # The members have folds 0 and 2 of three: both are trained on the patients of fold 1.
    rows = read_index(crop_folder)
    fold_of = split_patients(rows, _folds(manifest))
    usable = [row for row in rows if fold_of[row.patient_id] != 1]
    assert manifest.measured["views"]["n"] == len(usable) < len(rows)


def _folds(manifest):
    return Folds(**manifest.training.recipe["folds"])


def test_descriptor_scales_are_fitted_on_out_of_fold_crops(exported, crop_folder):
    folder, manifest = exported
    fold_of = split_patients(read_index(crop_folder), _folds(manifest))
    out_of_fold = [row for row in read_index(crop_folder) if fold_of[row.patient_id] in (0, 2)]
    assert [scale.descriptor for scale in manifest.concept_scales] == ["spiculated", "dense breast"]
    card = (folder / "MODEL_CARD.md").read_text("utf-8")
    for scale in manifest.concept_scales:
        assert scale.crops == len(out_of_fold)
        assert 0 < scale.given < scale.crops
        assert f"| {scale.descriptor} | {scale.given} of {scale.crops} |" in card


def test_metrics_without_the_confounded_scanner_are_included(exported, crop_folder):
    folder, manifest = exported
    figures = exhaust(
        evaluate_folder(crop_folder, load_ensemble(folder, "cpu"), ("scanner", "DBA"))
    )
    found = manifest.measured["views without scanner DBA"]
    assert found == json.loads(json.dumps(figures["views"]))
    assert found["n"] < manifest.measured["views"]["n"]


def test_calibration_and_thresholds_are_fitted_on_out_of_fold_lesions(
    exported,
):
    _, manifest = exported
    assert manifest.calibration.fitted_on.startswith(f"{manifest.measured['lesions']['n']} lesions")
    assert np.linalg.eigvalsh(np.array(manifest.calibration.covariance)).min() >= 0
    assert [point.name for point in manifest.operating_points] == [
        "sensitivity 95 %",
        "sensitivity 90 %",
        "specificity 90 %",
        "specificity 95 %",
    ]
    for point in manifest.operating_points:
        achieved = manifest.measured["operating_points"][point.name]
        assert point.sensitivity == achieved["sensitivity"]
        assert point.specificity_ci == tuple(achieved["specificity_ci"])


def test_the_calibration_of_a_fold_is_fitted_on_the_other_folds(exported, crop_folder):
    """A fit on the lesions of the other fold gives the same calibration."""
    folder, manifest = exported
    ensemble = load_ensemble(folder, "cpu")
    rows, fold_of = read_index(crop_folder), training_folds(ensemble)
    predictions = exhaust(predict_out_of_fold(ensemble, rows, crop_folder, fold_of))
    lesions = out_of_fold_lesions(predictions, fold_of)
    assert [fit.fold for fit in manifest.cross_fits] == [0, 2]
    for fit, other in zip(manifest.cross_fits, (2, 0), strict=True):
        others = [lesion for lesion in lesions if lesion.fold == other]
        expected = fit_calibration(others, fit.calibration.fitted_on)
        assert fit.calibration.slope == pytest.approx(expected.slope, rel=1e-6)
        part = ensemble.out_of_fold(fit.fold)
        assert part.manifest.calibration == fit.calibration
        assert [p.threshold for p in part.manifest.operating_points] == fit.thresholds
        scores = ensemble.reference.scores[other]
        assert np.array_equal(part.reference.scores[fit.fold].benign, scores.benign)
        assert part.reference.features == {}


def test_the_calibration_metrics_are_cross_fitted(exported, crop_folder):
    """They equal those of each fold's pairs with the calibration of the other fold."""
    folder, manifest = exported
    ensemble = load_ensemble(folder, "cpu")
    rows, fold_of = read_index(crop_folder), training_folds(ensemble)
    predictions = exhaust(predict_out_of_fold(ensemble, rows, crop_folder, fold_of))
    fits = {fit.fold: fit.calibration for fit in manifest.cross_fits}
    pairs = [one for one in out_of_fold_lesions(predictions, fold_of) if len(one.logits) == 2]
    scores = [lesion_probability(probabilities(one.logits, fits[one.fold])) for one in pairs]
    by_hand = measure(scores, [one.label for one in pairs])
    assert manifest.measured["cross_fitted"]
    assert manifest.measured["pairs"]["brier"] == pytest.approx(by_hand.brier, abs=1e-6)
    assert manifest.measured["pairs"]["ece"] == pytest.approx(by_hand.ece, abs=1e-6)
    shared = [lesion_probability(probabilities(o.logits, manifest.calibration)) for o in pairs]
    assert by_hand.brier != pytest.approx(measure(shared, [o.label for o in pairs]).brier, abs=1e-6)


def test_the_reference_file_is_small_and_verified_by_its_hash(exported):
    folder, manifest = exported
    path = folder / manifest.reference.file
    assert file_sha256(path) == manifest.reference.sha256
    assert path.stat().st_size < 100_000
    damaged = folder.parent / "changed"
    shutil.copytree(folder, damaged)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    (damaged / manifest.reference.file).write_bytes(content)
    with pytest.raises(InputError, match=r"reference\.safetensors: has SHA-256"):
        load_ensemble(damaged, "cpu")
    shutil.rmtree(damaged)


def test_an_ensemble_of_one_fold_states_that_its_metrics_are_optimistic(
    trained, crop_folder, tmp_path
):
    recipe, checkpoints = trained
    alone = replace(recipe, members=recipe.members[:1])
    rows = read_index(crop_folder)
    manifest = exhaust(export_ensemble(alone, rows, crop_folder, checkpoints[:1], tmp_path / "e"))
    assert manifest.cross_fits == []
    assert manifest.measured["cross_fitted"] is False
    assert manifest.measured["conformal"] is None
    assert all(point.sensitivity_ci is None for point in manifest.operating_points)
    card = " ".join((tmp_path / "e" / "MODEL_CARD.md").read_text("utf-8").split())
    assert "were fitted **on the same predictions**" in card
    assert "cross-fitted" not in card


def test_the_model_card_has_the_figures_of_the_manifest(exported):
    folder, manifest = exported
    card = (folder / "MODEL_CARD.md").read_text("utf-8")
    assert "Research use only" in card
    for level in ("views", "pairs", "lesions"):
        found = manifest.measured[level]
        begin = f"| {level} | {found['n']} | {found['malignant']} | {found['auc']:.3f} ("
        assert begin in card
    assert "3 folds" in card
    for heading in ("Data (7 to 13)", "Ground truth (14 to 18)", "Limits (38, 39)"):
        assert f"## {heading}" in card
    assert "**cross-fitted**" in card
    for heading, groups in manifest.measured["subgroups"].items():
        assert f"| {heading.capitalize()} | n |" in card
        for name, figures in groups.items():
            assert f"| {name} | {figures['n']} | {figures['malignant']} |" in card
    for member in manifest.members:
        assert member.sha256[:16] in card
    assert "{{" not in card
    assert "None" not in card


def test_exporting_again_gives_identical_files(trained, exported, crop_folder, tmp_path):
    recipe, checkpoints = trained
    folder = shutil.copytree(exported[0], tmp_path / "ensemble")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    exhaust(export_ensemble(recipe, read_index(crop_folder), crop_folder, checkpoints, folder))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_comparison_table_is_kept_for_the_same_weights_only(
    trained, exported, crop_folder, tmp_path
):
    recipe, checkpoints = trained
    folder = shutil.copytree(exported[0], tmp_path / "ensemble")
    table = [folder / f"comparison.{kind}" for kind in ("md", "json", "csv")]
    for path in table:
        path.write_text("| a table |\n", "utf-8")
    rows = read_index(crop_folder)
    exhaust(export_ensemble(recipe, rows, crop_folder, checkpoints, folder))
    assert all(path.exists() for path in table)
    assert "| a table |" in (folder / "MODEL_CARD.md").read_text("utf-8")

    alone = replace(recipe, members=recipe.members[:1])
    exhaust(export_ensemble(alone, rows, crop_folder, checkpoints[:1], folder))
    assert not any(path.exists() for path in table)
    assert "| a table |" not in (folder / "MODEL_CARD.md").read_text("utf-8")


def test_an_interrupted_export_leaves_nothing_and_an_earlier_ensemble_unchanged(
    trained, exported, crop_folder, tmp_path
):
    recipe, checkpoints = trained
    rows = read_index(crop_folder)
    steps = export_ensemble(recipe, rows, crop_folder, checkpoints, tmp_path / "new")
    next(steps)
    steps.close()
    assert list(tmp_path.iterdir()) == []

    folder = shutil.copytree(exported[0], tmp_path / "ensemble")
    steps = export_ensemble(recipe, rows, crop_folder, checkpoints, folder)
    next(steps)
    steps.close()
    assert load_ensemble(folder, "cpu").manifest == exported[1]
    assert [path.name for path in tmp_path.iterdir()] == ["ensemble"]


def test_a_full_disk_raises_an_error_and_leaves_nothing(
    trained, crop_folder, tmp_path, monkeypatch
):
    def full(_manifest, folder):
        (folder / "manifest.json").write_text("{")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ensemble_export, "write_manifest", full)
    recipe, checkpoints = trained
    folder = tmp_path / "ensemble"
    with pytest.raises(InputError, match=r"ensemble: cannot be written: No space left"):
        exhaust(export_ensemble(recipe, read_index(crop_folder), crop_folder, checkpoints, folder))
    assert list(tmp_path.iterdir()) == []


def test_an_untrained_member_raises_an_error_and_leaves_nothing(trained, crop_folder, tmp_path):
    recipe, checkpoints = trained
    missing = [checkpoints[0], tmp_path / "none.safetensors"]
    with pytest.raises(InputError, match="train the member"):
        exhaust(
            export_ensemble(recipe, read_index(crop_folder), crop_folder, missing, tmp_path / "e")
        )
    assert list(tmp_path.iterdir()) == []


def test_data_with_single_views_have_no_metrics_by_pair_in_manifest_and_card(
    trained, crop_folder, tmp_path
):
    recipe, checkpoints = trained
    data = shutil.copytree(crop_folder, tmp_path / "data")
    rows = [row | {"pair_id": ""} for row in read_crop_rows(data) if row["view"] == "CC"]
    write_index(data, rows)
    manifest = exhaust(
        export_ensemble(recipe, read_index(data), data, checkpoints, tmp_path / "ensemble")
    )
    assert manifest.measured["pairs"]["n"] == 0
    assert manifest.measured["pairs"]["auc"] is None
    card = (tmp_path / "ensemble" / "MODEL_CARD.md").read_text("utf-8")
    assert "| pairs | 0 | 0 | - |" in card
    assert "None" not in card
