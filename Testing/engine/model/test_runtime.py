"""Inference with OpenVINO has the results of torch."""

import os
import threading

import numpy as np
import pytest
import torch

from mammopair.calibration.platt import probabilities
from mammopair.errors import InputError
from mammopair.model.runtime import with_runtime
from Testing.synthetic_lesions import lesion_picture


def predict(ensemble, patches):
    """Logits ``(n, members)``, and the pooled features of each member."""
    outputs = list(ensemble.predict(patches, ["CC", "MLO"] * (len(patches) // 2)))
    logits = np.stack([output.logits for output in outputs], axis=1)
    return logits, [output.pooled for output in outputs]


@pytest.fixture(scope="module", params=["ensemble", "shipped"])
def both_runtimes(request):
    """An ensemble in torch and in OpenVINO, on one thread, as batch workers run it."""
    pytest.importorskip("openvino")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    ensemble = request.getfixturevalue(request.param)
    yield ensemble, with_runtime(ensemble, "openvino")
    torch.set_num_threads(before)


def test_openvino_has_the_same_probabilities_and_features(both_runtimes):
    ensemble, through_openvino = both_runtimes
    patches = np.stack([lesion_picture(bool(n % 2), n) for n in range(6)])
    logits, pooled = predict(ensemble, patches)
    others, other_pooled = predict(through_openvino, patches)
    calibration = ensemble.manifest.calibration
    difference = probabilities(logits, calibration) - probabilities(others, calibration)
    assert np.abs(difference).max() < 1e-4
    for expected, other in zip(pooled, other_pooled, strict=True):
        np.testing.assert_allclose(expected, other, atol=1e-3 * np.abs(expected).max())
    assert np.ptp(logits) > 0.01


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="only Linux reports the cores of a thread"
)
def test_openvino_is_not_pinned_to_one_core(both_runtimes):
    """Worker processes that are all pinned to the first core would share it."""
    computing = threading.get_native_id()
    cores, ended = [os.sched_getaffinity(computing)], threading.Event()

    def watch():
        while not ended.wait(0.001):
            cores.append(os.sched_getaffinity(computing))

    watcher = threading.Thread(target=watch)
    watcher.start()
    predict(both_runtimes[1], np.stack([lesion_picture(True, n) for n in range(6)]))
    ended.set()
    watcher.join()
    assert len(cores) > 2
    assert all(now == cores[0] for now in cores)


def test_the_torch_runtime_returns_the_ensemble_itself(ensemble):
    assert with_runtime(ensemble, "torch") is ensemble


def test_an_unknown_runtime_is_rejected(ensemble):
    with pytest.raises(InputError, match="is 'tvm'; it must be torch or openvino"):
        with_runtime(ensemble, "tvm")


def test_a_missing_openvino_is_reported_with_the_command_to_install_it(ensemble, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openvino", None)
    with pytest.raises(InputError, match=r"pip install .mammopair\[openvino\]"):
        with_runtime(ensemble, "openvino")
