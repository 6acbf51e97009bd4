"""Choice of the device by name and availability."""

from __future__ import annotations

import pytest
import torch

from mammopair.errors import InputError
from mammopair.model.device import choose_device


@pytest.fixture
def hardware(monkeypatch):
    """A function that simulates the devices of a machine."""

    def simulate(cuda=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return simulate


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"), [(1, True, "cuda"), (0, True, "mps"), (0, False, "cpu")]
)
def test_auto_selects_cuda_then_mps_then_the_cpu(hardware, cuda, mps, chosen):
    hardware(cuda, mps)
    assert choose_device("auto") == torch.device(chosen)


@pytest.mark.parametrize("wanted", ["cuda", "cuda:0", "mps"])
def test_an_unavailable_device_is_rejected(hardware, wanted):
    hardware()
    with pytest.raises(InputError, match=f"^device: '{wanted}' is not available on this machine"):
        choose_device(wanted)


def test_a_second_gpu_is_selected_only_if_there_are_two(hardware):
    hardware(cuda=2)
    assert choose_device("cuda:1") == torch.device("cuda:1")
    hardware(cuda=1)
    with pytest.raises(InputError, match="is not available on this machine"):
        choose_device("cuda:1")


@pytest.mark.parametrize("wanted", ["", "gpu", "tpu", "meta", "xpu", "cpu:x", "CPU", "auto "])
def test_an_invalid_name_is_rejected(wanted):
    with pytest.raises(InputError, match="it must be auto, cuda, cuda:N, mps or cpu"):
        choose_device(wanted)
