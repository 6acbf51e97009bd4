"""Weights on disk: safetensors in half precision, verified by their SHA-256, never unpickled."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.atomic_write import atomic_write_bytes
from mammopair.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

PICKLE_PREFIXES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")
"""First bytes of pickles, and of the zip archives that torch.save writes pickles into."""


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise InputError(path, "is missing; reinstall the ensemble") from error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error


def save_weights(weights: dict[str, Tensor], path: Path) -> str:
    """Write floating-point tensors as float16; integers, as counters of BatchNorm, are left out.

    Returns
    -------
    str
        SHA-256 of the file.

    Raises
    ------
    InputError
        If float16 cannot represent a value, or the file cannot be written.
    """
    import torch
    from safetensors.torch import save

    halved = {
        name: tensor.detach().to("cpu", torch.float16).contiguous()
        for name, tensor in weights.items()
        if tensor.is_floating_point()
    }
    for name, tensor in halved.items():
        if not tensor.isfinite().all():
            raise InputError(
                path,
                f"cannot be written: {name} has values that are not finite in half precision; "
                "the training diverged, so train with a lower peak_rate",
            )
    atomic_write_bytes(path, save(halved))
    return file_sha256(path)


def load_weights(path: Path, sha256: str) -> dict[str, Tensor]:
    """Read tensors as float32, after verifying the file's SHA-256.

    Raises
    ------
    InputError
        If the file is missing, is a pickle, has another SHA-256 (as a truncated file has), or is
        not safetensors.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    found = file_sha256(path)
    content = path.read_bytes()
    if content.startswith(PICKLE_PREFIXES):
        raise InputError(
            path,
            "is a pickle or a torch archive, which is never loaded; weights must be safetensors",
        )
    if found != sha256:
        raise InputError(
            path,
            f"has SHA-256 {found[:12]}..., but the manifest has {sha256[:12]}...; "
            "it is truncated or was changed, so reinstall the ensemble",
        )
    try:
        return {name: tensor.float() for name, tensor in load(content).items()}
    except SafetensorError as error:
        raise InputError(path, f"is not a safetensors file: {error}") from error
