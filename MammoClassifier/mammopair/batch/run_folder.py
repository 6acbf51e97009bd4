"""The folder of a run: who may write into it, and which run it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from mammopair.atomic_write import atomic_write
from mammopair.batch.worker import other_model, other_version
from mammopair.errors import InputError
from mammopair.record import ModelReference

RUN, SHARDS, LOCK = "run.json", "shards", ".lock"


class BatchRun(msgspec.Struct, kw_only=True):
    """What a run is, and how far it came. Written when it begins and when it ends."""

    schema: Literal[1] = 1
    software: str
    model: ModelReference
    manifest: str
    manifest_sha256: str
    began: str
    """By the client's clock, ISO 8601; nothing is decided by it."""
    device: str
    runtime: str
    outputs: tuple[str, ...]
    crew: str
    """Where the lesions were classified, in words."""
    finished: bool = False
    lesions: int = 0
    records: int = 0
    failures: int = 0
    seconds: float = 0.0
    """Of the last start."""


@contextmanager
def own_folder(out: Path) -> Iterator[Path]:
    """Make a folder and keep all other runs out of it, until this process leaves or dies.

    Raises
    ------
    InputError
        If it cannot be made, or another run writes into it.
    """
    from filelock import FileLock, Timeout

    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out / LOCK)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise InputError(
            out, "is being written by another run; wait for it, or give another folder"
        ) from error
    except OSError as error:
        raise InputError(out, f"cannot be written to: {error.strerror}") from error
    try:
        yield out.absolute()
    finally:
        lock.release()


def begin(run: BatchRun, out: Path, *, resume: bool) -> None:
    """Write down which run a folder holds, once it is sure that no other is in it.

    Raises
    ------
    InputError
        If it holds a run and ``resume`` is not asked, holds none and it is, or holds one of
        another model, version, runtime or set of outputs.
    """
    held = read_batch_run(out)
    if held is None and resume:
        raise InputError(out, "holds no run to go on with; leave out --resume")
    if held is not None:
        if not resume:
            raise InputError(
                out, "holds a run already; go on with it by --resume, or give another folder"
            )
        _check_same(held, run, out / RUN)
    write_batch_run(run, out)


def _check_same(held: BatchRun, run: BatchRun, path: Path) -> None:
    if held.software != run.software:
        raise InputError(path, f"mammopair {other_version(run.software, held.software)}")
    if held.model.sha256 != run.model.sha256:
        raise InputError(
            path,
            f"{held.model.name} {other_model(run.model.sha256, held.model.sha256)}, "
            "or give another folder",
        )
    for name in ("runtime", "outputs"):
        was, asked = (_words(getattr(one, name)) for one in (held, run))
        if was != asked:
            raise InputError(path, f"was begun with {name} {was}, not {asked}; go on with the same")


def _words(value: object) -> str:
    return " ".join(value) or "none" if isinstance(value, tuple) else str(value)


def read_batch_run(out: Path) -> BatchRun | None:
    """The run that a folder holds, if any.

    Raises
    ------
    InputError
        If ``run.json`` is there but cannot be read.
    """
    path = out / RUN
    try:
        return msgspec.json.decode(path.read_bytes(), type=BatchRun)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise InputError(
            path, f"is not what a run writes ({error}); give another folder"
        ) from error


def write_batch_run(run: BatchRun, out: Path) -> None:
    """Write ``run.json``, whole or not at all."""
    with atomic_write(out / RUN) as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(run), indent=2).decode() + "\n")
