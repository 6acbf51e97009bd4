"""A lesion's record as a structured report: Measurement Report, TID 1500, Comprehensive 3D SR.

The report holds

- the image library (TID 1600): each view with its laterality and projection;
- a group for the lesion (TID 1501): its probability, the bounds of the interval, how far it looks
  like each margin, the warnings;
- a group for each view (TID 1410): the marked box on the image, the view's own probability and
  margins, and its evidence in a word and as the objects that hold it.

All groups carry the lesion's tracking identifier and the algorithm's identification (TID 4019).
Probabilities are in per cent, as TID 4006 has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mammopair import RESEARCH_USE_ONLY
from mammopair.errors import InputError
from mammopair.record import ConceptScore, Record
from mammopair.results.dicom import codes
from mammopair.results.dicom.equipment import (
    MANUFACTURER,
    NAME,
    equipment,
    parameters,
    series_description,
)
from mammopair.results.dicom.identity import plain
from mammopair.results.dicom.image_library import image_library
from mammopair.results.dicom.source import Source, reference
from mammopair.results.dicom.uids import lesion_uid, result_uid, stable_uid

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

MARGINS_MEAN = (
    "The percentages of margins are the chance that a radiologist would call the mass so, as the "
    "networks see it; they are no description by a radiologist."
)


def make_structured_report(
    record: Record, sources: Sequence[Source], evidence: Sequence[Sequence[Dataset]]
) -> Comprehensive3DSR:
    """The report of one lesion.

    Parameters
    ----------
    record
        The lesion's.
    sources
        Its images; the report is filed under the first.
    evidence
        For each image the objects that hold its evidence, none or some.

    Raises
    ------
    InputError
        If the record's interval is one that DICOM has no codes for.
    """
    from highdicom.sr import Comprehensive3DSR

    images = [reference(source) for source in sources]
    return Comprehensive3DSR(
        evidence=[*images, *(one for several in evidence for one in several)],
        content=make_content(record, sources, evidence)[0],
        series_instance_uid=result_uid(record, "report series", sources[0].study),
        series_number=9101,
        series_description=series_description(record, "probability of malignancy"),
        sop_instance_uid=result_uid(record, "report"),
        instance_number=1,
        is_complete=True,
        is_final=False,
        is_verified=False,
        **equipment(record),
    )


def make_content(
    record: Record, sources: Sequence[Source], evidence: Sequence[Sequence[Dataset]]
) -> MeasurementReport:
    """The content tree."""
    from highdicom.sr import ContentSequence, MeasurementReport

    views = [
        view_group(record, source, held) for source, held in zip(sources, evidence, strict=True)
    ]
    report = MeasurementReport(
        observation_context=observer(record),
        procedure_reported=codes.MAMMOGRAPHY,
        imaging_measurements=[lesion_group(record), *views],
    )
    *context, measurements = report[0].ContentSequence
    report[0].ContentSequence = ContentSequence(
        [*context, image_library(record, sources), comment(RESEARCH_USE_ONLY), measurements]
    )
    return report


def observer(record: Record) -> ObservationContext:
    """Who observed: a device, which is this software with the record's ensemble."""
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
                model_name=plain(f"{record.model.name} {record.model.version}"),
                serial_number=record.model.sha256,
            ),
        )
    )


def lesion_group(record: Record) -> MeasurementsAndQualitativeEvaluations:
    """What is said of the lesion as a whole."""
    from highdicom.sr import MeasurementsAndQualitativeEvaluations

    low, high = interval_codes(record.interval.level)
    group = MeasurementsAndQualitativeEvaluations(
        measurements=[
            probability(record.probability, codes.MEAN),
            probability(record.interval.low, low),
            probability(record.interval.high, high),
            *margins(record.concepts),
        ],
        **_common(record),
    )
    level = f"{100 * record.interval.level:g} %"
    group[0].ContentSequence.append(
        comment(
            f"The percentiles bound the {level} interval of the probability. Nothing here is a "
            "diagnosis, an assessment category or an advice on what to do."
        )
    )
    if margins(record.concepts):
        group[0].ContentSequence.append(comment(MARGINS_MEAN))
    group[0].ContentSequence.extend(comment(warning.message) for warning in record.warnings)
    return group


