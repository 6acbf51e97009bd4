"""Weights: known by their hash, in half precision, whole or not at all, and never unpickled."""

from __future__ import annotations

import errno
import hashlib
import pickle

import pytest
import torch

from mammopair.errors import InputError
from mammopair.model.weights import file_sha256, load_weights, save_weights


@pytest.fixture
def weights():
    generator = torch.Generator().manual_seed(0)
    return {
        "conv.weight": torch.randn(4, 3, 2, 2, generator=generator),
        "bn.num_batches_tracked": torch.tensor(7),
    }


@pytest.fixture
def saved(weights, tmp_path):
    """A file of weights and its hash."""
    path = tmp_path / "member.safetensors"
    return path, save_weights(weights, path)


def refusal(path, sha256):
    with pytest.raises(InputError) as caught:
        load_weights(path, sha256)
    sentence = str(caught.value)
    assert sentence.startswith(str(path))
    assert "\n" not in sentence
    return sentence


def test_what_is_saved_comes_back_in_half_precision_without_counters(saved, weights):
    path, sha256 = saved
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest() == file_sha256(path)
    loaded = load_weights(path, sha256)
    assert list(loaded) == ["conv.weight"]
    assert loaded["conv.weight"].dtype == torch.float32
    assert torch.equal(loaded["conv.weight"], weights["conv.weight"].half().float())


def test_saving_leaves_nothing_else_in_the_folder(saved, tmp_path):
    assert [path.name for path in tmp_path.iterdir()] == ["member.safetensors"]


def test_missing_weights_are_named(tmp_path):
    assert "is missing" in refusal(tmp_path / "none.safetensors", "0" * 64)


def test_truncated_weights_are_refused(saved):
    path, sha256 = saved
    path.write_bytes(path.read_bytes()[:-3])
    assert "truncated or was changed" in refusal(path, sha256)


def test_one_changed_byte_is_refused(saved):
    path, sha256 = saved
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "truncated or was changed" in refusal(path, sha256)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_refused_even_where_its_hash_is_right(tmp_path, protocol):
    path = tmp_path / "member.safetensors"
    path.write_bytes(pickle.dumps({"a": 1}, protocol=protocol))
    assert "never opened" in refusal(path, file_sha256(path))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_torch_archive_is_refused_even_where_its_hash_is_right(tmp_path, weights, zipped):
    path = tmp_path / "member.safetensors"
    torch.save(weights, path, _use_new_zipfile_serialization=zipped)
    assert "never opened" in refusal(path, file_sha256(path))


def test_other_bytes_are_refused_where_their_hash_is_right(tmp_path):
    path = tmp_path / "member.safetensors"
    path.write_bytes(b"these are no weights")
    assert "is not safetensors" in refusal(path, file_sha256(path))


def test_a_folder_in_place_of_weights_is_refused(tmp_path):
    refusal(tmp_path, "0" * 64)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e6])
def test_weights_that_half_precision_cannot_hold_are_not_saved(weights, tmp_path, value):
    weights["conv.weight"][0, 0, 0, 0] = value
    path = tmp_path / "member.safetensors"
    with pytest.raises(InputError, match=r"conv\.weight"):
        save_weights(weights, path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_sentence_and_leaves_the_older_file(saved, monkeypatch):
    path, sha256 = saved

    def full(_tensors, filename, *_args):
        filename.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", full)
    with pytest.raises(InputError, match="No space left"):
        save_weights({"a": torch.ones(1)}, path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert file_sha256(path) == sha256
