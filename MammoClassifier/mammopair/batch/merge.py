"""From shards to results, in the manifest's order: the same bytes whatever the order of completion.

The manifest is streamed once more beside the shards, so that what it refuses is listed in its
place, and what is in the shards but no longer in the manifest is left out.
"""

from __future__ import annotations

import csv
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from mammopair.atomic_write import atomic_write
from mammopair.batch.batch_summary import Tally
from mammopair.batch.lesion_stream import BatchLesion, RefusedLesion, stream_lesions
from mammopair.batch.outcome import Failure
from mammopair.batch.shards import Shards
from mammopair.record import Record
from mammopair.results.record_table import records_to_csv

RECORDS, TABLE, FAILURES = "records.jsonl", "table.csv", "failures.csv"


@dataclass
class _Writers:
    records: TextIO
    failures: csv.DictWriter[str]
    tally: Tally

    def fail(self, line: int, failures: tuple[Failure, ...]) -> None:
        """List a lesion's failures."""
        self.tally.failures += len(failures)
        self.tally.failed_lesions += bool(failures)
        self.failures.writerows(
            {
                "line": line,
                "case_id": one.case_id,
                "lesion_id": one.lesion_id,
                "step": one.step,
                "reason": one.reason,
            }
            for one in failures
        )


def merge(manifest: Path, shards: Path, out: Path) -> Tally:
    """Write ``records.jsonl``, ``table.csv`` and ``failures.csv``, each whole or not at all.

    Lesions that are in no shard are in no result.

    Raises
    ------
    InputError
        If a file cannot be read or written.
    """
    tally = Tally()
    with (
        atomic_write(out / RECORDS) as records,
        atomic_write(out / FAILURES) as failures,
    ):
        columns = ("line", "case_id", "lesion_id", "step", "reason")
        table = csv.DictWriter(failures, columns, lineterminator="\n")
        table.writeheader()
        writers = _Writers(records, table, tally)
        records_to_csv(_write_through(manifest, Shards(shards), writers), out / TABLE)
    return tally


def _write_through(manifest: Path, shards: Shards, writers: _Writers) -> Iterator[Record]:
    """Each record, after its line was written; failures are written on the way."""
    for lesion in _in_order(stream_lesions(manifest)):
        writers.tally.lesions += 1
        if isinstance(lesion, RefusedLesion):
            writers.fail(lesion.number, (lesion.failure,))
            continue
        stored = shards.find(lesion)
        if stored is None:
            writers.tally.missing += 1
            continue
        writers.fail(lesion.number, stored.failures)
        if stored.has_record:
            writers.records.write(bytes(stored.record).decode() + "\n")
            record = stored.read_record()
            writers.tally.count(record.probability)
            yield record


def _in_order(
    lesions: Iterator[BatchLesion | RefusedLesion],
) -> Iterator[BatchLesion | RefusedLesion]:
    """By number: rows that are refused come before the lesions that still wait for their second.

    They wait in a heap until a lesion of a higher number has come; lesions come in order.
    """
    refused: list[tuple[int, RefusedLesion]] = []
    for lesion in lesions:
        if isinstance(lesion, RefusedLesion):
            heapq.heappush(refused, (lesion.number, lesion))
            continue
        while refused and refused[0][0] < lesion.number:
            yield heapq.heappop(refused)[1]
        yield lesion
    while refused:
        yield heapq.heappop(refused)[1]
