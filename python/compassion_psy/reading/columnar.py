"""Parquet and Arrow files, which are read column by column when they are needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from compassion_psy.reading.tables import ReadOptions, SourceTable, no_rows, unreadable, wanted


def read_parquet(path: Path, options: ReadOptions) -> SourceTable:
    """Return the columns that are wanted of a Parquet file."""
    return _scanned(path, options, pl.scan_parquet, "Parquet")


def read_ipc(path: Path, options: ReadOptions) -> SourceTable:
    """Return the columns that are wanted of an Arrow IPC file, which is Feather version 2."""
    return _scanned(path, options, pl.scan_ipc, "an Arrow IPC file")


def _scanned(
    path: Path, options: ReadOptions, scan: Callable[..., pl.LazyFrame], kind: str
) -> SourceTable:
    try:
        frame = scan(path, glob=False)
        columns = wanted(path, frame.collect_schema().names(), options)
        rows = frame.select(pl.len()).collect().item()
    except (PolarsError, OSError) as error:
        raise unreadable(path, kind, error) from error
    if rows == 0:
        raise no_rows(path)
    return SourceTable(path, frame.select(columns))
