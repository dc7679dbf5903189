"""Rows of delimited text that have more or fewer fields than the header."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from compassion_psy.errors import DataError

# A control sign that no text holds: with it as separator, a line is one field.
_NOWHERE = "\x1f"
_QUOTED = r'"[^"]*"'


def refuse_other_widths(
    path: Path, source: Path | bytes, separator: str, *, width: int, heading: int
) -> None:
    """Raise DataError where a row has more or fewer fields than the header.

    Polars takes a row that is too short for one with missing answers.
    """
    if width == 1:
        return
    line = pl.col("line")
    fields = line.str.count_matches(separator, literal=True) + 1
    lines = pl.scan_csv(
        source,
        separator=_NOWHERE,
        quote_char=None,
        has_header=False,
        schema={"line": pl.String},
        glob=False,
    ).select(pl.col("line").fill_null(""))
    quotes = line.str.count_matches('"', literal=True)
    has_wrong, has_quotes, has_odd = (
        lines.select(
            wrong=(fields != width).any(), any=(quotes > 0).any(), odd=(quotes % 2 == 1).any()
        )
        .collect()
        .row(0)
    )
    if has_odd:
        # A field goes over lines, which can be told only with the whole text in hand.
        whole = re.sub(_QUOTED, "", "\n".join(lines.collect()["line"]))
        lines = pl.LazyFrame({"line": whole.split("\n")})
    elif has_quotes:
        lines = lines.select(line.str.replace_all(_QUOTED, ""))
    if has_quotes:
        has_wrong = lines.select((fields != width).any()).collect().item()
    if not has_wrong:
        return
    found = lines.select(fields=fields).with_row_index("row").filter(pl.col("fields") != width)
    row, count = found.head(1).collect().row(0)
    raise DataError(
        f"{path} has {count} fields in row {row - heading + 1} (rows counted from 1 "
        f"below the header), but {width} in its header; the file may be cut off, or a text with "
        "the separator in it needs quotes: correct the row."
    )
