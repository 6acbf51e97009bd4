"""The record of a lesion as a structured report: Measurement Report, TID 1500, Comprehensive 3D SR.

The report contains

- the image library (TID 1600): each view with its laterality and projection;
- a group for the lesion (TID 1501): the probability, the bounds of its interval, the prevalence
  that they assume, the scores of the margin descriptors, the warnings;
- a group for each view (TID 1410): the marked box on the image, the probability and the margin
  scores of the view, the direction of its evidence and references to the evidence objects.

All groups have the tracking identifier of the lesion and the identification of the algorithm
(TID 4019). Probabilities are in per cent, as in TID 4006.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import numpy.typing as npt

from mammopair import RESEARCH_USE_ONLY
from mammopair.errors import InputError
from mammopair.record import ConceptScore, Record
from mammopair.results.dicom import codes
from mammopair.results.dicom.ascii_text import to_ascii
from mammopair.results.dicom.equipment import (
    MANUFACTURER,
    NAME,
    algorithm_parameters,
    identify_equipment,
    series_description,
)
from mammopair.results.dicom.image_library import make_image_library
from mammopair.results.dicom.source import Source, describe_source
from mammopair.results.dicom.uids import lesion_uid, result_uid, stable_uid
from mammopair.results.table_text import prevalence_note
from mammopair.results.text import interval_name, interval_range, percent, share_text

if TYPE_CHECKING:
    from highdicom.sr import (
        AlgorithmIdentification,
        Comprehensive3DSR,
        FindingSite,
        Measurement,
        MeasurementReport,
        MeasurementsAndQualitativeEvaluations,
        ObservationContext,
        PlanarROIMeasurementsAndQualitativeEvaluations,
        TextContentItem,
        TrackingIdentifier,
    )
    from pydicom.dataset import Dataset
    from pydicom.sr.coding import Code

SCOPE = (
    "The percentiles are the bounds of the {interval} of the probability. This report contains no "
    "diagnosis, no assessment category and no management advice."
)
MARGIN_SCORES = (
    "The percentages of the margins are predicted by the networks: the probability that a "
    "radiologist would assign the descriptor. They are not a radiologist's description."
)


def make_structured_report(
    record: Record, sources: Sequence[Source], evidence: Sequence[Sequence[Dataset]]
) -> Comprehensive3DSR:
    """Return the report of one lesion, in the study of the first image.

    Parameters
    ----------
    record
        The lesion's record.
    sources
        Its views and their images.
    evidence
        For each view, the objects with its evidence.

    Raises
    ------
    InputError
        If DICOM has no codes for the bounds of the record's interval.
    """
    from highdicom.sr import Comprehensive3DSR

    images = [describe_source(source) for source in sources]
    return Comprehensive3DSR(
        evidence=[*images, *(one for objects in evidence for one in objects)],
        content=_make_content(record, sources, evidence)[0],
        series_instance_uid=result_uid(record, "report series", sources[0].study),
        series_number=9101,
        series_description=series_description(record, "probability of malignancy"),
        sop_instance_uid=result_uid(record, "report"),
        instance_number=1,
        is_complete=True,
        is_final=False,
        is_verified=False,
        **identify_equipment(record),
    )


def _make_content(
    record: Record, sources: Sequence[Source], evidence: Sequence[Sequence[Dataset]]
) -> MeasurementReport:
    """Return the content tree."""
    from highdicom.sr import ContentSequence, MeasurementReport

    views = [
        _view_group(record, source, objects)
        for source, objects in zip(sources, evidence, strict=True)
    ]
    report = MeasurementReport(
        observation_context=_observer(record),
        procedure_reported=codes.MAMMOGRAPHY,
        imaging_measurements=[_lesion_group(record), *views],
    )
    *context, measurements = report[0].ContentSequence
    library = make_image_library(record, sources)
    report[0].ContentSequence = ContentSequence(
        [*context, library, _comment(RESEARCH_USE_ONLY), measurements]
    )
    return report


def _observer(record: Record) -> ObservationContext:
    """Return the observer: a device, which is this software with the record's ensemble."""
    from highdicom.sr import (
        DeviceObserverIdentifyingAttributes,
        ObservationContext,
        ObserverContext,
    )
    from pydicom.sr.codedict import codes as dictionary

    return ObservationContext(
        observer_device_context=ObserverContext(
            observer_type=dictionary.DCM.Device,
            observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
                uid=stable_uid("device", record.software, record.model.sha256),
                name=NAME,
                manufacturer_name=MANUFACTURER,
                model_name=to_ascii(f"{record.model.name} {record.model.version}"),
                serial_number=record.model.sha256,
            ),
        )
    )


def _lesion_group(record: Record) -> MeasurementsAndQualitativeEvaluations:
    """Return the measurements of the lesion as a whole, with comments and warnings."""
    from highdicom.sr import MeasurementsAndQualitativeEvaluations

    low, high = _interval_codes(record.interval.level)
    margins = _margin_scores(record.concepts)
    group = MeasurementsAndQualitativeEvaluations(
        measurements=[
            _probability(record.probability, codes.MEAN),
            _probability(record.interval.low, low),
            _probability(record.interval.high, high),
            *margins,
        ],
        **_common_items(record),
    )
    comments = [
        SCOPE.format(interval=interval_name(record.interval.level)),
        *_prevalence(record),
        *([MARGIN_SCORES] if margins else []),
        *(warning.message for warning in record.warnings),
    ]
    group[0].ContentSequence.extend(map(_comment, comments))
    return group


