"""Many coefficients of a few groups side by side: a row a coefficient, a column a group."""

from __future__ import annotations

import re

import polars as pl

from compassion_psy.tables import ABSENT, rounded

FEW_GROUPS = 6
"""Up to so many groups have room beside each other."""

MANY_COEFFICIENTS = 6
"""With so many coefficients, groups are easier compared in a line than below each other."""

PARTS = " | "
"""Between what is said of one number."""

_COUNTS = re.compile(r" \([\d,]+ of [\d,]+\)")
# What differs from group to group is read in the table.
_OWN = re.compile(r"group \d+: |\d of \d+ items? loads? ")

_SAME = ("scale", "level", "interval", "n_items", "replicates")


def side_by_side(table: pl.DataFrame) -> tuple[pl.DataFrame, list[str]] | None:
    """Return coefficients by groups as texts, and notes; None where the table is better as it is.

    Columns are ``coefficient``, a group each, named with its number of persons, what all rows
    share, and ``notes``: the numbers of the notes that are true of it in some group.
    """
    by = table.columns[: table.columns.index("scale")]
    groups = table.select(by).unique(maintain_order=True)
    names = table["coefficient"].unique(maintain_order=True).to_list()
    if not by or table["scale"].n_unique() > 1 or len(names) < MANY_COEFFICIENTS:
        return None
    if not 2 <= groups.height <= FEW_GROUPS:
        return None
    shown = pl.DataFrame({"coefficient": names})
    parts = table.partition_by(by, maintain_order=True)
    labels = [_label(part.row(0, named=True), by) for part in parts]
    for label, part in zip(labels, parts, strict=True):
        cells = [_cell(row) for row in part.iter_rows(named=True)]
        shown = shown.with_columns(pl.Series(f"{label} (n {part['n'][0]:,})", cells))
    same = [name for name in _SAME if name in table.columns and table[name].n_unique() == 1]
    shown = shown.with_columns(pl.lit(table[name][0]).alias(name) for name in same)
    said = [_said(parts, at) for at in range(len(names))]
    everywhere = {note: all(own.get(note, True) for own in said) for each in said for note in each}
    numbers = {note: at for at, note in enumerate(everywhere, start=1)}
    marks = [", ".join(map(str, sorted(numbers[note] for note in own))) for own in said]
    if numbers:
        shown = shown.with_columns(pl.Series("notes", marks))
    footnotes = [
        f"{numbers[note]}  {note}{'' if whole else ' (not in every group)'}"
        for note, whole in everywhere.items()
    ]
    return shown, footnotes


def _label(row: dict[str, object], by: list[str]) -> str:
    return ", ".join(ABSENT if row[name] is None else str(row[name]) for name in by)


def _cell(row: dict[str, float | None]) -> str:
    estimate = row["estimate"]
    if estimate is None:
        return ABSENT
    lower, upper = row.get("lower"), row.get("upper")
    if lower is None or upper is None:
        return rounded(estimate)
    return f"{rounded(estimate)} [{rounded(lower)}, {rounded(upper)}]"


def _said(parts: list[pl.DataFrame], at: int) -> dict[str, bool]:
    """Return what is to be known of a coefficient, and whether it is true of every group."""
    said: dict[str, int] = {}
    for part in parts:
        row = part.row(at, named=True)
        notes = [_COUNTS.sub("", note) for note in (row["note"] or "").split(PARTS) if note]
        if row.get("failed"):
            notes.append("some replicates have no value")
        for note in notes:
            if not _OWN.match(note):
                said[note] = said.get(note, 0) + 1
    return {note: count == len(parts) for note, count in said.items()}
