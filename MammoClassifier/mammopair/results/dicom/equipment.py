"""The equipment that made a result: this software with one ensemble."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from mammopair.record import Record
from mammopair.results.dicom import codes
from mammopair.results.dicom.ascii_text import to_ascii, to_line

if TYPE_CHECKING:
    from highdicom import AlgorithmIdentificationSequence
    from pydicom.dataset import Dataset

MANUFACTURER = "The MammoClassifier developers"
NAME = "mammopair"


class Equipment(TypedDict):
    """Arguments of highdicom's objects that identify the equipment."""

    manufacturer: str
    manufacturer_model_name: str
    software_versions: str
    device_serial_number: str


def identify_equipment(record: Record) -> Equipment:
    """Return the equipment. The serial number is the SHA-256 of the ensemble's manifest."""
    return Equipment(
        manufacturer=MANUFACTURER,
        manufacturer_model_name=NAME,
        software_versions=to_line(record.software),
        device_serial_number=record.model.sha256,
    )


def algorithm_parameters(record: Record) -> dict[str, str]:
    """Return what identifies the algorithm besides its name and version."""
    return {"manifest SHA-256": record.model.sha256, "software": to_ascii(record.software)}


def identify_algorithm(record: Record) -> AlgorithmIdentificationSequence:
    """Return the ensemble as the algorithm of an image (PS3.3 10.16)."""
    from highdicom import AlgorithmIdentificationSequence

    return AlgorithmIdentificationSequence(
        name=to_line(record.model.name),
        version=to_line(record.model.version),
        family=codes.ARTIFICIAL_INTELLIGENCE,
        parameters=algorithm_parameters(record),
    )


def series_description(record: Record, content: str) -> str:
    """Return the description of a series: the lesion, the content and the intended use."""
    return f"Lesion {to_line(record.lesion_id, 10)}: {content}. Research use only"


def set_dates(result: Dataset, moment: datetime) -> None:
    """Set all dates and times of an object, the only difference between two exports."""
    day, clock = moment.strftime("%Y%m%d"), moment.strftime("%H%M%S")
    result.InstanceCreationDate, result.InstanceCreationTime = day, clock
    result.ContentDate, result.ContentTime = day, clock
    if "DateOfSecondaryCapture" in result:
        result.DateOfSecondaryCapture, result.TimeOfSecondaryCapture = day, clock
    for contribution in result.get("ContributingEquipmentSequence", []):
        contribution.ContributionDateTime = day + clock
