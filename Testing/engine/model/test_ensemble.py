"""The ensemble: verified on loading, fast without changing a number, and open about changes."""

from __future__ import annotations

import copy
import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from mammopair.errors import InputError
from mammopair.model import inference
from mammopair.model.batch_norm import fold_batch_norms
from mammopair.model.ensemble import load_ensemble
from mammopair.model.ensemble_folder import find_ensemble, included_ensembles
from mammopair.model.inference import BATCH_SIZE, FLIP_AXES
from mammopair.model.manifest import MANIFEST_FILE
from mammopair.model.network_input import to_input
from mammopair.model.networks import GoogLeNetSpec
from mammopair.model.weights import file_sha256, load_weights
from Testing.synthetic_lesions import drawn_network, lesion_picture, write_ensemble

BOTH = ["CC", "MLO"]


@pytest.fixture(scope="module")
def patches():
    return np.stack([lesion_picture(bool(n % 2), 50 + n) for n in range(5)])


@pytest.fixture
def folder(ensemble_folder, tmp_path):
    """A copy of an ensemble, to be damaged."""
    return shutil.copytree(ensemble_folder, tmp_path / "ensemble")


def replace_weights(folder, content):
    """Put other bytes in place of the first member's, with their hash in the manifest."""
    path = folder / "member-0.safetensors"
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)
    manifest = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
    manifest["members"][0]["sha256"] = file_sha256(path)
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest), "utf-8")


def refusal(folder, named="member-0.safetensors"):
    with pytest.raises(InputError) as caught:
        load_ensemble(folder, "cpu")
    sentence = str(caught.value)
    assert sentence.startswith(str(folder / named))
    assert "\n" not in sentence
    return sentence


def read(ensemble, patches, projections):
    return list(ensemble.predict(patches, projections))


def unfolded(ensemble, number=0):
    """A member as it was saved, without folding, and the inputs as it reads them."""
    entry = ensemble.manifest.members[number]
    network = ensemble.manifest.network.build(1 + len(ensemble.manifest.concepts)).eval()
    network.load_state_dict(load_weights(ensemble.folder / entry.file, entry.sha256), strict=False)
    return network


# --- what is said of patches ---------------------------------------------------------------------


def test_logits_are_those_of_the_plain_network_without_folding_averaged_over_mirrorings(
    ensemble, patches
):
    outputs = read(ensemble, patches, ["CC"] * 5)
    images = to_input(torch.from_numpy(patches), ensemble.manifest.input)
    for number, output in enumerate(outputs):
        network = unfolded(ensemble, number)
        with torch.inference_mode():
            mirrored = [network(images.flip(axes))[:, 0] for axes in FLIP_AXES]
        expected = torch.stack(mirrored).mean(0).numpy()
        assert expected.std() > 0.1
        np.testing.assert_allclose(output.logits, expected, atol=1e-4)


def test_each_crop_is_read_once_where_the_manifest_says_so(tmp_path, patches):
    ensemble = load_ensemble(write_ensemble(tmp_path / "plain", flips=False), "cpu")
    (output, _) = read(ensemble, patches, ["CC"] * 5)
    images = to_input(torch.from_numpy(patches), ensemble.manifest.input)
    with torch.inference_mode():
        expected = unfolded(ensemble)(images)[:, 0].numpy()
    np.testing.assert_allclose(output.logits, expected, atol=1e-4)
    np.testing.assert_allclose(output.maps.mean((1, 2)) + output.bias, expected, atol=1e-4)


def test_a_logit_is_the_mean_of_its_map_plus_the_bias(ensemble, patches):
    for output in read(ensemble, patches, ["CC"] * 5):
        assert output.maps.std() > 0.1
        np.testing.assert_allclose(output.maps.mean((1, 2)) + output.bias, output.logits, atol=1e-9)


def test_malignancy_and_the_words_are_linear_in_the_pooled_features(ensemble, patches):
    for entry, output in zip(ensemble.members, read(ensemble, patches, ["CC"] * 5), strict=True):
        linear = ensemble.networks[entry.name].fc
        said = linear(torch.from_numpy(output.pooled).float()).detach().numpy()
        assert output.descriptor_logits.shape == (5, len(ensemble.manifest.concepts))
        np.testing.assert_allclose(output.logits, said[:, 0], atol=1e-4)
        np.testing.assert_allclose(output.descriptor_logits, said[:, 1:], atol=1e-4)


@pytest.mark.parametrize("axis", [-1, -2])
def test_a_mirrored_patch_has_the_same_logit_and_the_mirrored_map(ensemble, patches, axis):
    (plain, *_) = read(ensemble, patches, ["CC"] * 5)
    (mirrored, *_) = read(ensemble, np.flip(patches, axis), ["CC"] * 5)
    np.testing.assert_allclose(mirrored.logits, plain.logits, atol=1e-4)
    np.testing.assert_allclose(np.flip(mirrored.maps, axis), plain.maps, atol=1e-3)


