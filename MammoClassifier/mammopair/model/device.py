"""Where to compute, and in what precision: decided by what the hardware really has."""

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


def training_precision(device: torch.device) -> torch.dtype | None:
    """The type for mixed-precision training, or None to stay in float32.

    Only bfloat16 is used, which needs no loss scaling, and only where there are units for it: on a
    CPU without them it is many times slower than float32.
    """
    import torch

    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else None
    if device.type == "cpu":
        return torch.bfloat16 if cpu_has_bfloat16() else None
    return None


def cpu_has_bfloat16() -> bool:
    """Whether this CPU multiplies in bfloat16 (AVX512-BF16 or AMX); no, where torch cannot tell."""
    import torch

    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(unit, False) for unit in ("avx512_bf16", "amx_bf16"))
