"""The record: what comes out for one lesion, in one schema for every output.

A record is JSON when written; :func:`read_records` and :func:`write_records` are its only doors.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from mammopair import RESEARCH_USE_ONLY
from mammopair.atomic_write import atomic_write
from mammopair.crop import CropSquare
from mammopair.errors import InputError
from mammopair.warning import CodedWarning


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """What a probability might as well have been; see ``model.calibration`` for its meaning."""

    low: float
    high: float
    level: float
    """Nominal coverage, 0.9 for a 90 % interval."""


class MemberScore(msgspec.Struct, frozen=True, kw_only=True):
    """What one member of the ensemble says of one view."""

    member: str
    logit: float
    """As the network gave it, before calibration."""
    probability: float
    """Calibrated."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The signed class-activation map of one view, averaged over the members, in its own grid.

    In calibrated logits: positive cells speak for malignancy, negative against, and
    ``mean(cells) + bias`` is the mean calibrated logit of the view's readings, exactly.
    """

    cells: list[list[float]]
    """Rows of the map, top to bottom, left to right as stored."""
    bias: float
    square: CropSquare
    """The square that the map covers, in stored pixels of the view."""
    direction: str
    """``for malignancy, inside the box``, ``mixed``, ...; see
    :func:`mammopair.explain.evidence_map.evidence_direction`."""


class OperatingPointResult(msgspec.Struct, frozen=True, kw_only=True):
    """An operating point of the ensemble, and on which side of it the lesion lies."""

    name: str
    """``sensitivity 95 %``: what the threshold was chosen for, on held-out lesions."""
    threshold: float
    """On the lesion's probability."""
    reached: bool
    """Whether the probability is the threshold or more."""


class PriorShift(msgspec.Struct, frozen=True, kw_only=True):
    """The result where malignancy is as frequent as stated; see :mod:`mammopair.calibration.prior_shift`."""

    prevalence: float
    probability: float
    interval: Interval
    operating_points: list[OperatingPointResult] = []


class ConformalSet(msgspec.Struct, frozen=True, kw_only=True):
    """The classes that the lesion may be of; see :mod:`mammopair.calibration.conformal`."""

    classes: list[Literal["benign", "malignant"]]
    """One, or both where one cannot be told from the other at this coverage."""
    coverage: float
    """Of lesions of either class, the share whose set is meant to hold it."""
    p_benign: float
    """Share of held-out benign lesions that score at least as high: how usual for a benign one."""
    p_malignant: float
    """Share of held-out malignant lesions that score at least as low."""


class OutOfDistribution(msgspec.Struct, frozen=True, kw_only=True):
    """How usual the lesion's most unusual view looks; see :mod:`mammopair.calibration.out_of_distribution`."""

    score: float
    """Share of the training's crops, 0 to 1."""
    warn_above: float
    """The share over which the record has the warning ``out-of-distribution``."""


class ConceptScore(msgspec.Struct, frozen=True, kw_only=True):
    """How far a mass looks like a radiologist's word; see :mod:`mammopair.explain.concept_scores`.

    The two shares set the score beside masses of the training that no scoring member had seen.
    """

    descriptor: str
    score: float
    """Calibrated: the chance that a radiologist of the collection would give the word."""
    above_with: float
    """Share of the held-out crops with the word that score lower."""
    above_without: float
    """Share of the held-out crops without it that score lower."""


class CounterfactualPath(msgspec.Struct, frozen=True, kw_only=True):
    """One view's crop on its way to another answer; see :mod:`mammopair.explain.counterfactual`."""

    towards: Literal["malignant", "benign"]
    probabilities: list[float]
    """Of the view, step by step, from the crop itself to the moved image."""
    similarity: float
    """Structural similarity of the moved image to the crop, 1 if nothing changed."""
    concepts: list[ConceptScore]
    """Of the moved image."""
    file: str
    """The moved image, beside the record: 8 bits over the square of ``evidence``."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What was made on request of one view; see :mod:`mammopair.explain.explanation`."""

    method: str
    """Of the map, a name of :data:`mammopair.explain.methods.METHODS`."""
    evidence: Evidence
    """The map. Where the method adds up, ``mean(cells) + bias`` is the mean calibrated logit;
    otherwise a cell is what it changes by itself, and the bias is 0."""
    error: float | None
    """By how many logits the map fails to add up; None where the method does not."""
    counterfactuals: list[CounterfactualPath]


class ViewResult(msgspec.Struct, frozen=True, kw_only=True):
    """One view's part in the result."""

    projection: str
    file: str
    box: tuple[float, float, float, float]
    """x, y, width, height in stored pixels."""
    probability: float
    member_scores: list[MemberScore]
    evidence: Evidence
    sop_uid: str = ""
    out_of_distribution_score: float | None = None
    """Share of the training's crops that look less unusual to the members; None if not known."""
    concepts: list[ConceptScore] = []
    """None where the ensemble has no concepts, or cannot tell any."""
    explanation: Explanation | None = None


class ModelReference(msgspec.Struct, frozen=True, kw_only=True):
    """Which ensemble spoke."""

    name: str
    version: str
    sha256: str
    """Of its manifest, which holds the hashes of the weights."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one lesion."""

    case_id: str
    lesion_id: str
    laterality: str
    probability: float
    """Of malignancy, calibrated: the mean over the readings of all views and members."""
    interval: Interval
    views: list[ViewResult]
    warnings: list[CodedWarning]
    model: ModelReference
    software: str
    """Name and version of this package."""
    label: int | None = None
    """1 for malignant and 0 for benign, where the manifest knew it; never looked at here."""
    patient_id: str = ""
    prevalence: float | None = None
    """Share of malignant lesions at which all probabilities hold, save those of ``shifted``."""
    prior_shift: PriorShift | None = None
    """The same result at another prevalence, where one was stated."""
    operating_points: list[OperatingPointResult] = []
    conformal: ConformalSet | None = None
    out_of_distribution: OutOfDistribution | None = None
    concepts: list[ConceptScore] = []
    """Of the lesion: the mean scores of its views."""
    schema: Literal[2] = 2
    research_use_only: Literal[True] = True
    notice: str = RESEARCH_USE_ONLY


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write JSON Lines, one record a line; the file is there whole or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with atomic_write(path) as stream:
        stream.writelines(msgspec.json.encode(record).decode() + "\n" for record in records)


def read_records(path: Path) -> list[Record]:
    """Read JSON Lines back.

    Raises
    ------
    InputError
        If the file cannot be read; naming the line, if one is not a record.
    """
    decoder = msgspec.json.Decoder(Record)
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    records = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            records.append(decoder.decode(line))
        except msgspec.MsgspecError as error:
            raise InputError(f"{path}, line {number}", f"is not a record: {error}") from error
    return records


def record_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a record, as documentation and validators need it.

    Examples
    --------
    >>> record_schema()["$ref"]
    '#/$defs/Record'
    """
    return msgspec.json.schema(Record)
