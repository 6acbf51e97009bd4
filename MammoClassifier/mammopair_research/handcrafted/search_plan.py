"""What a run of the baseline is made by, in one TOML file: the folds and the settings tried."""

from __future__ import annotations

from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Annotated

import msgspec

from mammopair_research.datasets.folds import Folds
from mammopair_research.handcrafted.classifier import Kind
from mammopair_research.training.toml_file import read_toml

Positive = Annotated[float, msgspec.Meta(gt=0, le=1e6)]
Strengths = Annotated[list[Positive], msgspec.Meta(min_length=1)]
Counts = Annotated[list[Annotated[int, msgspec.Meta(ge=1, le=5000)]], msgspec.Meta(min_length=1)]
Settings = dict[str, float]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: no key is unknown, none changes after reading."""


class Logistic(_Section, frozen=True, kw_only=True):
    """Logistic regression with a quadratic penalty."""

    strength: Strengths
    """scikit-learn's C: the higher, the weaker the penalty."""


class SupportVectors(_Section, frozen=True, kw_only=True):
    """A support vector machine with a Gaussian kernel."""

    strength: Strengths
    """C, as above."""
    gamma: Strengths
    """Of the kernel, on standardised features."""


class Boosting(_Section, frozen=True, kw_only=True):
    """Gradient boosting of small trees, each on half the rows and a tenth of the features."""

    trees: Counts
    depth: Counts
    rate: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.05


class SearchPlan(_Section, frozen=True, kw_only=True):
    """The whole file."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    """Names the run's folder."""
    title: str
    data: str
    """The collection, its reference and its licence."""
    choices: str = ""
    """What was chosen before, and on what; for the report."""
    folds: Folds = Folds()
    inner: Folds = Folds(count=4, seed=1)
    """Of the training patients of a fold, in which everything is chosen."""
    logistic: Logistic | None = None
    support_vectors: SupportVectors | None = None
    boosting: Boosting | None = None

    def __post_init__(self) -> None:
        if not self.grids:
            raise ValueError("none of logistic, support_vectors and boosting is there to be tried")

    @property
    def grids(self) -> dict[Kind, list[Settings]]:
        """The settings that are tried, by kind of pipeline; in this order ties are broken."""
        found: dict[Kind, list[Settings]] = {}
        if self.logistic:
            found["logistic regression"] = [{"strength": c} for c in self.logistic.strength]
        if self.support_vectors:
            found["support vector machine"] = [
                {"strength": c, "gamma": gamma}
                for c, gamma in product(self.support_vectors.strength, self.support_vectors.gamma)
            ]
        if self.boosting:
            found["gradient boosting"] = [
                {"trees": trees, "depth": depth, "rate": self.boosting.rate}
                for trees, depth in product(self.boosting.trees, self.boosting.depth)
            ]
        return found


def read_search_plan(path: Path | None = None) -> SearchPlan:
    """Read and check a plan; without a path, the one that ships.

    Raises
    ------
    InputError
        Naming the file and the key, if a key is unknown or missing, or a value is of the wrong
        type or impossible.
    """
    path = path or Path(str(files("mammopair_research.handcrafted") / "handcrafted.toml"))
    return read_toml(path, SearchPlan)
