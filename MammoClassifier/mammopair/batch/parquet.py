"""Write the results as Parquet: the columns of ``table.csv``, and each record as JSON."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from mammopair.atomic_write import atomic_path
from mammopair.batch.run_folder import PARQUET, RECORDS, TABLE
from mammopair.errors import InputError

NUMBERS = ("probability", "interval_")
"""Prefixes of the columns with numbers; ``label`` is an integer, all others are text."""


def require_parquet() -> None:
    """Raise :class:`InputError` if pyarrow, which writes Parquet, is not installed."""
    try:
        import pyarrow  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError(
            "Parquet", 'needs pyarrow; run: pip install "mammopair[parquet]"'
        ) from error


def write_parquet(out: Path) -> Path:
    """Write ``records.parquet`` from the merged results of a run, one block at a time.

    The column ``record`` contains the JSON of the record.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    import pyarrow
    from pyarrow import csv, parquet

    with (out / TABLE).open(encoding="utf-8") as stream:
        names = stream.readline().rstrip("\n").split(",")
    types = {
        name: pyarrow.float64()
        if name.startswith(NUMBERS)
        else pyarrow.int8()
        if name == "label"
        else pyarrow.string()
        for name in names
    }
    schema = pyarrow.schema([*types.items(), ("record", pyarrow.string())])
    options = csv.ConvertOptions(column_types=types, strings_can_be_null=True)
    parsing = csv.ParseOptions(newlines_in_values=True)
    with (
        atomic_path(out / PARQUET) as temporary,
        (out / RECORDS).open(encoding="utf-8") as records,
        parquet.ParquetWriter(temporary, schema) as writer,
        csv.open_csv(out / TABLE, convert_options=options, parse_options=parsing) as table,
    ):
        for block in table:
            lines = [line.rstrip("\n") for line in islice(records, block.num_rows)]
            columns = [*block.columns, pyarrow.array(lines, pyarrow.string())]
            writer.write_batch(pyarrow.record_batch(columns, schema))
    return out / PARQUET
