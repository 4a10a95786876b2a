"""Writing what a warehouse sent, Arrow record batches or pages of texts, as a Parquet file."""

import base64
import datetime
import decimal
import json
import operator
import os
import sys

# pyarrow can do without numpy (https://arrow.apache.org/docs/python/install.html), which is a fifth of
# what this takes; that is why a process that has written Parquet does nothing else (main.py).
if "numpy" not in sys.modules:
    sys.modules["numpy"] = None

import pyarrow as pa
import pyarrow.parquet as pq

from .errors import data_error

# Rows of a row group come together until they have so many bytes. The footer, which is held until the
# end, grows by a kilobyte and a half a column with every group, so that small groups take more.
_GROUP_BYTES = 12 * 1024 * 1024

# How DuckDB calls what it reads from Parquet of these types.
_WORDS = {
    pa.string(): "VARCHAR",
    pa.binary(): "BLOB",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.decimal128(38, 9): "DECIMAL(38,9)",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us", "UTC"): "TIMESTAMP WITH TIME ZONE",
    pa.date32(): "DATE",
    pa.time64("us"): "TIME",
    pa.timestamp("us"): "TIMESTAMP",
}

# BigQuery's name of a type, in either of its two dialects, to Arrow's type.
_TYPES = {
    "STRING": pa.string(),
    "BYTES": pa.binary(),
    "INTEGER": pa.int64(),
    "INT64": pa.int64(),
    "FLOAT": pa.float64(),
    "FLOAT64": pa.float64(),
    "NUMERIC": pa.decimal128(38, 9),
    "BOOLEAN": pa.bool_(),
    "BOOL": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "DATETIME": pa.timestamp("us"),
    "JSON": pa.string(),
    "GEOGRAPHY": pa.string(),
}


def write(task, progress):
    """Writes `file` from `raw`; tells what the file then says it holds, and whether `date` never goes back."""
    # Memory that is done with goes back at once: the system's allocator, not a pool.
    pa.set_memory_pool(pa.system_memory_pool())
    schema = pa.schema([(field["name"], _type(field)) for field in task["fields"]])
    batches = {"arrow": _arrow_batches, "rest": _rest_batches}[task["form"]](task["raw"], schema)
    order = _Order(task["date"])
    rows = 0
    # Dictionaries of numbers save little and take a megabyte a column while a group is written.
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    with pq.ParquetWriter(
        task["file"], schema, compression="zstd", use_dictionary=texts
    ) as writer:
        for table in _groups(batches, schema):
            order.see(table)
            writer.write_table(table, row_group_size=max(1, table.num_rows))
            rows += table.num_rows
            # Or it would live until the next group is there.
            del table
            progress(task["id"], rows, max(rows, 1))
    _sync(task["file"])
    return {**_read_back(task["file"], task["date"]), "isSorted": order.is_sorted}


def _read_back(path, date):
    """Rows, columns and first and last day, from the footer of the file; the days are null where there are none."""
    with pq.ParquetFile(path) as file:
        metadata, schema = file.metadata, file.schema_arrow
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        place = schema.names.index(date)
        statistics = [group.column(place).statistics for group in groups]
        days = [one for one in statistics if one is not None and one.has_min_max]
        return {
            "rows": metadata.num_rows,
            "columns": [{"name": field.name, "type": _WORDS[field.type]} for field in schema],
            "first": min((one.min.isoformat() for one in days), default=None),
            "last": max((one.max.isoformat() for one in days), default=None),
        }


def _type(field):
    found = _TYPES.get(field["type"])
    if found is None or field.get("mode") == "REPEATED":
        raise data_error(f"column {field['name']} is of type {field['type']}, which no table may have")
    return found


def _arrow_batches(path, schema):
    try:
        with pa.OSFile(path) as file, pa.ipc.open_stream(file) as reader:
            if reader.schema.names != schema.names:
                raise data_error(f"expected the columns {schema.names}; got {reader.schema.names}")
            for batch in reader:
                batch.validate(full=True)
                columns = [
                    column if column.type == field.type else column.cast(field.type)
                    for column, field in zip(batch.columns, schema, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)
    except (pa.ArrowException, OSError) as error:
        # Of what it cannot read in a file Arrow makes an OSError without a number of the system's.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise data_error(f"the warehouse's Arrow stream cannot be read: {error}") from error


def _rest_batches(path, schema):
    with open(path, encoding="utf-8") as file:
        for line in file:
            rows = json.loads(line)
            columns = [
                _column([row[place] for row in rows], field) for place, field in enumerate(schema)
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(texts, field):
    try:
        read = _reader(field.type)
        return pa.array([None if text is None else read(text) for text in texts], field.type)
    except (ValueError, ArithmeticError, pa.ArrowException) as error:
        raise data_error(f"column {field.name} has a value that is no {field.type}: {error}") from error


def _reader(type_):
    if pa.types.is_string(type_):
        return str
    if pa.types.is_int64(type_):
        return int
    if pa.types.is_float64(type_):
        return float
    if pa.types.is_decimal(type_):
        return decimal.Decimal
    if pa.types.is_boolean(type_):
        return lambda text: {"true": True, "false": False}[text.lower()]
    if pa.types.is_binary(type_):
        return base64.b64decode
    if pa.types.is_date(type_):
        return datetime.date.fromisoformat
    if pa.types.is_time(type_):
        return datetime.time.fromisoformat
    if type_.tz is not None:
        return int
    return datetime.datetime.fromisoformat


def _groups(batches, schema):
    held, size = [], 0
    for batch in batches:
        held.append(batch)
        size += batch.nbytes
        if size >= _GROUP_BYTES:
            yield pa.Table.from_batches(held, schema)
            held, size = [], 0
    if held:
        yield pa.Table.from_batches(held, schema)


class _Order:
    """Whether a column goes up from batch to batch and within each."""

    def __init__(self, name):
        self._name = name
        self._last = None
        self.is_sorted = True

    def see(self, table):
        if not self.is_sorted or table.num_rows == 0:
            return
        for chunk in table.column(self._name).chunks:
            if chunk.null_count > 0:
                self.is_sorted = False
            elif len(chunk) > 0:
                # The numbers of the days, as they lie in memory.
                days = memoryview(chunk.buffers()[1]).cast("i")[chunk.offset :][: len(chunk)]
                follows = self._last is None or days[0] >= self._last
                self.is_sorted &= follows and all(map(operator.le, days, days[1:]))
                self._last = days[-1]


def _sync(path):
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
