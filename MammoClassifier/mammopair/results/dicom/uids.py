"""UIDs that are new to the world, and the same again for the same input and model.

Made from names, as UUIDs of version 5 under ``2.25`` (PS3.5 B.2): whoever sends a result twice
sends one object, not two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from mammopair.record import Record

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

NAMESPACE = UUID("6f4a4a5e-6a2b-4a1c-9c0e-3f1f7d1f2b90")
"""Drawn once, for this package."""


def stable_uid(*names: str) -> str:
    """The UID of a list of names, which no other list shares."""
    joined = "\x1f".join(names)
    return f"2.25.{uuid5(NAMESPACE, joined).int}"


def lesion_uid(record: Record) -> str:
    """Of the lesion, for tracking: the same whichever model looked at it."""
    return stable_uid("lesion", *_marks(record))


def result_uid(record: Record, *what: str) -> str:
    """Of something that this software and the record's model make of the record's input."""
    made_by = (record.software, record.model.sha256)
    return stable_uid(*what, *made_by, record.case_id, record.lesion_id, *_marks(record))


def plane_uid(sop_uid: str) -> str:
    """Of the frame of reference that is an image's own plane."""
    return stable_uid("plane", sop_uid)


def settle_dimensions(result: Dataset) -> None:
    """Give the dimensions of a multi-frame object a UID that stays, for highdicom draws one."""
    uid = stable_uid("dimensions", str(result.SOPInstanceUID))
    for keyword in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
        for item in result.get(keyword, []):
            item.DimensionOrganizationUID = uid


def _marks(record: Record) -> list[str]:
    """Which box on which image; files may move and views change places, so these do not count."""
    return sorted(f"{view.sop_uid} {[float(edge) for edge in view.box]}" for view in record.views)
