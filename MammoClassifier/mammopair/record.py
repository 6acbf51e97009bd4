"""The record: the result for one lesion, in one schema, and all reading and writing of records.

Records are stored as JSON Lines, one record per line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from mammopair import RESEARCH_USE_ONLY
from mammopair.atomic_write import atomic_write
from mammopair.crop import CropSquare
from mammopair.errors import InputError
from mammopair.warning import CodedWarning


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """Interval around a probability; :mod:`mammopair.calibration.platt` defines its meaning."""

    low: float
    high: float
    level: float
    """Nominal coverage, 0.9 for a 90 % interval."""


class MemberScore(msgspec.Struct, frozen=True, kw_only=True):
    """Score of one view by one member of the ensemble."""

    member: str
    logit: float
    """Output of the network, before calibration."""
    probability: float
    """Calibrated probability of malignancy."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Signed map of one view, averaged over the members, on its own low-resolution grid.

    In calibrated logits: positive cells are evidence for malignancy, negative cells against it.
    For class activation ``mean(cells) + bias`` is exactly the mean calibrated logit of the view.
    """

    cells: list[list[float]]
    """Rows of the map from top to bottom, each from left to right, in the stored orientation."""
    bias: float
    square: CropSquare
    """The square that the map covers, in stored pixels of the view."""
    direction: str
    """``for malignancy, inside the box``, ``mixed``, ...; see
    :func:`mammopair.explain.evidence_map.evidence_direction`."""


class OperatingPointResult(msgspec.Struct, frozen=True, kw_only=True):
    """An operating point of the ensemble, applied to the lesion."""

    name: str
    """Criterion that the threshold was chosen by, on out-of-fold lesions: ``sensitivity 95 %``."""
    threshold: float
    """Threshold on the lesion's probability."""
    reached: bool
    """Whether the probability is at least the threshold."""


class PriorShift(msgspec.Struct, frozen=True, kw_only=True):
    """The result at another prevalence; see :mod:`mammopair.calibration.prior_shift`."""

    prevalence: float
    probability: float
    interval: Interval
    operating_points: list[OperatingPointResult] = []


class ConformalSet(msgspec.Struct, frozen=True, kw_only=True):
    """Conformal prediction set of a lesion; see :mod:`mammopair.calibration.conformal`."""

    classes: list[Literal["benign", "malignant"]]
    """The classes in the set: one, or both."""
    coverage: float
    """Nominal coverage: the fraction of lesions of either class whose set contains the class."""
    p_benign: float
    """Conformal p-value of the class benign: the fraction of out-of-fold benign lesions whose
    score is at least as high."""
    p_malignant: float
    """Conformal p-value of the class malignant: the fraction of out-of-fold malignant lesions
    whose score is at most as high."""


class OutOfDistribution(msgspec.Struct, frozen=True, kw_only=True):
    """Out-of-distribution score of a lesion, the highest of its views.

    See :mod:`mammopair.calibration.out_of_distribution`.
    """

    score: float
    """In [0, 1]: the fraction of training crops that are less atypical."""
    warn_above: float
    """Score above which the record has the warning ``out-of-distribution``."""


class ConceptScore(msgspec.Struct, frozen=True, kw_only=True):
    """Score of a mass for one BI-RADS descriptor; see :mod:`mammopair.explain.concept_scores`.

    Both fractions are of training crops, each scored by members that were not trained on it.
    """

    descriptor: str
    score: float
    """Calibrated probability that a radiologist of the training data assigns the descriptor."""
    above_with: float
    """Fraction of out-of-fold crops with the descriptor that have a lower score."""
    above_without: float
    """Fraction of out-of-fold crops without the descriptor that have a lower score."""


class CounterfactualPath(msgspec.Struct, frozen=True, kw_only=True):
    """Counterfactual image of one view; see :mod:`mammopair.explain.counterfactual`."""

    towards: Literal["malignant", "benign"]
    probabilities: list[float]
    """Probability of malignancy of the view after each step, starting with the unchanged patch."""
    similarity: float
    """Structural similarity of the counterfactual image to the patch, 1 if they are equal."""
    concepts: list[ConceptScore]
    """Concept scores of the counterfactual image."""
    file: str
    """File of the counterfactual image, relative to the record's folder: 8 bits per pixel over
    the square of ``evidence``."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Explanation of one view, computed on request; see :mod:`mammopair.explain.explanation`."""

    method: str
    """Method of the map, a key of :data:`mammopair.explain.methods.METHODS`."""
    evidence: Evidence
    """The map. For additive methods ``mean(cells) + bias`` is the mean calibrated logit within
    ``error``; for others a cell is the change of the logit that it causes alone, and bias is 0."""
    error: float | None
    """Completeness error of an additive method, in logits; None for other methods."""
    counterfactuals: list[CounterfactualPath]


