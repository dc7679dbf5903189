"""Frames as readable tables, for a terminal and for a notebook. The only place that rounds."""

import html
import itertools
import math
import shutil
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

DECIMALS = 3
ROUNDING = 1e-12  # coefficients are near one: what is smaller is left over from their computation
ABSENT = "–"
LONGEST_TABLE = 100
SHOWN_AT_EACH_END = 20
LONGEST_CELL = 40
LONGEST_NAME = 60  # of a row: two that are cut may look alike

# Whole numbers of these columns are counts and get thousands separators; others, such as a year or
# the number of a site, are names.
_COUNTS = frozenset(
    {
        *("n", "n_items", "n_excluded", "replicates", "failed", "count", "rows", "cells"),
        *("persons", "groups"),
    }
)
# The p of tests; shares and other probabilities may well be 0.000.
_PROBABILITIES = frozenset({"p", "p_adjusted", "p_holm", "p_value"})
_SMALLEST_PROBABILITY = 10.0**-DECIMALS
# Columns that say what was asked for. With one value throughout they are named once, above.
_SETTINGS = ("scale", "level", "interval", "n_items", "replicates")
# Where these are zero throughout, that is said once, above.
_LOSSES = ("n_excluded", "failed")
_GAP = "  "


@dataclass(frozen=True)
class _Table:
    """A frame as text: cells are formatted, nothing is laid out yet."""

    headers: list[str]
    numeric: list[bool]
    keys: int  # the leading columns that name a row
    rows: list[list[str]]
    left_out: str | None  # what stands between head and tail
    settings: str | None
    notes: list[str]


def to_text(
    frame: pl.DataFrame,
    *,
    title: str | None = None,
    notes: Sequence[str] = (),
    width: int | None = None,
) -> str:
    """Return `frame` as an aligned table of plain text.

    Numbers are rounded to three decimals and null is shown as an en dash. Columns that
    say what was asked for (scale, level, interval, ...) are named once, above the table, when they
    hold one value, and so are losses (n_excluded, failed) when there are none; a column `note`
    becomes footnotes; of more than 100 rows the first and last 20 are shown. A table wider than
    `width` goes on below itself.

    Parameters
    ----------
    frame : polars.DataFrame
        What to show.
    title : str, optional
        Put above the table.
    notes : sequence of str
        Put below the table, each on a line of its own.
    width : int, optional
        Characters in a line; that of the terminal when None.

    Returns
    -------
    str
        Lines without a final line break.

    Examples
    --------
    >>> print(to_text(pl.DataFrame({"site": ["A", "B"], "n": [1200, 80], "alpha": [0.8, None]})))
    site      n  alpha
    ──────────────────
    A     1,200  0.800
    B        80      –
    """
    table = _prepare(frame, notes)
    width = shutil.get_terminal_size(fallback=(120, 24)).columns if width is None else width
    lines = [line for line in (title and _printable(title), table.settings) if line]
    lines = [part for line in lines for part in textwrap.wrap(line, width)]
    if lines:
        lines.append("")
    for number, columns in enumerate(_panels(table, width) if table.headers else []):
        lines += [""] * (number > 0) + _panel_lines(table, columns)
    if table.notes:
        lines.append("")
    for note in table.notes:
        lines += textwrap.wrap(note, width, subsequent_indent="   ")
    return "\n".join(lines)


def to_html(frame: pl.DataFrame, *, title: str | None = None, notes: Sequence[str] = ()) -> str:
    """Return `frame` as an HTML table, with the same content as `to_text`.

    Every text is escaped; the result needs no style sheet and runs nothing.

    Parameters
    ----------
    frame : polars.DataFrame
        What to show.
    title : str, optional
        Put above the table.
    notes : sequence of str
        Put below the table, each on a line of its own.

    Returns
    -------
    str
        One ``<div>``.
    """
    table = _prepare(frame, notes)
    left, right = ' style="text-align:left"', ' style="text-align:right"'
    aligned = [right if numeric else left for numeric in table.numeric]

    def row(cells: list[str], tag: str) -> str:
        filled = (
            f"<{tag}{align}>{html.escape(cell)}</{tag}>"
            for align, cell in zip(aligned, cells, strict=True)
        )
        return f"<tr>{''.join(filled)}</tr>"

    parts = ['<div class="compassion-psy">']
    if title is not None:
        parts.append(f"<p><strong>{html.escape(_printable(title))}</strong></p>")
    if table.settings:
        parts.append(f"<p>{html.escape(table.settings)}</p>")
    body = [row(cells, "td") for cells in table.rows]
    if table.left_out:
        left_out = f'<tr><td colspan="{len(aligned)}">⋮ {table.left_out}</td></tr>'
        body.insert(SHOWN_AT_EACH_END, left_out)
    parts.append(f"<table><thead>{row(table.headers, 'th')}</thead>")
    parts.append(f"<tbody>{''.join(body)}</tbody></table>")
    parts += [f"<p>{html.escape(note)}</p>" for note in table.notes]
    parts.append("</div>")
    return "\n".join(parts)


def parts_to_text(parts: Sequence[tuple[str, pl.DataFrame]], *, notes: Sequence[str] = ()) -> str:
    """Return frames with their titles one below the other, the notes below the last."""
    last = len(parts) - 1
    return "\n\n".join(
        to_text(frame, title=title, notes=notes if number == last else ())
        for number, (title, frame) in enumerate(parts)
    )


def parts_to_html(parts: Sequence[tuple[str, pl.DataFrame]], *, notes: Sequence[str] = ()) -> str:
    """Return the same as HTML."""
    last = len(parts) - 1
    return "\n".join(
        to_html(frame, title=title, notes=notes if number == last else ())
        for number, (title, frame) in enumerate(parts)
    )


