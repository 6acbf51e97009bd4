"""Held-out predictions: only of patients that the network never saw, and kept whatever happens."""

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
from mammopair_research.crossval.cross_validation import cross_validate
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
def plan(recipe):
    """Two folds of three, one seed, one epoch."""
    return replace(
        recipe,
        optimisation=replace(recipe.optimisation, epochs=1),
        members=[],
        crossval=CrossValidation(seeds=[1], folds=[0, 2]),
    )


@pytest.fixture(scope="module")
def validated(plan, crop_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("crossval")
    _, run = drive(cross_validate(plan, crop_folder, out, device="cpu"))
    return out, run


def test_each_network_predicts_its_own_fold_and_nothing_else(validated, plan, crop_folder):
    rows = read_index(crop_folder)
    fold_of = split_patients(rows, plan.folds)
    predictions = read_cross_validation(validated[0]).predictions
    assert {row.fold for row in predictions} == {0, 2}
    assert all(fold_of[row.patient_id] == row.fold for row in predictions)
    expected = sorted(row.file for row in rows if fold_of[row.patient_id] in (0, 2))
    assert sorted(row.file for row in predictions) == expected
    label_of = {row.file: row.label for row in rows}
    assert all(label_of[row.file] == row.label for row in predictions)


def test_no_network_is_trained_on_a_patient_that_it_predicts(
    plan, crop_folder, tmp_path, monkeypatch
):
    trained = []
    original = member_fit.run_epoch

    def spy(state, recipe, member, material, rows, device):
        trained.append((member.repeat, member.fold, {material.rows[n].patient_id for n in rows}))
        return original(state, recipe, member, material, rows, device)

    monkeypatch.setattr(member_fit, "run_epoch", spy)
    twice = replace(plan, members=[], crossval=CrossValidation(seeds=[1], folds=[0, 2], repeats=2))
    drive(cross_validate(twice, crop_folder, tmp_path, device="cpu"))
    predictions = read_cross_validation(tmp_path).predictions
    assert [(repeat, fold) for repeat, fold, _ in trained] == [(0, 0), (0, 2), (1, 0), (1, 2)]
    held_out = {}
    for repeat, fold, seen in trained:
        mine = {r.patient_id for r in predictions if (r.repeat, r.fold) == (repeat, fold)}
        assert mine
        assert not mine & seen
        assert len(mine | seen) == len({row.patient_id for row in read_index(crop_folder)})
        held_out[repeat, fold] = mine
    assert held_out[0, 0] != held_out[1, 0]  # a repeat is another split


@pytest.fixture(scope="module")
def shipped_folder(validated, plan, crop_folder, tmp_path_factory):
    """The same networks as an ensemble."""
    folder = tmp_path_factory.mktemp("ship") / "ensemble"
    checkpoints = [validated[0] / f"member-{n}" / CHECKPOINT for n in (0, 1)]
    drive(export_ensemble(plan, read_index(crop_folder), crop_folder, checkpoints, folder))
    return folder


def test_the_logits_are_those_of_the_ensemble_in_use(validated, shipped_folder, crop_folder):
    """Through files, crops, four mirrorings and half-precision weights."""
    _, scored = drive(score_folder(crop_folder, load_ensemble(shipped_folder, "cpu")))
    in_use = {row.file: record.views[0].member_scores[0].logit for row, record in scored}
    predictions = read_cross_validation(validated[0]).predictions
    assert set(in_use) == {row.file for row in predictions}
    np.testing.assert_allclose(
        [row.logit for row in predictions], [in_use[row.file] for row in predictions], atol=0.01
    )
    assert np.std([row.logit for row in predictions]) > 0.05


def test_the_card_takes_in_the_comparison_that_lies_beside_it(shipped_folder, tmp_path):
    manifest = read_manifest(shipped_folder)
    write_card(manifest, tmp_path)
    without = (tmp_path / CARD).read_text("utf-8").split()
    assert "Comparison" not in without
    (tmp_path / COMPARISON).write_text("| a table |\n", "utf-8")
    write_card(manifest, tmp_path)
    card = (tmp_path / CARD).read_text("utf-8")
    assert "## Comparison\n\n| a table |\n" in card
    assert card.replace("## Comparison\n\n| a table |\n", "").split() == without


def test_a_recipe_of_one_view_predicts_that_view_only(plan, crop_folder, tmp_path):
    cc = replace(plan, optimisation=replace(plan.optimisation, views=["CC"]))
    _, run = drive(cross_validate(cc, crop_folder, tmp_path, device="cpu"))
    assert run.views == ["CC"]
    assert {row.view for row in read_cross_validation(tmp_path).predictions} == {"CC"}


def test_the_run_says_what_it_is(validated, plan, crop_folder):
    out, run = validated
    rows = read_index(crop_folder)
    assert read_cross_validation(out).run == run
    assert run.finished
    assert (run.crops, run.patients) == (len(rows), len({row.patient_id for row in rows}))
    assert run.reduced == "folds 0, 2 of 3 only"
    assert run.method == "googlenet"
    network = plan.network.build(1 + len(plan.concepts))
    assert run.parameters == sum(part.numel() for part in network.parameters())
    assert run.seconds_a_case > 0
    assert run.recipe["crossval"]["folds"] == [0, 2]


def test_all_folds_are_no_reduction(plan):
    from mammopair_research.crossval.cross_validation import what_is_left_out

    whole = replace(plan, members=[], crossval=CrossValidation(seeds=[1]))
    assert what_is_left_out(whole) == ""


def test_a_finished_run_costs_no_training_and_no_prediction(
    validated, plan, crop_folder, tmp_path, monkeypatch
):
    out = shutil.copytree(validated[0], tmp_path / "run")

    def never(*_arguments, **_more):
        raise AssertionError("was done again")

    monkeypatch.setattr(member_fit, "run_epoch", never)
    monkeypatch.setattr("mammopair_research.crossval.cross_validation.trained_network", never)
    before = (out / PREDICTIONS).read_bytes()
    drive(cross_validate(plan, crop_folder, out, device="cpu"))
    assert (out / PREDICTIONS).read_bytes() == before


def test_what_is_finished_can_be_read_when_the_run_is_stopped_and_the_rest_goes_on(
    validated, plan, crop_folder, tmp_path, monkeypatch
):
    original = member_fit.run_epoch

    def stop_at_the_second(state, recipe, member, *rest):
        if member.fold == 2:
            raise KeyboardInterrupt
        return original(state, recipe, member, *rest)

    monkeypatch.setattr(member_fit, "run_epoch", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        drive(cross_validate(plan, crop_folder, tmp_path, device="cpu"))
    part = read_cross_validation(tmp_path)
    assert not part.run.finished
    assert {row.fold for row in part.predictions} == {0}
    with pytest.raises(InputError, match="unfinished run: 1 of 2 networks"):
        drive(compare_runs([part]))

    monkeypatch.setattr(member_fit, "run_epoch", original)
    drive(cross_validate(plan, crop_folder, tmp_path, device="cpu"))
    assert (tmp_path / PREDICTIONS).read_bytes() == (validated[0] / PREDICTIONS).read_bytes()


@pytest.mark.parametrize("what", ["optimisation", "seeds", "data"])
def test_a_run_of_another_recipe_or_other_data_stays_as_it_is(
    what, validated, plan, crop_folder, tmp_path
):
    out = shutil.copytree(validated[0], tmp_path / "run")
    before = [(out / name).read_bytes() for name in (FILE, PREDICTIONS)]
    data = crop_folder
    if what == "optimisation":
        plan = replace(plan, optimisation=replace(plan.optimisation, peak_rate=1e-4))
    elif what == "seeds":
        plan = replace(plan, members=[], crossval=CrossValidation(seeds=[2], folds=[0, 2]))
    else:
        data = shutil.copytree(crop_folder, tmp_path / "data")
        write_index(data, read_crop_rows(data)[:-1])
    with pytest.raises(InputError, match=r"run\.json: is of another recipe or of other data"):
        drive(cross_validate(plan, data, out, device="cpu"))
    assert [(out / name).read_bytes() for name in (FILE, PREDICTIONS)] == before


def test_seeds_that_a_recipe_gets_later_are_added_to_its_run(
    validated, plan, crop_folder, tmp_path
):
    out = shutil.copytree(validated[0], tmp_path / "run")
    more = replace(
        plan, title="More", members=[], crossval=CrossValidation(seeds=[1, 2], folds=[0, 2])
    )
    _, run = drive(cross_validate(more, crop_folder, out, device="cpu"))
    assert run.title == "More"
    assert [one.seed for one in run.predictors] == [1, 1, 2, 2]
    kept = [row for row in read_cross_validation(out).predictions if row.seed == 1]
    assert kept == read_cross_validation(validated[0]).predictions


def test_whoever_is_in_the_kept_predictions_is_not_trained_again(
    validated, plan, crop_folder, tmp_path, monkeypatch
):
    """Of a run that was published, weights and logs are gone; more seeds are added to it."""
    for name in (FILE, PREDICTIONS):
        shutil.copy(validated[0] / name, tmp_path)
    trained, original = [], member_fit.run_epoch

    def spy(state, recipe, member, *rest):
        trained.append((member.seed, member.fold))
        return original(state, recipe, member, *rest)

    monkeypatch.setattr(member_fit, "run_epoch", spy)
    more = replace(plan, members=[], crossval=CrossValidation(seeds=[1, 2], folds=[0, 2]))
    _, run = drive(cross_validate(more, crop_folder, tmp_path, device="cpu"))
    assert trained == [(2, 0), (2, 2)]
    assert run.finished
    kept = [row for row in read_cross_validation(tmp_path).predictions if row.seed == 1]
    assert kept == read_cross_validation(validated[0]).predictions


def test_members_side_by_side_predict_the_same(
    validated, plan, crop_folder, tmp_path, pool, monkeypatch
):
    monkeypatch.setattr(member_tasks, "GLANCE", 0.1)
    drive(cross_validate(plan, crop_folder, tmp_path, device="cpu", pool=pool))
    assert (tmp_path / PREDICTIONS).read_bytes() == (validated[0] / PREDICTIONS).read_bytes()


def test_predictions_older_than_the_weights_are_made_anew(validated, plan, crop_folder, tmp_path):
    out = shutil.copytree(validated[0], tmp_path / "run")
    stale = out / "member-0" / PREDICTIONS
    whole = stale.read_bytes()
    stale.write_bytes(whole.replace(b",0,0,1,", b",0,0,1,9"))
    newer = stale.stat().st_mtime + 10
    os.utime(out / "member-0" / CHECKPOINT, (newer, newer))
    drive(cross_validate(plan, crop_folder, out, device="cpu"))
    assert stale.read_bytes() == whole


def test_a_gpu_that_is_full_when_it_predicts_leaves_it_to_the_cpu(
    validated, plan, crop_folder, tmp_path, monkeypatch
):
    from mammopair_research.crossval import cross_validation

    original, refused = cross_validation.run_network_on_patches, []

    def first_refuses(*arguments, **more):
        if not refused:
            refused.append(True)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return original(*arguments, **more)

    out = shutil.copytree(validated[0], tmp_path / "run")
    (out / "member-0" / PREDICTIONS).unlink()
    monkeypatch.setattr(cross_validation, "run_network_on_patches", first_refuses)
    drive(cross_validate(plan, crop_folder, out, device="cpu"))
    assert refused
    assert (out / PREDICTIONS).read_bytes() == (validated[0] / PREDICTIONS).read_bytes()


def test_patients_that_cannot_be_divided_are_refused_before_anything_is_trained(
    plan, crop_folder, tmp_path
):
    many = replace(plan, folds=replace(plan.folds, count=40))
    with pytest.raises(InputError, match=r"^folds\.count: is 40, but only"):
        drive(cross_validate(many, crop_folder, tmp_path / "run", device="cpu"))
    assert not (tmp_path / "run").exists()


def test_the_whole_path_from_a_recipe_to_a_table(validated, plan, crop_folder, tmp_path):
    runs = [read_cross_validation(validated[0])]
    for views in (["CC"], ["MLO"]):
        name = views[0].lower()
        one = replace(
            plan, name=name, optimisation=replace(plan.optimisation, views=views), title="Small"
        )
        drive(cross_validate(one, crop_folder, tmp_path / name, device="cpu"))
        runs.append(read_cross_validation(tmp_path / name))
    _, table = drive(compare_runs(runs, None, 50))
    assert [row.name for row in table.rows] == ["small", "cc", "mlo", "cc + mlo"]
    assert table.reference == "cc + mlo"
    assert len({row.levels["pairs"].n for row in table.rows}) == 1
    assert not (validated[0] / FILE).with_suffix(".part").exists()


def test_members_of_two_splits_cannot_ship_together(validated, plan, crop_folder, tmp_path):
    """The ensemble's table of folds knows one split; a member of another has seen its patients."""
    twice = replace(plan, members=[], crossval=CrossValidation(seeds=[1], folds=[0], repeats=2))
    checkpoints = [validated[0] / f"member-{n}" / CHECKPOINT for n in (0, 1)]
    with pytest.raises(
        InputError, match="another split of the patients cannot export_ensemble together"
    ):
        drive(
            export_ensemble(
                twice, read_index(crop_folder), crop_folder, checkpoints, tmp_path / "e"
            )
        )
    assert list(tmp_path.iterdir()) == []
