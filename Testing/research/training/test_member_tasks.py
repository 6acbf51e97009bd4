"""Members trained sequentially or in parallel have the same weights and errors."""

from __future__ import annotations

import pickle

import pytest
import torch
from msgspec.structs import replace
from safetensors.torch import load_file

from mammopair.errors import InputError
from mammopair_research.training import member_tasks
from mammopair_research.training.member_tasks import CHECKPOINT, LOG, read_log, train_members
from Testing.stepwise import drive


@pytest.fixture(scope="module")
def short(recipe):
    return replace(recipe, optimisation=replace(recipe.optimisation, epochs=1))


@pytest.fixture(scope="module")
def trained_sequentially(short, crop_folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    return out, *drive(train_members(short, crop_folder, out, device="cpu"))


def test_every_member_has_a_checkpoint_and_a_log(trained_sequentially):
    out, progress, checkpoints = trained_sequentially
    assert checkpoints == [out / "member-0" / CHECKPOINT, out / "member-1" / CHECKPOINT]
    assert [report.epoch for report in read_log(out / "member-1" / LOG)] == [1]
    assert [(step.done, step.total) for step in progress] == [(0, 2), (1, 2), (1, 2), (2, 2)]


def test_training_in_parallel_gives_the_same_weights(
    short, crop_folder, trained_sequentially, tmp_path, pool, monkeypatch
):
    monkeypatch.setattr(member_tasks, "POLL_SECONDS", 0.1)
    steps = train_members(short, crop_folder, tmp_path, device="cpu", pool=pool)
    progress, checkpoints = drive(steps)
    assert all(0 <= step.done <= step.total == 2 for step in progress)
    for one, other in zip(checkpoints, trained_sequentially[2], strict=True):
        first, second = load_file(one), load_file(other)
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first)


def test_an_error_in_another_process_has_the_same_message(
    short, crop_folder, tmp_path, pool, monkeypatch
):
    monkeypatch.setattr(member_tasks, "POLL_SECONDS", 0.1)
    many = replace(short, folds=replace(short.folds, count=40))
    with pytest.raises(InputError, match=r"^folds\.count: is 40, but only"):
        drive(train_members(many, crop_folder, tmp_path, device="cpu", pool=pool))


def test_an_error_can_be_pickled():
    error = InputError("file.csv", "has no rows")
    other = pickle.loads(pickle.dumps(error))
    assert (other.subject, other.problem, str(other)) == ("file.csv", "has no rows", str(error))


def test_too_little_gpu_memory_raises_an_error_with_a_remedy(
    short, crop_folder, tmp_path, monkeypatch
):
    def out_of_memory(*_arguments):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("mammopair_research.training.member_fit.batch_loss", out_of_memory)
    with pytest.raises(InputError, match=r"^optimisation\.batch: is 16, which does not fit"):
        drive(train_members(short, crop_folder, tmp_path, device="cpu"))


def test_an_incomplete_last_line_of_a_log_is_ignored(trained_sequentially, tmp_path):
    path = tmp_path / LOG
    assert read_log(path) == []
    whole = (trained_sequentially[0] / "member-0" / LOG).read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    assert read_log(path) == read_log(trained_sequentially[0] / "member-0" / LOG)
