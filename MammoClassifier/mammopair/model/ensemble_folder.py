"""Where ensembles are stored: the ones in this package by name, others by path."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from mammopair.errors import InputError
from mammopair.model.manifest import MANIFEST_FILE

DEFAULT_ENSEMBLE = "light-googlenet"
"""Name of the ensemble that is used unless another is given."""


def find_ensemble(name_or_path: str | Path | None) -> Path:
    """Return the folder of an ensemble.

    Parameters
    ----------
    name_or_path
        Name of an ensemble in this package, or path of a folder; the default ensemble if None.

    Raises
    ------
    InputError
        If it is neither.
    """
    wanted = str(name_or_path or DEFAULT_ENSEMBLE)
    included = included_ensembles()
    if wanted in included:
        return included[wanted]
    if Path(wanted).is_dir():
        return Path(wanted)
    raise InputError(
        "ensemble",
        f"{wanted!r} is neither a folder nor an included ensemble; give a folder or one of: "
        f"{', '.join(included) or 'none'}",
    )


def included_ensembles() -> dict[str, Path]:
    """Return the folders of the ensembles in this package, by name."""
    home = Path(str(files("mammopair.model") / "ensembles"))
    return {path.parent.name: path.parent for path in sorted(home.glob(f"*/{MANIFEST_FILE}"))}
