"""The attribution method that an ensemble's maps are shown with by default.

``mammopair-research faithfulness --choose`` selects the method that performs best on an ensemble
and writes ``explanation.json`` beside its manifest. Without this file, or with one for other
weights, the default is the class activation.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from mammopair.io.json_file import read_json, write_json
from mammopair.model.manifest import Manifest

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble

DEFAULT_METHOD_FILE = "explanation.json"
FALLBACK_METHOD = "evidence"
"""The default of ensembles for which none was selected: the class activation."""


class DefaultMethod(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Content of ``explanation.json``."""

    schema: Literal[1] = 1
    method: str
    """A key of :data:`mammopair.explain.methods.METHODS`."""
    rule: str
    """The rule by which it was selected."""
    passed: list[str]
    """Conditions of the rule that it meets."""
    failed: list[str]
    """Conditions of the rule that it does not meet."""
    lesions: Annotated[int, msgspec.Meta(ge=1)]
    """Number of lesions that it was evaluated on."""
    crops: Annotated[int, msgspec.Meta(ge=1)]
    """Number of crops that it was evaluated on."""
    weights: list[str]
    """SHA-256 of the members that it was evaluated on."""
    software: str


def weights_of(manifest: Manifest) -> list[str]:
    """Return the SHA-256 of the members' weights, in the manifest's order."""
    return [entry.sha256 for entry in manifest.members]


def default_method(ensemble: Ensemble) -> str:
    """Return the name of the default method of an ensemble.

    Raises
    ------
    InputError
        If ``explanation.json`` exists but is invalid.
    """
    selected = read_default_method(ensemble.folder)
    if selected is None or selected.weights != weights_of(ensemble.manifest):
        return FALLBACK_METHOD
    return selected.method


def read_default_method(folder: Path) -> DefaultMethod | None:
    """Read ``explanation.json`` of an ensemble's folder; None if there is none.

    Raises
    ------
    InputError
        If it exists but is invalid.
    """
    path = folder / DEFAULT_METHOD_FILE
    return read_json(path, DefaultMethod, "delete it to use the class activation")


def write_default_method(selected: DefaultMethod, folder: Path) -> Path:
    """Write ``explanation.json`` into an ensemble's folder, and return its path.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    path = folder / DEFAULT_METHOD_FILE
    write_json(path, selected)
    return path