def _prevalence(record: Record) -> list[str]:
    """Return the prevalence that the probabilities assume, and the result at another one."""
    note, adjusted = prevalence_note([record]), record.prior_shift
    sentences = [note] if note else []
    if adjusted is not None:
        sentences.append(
            f"Adjusted for a prevalence of malignancy of {share_text(adjusted.prevalence)}, the "
            f"probability is {percent(adjusted.probability)} "
            f"({interval_name(adjusted.interval.level)} {interval_range(adjusted.interval)})."
        )
    return sentences


def _view_group(
    record: Record, source: Source, evidence: Sequence[Dataset]
) -> PlanarROIMeasurementsAndQualitativeEvaluations:
    """Return the box, the measurements and the evidence of the lesion on one view."""
    from highdicom.sr import (
        ImageContentItem,
        ImageRegion,
        PlanarROIMeasurementsAndQualitativeEvaluations,
        QualitativeEvaluation,
        RelationshipTypeValues,
        SourceImageForRegion,
        TextContentItem,
    )

    view = source.result
    group = PlanarROIMeasurementsAndQualitativeEvaluations(
        referenced_region=ImageRegion(
            graphic_type="POLYLINE",
            graphic_data=_outline(view.box, source.shape),
            source_image=SourceImageForRegion(
                str(source.header.SOPClassUID), str(source.header.SOPInstanceUID)
            ),
        ),
        measurements=[_probability(view.probability, codes.MEAN), *_margin_scores(view.concepts)],
        qualitative_evaluations=[
            QualitativeEvaluation(codes.IMAGE_VIEW, codes.PROJECTIONS[view.projection])
        ],
        **_common_items(record),
    )
    group[0].ContentSequence.append(
        TextContentItem(
            name=codes.CLASS_ACTIVATION,
            value=f"Evidence: {view.evidence.direction}",
            relationship_type=RelationshipTypeValues.CONTAINS,
        )
    )
    group[0].ContentSequence.extend(
        ImageContentItem(
            name=codes.VISUAL_EXPLANATION,
            referenced_sop_class_uid=str(one.SOPClassUID),
            referenced_sop_instance_uid=str(one.SOPInstanceUID),
            relationship_type=RelationshipTypeValues.CONTAINS,
        )
        for one in evidence
    )
    return group


class _CommonItems(TypedDict):
    """Arguments of highdicom's measurement groups that all groups share."""

    tracking_identifier: TrackingIdentifier
    finding_type: Code
    finding_sites: list[FindingSite]
    algorithm_id: AlgorithmIdentification


def _common_items(record: Record) -> _CommonItems:
    """Return the lesion's identifier, which is the same in all its reports, finding and site."""
    from highdicom.sr import AlgorithmIdentification, FindingSite, TrackingIdentifier

    return _CommonItems(
        tracking_identifier=TrackingIdentifier(
            uid=lesion_uid(record), identifier=to_ascii(f"{record.case_id} {record.lesion_id}")
        ),
        finding_type=codes.MASS,
        finding_sites=[FindingSite(codes.BREAST, laterality=codes.SIDES[record.laterality])],
        algorithm_id=AlgorithmIdentification(
            name=to_ascii(record.model.name),
            version=to_ascii(record.model.version),
            parameters=[f"{name}: {value}" for name, value in algorithm_parameters(record).items()],
        ),
    )


def _probability(value: float, derivation: Code) -> Measurement:
    """Return a probability of cancer, from 0 to 1, in per cent."""
    from highdicom.sr import Measurement

    return Measurement(
        name=codes.PROBABILITY_OF_CANCER,
        value=round(100 * value, 6),
        unit=codes.PERCENT,
        derivation=derivation,
    )


def _margin_scores(scores: Sequence[ConceptScore]) -> list[Measurement]:
    """Return the scores of the margin descriptors in per cent, under the codes of the findings."""
    from highdicom.sr import Measurement

    return [
        Measurement(
            name=codes.MARGINS[one.descriptor],
            value=round(100 * one.score, 6),
            unit=codes.PERCENT,
        )
        for one in scores
        if one.descriptor in codes.MARGINS
    ]


def _interval_codes(level: float) -> tuple[Code, Code]:
    """Return the codes of the bounds of a central interval.

    Raises
    ------
    InputError
        If there are none.
    """
    for known, bounds in codes.INTERVAL_BOUNDS.items():
        if abs(known - level) < 1e-6:
            return bounds
    levels = " or ".join(f"{known:g}" for known in codes.INTERVAL_BOUNDS)
    raise InputError(
        "interval.level",
        f"is {level:g}, but DICOM has codes for intervals of {levels} only; "
        "classify with another ensemble or omit --dicom",
    )


def _outline(
    box: tuple[float, float, float, float], shape: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """Return the corners of a box, clipped to the image, as a closed polyline.

    In SCOORD, the corner of the first pixel is (0, 0) and its centre is (0.5, 0.5) (PS3.3
    C.18.6.1.2), as in :class:`~mammopair.view.View`, so nothing is shifted.

    Returns
    -------
    ndarray of float64, shape ``(5, 2)``
        Column before row.
    """
    x, y, width, height = box
    rows, columns = shape
    left, right = (min(max(edge, 0.0), float(columns)) for edge in (x, x + width))
    top, bottom = (min(max(edge, 0.0), float(rows)) for edge in (y, y + height))
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]])


def _comment(text: str) -> TextContentItem:
    from highdicom.sr import RelationshipTypeValues, TextContentItem

    return TextContentItem(
        name=codes.COMMENT, value=to_ascii(text), relationship_type=RelationshipTypeValues.CONTAINS
    )
