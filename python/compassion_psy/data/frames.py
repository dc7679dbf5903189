"""Frames of any kind as Polars frames."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from compassion_psy.data.forking import refuse_forked_polars
from compassion_psy.errors import DataError, missing_extra, nearest


def as_frame(data: Any, columns: Sequence[str] | None) -> pl.DataFrame:
    """Return the columns of `data` as a Polars data frame.

    Only these columns are read where the source allows it. NaN in a pandas frame is how pandas
    writes a missing value, and becomes one.

    Parameters
    ----------
    data : frame
        A Polars DataFrame or LazyFrame, or anything Polars takes in: pandas, pyarrow, a DuckDB
        relation, any object with an Arrow stream, a mapping of columns.
    columns : sequence of str
        The columns that are needed; None for all.

    Raises
    ------
    DataError
        When `data` is no frame, or lacks a column; near names are suggested. When a lazy frame
        or a relation cannot be computed.
    CompassionError
        In a process that was forked after Polars had been used, where Polars would hang.
    """
    refuse_forked_polars()
    refuse_patterns(columns or ())
    if isinstance(data, pl.LazyFrame):
        return _collected(data, columns)
    if isinstance(data, pl.DataFrame):
        frame = data
    elif type(data).__module__.partition(".")[0] == "pandas":
        if type(data).__name__ != "DataFrame":
            raise DataError(f"data is a pandas {type(data).__name__}; pass a pandas DataFrame.")
        frame = _from_pandas(data, columns)
    else:
        frame = _from_other(data)
    if columns is None:
        return frame
    require_columns(frame.columns, columns)
    return frame.select(columns)


def with_names(data: Any) -> tuple[Any, list[str]]:
    """Return data that `as_frame` takes, and the names of all its columns, few of them read."""
    if isinstance(data, pl.LazyFrame):
        try:
            return data, data.collect_schema().names()
        except Exception as error:  # a function of the user's may raise anything
            raise _not_computed(error) from error
    if type(data).__module__.partition(".")[0] == "pandas" and hasattr(data, "columns"):
        return data, [str(name) for name in data.columns]
    frame = as_frame(data, None)
    return frame, frame.columns


def refuse_patterns(columns: Sequence[str]) -> None:
    """Raise DataError for a name that stands for several columns to Polars."""
    for name in columns:
        if name == "*" or (name.startswith("^") and name.endswith("$")):
            raise DataError(f"The name {name!r} is a pattern to Polars; rename the column.")


def _collected(data: pl.LazyFrame, columns: Sequence[str] | None) -> pl.DataFrame:
    try:
        if columns is None:
            return data.collect()
        require_columns(data.collect_schema().names(), columns)
        return data.select(columns).collect()
    except DataError:
        raise
    except Exception as error:  # a function of the user's may raise anything
        raise _not_computed(error) from error


def _not_computed(error: Exception) -> DataError:
    return DataError(f"The lazy frame cannot be computed: {_first_line(error)}.")


def _from_pandas(data: Any, columns: Sequence[str] | None) -> pl.DataFrame:
    names = [str(name) for name in data.columns]
    columns = names if columns is None else columns
    duplicates = {name for name in names if names.count(name) > 1}
    if duplicates:
        raise DataError(f"The frame has two columns {min(duplicates)!r}; rename one of them.")
    require_columns(names, columns)
    # By place: a pandas name may be a number.
    needed = data.iloc[:, [names.index(name) for name in columns]].set_axis(columns, axis=1)
    try:
        return pl.from_pandas(needed, nan_to_null=True)
    except ImportError as error:
        raise missing_extra("pyarrow", "pandas") from error
    except Exception as error:  # those of pyarrow, which may be absent, so cannot be named
        raise DataError(
            f"The pandas frame holds a column that is no column of one kind of values "
            f"({_first_line(error)}); convert it, for example with pandas.to_numeric."
        ) from error


def _from_other(data: Any) -> pl.DataFrame:
    if isinstance(data, (str, bytes)):
        raise DataError(
            f"data is the text {data!r}, not a frame; read the file first, "
            "for example with polars.read_csv or polars.scan_parquet."
        )
    if type(data).__name__ == "DuckDBPyRelation":
        return _from_relation(data)
    try:
        return pl.DataFrame(data)
    except ImportError as error:
        raise missing_extra(str(error.name), "pandas") from error
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise DataError(
            f"data is a {type(data).__name__}, which Polars cannot take in as a frame ({error}); "
            "pass a Polars, pandas or pyarrow frame."
        ) from error


def _from_relation(data: Any) -> pl.DataFrame:
    # A DuckDB relation hands itself over; taken in from outside, it complains when Python ends.
    try:
        frame: pl.DataFrame = data.pl()
    except ImportError as error:
        raise missing_extra("pyarrow", "pandas") from error
    except Exception as error:  # those of DuckDB, which may be absent, so cannot be named
        raise DataError(
            f"The DuckDB relation cannot be computed: {_first_line(error)}; correct its query, "
            "and keep its connection open."
        ) from error
    return frame


def _first_line(error: Exception) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0].rstrip(".")


def require_columns(present: Sequence[str], needed: Sequence[str]) -> None:
    """Raise DataError for the first columns of `needed` that are not there."""
    absent = [name for name in needed if name not in set(present)]
    if absent:
        more = f" (and {len(absent) - 1} more)" if len(absent) > 1 else ""
        raise DataError(
            f"There is no column {absent[0]!r}{more} in the data. {nearest(absent[0], present)}"
        )
