"""Recipe: the TOML file with all settings of a training run."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from mammopair.descriptors import DESCRIPTORS
from mammopair.errors import InputError
from mammopair.model.input_spec import InputSpec
from mammopair.model.networks import Fraction, NetworkSpec, describe_spec_error
from mammopair_research.datasets.folds import Folds
from mammopair_research.training.toml_file import read_toml

Count = Annotated[int, msgspec.Meta(ge=1)]
Natural = Annotated[int, msgspec.Meta(ge=0)]
Seed = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
Amount = Annotated[float, msgspec.Meta(ge=0, le=1e6)]
Views = Annotated[list[Literal["CC", "MLO"]], msgspec.Meta(min_length=1)]


class _Section(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A table of the recipe."""


class Augmentation(_Section, frozen=True, kw_only=True):
    """Ranges of the random transforms of each crop; 0 disables a transform."""

    grid: Annotated[int, msgspec.Meta(ge=16)] = 256
    """Rows and columns that crops are resampled to first; fewer are faster but have less detail."""
    rotation: Amount = 180.0
    """Largest angle in either direction, in degrees."""
    scale: Amount = 0.2
    """Largest absolute natural logarithm of the magnification."""
    aspect: Amount = 0.1
    """Largest absolute natural logarithm of width over height."""
    shift: Amount = 0.1
    """Largest shift across and down, as a fraction of the side."""
    elastic: Amount = 0.01
    """Standard deviation of a smooth random displacement, as a fraction of the side."""
    least_detail: Annotated[int, msgspec.Meta(ge=16)] = 48
    """Least detail, in cells per side (see :mod:`mammopair.model.network_input`). The detail is
    drawn log-uniformly, so that sharpness is not a feature that networks can learn."""
    most_detail: Annotated[int, msgspec.Meta(ge=16)] = 128
    """Most detail, in cells per side."""
    grain: Amount = 0.15
    """Largest standard deviation of the noise, as a fraction of the image's own."""
    gamma: Amount = 0.3
    """Largest absolute natural logarithm of the exponent of the tone curve."""
    contrast: Amount = 0.15
    """Largest absolute natural logarithm of the contrast factor."""
    brightness: Amount = 0.15
    """Largest offset in either direction; images range from -1 to 1."""

    def __post_init__(self) -> None:
        if self.least_detail > self.most_detail:
            raise ValueError(
                f"least_detail is {self.least_detail}; it must be at most most_detail, which is "
                f"{self.most_detail}"
            )


class Optimisation(_Section, frozen=True, kw_only=True):
    """AdamW with a one-cycle learning rate (Smith & Topin 2018) and averaged weights."""

    epochs: Count = 100
    batch: Count = 32
    """Crops per batch."""
    peak_rate: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.5e-3
    """Highest learning rate."""
    warm_up: Fraction = 0.1
    """Fraction of the run in which the learning rate rises."""
    weight_decay: Amount = 0.05
    label_smoothing: Fraction = 0.1
    average: Fraction = 0.99
    """Decay per step of the exponential average of the weights; the average is the member."""
    auxiliary_weight: Amount = 0.3
    """Weight of the loss of each auxiliary classifier, if the network has any."""
    concept_weight: Amount = 0.5
    """Weight of the descriptors' mean loss; that of malignancy is 1."""
    views: Views = msgspec.field(default_factory=lambda: ["CC", "MLO"])
    """Views to train on."""


class Member(_Section, frozen=True, kw_only=True):
    """One network of the ensemble."""

    fold: Natural
    """The fold that the member is not trained on, from 0."""
    seed: Seed
    """Random seed of its weights and augmentation."""


class CrossValidation(_Section, frozen=True, kw_only=True):
    """Short notation for members: every seed on every fold."""

    seeds: Annotated[list[Seed], msgspec.Meta(min_length=1)]
    folds: Annotated[list[Natural], msgspec.Meta(min_length=1)] | None = None
    """Folds to hold out in turn; all if omitted."""

    def members(self, folds: Folds) -> list[Member]:
        """Return the members in the order of training: the first seed on all folds, then the next.

        Seeds that are appended later leave the numbers of the earlier members unchanged.
        """
        chosen = range(folds.count) if self.folds is None else self.folds
        return [Member(fold=fold, seed=seed) for seed in self.seeds for fold in chosen]


class Recipe(_Section, frozen=True, kw_only=True):
    """All settings of a training run."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    """Name of the run's folder and of the ensemble."""
    version: str
    description: str
    data: str
    """The data set with reference and licence, for the model card."""
    choices: str = ""
    """Settings that were chosen before the run, and on which predictions; for the model card."""
    network: NetworkSpec
    input: InputSpec = InputSpec()
    folds: Folds = Folds()
    augmentation: Augmentation = Augmentation()
    optimisation: Optimisation = Optimisation()
    concepts: list[Literal[DESCRIPTORS]] = []  # type: ignore[valid-type]
    """Descriptors to learn beside malignancy; see :mod:`mammopair.descriptors`."""
    members: list[Member] = []
    """The networks; filled in from ``crossval`` if that is given instead."""
    crossval: CrossValidation | None = None
    title: str = ""
    """Title in the comparison table, which appends views and number of networks; ``name`` if
    omitted."""

    def __post_init__(self) -> None:
        if self.crossval:
            members = self.crossval.members(self.folds)
            if self.members not in ([], members):
                raise ValueError("both `members` and `crossval` are given; give one of them")
            msgspec.structs.force_setattr(self, "members", members)
        if not self.members:
            raise ValueError("neither `members` nor `crossval` is given; give one of them")
        for member in self.members:
            if self.members.count(member) > 1:
                raise ValueError(
                    f"two members have fold {member.fold} and seed {member.seed}; "
                    "give each member another seed or fold"
                )
            if member.fold >= self.folds.count:
                raise ValueError(
                    f"a member has fold {member.fold}, but folds.count is {self.folds.count}; "
                    "folds are counted from 0"
                )


def read_recipe(path: Path) -> Recipe:
    """Read and validate a recipe.

    Raises
    ------
    InputError
        If the file cannot be read, or a key is unknown, missing or has an invalid value; the
        message names file and key.
    """
    return read_toml(path, Recipe, describe_spec_error)


def find_recipe(name_or_path: str) -> Path:
    """Return the path of a recipe of this package (``light-googlenet``, ``matrix/vgg``), or a file.

    Raises
    ------
    InputError
        If there is neither a recipe of this name nor a file.
    """
    home = Path(str(files("mammopair_research.training") / "recipes"))
    included = {
        path.relative_to(home).with_suffix("").as_posix(): path
        for path in sorted(home.rglob("*.toml"))
    }
    path = included.get(name_or_path, Path(name_or_path))
    if not path.is_file():
        raise InputError(
            name_or_path,
            f"is neither a file nor a recipe of this package; use one of {', '.join(included)}",
        )
    return path
