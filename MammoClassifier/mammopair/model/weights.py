"""Weights on disk: safetensors in half precision, known by their SHA-256, never unpickled."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")
"""How pickles begin, and the zip archives in which torch.save hides them."""


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise InputError(path, "is missing; install the ensemble anew") from error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error


def save_weights(weights: dict[str, Tensor], path: Path) -> str:
    """Write tensors as float16, whole or not at all; give the file's SHA-256.

    Raises
    ------
    InputError
        If float16 cannot hold a weight, or the file cannot be written.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    halved = {
        name: tensor.detach().to("cpu", torch.float16).contiguous()
        for name, tensor in weights.items()
        if tensor.is_floating_point()
    }
    for name, tensor in halved.items():
        if not tensor.isfinite().all():
            raise InputError(
                path,
                f"cannot be written, as {name} has values beyond half precision; "
                "the training went astray, so train with a lower peak_rate",
            )
    partial = path.with_suffix(".partial")
    try:
        save_file(halved, partial)
        partial.replace(path)
    except (OSError, SafetensorError) as error:
        raise InputError(path, f"cannot be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return file_sha256(path)


def load_weights(path: Path, sha256: str) -> dict[str, Tensor]:
    """Read tensors as float32, after checking that the file is the one that was meant.

    Raises
    ------
    InputError
        If the file is missing, a pickle, or has another SHA-256, as a truncated one has.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    found = file_sha256(path)
    content = path.read_bytes()
    if content.startswith(PICKLES):
        raise InputError(
            path,
            "is a pickle or a torch archive, which is never opened here; "
            "weights must be safetensors",
        )
    if found != sha256:
        raise InputError(
            path,
            f"has SHA-256 {found[:12]}..., but the manifest says {sha256[:12]}...; "
            "it is truncated or was changed, so install the ensemble anew",
        )
    try:
        return {name: tensor.float() for name, tensor in load(content).items()}
    except SafetensorError as error:
        raise InputError(path, f"is not safetensors: {error}") from error
