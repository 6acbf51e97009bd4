"""What a batch came to: counts, a histogram of the probabilities, and how long it took."""

from __future__ import annotations

import msgspec

from mammopair import RESEARCH_USE_ONLY

BINS = 10
"""Of the histogram, over probabilities 0 to 1."""


class Tally(msgspec.Struct):
    """Counts of a run's results."""

    lesions: int = 0
    """In the manifest, with those that it spoils."""
    records: int = 0
    failures: int = 0
    """Lines of ``failures.csv``."""
    failed_lesions: int = 0
    """Lesions with a line there: without a record, or with an output missing."""
    missing: int = 0
    """Lesions that were not come to."""
    histogram: list[int] = msgspec.field(default_factory=lambda: [0] * BINS)
    """Records by probability, in tenths."""

    def count(self, probability: float) -> None:
        """Count a record."""
        self.records += 1
        self.histogram[min(int(probability * BINS), BINS - 1)] += 1


class Summary(msgspec.Struct, kw_only=True):
    """What is told at the end of a run."""

    tally: Tally
    kept: int
    """Lesions that an earlier start had finished."""
    seconds: float
    """Of this start, from the first task to the last result."""
    out: str
    dashboard: str = ""
    """Address of the Dask dashboard, where it ran."""
    warnings: list[str] = []
    """What the user ought to know of the workers."""
    notice: str = RESEARCH_USE_ONLY

    @property
    def rate(self) -> float:
        """Lesions a second of this start."""
        return (self.tally.lesions - self.kept) / self.seconds if self.seconds else 0.0

    @property
    def exit_code(self) -> int:
        """0 if every lesion has all that was asked for, else 1."""
        return 1 if self.tally.failures or self.tally.missing else 0
