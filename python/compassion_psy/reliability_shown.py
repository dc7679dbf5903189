"""Many coefficients of a few groups side by side: a row a coefficient, a column a group."""

from __future__ import annotations

import polars as pl

from compassion_psy.tables import ABSENT, rounded

FEW_GROUPS = 6
"""Up to so many groups have room beside each other."""

MANY_COEFFICIENTS = 6
"""With so many coefficients, groups are easier compared in a line than below each other."""

_SAME = ("scale", "level", "interval", "n_items", "replicates")


def side_by_side(table: pl.DataFrame) -> pl.DataFrame | None:
    """Return coefficients by groups as texts, or None where the table is better as it is.

    Columns are ``coefficient``, a group each, named with its number of persons, what all rows
    share, and ``note``.
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
    notes = [_note(labels, parts, at) for at in range(len(names))]
    return shown.with_columns(pl.Series("note", notes, dtype=pl.String))


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


def _note(labels: list[str], parts: list[pl.DataFrame], at: int) -> str | None:
    """Return what is to be known of a coefficient, with the groups it is true of where not all."""
    said: dict[str, list[str]] = {}
    for label, part in zip(labels, parts, strict=True):
        row = part.row(at, named=True)
        if row["note"] is not None:
            said.setdefault(row["note"], []).append(label)
        if row.get("failed"):
            failed = f"{row['failed']:,} replicates without a value"
            said.setdefault(failed, []).append(label)
    notes = [
        note if len(of) == len(labels) else f"{', '.join(of)}: {note}" for note, of in said.items()
    ]
    return "; ".join(notes) or None
