"""Floating-point type of mixed-precision training, from what the hardware supports."""

from __future__ import annotations

import torch


def training_precision(device: torch.device) -> torch.dtype | None:
    """Return the type for mixed-precision training, or None to train in float32.

    Only bfloat16 is used, which needs no loss scaling, and only where the hardware has units for
    it: emulated on a CPU it is many times slower than float32.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else None
    if device.type == "cpu":
        return torch.bfloat16 if cpu_has_bfloat16() else None
    return None


def cpu_has_bfloat16() -> bool:
    """Return whether the CPU multiplies in bfloat16 (AVX512-BF16 or AMX).

    False where torch is too old to report it.
    """
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(unit, False) for unit in ("avx512_bf16", "amx_bf16"))