def test_a_batch_of_many_says_what_one_at_a_time_says(ensemble, patches):
    many = read(ensemble, patches, ["CC"] * 5)
    for place in range(5):
        for one, output in zip(read(ensemble, patches[[place]], ["CC"]), many, strict=True):
            np.testing.assert_allclose(one.logits[0], output.logits[place], atol=1e-4)
            np.testing.assert_allclose(one.maps[0], output.maps[place], atol=1e-3)


def test_a_call_longer_than_a_chunk_says_the_same_in_the_same_order(ensemble, patches, monkeypatch):
    whole = read(ensemble, patches, ["CC"] * 5)
    monkeypatch.setattr(inference, "BATCH_SIZE", 2)
    sizes = []
    original = inference.run_network_chunk
    monkeypatch.setattr(
        inference,
        "run_network_chunk",
        lambda network, chunk, *how, **more: (
            sizes.append(len(chunk)) or original(network, chunk, *how, **more)
        ),
    )
    cut = read(ensemble, patches, ["CC"] * 5)
    assert sizes == [2, 2, 1] * 2
    assert BATCH_SIZE > 2
    for one, other in zip(cut, whole, strict=True):
        np.testing.assert_allclose(one.logits, other.logits, atol=1e-4)


def test_a_member_reads_the_patches_of_its_projections_only(by_view, patches):
    projections = ["CC", "MLO", "CC", "MLO", "MLO"]
    cc, mlo, both = read(by_view, patches, projections)
    is_cc = np.array(projections) == "CC"
    assert (~np.isnan(cc.logits) == is_cc).all()
    assert (~np.isnan(mlo.logits) == ~is_cc).all()
    assert not np.isnan(both.logits).any()
    assert np.isnan(cc.maps[~is_cc]).all()
    alone = read(by_view, patches[is_cc], ["CC", "CC"])[0]
    np.testing.assert_allclose(cc.logits[is_cc], alone.logits, atol=1e-4)


def test_a_member_without_any_patch_to_read_says_nothing(by_view, patches):
    _, mlo, both = read(by_view, patches, ["CC"] * 5)
    assert np.isnan(mlo.logits).all()
    assert mlo.maps.shape[0] == 5
    assert not np.isnan(both.logits).any()


def test_reading_leaves_patches_and_networks_as_they_were(ensemble, patches):
    before = patches.copy()
    first = read(ensemble, patches, ["CC"] * 5)
    second = read(ensemble, patches, ["CC"] * 5)
    assert (patches == before).all()
    for one, other in zip(first, second, strict=True):
        assert (one.logits == other.logits).all()


def test_a_part_of_an_ensemble_holds_the_members_named(by_view, patches):
    part = by_view.select_members({"member-2", "member-0"})
    assert [entry.name for entry in part.members] == ["member-0", "member-2"]
    assert [output.member for output in read(part, patches, ["CC"] * 5)] == ["member-0", "member-2"]
    assert len(by_view.members) == 3


# --- folding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("five", [3, 5])
def test_folding_keeps_every_output_and_leaves_no_batch_norm(five):
    spec = GoogLeNetSpec(width=0.125, five=five, stride=16)
    network = drawn_network(spec, 3, seed=9)
    folded = fold_batch_norms(copy.deepcopy(network))
    images = torch.randn(2, 1, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network(images)
        found = folded(images)
    assert expected.std() > 0.1
    assert torch.allclose(found, expected, atol=1e-4)
    kinds = {type(part) for part in folded.modules()}
    assert torch.nn.BatchNorm2d not in kinds
    assert len(list(folded.parameters())) == 57 * 2 + 2


def test_loaded_members_are_folded_channels_last_and_in_evaluation(ensemble):
    for network in ensemble.networks.values():
        assert not network.training
        assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in network.modules())
        weight = network.inception3a.branch2[1].conv.weight
        assert weight.is_contiguous(memory_format=torch.channels_last)
        assert not any(parameter.requires_grad for parameter in network.parameters())


# --- loading -------------------------------------------------------------------------------------


def test_a_folder_is_loaded_with_the_hash_of_its_manifest(ensemble_folder):
    ensemble = load_ensemble(str(ensemble_folder), "cpu")
    assert ensemble.sha256 == file_sha256(ensemble_folder / MANIFEST_FILE)
    assert list(ensemble.networks) == ["member-0", "member-1"]
    assert ensemble.device == torch.device("cpu")


