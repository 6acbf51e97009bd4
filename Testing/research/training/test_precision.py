"""Choice of the floating-point type for training."""

from __future__ import annotations

import torch

from mammopair_research.training.precision import cpu_has_bfloat16, training_precision


def test_bfloat16_is_used_on_cpus_that_support_it_and_never_on_mps(monkeypatch):
    cpu = torch.device("cpu")
    for capabilities, precision in (
        ({}, None),
        ({"avx2": True, "avx512_bf16": False}, None),
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
    ):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda c=capabilities: c, raising=False)
        assert training_precision(cpu) is precision
    assert training_precision(torch.device("mps")) is None


def test_bfloat16_is_not_used_if_torch_cannot_report_support(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert cpu_has_bfloat16() is False
