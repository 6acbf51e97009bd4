"""Which map an ensemble shows: the method that measured best on it.

``mammopair-research faithfulness --choose`` writes ``explanation.json`` beside the ensemble's manifest; an
ensemble without one, or with one that was measured on other weights, shows the evidence of the
last block.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from mammopair.atomic_write import atomic_write_bytes
from mammopair.errors import InputError
from mammopair.model.manifest import Manifest

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

DEFAULT_METHOD_FILE = "explanation.json"
FALLBACK_METHOD = "evidence"
"""The method where nothing was measured."""


class DefaultMethod(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    schema: Literal[1] = 1
    method: str
    """A name of :data:`mammopair.explain.methods.METHODS`."""
    rule: str
    """By which it was chosen."""
    passed: list[str]
    """Conditions of the rule that it meets."""
    failed: list[str]
    """Conditions that it does not."""
    lesions: Annotated[int, msgspec.Meta(ge=1)]
    """It was measured on."""
    crops: Annotated[int, msgspec.Meta(ge=1)]
    weights: list[str]
    """SHA-256 of the members that it was measured on."""
    software: str


def weights_of(manifest: Manifest) -> list[str]:
    """What a choice is bound to: the members' weights, in the manifest's order."""
    return [entry.sha256 for entry in manifest.members]


def default_method(ensemble: Ensemble) -> str:
    """The name of the method whose map is shown.

    Raises
    ------
    InputError
        If the file is there but is damaged.
    """
    chosen = read_default_method(ensemble.folder)
    if chosen is None or chosen.weights != weights_of(ensemble.manifest):
        return FALLBACK_METHOD
    return chosen.method


def read_default_method(folder: Path) -> DefaultMethod | None:
    """The choice beside an ensemble, or None where there is none.

    Raises
    ------
    InputError
        If the file is there but is damaged.
    """
    path = folder / DEFAULT_METHOD_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=DefaultMethod)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise InputError(path, f"is no choice of an explanation: {error}") from error


def write_default_method(chosen: DefaultMethod, folder: Path) -> Path:
    """Write it for people as well as for machines; gives the path.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    path = folder / DEFAULT_METHOD_FILE
    text = msgspec.json.format(msgspec.json.encode(chosen), indent=2)
    atomic_write_bytes(path, text + b"\n")
    return path
