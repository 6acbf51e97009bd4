"""What is sent to a worker: the plan of a run, and the lesions of a task."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mammopair.batch.run_options import ResultOptions
from mammopair.io.lesion_table import LesionEntry


@dataclass(frozen=True)
class BatchPlan:
    """The same for every task of a run."""

    model: str
    """Name of a shipped ensemble, or folder of an ensemble."""
    sha256: str
    """Of the ensemble's manifest; a worker that finds another raises an error."""
    software: str
    """Version of this package; a worker with another raises an error."""
    out: str
    """Absolute folder of the run; workers write to it only if ``results.files``."""
    moment: datetime
    """Start of the run by the client's clock: date of all DICOM objects."""
    device: str
    runtime: str
    results: ResultOptions


@dataclass(frozen=True)
class Task:
    """Lesions that are classified together, because they share films or to fill a batch.

    It contains paths, not pixels; its size is some kilobytes.
    """

    entries: tuple[LesionEntry, ...]
    """All are classified: the last digits of their results depend on it."""
    unfinished: frozenset[int]
    """Numbers of the lesions whose outcomes are returned."""

    def split(self) -> list[Task]:
        """Return one task for each unfinished lesion."""
        return [
            Task((entry,), frozenset({entry.number}))
            for entry in self.entries
            if entry.number in self.unfinished
        ]
