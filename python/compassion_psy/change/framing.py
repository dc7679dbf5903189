"""Rows as frames: the same columns and types whatever was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from compassion_psy.change.study import Frames
from compassion_psy.change.waves import Layout, Waves
from compassion_psy.comparison_tests import holm

_TEXTS = (
    *("outcome", "wave", "analysis", "arm", "effect", "interval", "note", "test", "of", "method"),
    *("coefficient", "cutoff", "better"),
)
_COUNTS = (
    *("n", "n_excluded", "failed", "persons", "completed", "pre_only", "absent", "unscored"),
    *("post_only", "neither"),
)
_TABLE = (
    *("n", "n_excluded", "mean_pre", "mean_post", "sd_pre", "sd_post", "r", "effect", "estimate"),
    *("lower", "upper", "level", "interval", "p", "p_holm", "variance", "failed"),
    "note",
)
_TESTS = (
    *("test", "of", "n", "n_excluded", "estimate", "lower", "upper", "level", "p", "p_holm"),
    *("method", "note"),
)
_DETECTABLE = (
    *("coefficient", "reliability", "mean_pre", "sd", "n", "sem", "s_diff", "mdc", "mdc_lower"),
    *("mdc_upper", "level", "cutoff_a", "cutoff_b", "cutoff_c", "cutoff", "better", "failed"),
    "note",
)
_DROPOUT = (
    *("persons", "completed", "pre_only", "absent", "unscored", "post_only", "neither"),
    *("mean_completed", "mean_pre_only", "difference", "lower", "upper", "p", "note"),
)
# Those of reliability, of its tests, and of the table that is printed.
_OTHERS = (
    *("statistic", "se", "n_items", "replicates", "seed", "groups", "df1", "df2", "occasion"),
    *("score", "pre", "post", "change", "rci", "class", "p_reliable", "len", "improved"),
    *("recovered", "deteriorated", "reliable"),
)
RESERVED = frozenset(
    (*("outcome", "wave", "analysis", "arm"), *_TABLE, *_TESTS, *_DETECTABLE, *_DROPOUT, *_OTHERS)
)
"""Names that results have columns of, which columns of persons and groups cannot have."""


def framed(frames: Frames, waves: Waves, layout: Layout) -> dict[str, Any]:
    """Return all frames of a result by name."""
    by = {name: waves.persons.schema[name] for name in layout.by}
    arm = ["arm"] if layout.arm else []
    comparison = ["outcome", "wave", "analysis", *arm]
    table = _frame(frames.table, by, [*comparison, *_TABLE])
    tests = _frame(frames.tests, by, [*comparison, *_TESTS])
    persons = pl.concat(frames.persons)
    front = [*by, layout.id, "outcome", *arm, "wave"]
    none = pl.DataFrame(schema={**by, "outcome": pl.String(), "note": pl.String()})
    return {
        "table": _over_outcomes(table, [*by, "wave", "analysis", *arm, "effect"]),
        "tests": _over_outcomes(tests, [*by, "wave", "analysis", *arm, "test"]),
        "persons": persons.select(*front, pl.exclude(front)),
        "detectable": _frame(frames.detectable, by, ["outcome", *_DETECTABLE]),
        "dropout": _frame(frames.dropout, by, ["outcome", "wave", *arm, *_DROPOUT]),
        "reliability": _joined(frames.reliability, none),
        "reliability_tests": _joined(frames.reliability_tests, none),
        "trajectories": pl.concat(frames.trajectories).select(*front, "occasion", "score"),
    }


def _frame(
    rows: Sequence[dict[str, Any]], by: dict[str, pl.DataType], names: Sequence[str]
) -> pl.DataFrame:
    schema: dict[str, Any] = dict(by)
    for name in names:
        schema[name] = (
            pl.String() if name in _TEXTS else pl.Int64() if name in _COUNTS else pl.Float64()
        )
    columns = [
        pl.Series(name, [row.get(name) for row in rows], dtype=dtype, strict=True)
        for name, dtype in schema.items()
    ]
    return pl.DataFrame(columns).with_columns(
        pl.col(name).fill_nan(None) for name, dtype in schema.items() if dtype == pl.Float64
    )


def _over_outcomes(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Add the probabilities adjusted for all outcomes that have one."""
    adjusted = np.full(frame.height, np.nan)
    p = frame["p"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    families: dict[tuple[Any, ...], list[int]] = {}
    for at, key in enumerate(frame.select(keys).iter_rows()):
        if np.isfinite(p[at]):
            families.setdefault(key, []).append(at)
    for places in families.values():
        adjusted[places] = holm(p[places])
    return frame.with_columns(pl.Series("p_holm", adjusted, nan_to_null=True))


def _joined(parts: list[pl.DataFrame], none: pl.DataFrame) -> pl.DataFrame:
    return pl.concat(parts, how="diagonal_relaxed") if parts else none
