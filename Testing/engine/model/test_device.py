"""Where to compute is chosen by what is there, and said in a sentence where it is not."""

from __future__ import annotations

import pytest
import torch

from mammopair.errors import InputError
from mammopair.model.device import choose_device


@pytest.fixture
def hardware(monkeypatch):
    """Pretends that a machine has these devices."""

    def pretend(cuda=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return pretend


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"), [(1, True, "cuda"), (0, True, "mps"), (0, False, "cpu")]
)
def test_auto_takes_cuda_then_mps_then_the_cpu(hardware, cuda, mps, chosen):
    hardware(cuda, mps)
    assert choose_device("auto") == torch.device(chosen)


@pytest.mark.parametrize("wanted", ["cuda", "cuda:0", "mps"])
def test_a_device_that_is_not_there_is_refused(hardware, wanted):
    hardware()
    with pytest.raises(InputError, match=f"^device: '{wanted}' is not available here"):
        choose_device(wanted)


def test_a_second_gpu_is_taken_where_there_are_two_and_refused_where_there_is_one(hardware):
    hardware(cuda=2)
    assert choose_device("cuda:1") == torch.device("cuda:1")
    hardware(cuda=1)
    with pytest.raises(InputError, match="is not available here"):
        choose_device("cuda:1")


@pytest.mark.parametrize("wanted", ["", "gpu", "tpu", "meta", "xpu", "cpu:x", "CPU", "auto "])
def test_a_name_that_is_none_of_ours_is_refused(wanted):
    with pytest.raises(InputError, match="is none of auto, cuda, mps, cpu"):
        choose_device(wanted)
