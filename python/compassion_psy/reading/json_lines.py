"""JSON lines: one object a row."""

from __future__ import annotations

import glob
import os
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from compassion_psy.reading.tables import ReadOptions, SourceTable, no_rows, unreadable, wanted


def read_json_lines(path: Path, options: ReadOptions) -> SourceTable:
    """Return the columns that are wanted of a file of JSON lines.

    An object that lacks a key has no answer there, as web forms write it.
    """
    if not path.stat().st_size:
        raise no_rows(path)
    try:
        # All rows are looked at, so that a late text or fraction is no surprise.
        name = glob.escape(os.fspath(path))  # Polars takes it for a pattern
        frame = pl.scan_ndjson(name, infer_schema_length=None)
        columns = wanted(path, frame.collect_schema().names(), options)
        frame = frame.select(columns)
        frame.select(pl.all().null_count()).collect()
    except (PolarsError, OSError) as error:
        raise unreadable(path, "JSON lines (one object in each line)", error) from error
    return SourceTable(path, frame)
