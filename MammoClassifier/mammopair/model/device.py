"""The device that the networks run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mammopair.errors import InputError

if TYPE_CHECKING:
    import torch


def choose_device(name: str = "auto") -> torch.device:
    """Return a device by its name; ``auto`` selects CUDA, else Apple's MPS, else the CPU.

    Raises
    ------
    InputError
        If the name is invalid, or the device is not available.
    """
    import torch

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    counts = {"cpu": 1, "mps": int(mps), "cuda": torch.cuda.device_count() if cuda else 0}
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in counts:
        raise InputError("device", f"is {name!r}; it must be auto, cuda, cuda:N, mps or cpu")
    if (device.index or 0) >= counts[device.type]:
        raise InputError("device", f"{name!r} is not available on this machine; use auto or cpu")
    return device
