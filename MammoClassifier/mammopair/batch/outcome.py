"""What became of a lesion: a record, or why there is none."""

from __future__ import annotations

import msgspec

from mammopair.record import Record


class Failure(msgspec.Struct, frozen=True):
    """Something of a lesion that could not be done."""

    case_id: str
    lesion_id: str
    reason: str
    """One sentence that names the file or field."""
    step: str = "classify"
    """``manifest``, ``classify``, or the output that is missing: ``dicom``, ``report``, ..."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One lesion of a batch, done with."""

    number: int
    """The line of the manifest that the lesion begins at; its place in all results."""
    digest: str
    """Of what the manifest says of it: an outcome counts for exactly that."""
    record: Record | None
    failures: tuple[Failure, ...] = ()
    """Why there is no record, or which outputs are missing beside it."""