class ViewResult(msgspec.Struct, frozen=True, kw_only=True):
    """Result of one view."""

    projection: str
    """``CC`` or ``MLO``."""
    file: str
    box: tuple[float, float, float, float]
    """x, y, width and height of the marked box, in stored pixels."""
    probability: float
    """Mean of the members' calibrated probabilities."""
    member_scores: list[MemberScore]
    evidence: Evidence
    sop_uid: str = ""
    out_of_distribution_score: float | None = None
    """In [0, 1]; see :class:`OutOfDistribution`. None if the ensemble has no reference
    distribution."""
    concepts: list[ConceptScore] = []
    """Empty if the ensemble predicts no descriptor better than chance."""
    explanation: Explanation | None = None


class ModelReference(msgspec.Struct, frozen=True, kw_only=True):
    """The ensemble that made a record."""

    name: str
    version: str
    sha256: str
    """SHA-256 of its manifest, which contains those of the weights."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one lesion."""

    case_id: str
    lesion_id: str
    laterality: str
    """``L`` or ``R``."""
    probability: float
    """Calibrated probability of malignancy: the mean over views of the mean over members."""
    interval: Interval
    views: list[ViewResult]
    warnings: list[CodedWarning]
    model: ModelReference
    software: str
    """Name and version of this package."""
    label: int | None = None
    """1 malignant, 0 benign, None unknown: copied from the lesion table, used for nothing else."""
    patient_id: str = ""
    prevalence: float | None = None
    """Prevalence of malignant lesions at which all probabilities but those of ``prior_shift`` are
    calibrated; None if unknown."""
    prior_shift: PriorShift | None = None
    """The result at another prevalence, if one was requested."""
    operating_points: list[OperatingPointResult] = []
    conformal: ConformalSet | None = None
    out_of_distribution: OutOfDistribution | None = None
    concepts: list[ConceptScore] = []
    """Concept scores of the lesion: the means over its views."""
    schema: Literal[2] = 2
    research_use_only: Literal[True] = True
    notice: str = RESEARCH_USE_ONLY


def encode_record(record: Record, *, indent: int | None = None) -> str:
    """Encode a record as JSON, on one line unless an indentation is given."""
    content = msgspec.json.encode(record)
    return (content if indent is None else msgspec.json.format(content, indent=indent)).decode()


def decode_record(content: str | bytes, source: str | Path = "record") -> Record:
    """Decode a record from JSON.

    Parameters
    ----------
    content
        JSON of one record.
    source
        Where it comes from, for the error message.

    Raises
    ------
    InputError
        If it is not a record of this version's schema.
    """
    try:
        return _DECODER.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(source, f"is not a record of this version: {error}") from error


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write records as JSON Lines; the file appears only when it is complete.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with atomic_write(path) as stream:
        stream.writelines(encode_record(record) + "\n" for record in records)


def read_records(path: Path) -> list[Record]:
    """Read records from JSON Lines.

    Raises
    ------
    InputError
        If the file cannot be read, or a line is not a record; the message names the line.
    """
    return [record for _, record in iterate_records(path)]


def iterate_records(path: Path) -> Iterator[tuple[int, Record]]:
    """Read records one by one, for files that do not fit in memory.

    Yields
    ------
    int
        Offset of the record in the file, in bytes, for :func:`read_record_at`.
    Record
        The record.

    Raises
    ------
    InputError
        As :func:`read_records`.
    """
    try:
        with path.open("rb") as stream:
            offset = 0
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield offset, decode_record(line, f"{path}, line {number}")
                offset += len(line)
    except OSError as error:
        raise _read_error(path, error) from error


def read_record_at(path: Path, offset: int) -> Record:
    """Read the record at an offset of :func:`iterate_records`.

    Raises
    ------
    InputError
        If the file cannot be read, or there is no record at the offset.
    """
    try:
        with path.open("rb") as stream:
            stream.seek(offset)
            line = stream.readline()
    except OSError as error:
        raise _read_error(path, error) from error
    return decode_record(line, f"{path}, byte {offset}")


def record_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a record.

    Examples
    --------
    >>> record_schema()["$ref"]
    '#/$defs/Record'
    """
    return msgspec.json.schema(Record)


_DECODER = msgspec.json.Decoder(Record)


def _read_error(path: Path, error: OSError) -> InputError:
    return InputError(path, f"cannot be read: {error.strerror}")
