"""A recipe: everything that decides what a training run gives, in one TOML file."""

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
    """A table of the recipe: no key is unknown, none changes after reading."""


class Augmentation(_Section, frozen=True, kw_only=True):
    """How far each copy of a crop may stray from it; 0 switches a step off."""

    grid: Annotated[int, msgspec.Meta(ge=16)] = 256
    """Cells a side on which copies are made: fewer cost less, and hold less detail."""
    rotation: Amount = 180.0
    """Degrees, either way."""
    scale: Amount = 0.2
    """Natural logarithm of the magnification, either way."""
    aspect: Amount = 0.1
    """Natural logarithm of width over height, either way."""
    shift: Amount = 0.1
    """Of the side, either way, across and down."""
    elastic: Amount = 0.01
    """Of the side: standard deviation of a smooth random displacement."""
    least_detail: Annotated[int, msgspec.Meta(ge=16)] = 48
    """Cells a side: the detail is drawn between this ..."""
    most_detail: Annotated[int, msgspec.Meta(ge=16)] = 128
    """... and this, evenly in its logarithm, so that sharpness tells nothing."""
    grain: Amount = 0.15
    """Greatest standard deviation of noise, as a part of the image's own."""
    gamma: Amount = 0.3
    """Natural logarithm of the exponent of the tone curve, either way."""
    contrast: Amount = 0.15
    """Natural logarithm of the factor, either way."""
    brightness: Amount = 0.15
    """With brightness running from -1 to 1, either way."""

    def __post_init__(self) -> None:
        if self.least_detail > self.most_detail:
            raise ValueError("least_detail must not be over most_detail")


class Optimisation(_Section, frozen=True, kw_only=True):
    """AdamW under one cycle of the learning rate (Smith & Topin 2018), weights averaged."""

    epochs: Count = 100
    batch: Count = 32
    peak_rate: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.5e-3
    warm_up: Fraction = 0.1
    """Part of the run in which the rate rises."""
    weight_decay: Amount = 0.05
    label_smoothing: Fraction = 0.1
    average: Fraction = 0.99
    """Decay a step of the exponential average of the weights, which is what is kept."""
    auxiliary_weight: Amount = 0.3
    """Of each auxiliary classifier's loss, where the network has them."""
    concept_weight: Amount = 0.5
    """Of the words' mean loss beside that of malignancy."""
    views: Views = msgspec.field(default_factory=lambda: ["CC", "MLO"])
    """The views that are trained on."""


class Member(_Section, frozen=True, kw_only=True):
    """One network of the ensemble."""

    fold: Natural
    """The fold that it never sees."""
    seed: Seed
    repeat: Natural = 0
    """Which split of the patients the fold is of."""


class CrossValidation(_Section, frozen=True, kw_only=True):
    """Members in short: every seed on every fold of every repeat."""

    seeds: Annotated[list[Seed], msgspec.Meta(min_length=1)]
    folds: Annotated[list[Natural], msgspec.Meta(min_length=1)] | None = None
    """The folds that are held out in turn; left out, all."""
    repeats: Count = 1
    """Splits of the patients, each with a seed of its own."""

    def members(self, folds: Folds) -> list[Member]:
        """In the order of training: a seed on all folds, then the next.

        So repeats that are added to a recipe later, and seeds where there is one repeat, leave
        earlier members their numbers.
        """
        chosen = range(folds.count) if self.folds is None else self.folds
        return [
            Member(fold=fold, seed=seed, repeat=repeat)
            for repeat in range(self.repeats)
            for seed in self.seeds
            for fold in chosen
        ]


class Recipe(_Section, frozen=True, kw_only=True):
    """The whole file."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    version: str
    description: str
    data: str
    """The collection, its reference and its licence, for the model card."""
    choices: str = ""
    """What was chosen, and on which predictions, before this recipe was run; for the card."""
    network: NetworkSpec
    input: InputSpec = InputSpec()
    folds: Folds = Folds()
    augmentation: Augmentation = Augmentation()
    optimisation: Optimisation = Optimisation()
    concepts: list[Literal[DESCRIPTORS]] = []  # type: ignore[valid-type]
    """The radiologists' words that are learned beside malignancy; see ``mammopair.descriptors``."""
    members: list[Member] = []
    """The networks, one by one; or else ..."""
    crossval: CrossValidation | None = None
    """... in short, and ``members`` is then filled in."""
    title: str = ""
    """What the table of comparison calls it, which adds views and number of networks; left out,
    ``name``."""

    def __post_init__(self) -> None:
        if self.crossval:
            members = self.crossval.members(self.folds)
            if self.members not in ([], members):
                raise ValueError("give either `members` or `crossval`, not both")
            msgspec.structs.force_setattr(self, "members", members)
        if not self.members:
            raise ValueError("name its networks: give `members` or `crossval`")
        for member in self.members:
            if self.members.count(member) > 1:
                raise ValueError(
                    f"two members are alike (fold {member.fold}, seed {member.seed}); "
                    "they would be one network"
                )
            if member.fold >= self.folds.count:
                raise ValueError(
                    f"a member has fold {member.fold}, but folds.count is {self.folds.count}; "
                    "folds are counted from 0"
                )

    def split_of(self, member: Member) -> Folds:
        """How the patients are divided for a member: each repeat has the next seed."""
        return msgspec.structs.replace(self.folds, seed=self.folds.seed + member.repeat)


def read_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises
    ------
    InputError
        Naming the file and the key, if a key is unknown or missing, or a value is of the wrong
        type or impossible.
    """
    return read_toml(path, Recipe, describe_spec_error)


def find_recipe(name_or_path: str) -> Path:
    """A recipe that ships, by its name (``light-googlenet``, ``matrix/vgg``), or a file.

    Raises
    ------
    InputError
        If it is neither.
    """
    home = Path(str(files("mammopair_research.training") / "recipes"))
    paths = sorted(home.rglob("*.toml"))
    shipped = {path.relative_to(home).with_suffix("").as_posix(): path for path in paths}
    path = shipped.get(name_or_path, Path(name_or_path))
    if not path.is_file():
        raise InputError(
            name_or_path, f"is neither a file nor a recipe that ships ({', '.join(shipped)})"
        )
    return path
