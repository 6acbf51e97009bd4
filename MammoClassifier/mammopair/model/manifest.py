"""The manifest of an ensemble: all that must be known of it, beside the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mammopair.atomic_write import atomic_write_bytes
from mammopair.calibration.platt import Calibration
from mammopair.calibration.prior_shift import (
    check_fraction,
    missing_conformal_scores,
    probability_at_prevalence,
)
from mammopair.crop import CONTEXT, SMALLEST_MM
from mammopair.errors import InputError
from mammopair.model.input_spec import InputSpec
from mammopair.model.networks import NetworkSpec, name_architectures

MANIFEST_FILE = "manifest.json"

Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Quantiles = Annotated[list[float], msgspec.Meta(min_length=2)]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class MemberEntry(_Section, frozen=True, kw_only=True):
    """One network."""

    name: str
    file: FileName
    """Its weights, beside the manifest."""
    sha256: Sha256
    views: Annotated[list[Literal["CC", "MLO"]], msgspec.Meta(min_length=1)]
    """The projections that it reads."""
    seed: int
    fold: int
    """The fold of patients that it never saw."""


class OperatingPoint(_Section, frozen=True, kw_only=True):
    """A threshold on the calibrated probability of a lesion, frozen before it was ever tested."""

    name: str
    threshold: float
    sensitivity: float
    """What a threshold chosen on the other folds achieves; where there is no interval, what this
    one does on the lesions that it was chosen on."""
    specificity: float
    sensitivity_ci: tuple[float, float] | None = None
    """95 % interval by patient; the next one too."""
    specificity_ci: tuple[float, float] | None = None


class CrossFit(_Section, frozen=True, kw_only=True):
    """Calibration and thresholds for lesions of one fold, fitted on those of the other folds.

    Nothing but the training patients is scored by them, so that figures on these are honest.
    """

    fold: int
    calibration: Calibration
    one_view_calibration: Calibration | None = None
    thresholds: list[float]
    """In the order of the manifest's operating points."""


class ReferenceFile(_Section, frozen=True, kw_only=True):
    """What held-out lesions and crops were like; see :mod:`mammopair.model.reference_distribution`."""

    file: FileName
    sha256: Sha256
    coverage: Share
    """Stated of the sets of classes, where no other is asked for."""
    warn_above: Share
    """A crop that is more unusual than this share of the training crops is warned of."""


class ConceptScale(_Section, frozen=True, kw_only=True):
    """How a word's logit becomes a score, and what held-out crops scored.

    Made on crops whose patients the scoring member never saw, see
    :mod:`mammopair_research.training.concept_scales`.
    """

    descriptor: str
    """One of the manifest's concepts."""
    slope: float
    """``score = sigmoid(slope * mean logit of the members + intercept)`` (Platt 1999)."""
    intercept: float
    crops: int
    """Held-out crops that a radiologist described in this respect."""
    given: int
    """Of these, the crops with the word."""
    auc: float | None
    """Of the crops, with its 95 % interval by patient."""
    auc_ci: tuple[float, float] | None
    lesion_auc: float | None
    """Likewise of masses: the mean score of the views; None where all or none have the word."""
    lesion_auc_ci: tuple[float, float] | None
    scores_with: Quantiles
    """Scores of the crops with the word: quantiles at equal steps from 0 to 1."""
    scores_without: Quantiles


class Training(_Section, frozen=True, kw_only=True):
    """Where the weights come from."""

    data: str
    """The collection, its reference and its licence."""
    patients: int
    crops: int
    folds_file: FileName
    """CSV of ``patient_id, fold``: which member never saw whom."""
    folds_sha256: Sha256
    recipe: dict[str, Any]
    """The recipe, whole."""


class Manifest(_Section, frozen=True, kw_only=True):
    """The file."""

    schema: Literal[2] = 2
    name: str
    version: str
    description: str
    intended_use: str
    licence: str
    network: NetworkSpec
    input: InputSpec
    concepts: list[str]
    """The radiologists' words that the outputs after malignancy stand for."""
    context: float
    """Side of the crop over the longer side of the box; see :mod:`mammopair.crop`."""
    smallest_mm: float
    flips: bool
    """Whether each crop is read in its four mirrorings, and the logits averaged."""
    members: Annotated[list[MemberEntry], msgspec.Meta(min_length=1)]
    calibration: Calibration
    """Of lesions that are marked on both views, and of all where there is no other."""
    one_view_calibration: Calibration | None = None
    """Of lesions that are marked on one view: masses that only one view shows are harder, and a
    mean over two views is nearer to the middle than either, so one calibration fits neither."""
    operating_points: list[OperatingPoint]
    cross_fits: list[CrossFit] = []
    """None where the members hold out one fold only, or in ensembles made before there were any."""
    reference: ReferenceFile | None = None
    concept_scales: list[ConceptScale] = []
    """One a concept; none in ensembles without concepts, or made before there were any."""
    training: Training
    measured: dict[str, Any]
    """What ``mammopair evaluate`` printed on the patients that no scoring member had seen."""
    software: str
    """Version of this package that made it."""

    def calibration_of(self, views: int) -> Calibration:
        """The calibration of a lesion that is marked on so many views."""
        return self.one_view_calibration or self.calibration if views == 1 else self.calibration


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of an ensemble's folder.

    Raises
    ------
    InputError
        Naming the file and the field, if it is missing, not JSON, has an unknown or missing
        field or an impossible value, names two members alike, or was made for another crop than
        this version cuts.
    """
    path = folder / MANIFEST_FILE
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise InputError(
            path, "is missing; an ensemble is a folder with a manifest.json"
        ) from error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise InputError(
            path, f"is not an ensemble's manifest: {name_architectures(error)}"
        ) from error
    if any(len(fit.thresholds) != len(manifest.operating_points) for fit in manifest.cross_fits):
        raise InputError(path, "has cross_fits whose thresholds are not one an operating point")
    unknown = {scale.descriptor for scale in manifest.concept_scales} - set(manifest.concepts)
    if unknown:
        raise InputError(path, f"has concept_scales of {min(unknown)}, which is none of concepts")
    names = [member.name for member in manifest.members]
    if len(set(names)) < len(names):
        raise InputError(path, f"names two members alike ({', '.join(names)}); name each its own")
    if (manifest.context, manifest.smallest_mm) != (CONTEXT, SMALLEST_MM):
        raise InputError(
            path,
            f"was made for crops of {manifest.context:g} lesion sides and {manifest.smallest_mm:g} "
            f"mm, but this version cuts {CONTEXT:g} and {SMALLEST_MM:g}",
        )
    return manifest


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write it for people as well as for machines."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    atomic_write_bytes(folder / MANIFEST_FILE, text + b"\n")


def with_cross_fit(manifest: Manifest, cross_fit: CrossFit) -> Manifest:
    """The manifest as it stands towards the lesions of one fold of the training."""
    points = [
        msgspec.structs.replace(point, threshold=threshold)
        for point, threshold in zip(manifest.operating_points, cross_fit.thresholds, strict=True)
    ]
    return msgspec.structs.replace(
        manifest,
        calibration=cross_fit.calibration,
        one_view_calibration=cross_fit.one_view_calibration,
        operating_points=points,
    )


def check_adjustment(manifest: Manifest, prevalence: float | None, coverage: float | None) -> None:
    """Raise :class:`InputError` if records of the ensemble cannot be adjusted as requested."""
    probability_at_prevalence(0.5, manifest.calibration.prevalence, prevalence, manifest.name)
    if coverage is not None:
        check_fraction("coverage", coverage)
        if manifest.reference is None:
            raise missing_conformal_scores(manifest.name)
