"""The manifest of an ensemble: everything but the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mammopair.atomic_write import atomic_write_bytes
from mammopair.calibration.platt import Calibration, OpenFraction
from mammopair.calibration.prior_shift import (
    check_fraction,
    missing_conformal_scores,
    probability_at_prevalence,
)
from mammopair.crop import CONTEXT, SMALLEST_MM
from mammopair.errors import InputError
from mammopair.model.input_spec import InputSpec
from mammopair.model.networks import NetworkSpec, describe_spec_error

MANIFEST_FILE = "manifest.json"

Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Quantiles = Annotated[list[float], msgspec.Meta(min_length=2)]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class _ManifestSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class MemberEntry(_ManifestSection, frozen=True, kw_only=True):
    """One network."""

    name: str
    file: FileName
    """Name of the file with its weights, in the folder of the manifest."""
    sha256: Sha256
    views: Annotated[list[Literal["CC", "MLO"]], msgspec.Meta(min_length=1)]
    """The projections that it supports."""
    seed: int
    fold: int
    """The fold of patients that it was not trained on."""


class OperatingPoint(_ManifestSection, frozen=True, kw_only=True):
    """A threshold on the calibrated probability of a lesion, chosen on training patients."""

    name: str
    threshold: float
    sensitivity: float
    """With an interval: of a threshold that is chosen on the other folds. Without: of this one, on
    the lesions that it was chosen on."""
    specificity: float
    sensitivity_ci: tuple[float, float] | None = None
    """95 % confidence interval, resampled by patient; likewise the next."""
    specificity_ci: tuple[float, float] | None = None


class CrossFit(_ManifestSection, frozen=True, kw_only=True):
    """Calibration and thresholds for the lesions of one fold, fitted on those of the other folds.

    Used only to evaluate the ensemble on its training patients without bias.
    """

    fold: int
    calibration: Calibration
    one_view_calibration: Calibration | None = None
    thresholds: list[float]
    """In the order of the manifest's operating points."""


class ReferenceFile(_ManifestSection, frozen=True, kw_only=True):
    """The file of :mod:`mammopair.model.reference_distribution`, and limits that apply to it."""

    file: FileName
    sha256: Sha256
    coverage: OpenFraction
    """Default coverage of conformal sets."""
    warn_above: OpenFraction
    """Out-of-distribution score above which there is a warning."""


class ConceptScale(_ManifestSection, frozen=True, kw_only=True):
    """Calibration of one descriptor's score, and the scores of out-of-fold training crops.

    :mod:`mammopair_research.training.concept_scales` fits it.
    """

    descriptor: str
    """One of the manifest's concepts."""
    slope: float
    """``score = sigmoid(slope * mean logit of the members + intercept)`` (Platt 1999)."""
    intercept: float
    crops: int
    """Crops whose case description covers this descriptor."""
    given: int
    """Those that have the descriptor."""
    auc: float | None
    """Area under the ROC curve over the crops, with its 95 % interval, resampled by patient."""
    auc_ci: tuple[float, float] | None
    lesion_auc: float | None
    """The same for masses, by the mean score of their views; None if all or none have the
    descriptor."""
    lesion_auc_ci: tuple[float, float] | None
    scores_with: Quantiles
    """Quantiles, at equal steps from 0 to 1, of the scores of the crops with the descriptor."""
    scores_without: Quantiles


class Training(_ManifestSection, frozen=True, kw_only=True):
    """Training data and recipe of the weights."""

    data: str
    """The collection, its citation and its licence."""
    patients: int
    crops: int
    folds_file: FileName
    """CSV of ``patient_id, fold``."""
    folds_sha256: Sha256
    recipe: dict[str, Any]
    """All fields of the recipe."""


class Manifest(_ManifestSection, frozen=True, kw_only=True):
    """Content of ``manifest.json``."""

    schema: Literal[2] = 2
    name: str
    version: str
    description: str
    intended_use: str
    licence: str
    network: NetworkSpec
    input: InputSpec
    concepts: list[str]
    """Descriptors that the networks' outputs after malignancy predict."""
    context: float
    """Side of the patch divided by the longer side of the box; see :mod:`mammopair.crop`."""
    smallest_mm: float
    flips: bool
    """Whether logits are averaged over the four flips of each patch."""
    members: Annotated[list[MemberEntry], msgspec.Meta(min_length=1)]
    calibration: Calibration
    """For lesions marked on both views, and for all if there is no ``one_view_calibration``."""
    one_view_calibration: Calibration | None = None
    """For lesions marked on one view: masses that only one view shows are harder to classify, and
    the mean over two views is closer to 0.5 than either view, so they need their own."""
    operating_points: list[OperatingPoint]
    cross_fits: list[CrossFit] = []
    """Empty if all members have the same fold, and in older ensembles."""
    reference: ReferenceFile | None = None
    concept_scales: list[ConceptScale] = []
    """One for each concept; empty in older ensembles."""
    training: Training
    measured: dict[str, Any]
    """Result of ``mammopair evaluate`` on the training patients, out of fold."""
    software: str
    """Version of this package that made the ensemble."""

    def calibration_of(self, views: int) -> Calibration:
        """Return the calibration for a lesion that is marked on so many views."""
        return self.one_view_calibration or self.calibration if views == 1 else self.calibration


def read_manifest(folder: Path) -> Manifest:
    """Read and validate the manifest of an ensemble.

    Raises
    ------
    InputError
        If it is missing or not JSON, has an unknown or missing field or an invalid value, has two
        members of one name, or was made for another size of patches.
    """
    path = folder / MANIFEST_FILE
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise InputError(
            path, "is missing; choose the folder of an ensemble, which has a manifest.json"
        ) from error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise InputError(path, f"is not a valid manifest: {describe_spec_error(error)}") from error
    if any(len(fit.thresholds) != len(manifest.operating_points) for fit in manifest.cross_fits):
        raise InputError(
            path,
            "has a number of thresholds in cross_fits that differs from that of operating_points",
        )
    unknown = {scale.descriptor for scale in manifest.concept_scales} - set(manifest.concepts)
    if unknown:
        raise InputError(path, f"has concept_scales of {min(unknown)!r}, which is not in concepts")
    names = [member.name for member in manifest.members]
    if len(set(names)) < len(names):
        raise InputError(
            path, f"has two members of one name ({', '.join(names)}); give each its own name"
        )
    if (manifest.context, manifest.smallest_mm) != (CONTEXT, SMALLEST_MM):
        raise InputError(
            path,
            f"was made for patches of {manifest.context:g} box sides and at least "
            f"{manifest.smallest_mm:g} mm, but this version extracts {CONTEXT:g} box sides and at "
            f"least {SMALLEST_MM:g} mm; use an ensemble of this version",
        )
    return manifest


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write ``manifest.json`` into a folder, indented.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    atomic_write_bytes(folder / MANIFEST_FILE, text + b"\n")


def with_cross_fit(manifest: Manifest, cross_fit: CrossFit) -> Manifest:
    """Return the manifest with the calibration and thresholds of a cross-fit."""
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
    """Check that records of the ensemble can be adjusted to a prevalence and a coverage.

    Raises
    ------
    InputError
        If a number is not between 0 and 1, or the ensemble lacks what is needed.
    """
    probability_at_prevalence(0.5, manifest.calibration.prevalence, prevalence, manifest.name)
    if coverage is not None:
        check_fraction("coverage", coverage)
        if manifest.reference is None:
            raise missing_conformal_scores(manifest.name)
