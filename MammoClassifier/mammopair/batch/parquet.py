"""The results as Parquet: the columns of ``table.csv``, and each record whole beside them."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from mammopair.batch.merge import RECORDS, TABLE
from mammopair.errors import InputError

PARQUET = "records.parquet"
NUMBERS = ("probability", "interval_")
"""How the names of columns begin that hold numbers; ``label`` is an integer, all else text."""


def need_parquet() -> None:
    """Raise :class:`InputError` if what writes Parquet is not installed."""
    try:
        import pyarrow  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError(
            "Parquet", 'needs pyarrow; run: pip install "mammopair[parquet]"'
        ) from error


def write_parquet(out: Path) -> Path:
    """Write ``records.parquet`` from a run's merged results, a block at a time; give its path.

    The column ``record`` holds the JSON of the record.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    import pyarrow
    from pyarrow import csv, parquet

    with (out / TABLE).open(encoding="utf-8") as stream:
        columns = stream.readline().rstrip("\n").split(",")
    types = {
        name: pyarrow.float64()
        if name.startswith(NUMBERS)
        else pyarrow.int8()
        if name == "label"
        else pyarrow.string()
        for name in columns
    }
    schema = pyarrow.schema([*types.items(), ("record", pyarrow.string())])
    options = csv.ConvertOptions(column_types=types, strings_can_be_null=True)
    parsing = csv.ParseOptions(newlines_in_values=True)
    unfinished = out / f".{PARQUET}.part"
    try:
        with (
            (out / RECORDS).open(encoding="utf-8") as records,
            parquet.ParquetWriter(unfinished, schema) as writer,
            csv.open_csv(out / TABLE, convert_options=options, parse_options=parsing) as table,
        ):
            for block in table:
                lines = [line.rstrip("\n") for line in islice(records, block.num_rows)]
                whole = [*block.columns, pyarrow.array(lines, pyarrow.string())]
                writer.write_batch(pyarrow.record_batch(whole, schema))
        unfinished.replace(out / PARQUET)
    except OSError as error:
        raise InputError(out / PARQUET, f"cannot be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return out / PARQUET