def view_group(
    record: Record, source: Source, evidence: Sequence[Dataset]
) -> PlanarROIMeasurementsAndQualitativeEvaluations:
    """What is said of the lesion on one view."""
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
            graphic_data=outline(view.box, source.shape),
            source_image=SourceImageForRegion(
                str(source.header.SOPClassUID), str(source.header.SOPInstanceUID)
            ),
        ),
        measurements=[probability(view.probability, codes.MEAN), *margins(view.concepts)],
        qualitative_evaluations=[
            QualitativeEvaluation(codes.IMAGE_VIEW, codes.PROJECTIONS[view.projection])
        ],
        **_common(record),
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
            referenced_sop_class_uid=str(held.SOPClassUID),
            referenced_sop_instance_uid=str(held.SOPInstanceUID),
            relationship_type=RelationshipTypeValues.CONTAINS,
        )
        for held in evidence
    )
    return group


def _common(record: Record) -> dict[str, Any]:
    """What every group says: which lesion, what it is, where, and who says so."""
    return {
        "tracking_identifier": tracking(record),
        "finding_type": codes.MASS,
        "finding_sites": [site(record)],
        "algorithm_id": algorithm_identification(record),
    }


def tracking(record: Record) -> TrackingIdentifier:
    """The lesion's name for people and its UID, the same in every report on it."""
    from highdicom.sr import TrackingIdentifier

    return TrackingIdentifier(
        uid=lesion_uid(record), identifier=plain(f"{record.case_id} {record.lesion_id}")
    )


def site(record: Record) -> FindingSite:
    """The breast."""
    from highdicom.sr import FindingSite

    return FindingSite(codes.BREAST, laterality=codes.SIDES[record.laterality])


def algorithm_identification(record: Record) -> AlgorithmIdentification:
    """TID 4019: the ensemble."""
    from highdicom.sr import AlgorithmIdentification

    return AlgorithmIdentification(
        name=plain(record.model.name),
        version=plain(record.model.version),
        parameters=[f"{name}: {value}" for name, value in parameters(record).items()],
    )


def probability(value: float, derivation: Any) -> Measurement:  # noqa: ANN401 - pydicom's Code
    """A probability of cancer, given from 0 to 1, in per cent."""
    from highdicom.sr import Measurement

    return Measurement(
        name=codes.PROBABILITY_OF_CANCER,
        value=round(100 * value, 6),
        unit=codes.PERCENT,
        derivation=derivation,
    )


def margins(scores: Sequence[ConceptScore]) -> list[Measurement]:
    """The concept scores of the margins, each under its finding's code, in per cent."""
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


def interval_codes(level: float) -> tuple[Any, Any]:
    """The codes of the bounds of a central interval.

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
        "interval.level", f"is {level:g}, but DICOM has codes for intervals of {levels} only"
    )


def outline(
    box: tuple[float, float, float, float], shape: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """``(5, 2)``: the corners of a box, column before row, closed, no further than the image.

    In SCOORD the corner of the first pixel is (0, 0) and its centre (0.5, 0.5) (PS3.3 C.18.6.1.2),
    which is how boxes are given: nothing is to be shifted.
    """
    x, y, width, height = box
    rows, columns = shape
    left, right = (min(max(edge, 0.0), float(columns)) for edge in (x, x + width))
    top, bottom = (min(max(edge, 0.0), float(rows)) for edge in (y, y + height))
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]])


def comment(words: str) -> TextContentItem:
    """A sentence in the report."""
    from highdicom.sr import RelationshipTypeValues, TextContentItem

    return TextContentItem(
        name=codes.COMMENT, value=plain(words), relationship_type=RelationshipTypeValues.CONTAINS
    )
