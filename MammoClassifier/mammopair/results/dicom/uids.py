"""Reproducible UIDs: unique worldwide, and equal for equal input and model.

They are name-based UUIDs, version 5, under ``2.25`` (PS3.5 B.2), so a result that is sent twice is
one object in the archive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from mammopair.record import Record

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

NAMESPACE = UUID("6f4a4a5e-6a2b-4a1c-9c0e-3f1f7d1f2b90")
"""Random, generated once for this package."""


def stable_uid(*names: str) -> str:
    """Return the UID of a list of names; different lists have different UIDs."""
    joined = "\x1f".join(names)
    return f"2.25.{uuid5(NAMESPACE, joined).int}"


def lesion_uid(record: Record) -> str:
    """Return the tracking UID of the lesion, which is independent of the model."""
    return stable_uid("lesion", *_marked_boxes(record))


def result_uid(record: Record, *what: str) -> str:
    """Return the UID of something made by this software and model from the input of a record."""
    made_by = (record.software, record.model.sha256)
    return stable_uid(*what, *made_by, record.case_id, record.lesion_id, *_marked_boxes(record))


def plane_uid(sop_uid: str) -> str:
    """Return the UID of the frame of reference that is the plane of an image."""
    return stable_uid("plane", sop_uid)


def set_dimension_uid(result: Dataset) -> None:
    """Replace the random UID that highdicom gives the dimensions of a multi-frame object."""
    uid = stable_uid("dimensions", str(result.SOPInstanceUID))
    for keyword in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
        for item in result.get(keyword, []):
            item.DimensionOrganizationUID = uid


def _marked_boxes(record: Record) -> list[str]:
    """Return the images and their boxes; file names and the order of views do not matter."""
    return sorted(f"{view.sop_uid} {[float(edge) for edge in view.box]}" for view in record.views)
