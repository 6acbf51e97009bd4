"""The ensemble: its predictions, verification of its files, and the change to the CPU."""

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
from Testing.synthetic_lesions import lesion_picture, random_network, write_ensemble

BOTH = ["CC", "MLO"]


@pytest.fixture(scope="module")
def patches():
    return np.stack([lesion_picture(bool(n % 2), 50 + n) for n in range(5)])


@pytest.fixture
def folder(ensemble_folder, tmp_path):
    """A copy of an ensemble, to modify."""
    return shutil.copytree(ensemble_folder, tmp_path / "ensemble")


def replace_weights(folder, content):
    """Replace the weights of the first member, and its hash in the manifest."""
    path = folder / "member-0.safetensors"
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)
    manifest = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
    manifest["members"][0]["sha256"] = file_sha256(path)
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest), "utf-8")


def load_error(folder, named="member-0.safetensors"):
    with pytest.raises(InputError) as caught:
        load_ensemble(folder, "cpu")
    message = str(caught.value)
    assert message.startswith(str(folder / named))
    assert "\n" not in message
    return message


def predict(ensemble, patches, projections):
    return list(ensemble.predict(patches, projections))


def unfolded(ensemble, number=0):
    """A member as it was saved, without folded batch norms."""
    entry = ensemble.manifest.members[number]
    network = ensemble.manifest.network.build(1 + len(ensemble.manifest.concepts)).eval()
    network.load_state_dict(load_weights(ensemble.folder / entry.file, entry.sha256), strict=False)
    return network


# --- predictions ---------------------------------------------------------------------------------


def test_logits_are_those_of_the_unfolded_network_averaged_over_the_flips(ensemble, patches):
    outputs = predict(ensemble, patches, ["CC"] * 5)
    images = to_input(torch.from_numpy(patches), ensemble.manifest.input)
    for number, output in enumerate(outputs):
        network = unfolded(ensemble, number)
        with torch.inference_mode():
            flipped = [network(images.flip(axes))[:, 0] for axes in FLIP_AXES]
        expected = torch.stack(flipped).mean(0).numpy()
        assert expected.std() > 0.1
        np.testing.assert_allclose(output.logits, expected, atol=1e-4)


def test_an_ensemble_without_flips_uses_the_patch_as_it_is(tmp_path, patches):
    ensemble = load_ensemble(write_ensemble(tmp_path / "plain", flips=False), "cpu")
    (output, _) = predict(ensemble, patches, ["CC"] * 5)
    images = to_input(torch.from_numpy(patches), ensemble.manifest.input)
    with torch.inference_mode():
        expected = unfolded(ensemble)(images)[:, 0].numpy()
    np.testing.assert_allclose(output.logits, expected, atol=1e-4)
    np.testing.assert_allclose(output.maps.mean((1, 2)) + output.bias, expected, atol=1e-4)


def test_a_logit_is_the_mean_of_its_map_plus_the_bias(ensemble, patches):
    for output in predict(ensemble, patches, ["CC"] * 5):
        assert output.maps.std() > 0.1
        np.testing.assert_allclose(output.maps.mean((1, 2)) + output.bias, output.logits, atol=1e-9)


def test_all_logits_are_linear_in_the_pooled_features(ensemble, patches):
    for entry, output in zip(ensemble.members, predict(ensemble, patches, ["CC"] * 5), strict=True):
        linear = ensemble.networks[entry.name].fc
        expected = linear(torch.from_numpy(output.pooled).float()).detach().numpy()
        assert output.descriptor_logits.shape == (5, len(ensemble.manifest.concepts))
        np.testing.assert_allclose(output.logits, expected[:, 0], atol=1e-4)
        np.testing.assert_allclose(output.descriptor_logits, expected[:, 1:], atol=1e-4)


@pytest.mark.parametrize("axis", [-1, -2])
def test_a_flipped_patch_has_the_same_logit_and_the_flipped_map(ensemble, patches, axis):
    (plain, *_) = predict(ensemble, patches, ["CC"] * 5)
    (flipped, *_) = predict(ensemble, np.flip(patches, axis), ["CC"] * 5)
    np.testing.assert_allclose(flipped.logits, plain.logits, atol=1e-4)
    np.testing.assert_allclose(np.flip(flipped.maps, axis), plain.maps, atol=1e-3)


