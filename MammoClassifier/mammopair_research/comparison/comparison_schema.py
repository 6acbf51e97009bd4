"""``comparison.json``: the comparison table with all of its figures."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from mammopair import RESEARCH_USE_ONLY, __version__
from mammopair.errors import InputError
from mammopair.io.json_file import read_json

FILE = "comparison.json"


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Figure(_Section, frozen=True, kw_only=True):
    """A metric with its 95 % interval by patient; None if undefined."""

    value: float | None
    low: float | None
    high: float | None


class Level(_Section, frozen=True, kw_only=True):
    """All metrics of one row, by pair, by view or by lesion."""

    n: int
    """Number of pairs, views or lesions."""
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
    seconds_per_case: float | None
    levels: dict[Literal["pairs", "views", "lesions"], Level]
    """``pairs`` are the same in all rows; ``views`` and ``lesions`` are those that a row reads."""
    against_reference: dict[str, Difference]
    """By metric; empty for the reference, or if there is none."""


class Published(_Section, frozen=True, kw_only=True):
    """A published figure, measured on other patients."""

    title: str
    accuracy: float | None = None
    auc: float | None = None
    auc_ci: tuple[float, float] | None = None
    split: str
    """Patients that it was measured on."""
    source: str


class Comparison(_Section, frozen=True, kw_only=True):
    """Contents of the file."""

    schema: Literal[2] = 2
    data: str
    """The data set with reference and licence."""
    patients: int
    """Patients in the data."""
    folds: int
    rows: list[Row]
    reference: str | None
    """Name of the row that the others are tested against."""
    published: list[Published]
    resamples: int
    """Number of resamples of the bootstrap over patients."""
    notes: list[str]
    """Remarks on reduced or incomplete runs, one sentence each."""
    machines: list[str]
    """Processors that times were measured on."""
    software: str = f"mammopair {__version__}"
    research_use_only: Literal[True] = True
    notice: str = RESEARCH_USE_ONLY


def read_comparison(path: Path) -> Comparison:
    """Read and validate a comparison.

    Raises
    ------
    InputError
        Naming file and field, if it is missing or invalid.
    """
    comparison = read_json(path, Comparison, "run `make table`")
    if comparison is None:
        raise InputError(path, "is missing; run `make table`")
    return comparison
