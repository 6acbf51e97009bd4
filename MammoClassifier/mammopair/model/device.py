"""Device that the networks run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mammopair.errors import InputError

if TYPE_CHECKING:
    import torch


def choose_device(wanted: str = "auto") -> torch.device:
    """A device by name; ``auto`` takes CUDA, else Apple's MPS, else the CPU.

    Raises
    ------
    InputError
        If the name is none of ours, or the device is not there.
    """
    import torch

    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if wanted == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    there = {"cpu": 1, "mps": int(mps), "cuda": torch.cuda.device_count() if cuda else 0}
    try:
        device = torch.device(wanted)
    except RuntimeError:
        device = None
    if device is None or device.type not in there:
        raise InputError("device", f"{wanted!r} is none of auto, cuda, mps, cpu")
    if (device.index or 0) >= there[device.type]:
        raise InputError("device", f"{wanted!r} is not available here; use auto or cpu")
    return device
