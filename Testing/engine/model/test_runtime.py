"""OpenVINO in torch's place: the same numbers."""

import os
import threading

import numpy as np
import pytest
import torch

from mammopair.calibration.platt import probabilities
from mammopair.errors import InputError
from mammopair.model.runtime import with_runtime
from Testing.synthetic_lesions import lesion_picture


def read(ensemble, patches):
    """Logits ``(n, members)``, and the pooled features of each member."""
    outputs = list(ensemble.predict(patches, ["CC", "MLO"] * (len(patches) // 2)))
    logits = np.stack([output.logits for output in outputs], axis=1)
    return logits, [output.pooled for output in outputs]


@pytest.fixture(scope="module", params=["ensemble", "shipped"])
def twice(request):
    """An ensemble, and the same through OpenVINO, on one thread as workers of the batch have it."""
    pytest.importorskip("openvino")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    ensemble = request.getfixturevalue(request.param)
    yield ensemble, with_runtime(ensemble, "openvino")
    torch.set_num_threads(before)


def test_openvino_gives_the_same_probabilities_maps_and_features(twice):
    ensemble, through_openvino = twice
    patches = np.stack([lesion_picture(bool(n % 2), n) for n in range(6)])
    logits, pooled = read(ensemble, patches)
    others, other_pooled = read(through_openvino, patches)
    calibration = ensemble.manifest.calibration
    apart = probabilities(logits, calibration) - probabilities(others, calibration)
    assert np.abs(apart).max() < 1e-4
    for mine, other in zip(pooled, other_pooled, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-3 * np.abs(mine).max())
    assert np.ptp(logits) > 0.01


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="Linux alone tells a thread's cores"
)
def test_openvino_may_compute_on_every_core(twice):
    """Workers beside each other, each pinned to the first core, would take turns on it."""
    computing = threading.get_native_id()
    cores, ended = [os.sched_getaffinity(computing)], threading.Event()

    def watch():
        while not ended.wait(0.001):
            cores.append(os.sched_getaffinity(computing))

    watcher = threading.Thread(target=watch)
    watcher.start()
    read(twice[1], np.stack([lesion_picture(True, n) for n in range(6)]))
    ended.set()
    watcher.join()
    assert len(cores) > 2
    assert all(now == cores[0] for now in cores)


def test_the_torch_runtime_is_the_ensemble_itself(ensemble):
    assert with_runtime(ensemble, "torch") is ensemble


def test_a_runtime_that_is_none_is_named(ensemble):
    with pytest.raises(InputError, match="'tvm' is none of torch, openvino"):
        with_runtime(ensemble, "tvm")


def test_without_openvino_a_sentence_says_what_to_install(ensemble, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openvino", None)
    with pytest.raises(InputError, match=r"pip install .mammopair\[openvino\]"):
        with_runtime(ensemble, "openvino")
