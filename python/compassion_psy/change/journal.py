"""The one table a journal would print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from compassion_psy.change.reliable import CLASSES
from compassion_psy.tables import ABSENT, rounded

_STANDARDISED = ("g_av", "d_ppc2")
_CLASSES = ("improved", "recovered", "deteriorated")


def journal_table(table: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each outcome, wave, arm and analysis, as texts.

    Parameters
    ----------
    table, persons : polars.DataFrame
        Those of a :class:`ChangeResult`.

    Returns
    -------
    polars.DataFrame
        What names the row, ``n``, ``pre`` and ``post`` as mean (SD), ``change`` with its interval,
        ``p_holm``, ``effect`` (g_av, or d_ppc2 between arms) with its interval, and how many
        persons improved (recovered among them) and deteriorated reliably.
    """
    keys = table.columns[: table.columns.index("n")]
    classes = _classes(persons, [name for name in keys if name != "analysis"])
    rows = []
    for key, part in table.group_by(keys, maintain_order=True):
        named = dict(zip(keys, key, strict=True))
        by_effect = {row["effect"]: row for row in part.iter_rows(named=True)}
        change = by_effect["mean_change"]
        size = next(name for name in _STANDARDISED if name in by_effect)
        # Who is carried forward, or of two arms, is in no class.
        own = tuple(value for name, value in named.items() if name != "analysis")
        counts = classes.get(own) if named["analysis"] == "completers" else None
        rows.append(
            named
            | {
                "n": change["n"],
                "pre": _mean_sd(change, "pre"),
                "post": _mean_sd(change, "post"),
                "change": _interval(change),
                "p_holm": _p(change["p_holm"]),
                "effect": f"{size} {_interval(by_effect[size])}",
                "improved": counts and counts["improved"] + counts["recovered"],
                "recovered": counts and counts["recovered"],
                "deteriorated": counts and counts["deteriorated"],
            }
        )
    shown = pl.DataFrame(rows, infer_schema_length=None)
    if shown["improved"].null_count() == shown.height:
        shown = shown.drop(_CLASSES)
    alike = [name for name in ("wave", "analysis") if shown[name].n_unique() == 1]
    return shown.drop(alike)


def with_classes_together(journal: pl.DataFrame) -> pl.DataFrame:
    """Return the table with the counts of classes in one column, so that a row fits on a line."""
    if "improved" not in journal.columns:
        return journal
    improved, recovered, deteriorated = (pl.col(name).cast(pl.String) for name in _CLASSES)
    together = pl.concat_str(
        improved + "↑", recovered + "✓", deteriorated + "↓", separator=" "
    ).alias("reliable")
    nobody = journal["improved"].null_count() == journal.height
    return (journal if nobody else journal.with_columns(together)).drop(_CLASSES)


def _classes(persons: pl.DataFrame, names: Sequence[str]) -> dict[tuple[Any, ...], dict[str, int]]:
    """Return how many persons are of each class, where persons were classed; counted once."""
    classed = persons.filter(pl.col("class").is_not_null())
    counted: dict[tuple[Any, ...], dict[str, int]] = {}
    for *key, word, count in classed.group_by(*names, "class").len().iter_rows():
        counted.setdefault(tuple(key), dict.fromkeys(CLASSES, 0))[word] = count
    return counted


def _mean_sd(row: dict[str, Any], wave: str) -> str:
    mean, sd = row[f"mean_{wave}"], row[f"sd_{wave}"]
    return ABSENT if mean is None else f"{_two(mean)} ({_two(sd)})"


def _interval(row: dict[str, Any]) -> str:
    if row["estimate"] is None:
        return ABSENT
    if row["lower"] is None:
        return _two(row["estimate"])
    return f"{_two(row['estimate'])} [{_two(row['lower'])}, {_two(row['upper'])}]"


def _two(value: float | None) -> str:
    if value is None:
        return ABSENT
    text = f"{value:.2f}"
    return text[1:] if text == "-0.00" else text


def _p(value: float | None) -> str:
    if value is None:
        return ABSENT
    return "<0.001" if value < 0.001 else rounded(value)
