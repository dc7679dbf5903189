"""Workbooks of Excel, through fastexcel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from compassion_psy.errors import DataError, missing_extra, nearest
from compassion_psy.reading.tables import (
    ReadOptions,
    SourceTable,
    no_rows,
    refuse_repeated,
    unreadable,
    wanted,
    without_idle_types,
)


def read_spreadsheet(path: Path, options: ReadOptions) -> SourceTable:
    """Return the columns that are wanted of one sheet: names are in its first row with entries.

    Rows without any entry at the end of a sheet, which formats leave behind, are no rows.
    """
    try:
        import fastexcel
    except ModuleNotFoundError as error:
        raise missing_extra("fastexcel", "excel") from error
    try:
        workbook = fastexcel.read_excel(path)
        sheet = _sheet(path, workbook.sheet_names, options.sheet)
        # As texts: asked for the names only, nothing is guessed or renamed.
        top = workbook.load_sheet(sheet, header_row=None, n_rows=1, dtypes="string").to_polars()
        if top.is_empty():
            raise no_rows(path)
        names = [name or "" for name in top.row(0)]
        heading = _heading(workbook, sheet)
        refuse_repeated(path, names)
        columns = wanted(path, names, options)
        frame = _answers(workbook, sheet, names, heading)
    except fastexcel.FastExcelError as error:
        raise unreadable(path, "a workbook of Excel", error) from error
    if frame.is_empty():
        raise no_rows(path)
    return SourceTable(path, without_idle_types(frame.select(columns)).lazy())


def _sheet(path: Path, present: list[str], asked: str | None) -> str:
    if asked is None:
        if len(present) > 1:
            raise DataError(
                f"{path} has {len(present)} sheets; say which to read, for example with "
                f"sheet={present[0]!r}. {nearest('', present)}"
            )
        return present[0]
    if asked not in present:
        raise DataError(f"{path} has no sheet {asked!r}. {nearest(asked, present)}")
    return asked


def _heading(workbook: Any, sheet: str) -> int:
    """Return the number of rows down to the one with the names: blank ones may be above it."""
    height = 1
    while True:
        # Left to itself fastexcel passes over blank rows above, and counts them when it skips.
        top = workbook.load_sheet(
            sheet, header_row=None, skip_rows=0, n_rows=height, dtypes="string"
        ).to_polars()
        filled = top.select(pl.any_horizontal(pl.all().is_not_null())).to_series().arg_true()
        if len(filled):
            return int(filled[0]) + 1
        height *= 8


def _answers(workbook: Any, sheet: str, names: list[str], heading: int) -> pl.DataFrame:
    # All rows tell the type: fastexcel makes a text below the rows it looked at null.
    loaded = workbook.load_sheet(
        sheet, header_row=None, skip_rows=heading, column_names=names, schema_sample_rows=None
    )
    frame: pl.DataFrame = loaded.to_polars()
    filled = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series().arg_true()
    return frame.head(filled[-1] + 1 if len(filled) else 0)
