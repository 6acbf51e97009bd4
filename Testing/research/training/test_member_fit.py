"""Training a member is resumable, reproducible and does not use its own fold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from msgspec.structs import replace as changed
from safetensors.torch import load_file

from mammopair.errors import InputError
from mammopair.model.networks import GoogLeNetSpec
from mammopair_research.training import member_fit
from mammopair_research.training.checkpoint import averaged_weights
from mammopair_research.training.member_fit import (
    fit_member,
    learning_rate,
    multi_task_loss,
    smooth_targets,
)
from mammopair_research.training.recipe import Augmentation, Optimisation
from Testing.command_line import files_no_larger_than

CPU = torch.device("cpu")
NO_AUGMENTATION = Augmentation(
    **dict.fromkeys(("rotation", "scale", "aspect", "shift", "elastic"), 0.0),
    **dict.fromkeys(("grain", "gamma", "contrast", "brightness"), 0.0),
    least_detail=32,
    most_detail=32,
)


def fit(recipe, training_data, path, member=None):
    """Train a member to the end; return the reports."""
    return list(fit_member(recipe, member or recipe.members[0], training_data, path, CPU))


@pytest.fixture(scope="module")
def uninterrupted(recipe, training_data, tmp_path_factory):
    """Return a checkpoint after both epochs, and the reports."""
    path = tmp_path_factory.mktemp("fit") / "checkpoint.safetensors"
    return path, fit(recipe, training_data, path)


def same(one, other):
    """Return whether two checkpoints have bit-identical tensors."""
    first, second = load_file(one), load_file(other)
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )


def test_each_epoch_is_reported(uninterrupted):
    _, reports = uninterrupted
    assert [(report.epoch, report.epochs) for report in reports] == [(1, 2), (2, 2)]
    assert all(np.isfinite(report.loss) and report.seconds > 0 for report in reports)


def test_training_continued_after_an_epoch_gives_bit_identical_weights(
    recipe, training_data, uninterrupted, tmp_path
):
    path = tmp_path / "checkpoint.safetensors"
    steps = fit_member(recipe, recipe.members[0], training_data, path, CPU)
    next(steps)
    steps.close()
    torch.manual_seed(999)  # the global random state must not matter
    assert [report.epoch for report in fit(recipe, training_data, path)] == [2]
    assert same(path, uninterrupted[0])


def test_training_continued_within_an_epoch_gives_bit_identical_weights(
    recipe, training_data, uninterrupted, tmp_path, monkeypatch
):
    path = tmp_path / "checkpoint.safetensors"
    batches = []
    original = member_fit.batch_loss

    def interrupted(*arguments):
        batches.append(1)
        if len(batches) == 4:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(member_fit, "batch_loss", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit(recipe, training_data, path)
    monkeypatch.setattr(member_fit, "batch_loss", original)
    fit(recipe, training_data, path)
    assert same(path, uninterrupted[0])


def test_a_complete_member_is_not_trained_again(recipe, training_data, uninterrupted):
    path, _ = uninterrupted
    before = path.read_bytes()
    assert fit(recipe, training_data, path) == []
    assert path.read_bytes() == before


def test_another_seed_gives_other_weights(recipe, training_data, uninterrupted, tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    one_epoch = changed(recipe, optimisation=changed(recipe.optimisation, epochs=1))
    fit(one_epoch, training_data, path, changed(recipe.members[0], seed=77))
    assert not same(path, uninterrupted[0])


def test_the_member_is_the_weight_average_without_auxiliary_classifiers(recipe, uninterrupted):
    weights = averaged_weights(uninterrupted[0])
    network = recipe.network.build(1 + len(recipe.concepts))
    keys = network.load_state_dict(weights, strict=True)
    assert not keys.missing_keys
    tensors = load_file(uninterrupted[0])
    assert any(name.startswith("average.aux1") for name in tensors)
    difference = tensors["network.fc.weight"] - tensors["average.fc.weight"]
    assert difference.abs().max() > 0


@pytest.mark.parametrize(
    "change",
    [
        lambda r: changed(r, optimisation=changed(r.optimisation, epochs=3)),
        lambda r: changed(r, network=GoogLeNetSpec(width=0.125, stride=32)),
        lambda r: changed(r, augmentation=changed(r.augmentation, grain=0.5)),
        lambda r: changed(r, folds=changed(r.folds, seed=6)),
        lambda r: changed(r, concepts=["round"]),
    ],
    ids=["epochs", "network", "augmentation", "folds", "concepts"],
)
def test_a_checkpoint_of_another_recipe_is_rejected(recipe, training_data, uninterrupted, change):
    with pytest.raises(InputError, match="was made with another recipe or other data"):
        fit(change(recipe), training_data, uninterrupted[0])


def test_a_checkpoint_of_another_member_or_other_images_is_rejected(
    recipe, training_data, uninterrupted
):
    path, _ = uninterrupted
    with pytest.raises(InputError, match="was made with another recipe or other data"):
        fit(recipe, training_data, path, recipe.members[1])
    patches = training_data.patches.copy()
    patches[3, 100, 100] ^= 1
    with pytest.raises(InputError, match="was made with another recipe or other data"):
        fit(recipe, replace(training_data, patches=patches), path)


def test_description_and_version_of_a_recipe_may_change(recipe, training_data, uninterrupted):
    assert (
        fit(changed(recipe, description="Renamed.", version="2"), training_data, uninterrupted[0])
        == []
    )


@pytest.mark.parametrize("content", [b"", b"\x08", b"not weights"])
def test_a_damaged_checkpoint_is_rejected(recipe, training_data, tmp_path, content):
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"is damaged .*; delete it"):
        fit(recipe, training_data, path)
    with pytest.raises(InputError, match="is not a complete checkpoint"):
        averaged_weights(path)


def test_a_truncated_checkpoint_is_rejected(recipe, training_data, uninterrupted, tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(uninterrupted[0].read_bytes()[:-1000])
    with pytest.raises(InputError, match="is damaged"):
        fit(recipe, training_data, path)


def test_other_safetensors_files_are_rejected(recipe, training_data, tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "checkpoint.safetensors"
    save_file({"a": torch.ones(1)}, path)
    with pytest.raises(InputError, match="was made with another recipe"):
        fit(recipe, training_data, path)
    with pytest.raises(InputError, match="is not a checkpoint but has other weights"):
        averaged_weights(path)


def test_a_missing_checkpoint_is_rejected(tmp_path):
    with pytest.raises(InputError, match="train the member"):
        averaged_weights(tmp_path / "none.safetensors")


def test_a_full_disk_raises_an_error_and_keeps_the_previous_checkpoint(
    recipe, training_data, tmp_path
):
    path = tmp_path / "checkpoint.safetensors"
    steps = fit_member(recipe, recipe.members[0], training_data, path, CPU)
    next(steps)
    before = path.read_bytes()
    with (
        files_no_larger_than(100),
        pytest.raises(InputError, match=r"checkpoint\.safetensors: cannot be written"),
    ):
        next(steps)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_crops_of_the_own_fold_and_of_other_views_are_not_trained_on(
    recipe, training_data, tmp_path, monkeypatch
):
    used = set()
    original = type(training_data).batch
    monkeypatch.setattr(
        type(training_data),
        "batch",
        lambda self, indices, device: (
            used.update(indices.tolist()) or original(self, indices, device)
        ),
    )
    cc_only = changed(recipe, optimisation=changed(recipe.optimisation, epochs=1, views=["CC"]))
    fit(cc_only, training_data, tmp_path / "checkpoint.safetensors")
    expected = {
        index
        for index, row in enumerate(training_data.rows)
        if row.view == "CC" and training_data.fold[index] != recipe.members[0].fold
    }
    assert used == expected
    assert 0 < len(expected) < len(training_data.rows)


def test_training_lowers_the_loss(recipe, training_data, tmp_path):
    """Without augmentation and dropout, whose noise can hide the decrease in few epochs."""
    settings = changed(
        recipe,
        network=changed(recipe.network, dropout=0.0),
        augmentation=NO_AUGMENTATION,
        optimisation=changed(recipe.optimisation, epochs=6, batch=8, peak_rate=5e-3),
    )
    reports = fit(settings, training_data, tmp_path / "checkpoint.safetensors")
    assert reports[-1].loss < 0.8 * reports[0].loss


def test_the_learning_rate_rises_to_its_peak_and_falls_to_nearly_zero():
    settings = Optimisation(peak_rate=0.01, warm_up=0.1)
    rates = [learning_rate(progress, settings) for progress in np.linspace(0, 1, 101)]
    assert max(rates) == rates[10] == pytest.approx(0.01)
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] <= 1e-5
    assert learning_rate(0.0, Optimisation(warm_up=0.0, peak_rate=0.01)) == pytest.approx(0.01)


def test_unknown_descriptors_do_not_affect_the_loss():
    settings = Optimisation(concept_weight=0.5)
    logits = torch.tensor([[0.3, 2.0], [-1.0, 5.0]])
    unknown = torch.tensor([[1.0, float("nan")], [0.0, float("nan")]])
    half_known = torch.tensor([[1.0, 1.0], [0.0, float("nan")]])
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    malignancy = bce(logits[:, 0], torch.tensor([1.0, 0.0]))
    assert multi_task_loss(logits, unknown, settings) == pytest.approx(malignancy.item())
    descriptor = bce(logits[:1, 1], torch.ones(1))
    assert multi_task_loss(logits, half_known, settings).item() == pytest.approx(
        (malignancy + 0.5 * descriptor).item()
    )


def test_targets_are_smoothed_and_unknown_descriptors_stay_unknown(recipe, training_data):
    unknown = replace(
        training_data, rows=[changed(row, mass_margins="N/A") for row in training_data.rows]
    )
    targets = smooth_targets(unknown, recipe)
    smoothing = recipe.optimisation.label_smoothing
    for row, target in zip(training_data.rows, targets, strict=True):
        assert target[0] == pytest.approx(1 - smoothing / 2 if row.label else smoothing / 2)
        assert target[1].isnan()
        density = (int(row.breast_density) - 1) / 3
        assert target[2] == pytest.approx(density * (1 - smoothing) + smoothing / 2)
