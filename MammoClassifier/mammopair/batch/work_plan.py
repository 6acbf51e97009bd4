"""What a worker must know: which ensemble, how to run it, and what to write of each lesion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mammopair.batch.lesion_stream import BatchLesion

OUTPUTS = ("dicom", "report", "evidence")
"""What may be written of each lesion beside its record, each in a folder of this name."""


@dataclass(frozen=True)
class BatchPlan:
    """The same for every task of a run."""

    model: str
    """An ensemble that ships, by name, or an ensemble's folder."""
    sha256: str
    """Of its manifest; a worker that finds another refuses."""
    software: str
    """The version of this package; a worker of another refuses."""
    out: str
    """The run's folder, absolute; workers write there only if there are ``outputs``."""
    moment: datetime
    """When the run began, by its client's clock: the date of all DICOM objects."""
    device: str = "auto"
    runtime: str = "torch"
    outputs: tuple[str, ...] = ()
    """Of :data:`OUTPUTS`."""


@dataclass(frozen=True)
class Task:
    """Lesions on the same films, and some more: what one worker does at a time.

    Paths travel, not pixels: a task is some kilobytes.
    """

    lesions: tuple[BatchLesion, ...]
    """Read together; the last digits of their numbers depend on it."""
    wanted: frozenset[int]
    """The numbers of those that are not finished yet, whose outcomes are to be given."""

    def one_by_one(self) -> list[Task]:
        """A task for each lesion that is wanted."""
        return [
            Task((lesion,), self.wanted & {lesion.number})
            for lesion in self.lesions
            if lesion.number in self.wanted
        ]
