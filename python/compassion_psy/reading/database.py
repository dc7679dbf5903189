"""Databases: the answer to a query through ADBC or another connection, and DuckDB relations."""

from __future__ import annotations

from typing import Any

import polars as pl

from compassion_psy.errors import CompassionError, DataError, OptionError, missing_extra, nearest


def read_query(query: str, connection: Any, columns: tuple[str, ...] | None) -> pl.LazyFrame:
    """Return what a database answers to a query.

    Raises
    ------
    DataError
        When the database refuses, or answers without rows or without a wanted column.
    """
    if not isinstance(query, str):
        raise OptionError(
            f"source is a {type(query).__name__}, but with connection= it must be a query in SQL."
        )
    try:
        if isinstance(connection, str):
            frame = pl.read_database_uri(query, connection, engine="adbc")
        else:
            # All rows tell the type, where the driver does not.
            frame = pl.read_database(query, connection, infer_schema_length=None)
    except CompassionError:
        raise
    except ModuleNotFoundError as error:
        driver = str(error).partition("driver not detected")[0].replace("ADBC ", "").strip(" '")
        name = driver.replace("_", "-") if driver.startswith("adbc_") else error.name
        raise missing_extra(name or "an ADBC driver", "database") from error
    except TypeError as error:
        raise OptionError(
            f"connection is a {type(connection).__name__}, which cannot be asked ({error}); give "
            "an address such as 'sqlite:survey.db', or a connection of ADBC."
        ) from error
    except Exception as error:
        # Every driver has errors of its own, with no common class.
        reason = (str(error).strip() or repr(error)).splitlines()[0].rstrip(".")
        raise DataError(
            f"The database refuses the query: {reason}; correct the query or the connection."
        ) from error
    if frame.is_empty():
        raise DataError("The query returns no rows; correct it, or ask for other rows.")
    return _selected(frame.lazy(), columns)


def is_relation(source: Any) -> bool:
    """Whether this is a relation of DuckDB."""
    return type(source).__name__ == "DuckDBPyRelation"


def read_relation(relation: Any, columns: tuple[str, ...] | None) -> pl.LazyFrame:
    """Return a relation of DuckDB, which computes it when its rows are asked for."""
    return _selected(relation.pl(lazy=True), columns)


def _selected(frame: pl.LazyFrame, columns: tuple[str, ...] | None) -> pl.LazyFrame:
    if columns is None:
        return frame
    present = frame.collect_schema().names()
    for name in columns:
        if name not in present:
            raise DataError(f"The query returns no column {name!r}. {nearest(name, present)}")
    return frame.select(columns)
