"""Cross-validation predicts out-of-fold patients only, and an interrupted run can be continued."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from mammopair.errors import InputError
from mammopair.evaluation.crop_scores import score_folder
from mammopair.io.crop_folder import read_index
from mammopair.model.ensemble import load_ensemble
from mammopair.model.manifest import read_manifest
from mammopair_research.comparison.compare_runs import compare_runs
from mammopair_research.crossval import cross_validation
from mammopair_research.crossval.cross_validation import cross_validate, describe_reduction
from mammopair_research.crossval.run_description import FILE, PREDICTIONS, read_cross_validation
from mammopair_research.datasets.folds import split_patients
from mammopair_research.training import member_fit, member_tasks
from mammopair_research.training.ensemble_export import export_ensemble
from mammopair_research.training.member_tasks import CHECKPOINT
from mammopair_research.training.model_card import CARD, COMPARISON, write_card
from mammopair_research.training.recipe import CrossValidation
from Testing.stepwise import drive
from Testing.synthetic_lesions import read_crop_rows, write_index


@pytest.fixture(scope="module")
def short_recipe(recipe):
    """Two folds of three, one seed, one epoch."""
    return replace(
        recipe,
        optimisation=replace(recipe.optimisation, epochs=1),
        members=[],
        crossval=CrossValidation(seeds=[1], folds=[0, 2]),
    )


@pytest.fixture(scope="module")
def validated(short_recipe, crop_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("crossval")
    _, run = drive(cross_validate(short_recipe, crop_folder, out, device="cpu"))
    return out, run


def test_each_network_predicts_only_its_own_fold(validated, short_recipe, crop_folder):
    rows = read_index(crop_folder)
    fold_of = split_patients(rows, short_recipe.folds)
    predictions = read_cross_validation(validated[0]).predictions
    assert {row.fold for row in predictions} == {0, 2}
    assert all(fold_of[row.patient_id] == row.fold for row in predictions)
    expected = sorted(row.file for row in rows if fold_of[row.patient_id] in (0, 2))
    assert sorted(row.file for row in predictions) == expected
    label_of = {row.file: row.label for row in rows}
    assert all(label_of[row.file] == row.label for row in predictions)


def test_no_network_is_trained_on_a_patient_that_it_predicts(
    short_recipe, crop_folder, tmp_path, monkeypatch
):
    trained = {}
    original = member_fit.run_epoch

    def spy(state, recipe, member, data, rows, device):
        trained[member.fold] = {data.rows[index].patient_id for index in rows}
        return original(state, recipe, member, data, rows, device)

    monkeypatch.setattr(member_fit, "run_epoch", spy)
    drive(cross_validate(short_recipe, crop_folder, tmp_path, device="cpu"))
    predictions = read_cross_validation(tmp_path).predictions
    patients = {row.patient_id for row in read_index(crop_folder)}
    assert list(trained) == [0, 2]
    for fold, trained_on in trained.items():
        predicted = {row.patient_id for row in predictions if row.fold == fold}
        assert predicted
        assert not predicted & trained_on
        assert predicted | trained_on == patients


@pytest.fixture(scope="module")
def exported_folder(validated, short_recipe, crop_folder, tmp_path_factory):
    """The same networks, exported as an ensemble."""
    folder = tmp_path_factory.mktemp("export") / "ensemble"
    checkpoints = [validated[0] / f"member-{n}" / CHECKPOINT for n in (0, 1)]
    drive(export_ensemble(short_recipe, read_index(crop_folder), crop_folder, checkpoints, folder))
    return folder


def test_the_logits_are_those_of_the_exported_ensemble(validated, exported_folder, crop_folder):
    """With files, crops, four mirrored copies and half-precision weights."""
    _, scored = drive(score_folder(crop_folder, load_ensemble(exported_folder, "cpu")))
    logits = {row.file: record.views[0].member_scores[0].logit for row, record in scored}
    predictions = read_cross_validation(validated[0]).predictions
    assert set(logits) == {row.file for row in predictions}
    np.testing.assert_allclose(
        [row.logit for row in predictions], [logits[row.file] for row in predictions], atol=0.01
    )
    assert np.std([row.logit for row in predictions]) > 0.05


def test_the_model_card_includes_the_comparison_beside_it(exported_folder, tmp_path):
    manifest = read_manifest(exported_folder)
    write_card(manifest, tmp_path)
    without = (tmp_path / CARD).read_text("utf-8").split()
    assert "Comparison" not in without
    (tmp_path / COMPARISON).write_text("| a table |\n", "utf-8")
    write_card(manifest, tmp_path)
    card = (tmp_path / CARD).read_text("utf-8")
    assert "## Comparison\n\n| a table |\n" in card
    assert card.replace("## Comparison\n\n| a table |\n", "").split() == without


def test_a_recipe_for_one_view_predicts_that_view_only(short_recipe, crop_folder, tmp_path):
    cc = replace(short_recipe, optimisation=replace(short_recipe.optimisation, views=["CC"]))
    _, run = drive(cross_validate(cc, crop_folder, tmp_path, device="cpu"))
    assert run.views == ["CC"]
    assert {row.view for row in read_cross_validation(tmp_path).predictions} == {"CC"}


def test_the_run_description_states_data_network_and_time(validated, short_recipe, crop_folder):
    out, run = validated
    rows = read_index(crop_folder)
    assert read_cross_validation(out).run == run
    assert run.finished
    assert (run.crops, run.patients) == (len(rows), len({row.patient_id for row in rows}))
    assert run.reduced == "folds 0, 2 of 3 only"
    assert run.method == "googlenet"
    network = short_recipe.network.build(1 + len(short_recipe.concepts))
    assert run.parameters == sum(part.numel() for part in network.parameters())
    assert run.seconds_per_case > 0
    assert run.recipe["crossval"]["folds"] == [0, 2]


def test_a_run_of_all_folds_is_not_reduced(short_recipe):
    whole = replace(short_recipe, members=[], crossval=CrossValidation(seeds=[1]))
    assert describe_reduction(whole) == ""


def test_a_complete_run_is_neither_trained_nor_predicted_again(
    validated, short_recipe, crop_folder, tmp_path, monkeypatch
):
    out = shutil.copytree(validated[0], tmp_path / "run")

    def never(*_arguments, **_more):
        raise AssertionError("was called again")

    monkeypatch.setattr(member_fit, "run_epoch", never)
    monkeypatch.setattr("mammopair_research.crossval.cross_validation.load_trained_network", never)
    before = (out / PREDICTIONS).read_bytes()
    drive(cross_validate(short_recipe, crop_folder, out, device="cpu"))
    assert (out / PREDICTIONS).read_bytes() == before


def test_an_interrupted_run_has_readable_predictions_and_can_be_continued(
    validated, short_recipe, crop_folder, tmp_path, monkeypatch
):
    original = member_fit.run_epoch

    def interrupt_the_second(state, recipe, member, *rest):
        if member.fold == 2:
            raise KeyboardInterrupt
        return original(state, recipe, member, *rest)

    monkeypatch.setattr(member_fit, "run_epoch", interrupt_the_second)
    with pytest.raises(KeyboardInterrupt):
        drive(cross_validate(short_recipe, crop_folder, tmp_path, device="cpu"))
    part = read_cross_validation(tmp_path)
    assert not part.run.finished
    assert {row.fold for row in part.predictions} == {0}
    with pytest.raises(InputError, match="incomplete run with 1 of 2 networks"):
        drive(compare_runs([part]))

    monkeypatch.setattr(member_fit, "run_epoch", original)
    drive(cross_validate(short_recipe, crop_folder, tmp_path, device="cpu"))
    assert (tmp_path / PREDICTIONS).read_bytes() == (validated[0] / PREDICTIONS).read_bytes()


@pytest.mark.parametrize("change", ["optimisation", "seeds", "data"])
def test_a_run_of_another_recipe_or_other_data_is_not_overwritten(
    change, validated, short_recipe, crop_folder, tmp_path
):
    out = shutil.copytree(validated[0], tmp_path / "run")
    before = [(out / name).read_bytes() for name in (FILE, PREDICTIONS)]
    data = crop_folder
    if change == "optimisation":
        short_recipe = replace(
            short_recipe, optimisation=replace(short_recipe.optimisation, peak_rate=1e-4)
        )
    elif change == "seeds":
        short_recipe = replace(
            short_recipe, members=[], crossval=CrossValidation(seeds=[2], folds=[0, 2])
        )
    else:
        data = shutil.copytree(crop_folder, tmp_path / "data")
        write_index(data, read_crop_rows(data)[:-1])
    with pytest.raises(InputError, match=r"run\.json: is of another recipe or other data"):
        drive(cross_validate(short_recipe, data, out, device="cpu"))
    assert [(out / name).read_bytes() for name in (FILE, PREDICTIONS)] == before


def test_seeds_appended_to_a_recipe_are_added_to_its_run(
    validated, short_recipe, crop_folder, tmp_path
):
    out = shutil.copytree(validated[0], tmp_path / "run")
    more = replace(
        short_recipe, title="More", members=[], crossval=CrossValidation(seeds=[1, 2], folds=[0, 2])
    )
    _, run = drive(cross_validate(more, crop_folder, out, device="cpu"))
    assert run.title == "More"
    assert [one.seed for one in run.predictors] == [1, 1, 2, 2]
    kept = [row for row in read_cross_validation(out).predictions if row.seed == 1]
    assert kept == read_cross_validation(validated[0]).predictions


def test_members_in_a_published_run_are_not_trained_again(
    validated, short_recipe, crop_folder, tmp_path, monkeypatch
):
    """A published run has predictions but no checkpoints; seeds can still be added to it."""
    for name in (FILE, PREDICTIONS):
        shutil.copy(validated[0] / name, tmp_path)
    trained, original = [], member_fit.run_epoch

    def spy(state, recipe, member, *rest):
        trained.append((member.seed, member.fold))
        return original(state, recipe, member, *rest)

    monkeypatch.setattr(member_fit, "run_epoch", spy)
    more = replace(short_recipe, members=[], crossval=CrossValidation(seeds=[1, 2], folds=[0, 2]))
    _, run = drive(cross_validate(more, crop_folder, tmp_path, device="cpu"))
    assert trained == [(2, 0), (2, 2)]
    assert run.finished
    kept = [row for row in read_cross_validation(tmp_path).predictions if row.seed == 1]
    assert kept == read_cross_validation(validated[0]).predictions


def test_members_trained_in_parallel_give_the_same_predictions(
    validated, short_recipe, crop_folder, tmp_path, pool, monkeypatch
):
    monkeypatch.setattr(member_tasks, "POLL_SECONDS", 0.1)
    drive(cross_validate(short_recipe, crop_folder, tmp_path, device="cpu", pool=pool))
    assert (tmp_path / PREDICTIONS).read_bytes() == (validated[0] / PREDICTIONS).read_bytes()


def test_predictions_older_than_the_checkpoint_are_replaced(
    validated, short_recipe, crop_folder, tmp_path
):
    out = shutil.copytree(validated[0], tmp_path / "run")
    stale = out / "member-0" / PREDICTIONS
    whole = stale.read_bytes()
    stale.write_bytes(whole.replace(b",0,0,1,", b",0,0,1,9"))
    newer = stale.stat().st_mtime + 10
    os.utime(out / "member-0" / CHECKPOINT, (newer, newer))
    drive(cross_validate(short_recipe, crop_folder, out, device="cpu"))
    assert stale.read_bytes() == whole


def test_prediction_falls_back_to_the_cpu_if_the_gpu_runs_out_of_memory(
    validated, short_recipe, crop_folder, tmp_path, monkeypatch
):
    original, failed = cross_validation.run_network_on_patches, []

    def fail_once(*arguments, **more):
        if not failed:
            failed.append(True)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return original(*arguments, **more)

    out = shutil.copytree(validated[0], tmp_path / "run")
    (out / "member-0" / PREDICTIONS).unlink()
    monkeypatch.setattr(cross_validation, "run_network_on_patches", fail_once)
    drive(cross_validate(short_recipe, crop_folder, out, device="cpu"))
    assert failed
    assert (out / PREDICTIONS).read_bytes() == (validated[0] / PREDICTIONS).read_bytes()


def test_patients_that_cannot_be_divided_are_rejected_before_training(
    short_recipe, crop_folder, tmp_path
):
    many = replace(short_recipe, folds=replace(short_recipe.folds, count=40))
    with pytest.raises(InputError, match=r"^folds\.count: is 40, but only"):
        drive(cross_validate(many, crop_folder, tmp_path / "run", device="cpu"))
    assert not (tmp_path / "run").exists()


def test_recipes_can_be_cross_validated_and_compared(
    validated, short_recipe, crop_folder, tmp_path
):
    runs = [read_cross_validation(validated[0])]
    for views in (["CC"], ["MLO"]):
        name = views[0].lower()
        one = replace(
            short_recipe,
            name=name,
            optimisation=replace(short_recipe.optimisation, views=views),
            title="Small",
        )
        drive(cross_validate(one, crop_folder, tmp_path / name, device="cpu"))
        runs.append(read_cross_validation(tmp_path / name))
    _, table = drive(compare_runs(runs, None, 50))
    assert [row.name for row in table.rows] == ["small", "cc", "mlo", "cc + mlo"]
    assert table.reference == "cc + mlo"
    assert len({row.levels["pairs"].n for row in table.rows}) == 1
    assert not (validated[0] / FILE).with_suffix(".part").exists()
