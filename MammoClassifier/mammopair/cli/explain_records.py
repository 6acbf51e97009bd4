"""Explain records after they were made, under a bar; what cannot be is named and stays plain."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mammopair.errors import InputError
from mammopair.record import Record

if TYPE_CHECKING:
    from mammopair.model.ensemble import Ensemble


def explained(records: Sequence[Record], ensemble: Ensemble, out: Path) -> tuple[list[Record], int]:
    """The records with their explanations, and how many could not be explained.

    The pictures go into a folder beside the records.
    """
    from mammopair.cli.terminal import run_with_bar
    from mammopair.explain.explanation import explain_record
    from mammopair.io.reader import read_view

    made, refused = [], 0
    for number, record in enumerate(records, start=1):
        steps = explain_record(
            record, lambda view: read_view(Path(view.file)), ensemble, out, f"lesion-{number}"
        )
        try:
            made.append(run_with_bar(steps))
        except InputError as error:
            print(f"mammopair: {record.case_id} is not explained: {error}", file=sys.stderr)
            made.append(record)
            refused += 1
    return made, refused
