"""Databases: the answer to a query through ADBC or another connection, and DuckDB relations."""

from __future__ import annotations

from typing import Any

import polars as pl

from compassion_psy.errors import CompassionError, DataError, OptionError, missing_extra
from compassion_psy.reading.tables import ReadOptions, SourceTable, wanted


def read_query(query: str, connection: Any, options: ReadOptions) -> SourceTable:
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
    return SourceTable(
        "The query", frame.select(wanted("The query", frame.columns, options)).lazy()
    )


def is_relation(source: Any) -> bool:
    """Whether this is a relation of DuckDB."""
    return type(source).__name__ == "DuckDBPyRelation"


def read_relation(relation: Any, options: ReadOptions) -> SourceTable:
    """Return a relation of DuckDB, which computes it when its rows are asked for."""
    try:
        frame = relation.pl(lazy=True)
    except ModuleNotFoundError as error:
        raise missing_extra(str(error.name), "database") from error
    columns = wanted("The relation", relation.columns, options)
    return SourceTable("The relation", frame.select(columns))
