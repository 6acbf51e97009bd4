"""Search plan: the TOML file with the folds and hyperparameters of a baseline run."""

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
    """A table of the file."""


class Logistic(_Section, frozen=True, kw_only=True):
    """Logistic regression with a quadratic penalty."""

    strength: Strengths
    """scikit-learn's C, the inverse of the penalty."""


class SupportVectors(_Section, frozen=True, kw_only=True):
    """A support vector machine with a Gaussian kernel."""

    strength: Strengths
    """scikit-learn's C."""
    gamma: Strengths
    """Kernel coefficient for standardised features."""


class Boosting(_Section, frozen=True, kw_only=True):
    """Gradient boosting of small trees; each uses half the rows and a tenth of the features."""

    trees: Counts
    depth: Counts
    rate: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.05


class SearchPlan(_Section, frozen=True, kw_only=True):
    """All settings of a baseline run."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    """Name of the run and its folder."""
    title: str
    """Title in the comparison table and the report."""
    data: str
    """The data set with reference and licence."""
    choices: str = ""
    """Settings that were chosen before the run, and on which data; for the report."""
    folds: Folds = Folds()
    inner: Folds = Folds(count=4, seed=1)
    """Inner folds of the training patients, on which hyperparameters are chosen."""
    logistic: Logistic | None = None
    support_vectors: SupportVectors | None = None
    boosting: Boosting | None = None

    def __post_init__(self) -> None:
        if not self.grids:
            raise ValueError(
                "none of `logistic`, `support_vectors` and `boosting` is given; give at least one"
            )

    @property
    def grids(self) -> dict[Kind, list[Settings]]:
        """Hyperparameters to try, by kind of pipeline; the first of equals is chosen."""
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
    """Read and validate a plan; by default the one of this package.

    Raises
    ------
    InputError
        If the file cannot be read, or a key is unknown, missing or has an invalid value; the
        message names file and key.
    """
    path = path or Path(str(files("mammopair_research.handcrafted") / "handcrafted.toml"))
    return read_toml(path, SearchPlan)
