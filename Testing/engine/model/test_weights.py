"""Weight files: verified by hash, in half precision, complete or absent, never unpickled."""

from __future__ import annotations

import hashlib
import pickle

import pytest
import torch

from mammopair.errors import InputError
from mammopair.model.weights import file_sha256, load_weights, save_weights
from Testing.command_line import files_no_larger_than


@pytest.fixture
def weights():
    generator = torch.Generator().manual_seed(0)
    return {
        "conv.weight": torch.randn(4, 3, 2, 2, generator=generator),
        "bn.num_batches_tracked": torch.tensor(7),
    }


@pytest.fixture
def saved(weights, tmp_path):
    """A weight file and its SHA-256."""
    path = tmp_path / "member.safetensors"
    return path, save_weights(weights, path)


def load_error(path, sha256):
    with pytest.raises(InputError) as caught:
        load_weights(path, sha256)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


def test_weights_are_saved_in_half_precision_without_counters(saved, weights):
    path, sha256 = saved
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest() == file_sha256(path)
    loaded = load_weights(path, sha256)
    assert list(loaded) == ["conv.weight"]
    assert loaded["conv.weight"].dtype == torch.float32
    assert torch.equal(loaded["conv.weight"], weights["conv.weight"].half().float())


def test_saving_leaves_no_temporary_file(saved, tmp_path):
    assert [path.name for path in tmp_path.iterdir()] == ["member.safetensors"]


def test_missing_weights_are_reported(tmp_path):
    assert "is missing" in load_error(tmp_path / "none.safetensors", "0" * 64)


def test_truncated_weights_are_rejected(saved):
    path, sha256 = saved
    path.write_bytes(path.read_bytes()[:-3])
    assert "truncated or was changed" in load_error(path, sha256)


def test_weights_with_one_changed_byte_are_rejected(saved):
    path, sha256 = saved
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "truncated or was changed" in load_error(path, sha256)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_rejected_even_if_its_hash_matches(tmp_path, protocol):
    path = tmp_path / "member.safetensors"
    path.write_bytes(pickle.dumps({"a": 1}, protocol=protocol))
    assert "never loaded" in load_error(path, file_sha256(path))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_torch_archive_is_rejected_even_if_its_hash_matches(tmp_path, weights, zipped):
    path = tmp_path / "member.safetensors"
    torch.save(weights, path, _use_new_zipfile_serialization=zipped)
    assert "never loaded" in load_error(path, file_sha256(path))


def test_other_content_is_rejected_even_if_its_hash_matches(tmp_path):
    path = tmp_path / "member.safetensors"
    path.write_bytes(b"these are no weights")
    assert "is not a safetensors file" in load_error(path, file_sha256(path))


def test_a_folder_instead_of_weights_is_rejected(tmp_path):
    load_error(tmp_path, "0" * 64)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e6])
def test_weights_beyond_half_precision_are_not_saved(weights, tmp_path, value):
    weights["conv.weight"][0, 0, 0, 0] = value
    path = tmp_path / "member.safetensors"
    with pytest.raises(InputError, match=r"conv\.weight"):
        save_weights(weights, path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_reported_and_the_earlier_file_is_kept(saved):
    path, sha256 = saved
    with files_no_larger_than(100), pytest.raises(InputError, match="cannot be written"):
        save_weights({"a": torch.ones(1000)}, path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert file_sha256(path) == sha256