def test_a_batch_has_the_outputs_of_single_patches(ensemble, patches):
    many = predict(ensemble, patches, ["CC"] * 5)
    for place in range(5):
        for one, output in zip(predict(ensemble, patches[[place]], ["CC"]), many, strict=True):
            np.testing.assert_allclose(one.logits[0], output.logits[place], atol=1e-4)
            np.testing.assert_allclose(one.maps[0], output.maps[place], atol=1e-3)


def test_several_batches_have_the_outputs_of_one_in_the_same_order(ensemble, patches, monkeypatch):
    whole = predict(ensemble, patches, ["CC"] * 5)
    monkeypatch.setattr(inference, "BATCH_SIZE", 2)
    sizes = []
    original = inference.run_network_batch
    monkeypatch.setattr(
        inference,
        "run_network_batch",
        lambda network, batch, *args, **options: (
            sizes.append(len(batch)) or original(network, batch, *args, **options)
        ),
    )
    cut = predict(ensemble, patches, ["CC"] * 5)
    assert sizes == [2, 2, 1] * 2
    assert BATCH_SIZE > 2
    for one, other in zip(cut, whole, strict=True):
        np.testing.assert_allclose(one.logits, other.logits, atol=1e-4)


def test_a_member_has_outputs_for_its_projections_only(by_view, patches):
    projections = ["CC", "MLO", "CC", "MLO", "MLO"]
    cc, mlo, both = predict(by_view, patches, projections)
    is_cc = np.array(projections) == "CC"
    assert (~np.isnan(cc.logits) == is_cc).all()
    assert (~np.isnan(mlo.logits) == ~is_cc).all()
    assert not np.isnan(both.logits).any()
    assert np.isnan(cc.maps[~is_cc]).all()
    alone = predict(by_view, patches[is_cc], ["CC", "CC"])[0]
    np.testing.assert_allclose(cc.logits[is_cc], alone.logits, atol=1e-4)


def test_a_member_without_patches_has_no_outputs(by_view, patches):
    _, mlo, both = predict(by_view, patches, ["CC"] * 5)
    assert np.isnan(mlo.logits).all()
    assert mlo.maps.shape[0] == 5
    assert not np.isnan(both.logits).any()


def test_predicting_changes_neither_patches_nor_networks(ensemble, patches):
    before = patches.copy()
    first = predict(ensemble, patches, ["CC"] * 5)
    second = predict(ensemble, patches, ["CC"] * 5)
    assert (patches == before).all()
    for one, other in zip(first, second, strict=True):
        assert (one.logits == other.logits).all()


def test_selected_members_keep_their_order(by_view, patches):
    part = by_view.select_members({"member-2", "member-0"})
    assert [entry.name for entry in part.members] == ["member-0", "member-2"]
    assert [output.member for output in predict(part, patches, ["CC"] * 5)] == [
        "member-0",
        "member-2",
    ]
    assert len(by_view.members) == 3


# --- folding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("five", [3, 5])
def test_folding_preserves_every_output_and_leaves_no_batch_norm(five):
    spec = GoogLeNetSpec(width=0.125, five=five, stride=16)
    network = random_network(spec, 3, seed=9)
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


def test_loaded_members_are_folded_channels_last_and_in_evaluation_mode(ensemble):
    for network in ensemble.networks.values():
        assert not network.training
        assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in network.modules())
        weight = network.inception3a.branch2[1].conv.weight
        assert weight.is_contiguous(memory_format=torch.channels_last)
        assert not any(parameter.requires_grad for parameter in network.parameters())


# --- loading -------------------------------------------------------------------------------------


def test_an_ensemble_has_the_hash_of_its_manifest(ensemble_folder):
    ensemble = load_ensemble(str(ensemble_folder), "cpu")
    assert ensemble.sha256 == file_sha256(ensemble_folder / MANIFEST_FILE)
    assert list(ensemble.networks) == ["member-0", "member-1"]
    assert ensemble.device == torch.device("cpu")


def test_an_unknown_ensemble_is_rejected_with_a_list_of_the_known():
    with pytest.raises(InputError, match=r"^ensemble: 'none' is neither a folder nor") as expected:
        find_ensemble("none")
    for name in included_ensembles():
        assert name in str(expected.value)


def test_missing_weights_are_reported(folder):
    (folder / "member-0.safetensors").unlink()
    assert "is missing" in load_error(folder)


