"""``comparison.json``: the table with all that is known of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.errors import InputError

FILE = "comparison.json"


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Figure(_Section, frozen=True, kw_only=True):
    """A metric with its 95 % interval by patient; None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None


class Level(_Section, frozen=True, kw_only=True):
    """All metrics of one row, by pair, by view or by lesion."""

    n: int
    """Pairs, views or lesions; each counts once a repeat."""
    malignant: int
    patients: int
    figures: dict[str, Figure]
    """By the names of :class:`mammopair.stats.metrics.Metrics`."""


class Difference(_Section, frozen=True, kw_only=True):
    """A paired test against the reference, on the same pairs."""

    difference: float
    """This row minus the reference."""
    low: float
    high: float
    p_value: float
    """Two-sided, from the bootstrap over patients."""


class Row(_Section, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    title: str
    method: str
    networks: int
    parameters: int | None
    seconds_a_case: float | None
    levels: dict[Literal["pairs", "views", "lesions"], Level]
    """``pairs`` are the same in all rows; the others are what each row read."""
    against_reference: dict[str, Difference]
    """By metric; empty for the reference, and where there is none."""


class Published(_Section, frozen=True, kw_only=True):
    """A figure of others, which was measured on other patients."""

    title: str
    accuracy: float | None = None
    auc: float | None = None
    auc_ci: tuple[float, float] | None = None
    split: str
    """The patients that it was measured on."""
    source: str


class Comparison(_Section, frozen=True, kw_only=True):
    """The file."""

    schema: Literal[1] = 1
    data: str
    """The collection, its reference and its licence."""
    patients: int
    """In the collection."""
    folds: int
    rows: list[Row]
    reference: str | None
    """The row that the others are tested against."""
    published: list[Published]
    resamples: int
    """Of the bootstrap over patients."""
    notes: list[str]
    """What was left out or is not finished, a sentence each."""
    machines: list[str]
    """Processors on which times were taken."""
    software: str = f"mammopair {__version__}"
    research_use_only: Literal[True] = True
    notice: str = RESEARCH_USE_ONLY


def encode_comparison(comparison: Comparison) -> str:
    """As JSON for people as well as for machines."""
    return msgspec.json.format(msgspec.json.encode(comparison), indent=2).decode() + "\n"


def read_comparison(path: Path) -> Comparison:
    """Read a comparison back.

    Raises
    ------
    InputError
        Naming the file and the field, if it is missing or not a comparison.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Comparison)
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(path, f"is not a comparison: {error}") from error
