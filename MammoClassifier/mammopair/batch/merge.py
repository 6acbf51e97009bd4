"""Write the results of a run from its journal, in the order of the lesions.

The lesions are streamed once more beside the journal, so that invalid ones are listed in their
place, and outcomes of lesions that are no longer in the table are left out. The results are the
same bytes whatever the order in which tasks finished.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mammopair.atomic_write import atomic_write
from mammopair.batch.lesion_output import section_file
from mammopair.batch.lesion_source import LesionSource
from mammopair.batch.outcome import Failure, FailureTable
from mammopair.batch.run_folder import FAILURES, PAGE, RECORDS, SHARDS, TABLE
from mammopair.batch.run_summary import RunCounts
from mammopair.batch.shards import Shards
from mammopair.io.lesion_table import LesionEntry, RefusedEntry
from mammopair.record import Record, read_records
from mammopair.results.record_table import records_to_csv
from mammopair.results.report import write_page


@dataclass
class _Writers:
    records: TextIO
    failures: FailureTable
    counts: RunCounts

    def fail(self, line: int, failures: tuple[Failure, ...]) -> None:
        """Write the failures of a lesion."""
        self.counts.failures += len(failures)
        self.counts.failed_lesions += bool(failures)
        self.failures.write(line, failures)


def merge_results(source: LesionSource, out: Path) -> RunCounts:
    """Write ``records.jsonl``, ``table.csv`` and ``failures.csv``, each complete or not at all.

    Lesions that are not in the journal are counted as missing.

    Raises
    ------
    InputError
        If a file cannot be read or written.
    """
    counts = RunCounts()
    with atomic_write(out / RECORDS) as records, atomic_write(out / FAILURES) as failures:
        writers = _Writers(records, FailureTable(failures), counts)
        records_to_csv(_write_through(source, Shards(out / SHARDS), writers), out / TABLE)
    return counts


def write_common_page(out: Path, title: str) -> None:
    """Write ``report.html`` from the merged records and the sections of the lesions.

    Without any record there is no page, and that of an earlier run is deleted.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    records = read_records(out / RECORDS)
    if not records:
        (out / PAGE).unlink(missing_ok=True)
        return
    files = (section_file(record, out) for record in records)
    sections = (file.read_text(encoding="utf-8") for file in files if file.is_file())
    write_page(records, sections, out / PAGE, title=title)


def _write_through(source: LesionSource, shards: Shards, writers: _Writers) -> Iterator[Record]:
    """Yield each record after writing its line; write failures on the way."""
    for entry in _in_order(source.entries()):
        writers.counts.lesions += 1
        if isinstance(entry, RefusedEntry):
            failure = Failure(entry.case_id, entry.lesion_id, str(entry.error), "table")
            writers.fail(entry.number, (failure,))
            continue
        stored = shards.find(entry)
        if stored is None:
            writers.counts.missing += 1
            continue
        writers.fail(entry.number, stored.failures)
        if stored.has_record:
            writers.records.write(bytes(stored.record).decode() + "\n")
            record = stored.read_record()
            writers.counts.count_record(record.probability)
            yield record


def _in_order(
    entries: Iterator[LesionEntry | RefusedEntry],
) -> Iterator[LesionEntry | RefusedEntry]:
    """Sort by number: an invalid row is yielded before lesions that still wait for their second.

    Invalid rows wait in a heap until a lesion with a higher number comes; lesions come in order.
    """
    refused: list[tuple[int, RefusedEntry]] = []
    for entry in entries:
        if isinstance(entry, RefusedEntry):
            heapq.heappush(refused, (entry.number, entry))
            continue
        while refused and refused[0][0] < entry.number:
            yield heapq.heappop(refused)[1]
        yield entry
    while refused:
        yield heapq.heappop(refused)[1]