def test_an_ensemble_that_there_is_not_is_refused_with_those_that_there_are():
    with pytest.raises(InputError, match=r"^ensemble: 'none' is neither a folder nor") as said:
        find_ensemble("none")
    for name in included_ensembles():
        assert name in str(said.value)


def test_missing_weights_are_named(folder):
    (folder / "member-0.safetensors").unlink()
    assert "is missing" in refusal(folder)


def test_truncated_weights_are_refused(folder):
    path = folder / "member-0.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    assert "truncated or was changed" in refusal(folder)


def test_weights_of_another_member_are_refused(folder):
    shutil.copy(folder / "member-1.safetensors", folder / "member-0.safetensors")
    assert "SHA-256" in refusal(folder)


def test_a_pickle_named_like_weights_is_never_opened(folder):
    opened = folder / "opened"

    class Trap:
        def __reduce__(self):
            return (open, (str(opened), "w"))

    replace_weights(folder, lambda path: torch.save({"conv1.conv.weight": Trap()}, path))
    assert "never opened" in refusal(folder)
    assert not opened.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors | {"fc.weight": torch.zeros(7, 3)},
        lambda tensors: {name: t for name, t in tensors.items() if name != "fc.bias"},
        lambda tensors: tensors | {"fc.more": torch.zeros(1)},
        lambda tensors: {},
    ],
    ids=["other shape", "one missing", "one too many", "none"],
)
def test_weights_that_do_not_fit_the_network_are_refused(folder, change):
    tensors = load_file(folder / "member-0.safetensors")
    replace_weights(folder, lambda path: save_file(change(tensors), path))
    assert "does not fit the network that the manifest describes" in refusal(folder)


def test_an_unknown_field_of_the_manifest_is_refused(folder):
    manifest = json.loads((folder / MANIFEST_FILE).read_text("utf-8")) | {"extra": 1}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest), "utf-8")
    assert "extra" in refusal(folder, MANIFEST_FILE)


def test_an_ensemble_for_another_crop_is_refused(folder):
    manifest = json.loads((folder / MANIFEST_FILE).read_text("utf-8")) | {"context": 1.25}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest), "utf-8")
    assert "was made for crops of 1.25 lesion sides" in refusal(folder, MANIFEST_FILE)


def test_a_device_that_is_none_is_refused(ensemble_folder):
    with pytest.raises(InputError, match=r"^device: 'quantum'"):
        load_ensemble(ensemble_folder, "quantum")


def test_ensembles_that_ship_verify_and_stay_small(shipped):
    folder = shipped.folder
    assert len(shipped.members) >= 2
    assert sum(path.stat().st_size for path in folder.iterdir()) < 12e6
    assert (folder / "MODEL_CARD.md").is_file()
    assert {view for entry in shipped.members for view in entry.views} == set(BOTH)


# --- out of memory -------------------------------------------------------------------------------


@pytest.fixture
def short_of_memory(ensemble_folder, monkeypatch):
    """An ensemble on a device that runs out of memory at the first batch.

    There is no GPU here, so the CPU plays its part: what is held is that all networks are moved,
    that the same batch is read again, and that all of this is said.
    """
    ensemble = load_ensemble(ensemble_folder, "cpu")
    refused, moved = [], []
    for name, network in ensemble.networks.items():
        monkeypatch.setattr(network, "to", lambda place, name=name: moved.append((name, place)))
    original = inference.run_network_chunk

    def first_refuses(network, chunk, *how, **more):
        if not refused:
            refused.append(len(chunk))
            raise torch.OutOfMemoryError("CUDA out of memory")
        return original(network, chunk, *how, **more)

    monkeypatch.setattr(inference, "run_network_chunk", first_refuses)
    return ensemble, refused, moved


def test_when_the_gpu_is_out_of_memory_the_cpu_reads_the_batch_and_it_is_said(
    short_of_memory, ensemble, patches
):
    short, refused, moved = short_of_memory
    outputs = read(short, patches, ["CC"] * 5)
    assert refused == [5]
    assert moved == [(name, "cpu") for name in short.networks]
    assert [warning.code for warning in short.warnings] == ["out-of-gpu-memory"]
    for one, other in zip(outputs, read(ensemble, patches, ["CC"] * 5), strict=True):
        assert (one.logits == other.logits).all()


def test_after_running_out_of_memory_other_parts_of_the_ensemble_work_too(short_of_memory, patches):
    """The members are shared by all parts, so a part made before or after must find them."""
    short, _, moved = short_of_memory
    part = short.select_members({"member-0"})
    read(part, patches, ["CC"] * 5)
    assert moved == [("member-0", "cpu")]
    assert [warning.code for warning in short.warnings] == ["out-of-gpu-memory"]
    for output in read(short, patches, ["CC"] * 5):
        assert not np.isnan(output.logits).any()
