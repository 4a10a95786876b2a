"""Writing what a warehouse sent, Arrow record batches or pages of texts, as a Parquet file."""

import base64
import datetime
import decimal
import json
import os

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .errors import data_error

# Rows of a row group come together until they have so many bytes.
_GROUP_BYTES = 8 * 1024 * 1024

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
    """Writes `file` from `raw`; tells the rows and whether `date` never goes back."""
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
            progress(task["id"], rows, max(rows, 1))
    _sync(task["file"])
    return {"rows": rows, "isSorted": order.is_sorted}


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
                columns = [
                    column if column.type == field.type else column.cast(field.type)
                    for column, field in zip(batch.columns, schema, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)
    except pa.ArrowException as error:
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
        days = table.column(self._name).combine_chunks()
        rises = pc.all(pc.greater_equal(days.slice(1), days.slice(0, len(days) - 1))).as_py()
        first, last = days[0].as_py(), days[len(days) - 1].as_py()
        follows = self._last is None or (first is not None and first >= self._last)
        self.is_sorted = rises is not False and follows and last is not None
        self._last = last


def _sync(path):
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
