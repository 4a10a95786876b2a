"""Reading a training table: a verified Parquet file as arrays."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .errors import data_error, fatal_error

DATE = "date"
PRICE = "price"

# Arrow's name of a type to DuckDB's, in which feature manifests are written.
_TYPE_NAMES = {
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
}


class Table:
    """The columns of one Parquet file, each read when first asked for."""

    def __init__(self, path, sha256):
        self._file = _open_verified(path, sha256)
        self._parquet = _parquet(self._file, path)
        self._path = path
        self._features = (None, None)
        self.rows = self._parquet.metadata.num_rows
        self.schema = self._parquet.schema_arrow

    def check_range(self, name, rows):
        """Refuses a range of rows that is empty or reaches beyond the file."""
        if not 0 <= rows["from"] < rows["to"] <= self.rows:
            raise fatal_error(
                f"expected {name} rows within [0, {self.rows}); got [{rows['from']}, {rows['to']})"
            )

    def numbers(self, name):
        """A numeric column as float64, null as NaN."""
        return self._column(name, pa.float64()).to_numpy(zero_copy_only=False)

    def dates(self, start, stop):
        """The `date` column of rows [start, stop) as ISO days."""
        column = self._column(DATE, None).slice(start, stop - start)
        return [str(value)[:10] for value in column.to_pylist()]

    def features(self, names):
        """
        The matrix of the named columns, one row a row, as float32 with NaN for null; booleans are
        0 and 1. Both libraries get these very numbers (XGBoost keeps 32 bits of any).
        """
        if self._features[0] != names:
            self._features = (list(names), self._matrix(names, 0, self.rows))
        return self._features[1]

    def feature_rows(self, names, start, stop):
        """Rows [start, stop) of `features`, without holding the others."""
        if self._features[0] == names:
            return self._features[1][start:stop]
        return self._matrix(names, start, stop)

    def check_manifest(self, features):
        """Refuses a file whose columns are not those that the model was fitted on."""
        names = [feature["name"] for feature in features]
        missing = [name for name in names if name not in self.schema.names]
        if missing:
            raise data_error(f"{_few(missing)} missing from {self._path}, which the model needs")
        for feature in features:
            found = type_name(self.schema.field(feature["name"]).type)
            if found != feature["type"]:
                raise data_error(
                    f"the model was fitted on {feature['name']} of type {feature['type']};"
                    f" {self._path} has it as {found}"
                )
        wanted = set(names)
        order = [name for name in self.schema.names if name in wanted]
        if order != names:
            place = next(i for i, name in enumerate(names) if order[i] != name)
            raise data_error(
                f"the features of {self._path} are in another order than the model's:"
                f" expected {names[place]} at place {place + 1}, got {order[place]}"
            )

    def _matrix(self, names, start, stop):
        matrix = np.empty((stop - start, len(names)), dtype=np.float32)
        for place, name in enumerate(names):
            with np.errstate(over="ignore"):
                matrix[:, place] = self.numbers(name)[start:stop]
            if np.isinf(matrix[:, place]).any():
                row = start + int(np.isinf(matrix[:, place]).argmax())
                raise data_error(f"feature {name} is infinite on {self.dates(row, row + 1)[0]}")
        return matrix

    def _column(self, name, type_):
        if name not in self.schema.names:
            raise data_error(f"column {name} is missing from {self._path}")
        if type_ is not None and not _is_number(self.schema.field(name).type):
            found = self.schema.field(name).type
            raise data_error(f"expected numbers in column {name} of {self._path}; got {found}")
        try:
            column = self._parquet.read(columns=[name], use_threads=False).column(0)
            return (column if type_ is None else column.cast(type_, safe=False)).combine_chunks()
        except (pa.ArrowException, OSError) as error:
            raise data_error(f"{self._path} cannot be read at column {name}: {error}") from error


def type_name(type_):
    """DuckDB's name of an Arrow type; Arrow's own where there is no counterpart."""
    if pa.types.is_decimal(type_):
        return f"DECIMAL({type_.precision},{type_.scale})"
    return _TYPE_NAMES.get(str(type_), str(type_).upper())


_cached = (None, None)


def load(dataset):
    """The table of `dataset`; the last one stays, since trainings of one file come in series."""
    global _cached
    key = (dataset["file"], dataset["sha256"])
    if _cached[0] != key:
        _cached = (None, None)
        _cached = (key, Table(*key))
    return _cached[1]


def _open_verified(path, sha256):
    # The file that is hashed is the file that is read: one descriptor, whatever is renamed over it.
    try:
        file = open(path, "rb")  # noqa: SIM115
    except FileNotFoundError:
        raise fatal_error(f"there is no file {path}") from None
    found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        file.close()
        raise data_error(f"{path} is not the file that was asked for: SHA-256 {found}, not {sha256}")
    file.seek(0)
    return file


def _parquet(file, path):
    try:
        return pq.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise data_error(f"{path} is no readable Parquet file: {error}") from error


def _is_number(type_):
    return (
        pa.types.is_floating(type_)
        or pa.types.is_integer(type_)
        or pa.types.is_boolean(type_)
        or pa.types.is_decimal(type_)
    )


def _few(names):
    shown = ", ".join(names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"column{'s' if len(names) > 1 else ''} {shown}{more}"
