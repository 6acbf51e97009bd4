"""Summary of a run: counts, a histogram of the probabilities, and the duration."""

from __future__ import annotations

import msgspec

from mammopair import RESEARCH_USE_ONLY

BINS = 10
"""Bins of the histogram, over probabilities from 0 to 1."""


class RunCounts(msgspec.Struct):
    """Counts of the results of a run."""

    lesions: int = 0
    """In the lesion table, including invalid ones."""
    records: int = 0
    failures: int = 0
    """Rows of ``failures.csv``."""
    failed_lesions: int = 0
    """Lesions with a failure: without a record, or with a missing result."""
    missing: int = 0
    """Lesions that were not processed."""
    histogram: list[int] = msgspec.field(default_factory=lambda: [0] * BINS)
    """Records per bin of probability."""

    def count_record(self, probability: float) -> None:
        """Count a record."""
        self.records += 1
        self.histogram[min(int(probability * BINS), BINS - 1)] += 1


class RunSummary(msgspec.Struct, kw_only=True):
    """The result of :func:`~mammopair.batch.runner.run_batch`."""

    counts: RunCounts
    reused: int
    """Lesions that an earlier start of the run had finished."""
    seconds: float
    """Duration of this start, from the first task to the last result."""
    out: str
    dashboard: str = ""
    """Address of the Dask dashboard; empty if there was none."""
    warnings: list[str] = []
    """About the workers."""
    notice: str = RESEARCH_USE_ONLY

    @property
    def rate(self) -> float:
        """Lesions per second in this start."""
        return (self.counts.lesions - self.reused) / self.seconds if self.seconds else 0.0

    @property
    def exit_code(self) -> int:
        """0 if every lesion has all requested results, else 1."""
        return 1 if self.counts.failures or self.counts.missing else 0