def _prepare(frame: pl.DataFrame, notes: Sequence[str]) -> _Table:
    settings = [name for name in _SETTINGS if _is_constant(frame, name)]
    settings += [name for name in _LOSSES if _is_constant(frame, name) and frame.item(0, name) == 0]
    shown = frame.drop(settings)
    left_out = None
    if frame.height > LONGEST_TABLE:
        count = frame.height - 2 * SHOWN_AT_EACH_END
        left_out = f"{count:,} of {frame.height:,} rows are left out"
        shown = pl.concat([shown.head(SHOWN_AT_EACH_END), shown.tail(SHOWN_AT_EACH_END)])
    footnotes: list[str] = []
    if "note" in shown.columns:
        distinct = shown.get_column("note").drop_nulls().unique(maintain_order=True)
        marks = {note: str(number) for number, note in enumerate(distinct, start=1)}
        footnotes = [f"{mark}  {_printable(note)}" for note, mark in marks.items()]
        shown = shown.with_columns(pl.col("note").replace(marks)) if marks else shown.drop("note")
    columns = shown.get_columns()
    keys = _naming(columns)
    numeric = [column.dtype.is_numeric() or column.name == "note" for column in columns]
    cells = [[_name(value) for value in column] for column in columns[:keys]]
    cells += [[_cell(column.name, value) for value in column] for column in columns[keys:]]
    named = (f"{name}: {_setting(name, frame.item(0, name))}" for name in settings)
    return _Table(
        headers=[_shortened(column.name) for column in columns],
        numeric=numeric,
        keys=keys,
        rows=[list(row) for row in zip(*cells, strict=True)],
        left_out=left_out,
        settings="; ".join(named) if settings else None,
        notes=footnotes + [_printable(note) for note in notes],
    )


def _naming(columns: list[pl.Series]) -> int:
    """Return how many columns in front name a row, rather than say something of it."""
    names = [column.name for column in columns]
    if "coefficient" in names:
        return names.index("coefficient") + 1
    return len(list(itertools.takewhile(_may_name, columns)))


def _may_name(column: pl.Series) -> bool:
    return not (column.dtype.is_float() or column.name in _COUNTS or column.name == "note")


def _is_constant(frame: pl.DataFrame, name: str) -> bool:
    return name in frame.columns and frame.get_column(name).n_unique() == 1


def _name(value: object) -> str:
    # A site may be a number with a point, as pandas writes whole numbers with missing ones.
    if value is None:
        return ABSENT
    return _shortened(f"{value:.15g}" if isinstance(value, float) else str(value), LONGEST_NAME)


def _cell(name: str, value: object) -> str:
    if isinstance(value, float):
        # As journals print it: 0.000 would read as impossible.
        tiny = name in _PROBABILITIES and 0 <= value < _SMALLEST_PROBABILITY
        return f"<{_SMALLEST_PROBABILITY:.{DECIMALS}f}" if tiny else rounded(value)
    if isinstance(value, int) and not isinstance(value, bool) and name in _COUNTS:
        return f"{value:,}"
    return ABSENT if value is None else _shortened(str(value))


def _setting(name: str, value: object) -> str:
    # A level of 0.95 was asked for as 0.95; it is not an estimate.
    return f"{value:.6g}" if isinstance(value, float) else _cell(name, value)


def rounded(value: float) -> str:
    """Return a number as tables show it."""
    if not math.isfinite(value):
        return str(value)
    if abs(value) < ROUNDING:
        return f"{0:.{DECIMALS}f}"
    # A small number is not zero, and must not look like it.
    if abs(value) < 0.5 * 10**-DECIMALS:
        return f"{value:.0e}"
    return f"{value:,.{DECIMALS}f}"


def _printable(text: str) -> str:
    """Return `text` with control characters spelled out, so that no name can drive a terminal."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def _shortened(text: str, longest: int = LONGEST_CELL) -> str:
    text = _printable(text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _panels(table: _Table, width: int) -> list[list[int]]:
    """Return the columns of each part of the table that fits in `width`.

    Each part begins with the columns that name a row.
    """
    widths = [max(map(_columns_wide, column)) for column in _columns_of(table)]
    keys = list(range(table.keys))
    panels = [keys.copy()]
    for column in range(table.keys, len(widths)):
        together = [*panels[-1], column]
        wide = sum(widths[c] + len(_GAP) for c in together) - len(_GAP)
        if wide > width and len(panels[-1]) > len(keys):
            panels.append([*keys, column])
        else:
            panels[-1].append(column)
    return panels


def _columns_of(table: _Table) -> list[list[str]]:
    return [list(column) for column in zip(table.headers, *table.rows, strict=True)]


def _panel_lines(table: _Table, columns: list[int]) -> list[str]:
    cells = _columns_of(table)
    aligned = [_aligned(cells[column], right=table.numeric[column]) for column in columns]
    header, *rows = (_GAP.join(row) for row in zip(*aligned, strict=True))
    if table.left_out:
        rows.insert(SHOWN_AT_EACH_END, f"⋮ {table.left_out}")
    return [header.rstrip(), "─" * _columns_wide(header), *(row.rstrip() for row in rows)]


def _aligned(cells: list[str], *, right: bool) -> list[str]:
    widest = max(map(_columns_wide, cells))
    padding = [" " * (widest - _columns_wide(cell)) for cell in cells]
    if right:
        return [pad + cell for pad, cell in zip(padding, cells, strict=True)]
    return [cell + pad for pad, cell in zip(padding, cells, strict=True)]


def _columns_wide(text: str) -> int:
    """Return the terminal columns `text` takes: East Asian letters take two, accents none."""
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )
