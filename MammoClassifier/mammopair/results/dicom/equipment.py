"""What made a result: this software, with one ensemble."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from mammopair.record import Record
from mammopair.results.dicom import codes
from mammopair.results.dicom.identity import label, plain

if TYPE_CHECKING:
    from highdicom import AlgorithmIdentificationSequence
    from pydicom.dataset import Dataset

MANUFACTURER = "The MammoClassifier developers"
NAME = "mammopair"


def equipment(record: Record) -> dict[str, Any]:
    """The arguments that highdicom's objects take for it.

    The serial number, which tells one device from another of its kind, is the ensemble's hash.
    """
    return {
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": NAME,
        "software_versions": label(record.software),
        "device_serial_number": record.model.sha256,
    }


def parameters(record: Record) -> dict[str, str]:
    """What, beside name and version, tells which algorithm spoke."""
    return {"manifest SHA-256": record.model.sha256, "software": plain(record.software)}


def series_description(record: Record, content: str) -> str:
    """What a list of series shows of one: the lesion, what is in it, and the notice."""
    return f"Lesion {label(record.lesion_id, 10)}: {content}. Research use only"


def algorithm(record: Record) -> AlgorithmIdentificationSequence:
    """The ensemble, as images identify an algorithm (PS3.3 10.16)."""
    from highdicom import AlgorithmIdentificationSequence

    return AlgorithmIdentificationSequence(
        name=label(record.model.name),
        version=label(record.model.version),
        family=codes.ARTIFICIAL_INTELLIGENCE,
        parameters=parameters(record),
    )


def date(result: Dataset, moment: datetime) -> None:
    """Note when an object was made; nothing but this differs between two makings."""
    day, clock = moment.strftime("%Y%m%d"), moment.strftime("%H%M%S")
    result.InstanceCreationDate, result.InstanceCreationTime = day, clock
    result.ContentDate, result.ContentTime = day, clock
    if "DateOfSecondaryCapture" in result:
        result.DateOfSecondaryCapture, result.TimeOfSecondaryCapture = day, clock
    for contribution in result.get("ContributingEquipmentSequence", []):
        contribution.ContributionDateTime = day + clock