def test_truncated_weights_are_rejected(folder):
    path = folder / "member-0.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    assert "truncated or was changed" in load_error(folder)


def test_weights_of_another_member_are_rejected(folder):
    shutil.copy(folder / "member-1.safetensors", folder / "member-0.safetensors")
    assert "SHA-256" in load_error(folder)


def test_a_pickle_named_like_weights_is_never_loaded(folder):
    opened = folder / "opened"

    class Trap:
        def __reduce__(self):
            return (open, (str(opened), "w"))

    replace_weights(folder, lambda path: torch.save({"conv1.conv.weight": Trap()}, path))
    assert "never loaded" in load_error(folder)
    assert not opened.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors: tensors | {"fc.weight": torch.zeros(7, 3)},
        lambda tensors: {name: t for name, t in tensors.items() if name != "fc.bias"},
        lambda tensors: tensors | {"fc.more": torch.zeros(1)},
        lambda tensors: {},
    ],
    ids=["other shape", "one missing", "one extra", "none"],
)
def test_weights_that_do_not_fit_the_network_are_rejected(folder, change):
    tensors = load_file(folder / "member-0.safetensors")
    replace_weights(folder, lambda path: save_file(change(tensors), path))
    assert "does not fit the network in the manifest" in load_error(folder)


def test_an_unknown_field_of_the_manifest_is_rejected(folder):
    manifest = json.loads((folder / MANIFEST_FILE).read_text("utf-8")) | {"extra": 1}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest), "utf-8")
    assert "extra" in load_error(folder, MANIFEST_FILE)


def test_an_ensemble_for_another_patch_size_is_rejected(folder):
    manifest = json.loads((folder / MANIFEST_FILE).read_text("utf-8")) | {"context": 1.25}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest), "utf-8")
    assert "was made for patches of 1.25 box sides" in load_error(folder, MANIFEST_FILE)


def test_an_unknown_device_is_rejected(ensemble_folder):
    with pytest.raises(InputError, match=r"^device: is 'quantum'"):
        load_ensemble(ensemble_folder, "quantum")


def test_the_included_ensemble_is_valid_and_small(shipped):
    folder = shipped.folder
    assert len(shipped.members) >= 2
    assert sum(path.stat().st_size for path in folder.iterdir()) < 12e6
    assert (folder / "MODEL_CARD.md").is_file()
    assert {view for entry in shipped.members for view in entry.views} == set(BOTH)


# --- out of memory -------------------------------------------------------------------------------


@pytest.fixture
def short_of_memory(ensemble_folder, monkeypatch):
    """An ensemble on a device that runs out of memory in the first batch.

    There may be no GPU, so the CPU is used in its place.
    """
    ensemble = load_ensemble(ensemble_folder, "cpu")
    failed, moved = [], []
    for name, network in ensemble.networks.items():
        monkeypatch.setattr(network, "to", lambda place, name=name: moved.append((name, place)))
    original = inference.run_network_batch

    def fail_once(network, batch, *args, **options):
        if not failed:
            failed.append(len(batch))
            raise torch.OutOfMemoryError("CUDA out of memory")
        return original(network, batch, *args, **options)

    monkeypatch.setattr(inference, "run_network_batch", fail_once)
    return ensemble, failed, moved


def test_if_the_gpu_runs_out_of_memory_the_cpu_is_used_with_a_warning(
    short_of_memory, ensemble, patches
):
    short, failed, moved = short_of_memory
    outputs = predict(short, patches, ["CC"] * 5)
    assert failed == [5]
    assert moved == [(name, "cpu") for name in short.networks]
    assert [warning.code for warning in short.warnings] == ["out-of-gpu-memory"]
    for one, other in zip(outputs, predict(ensemble, patches, ["CC"] * 5), strict=True):
        assert (one.logits == other.logits).all()


def test_after_running_out_of_memory_derived_ensembles_work_too(short_of_memory, patches):
    """Derived ensembles share the networks, so they are on the CPU too."""
    short, _, moved = short_of_memory
    part = short.select_members({"member-0"})
    predict(part, patches, ["CC"] * 5)
    assert moved == [("member-0", "cpu")]
    assert [warning.code for warning in short.warnings] == ["out-of-gpu-memory"]
    for output in predict(short, patches, ["CC"] * 5):
        assert not np.isnan(output.logits).any()
