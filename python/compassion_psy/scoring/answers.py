"""The gate to scores: answers as expressions, never of an answer the scale does not have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import polars as pl

from compassion_psy.data.columns import answer, check_items
from compassion_psy.data.frames import refuse_patterns, require_columns
from compassion_psy.errors import DataError
from compassion_psy.scales import Scale, snake_case

Answers = Mapping[str, pl.Expr]
"""The answers to each item: whole numbers, or reals where the scale is continuous."""


def column_types(frame: pl.DataFrame | pl.LazyFrame) -> pl.Schema:
    """Return the columns and their types; those of a lazy frame cost no rows.

    Raises
    ------
    DataError
        Where a lazy frame cannot say what it will hold.
    """
    try:
        return frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"The lazy frame cannot be computed: {reason}.") from error


def checked_answers(
    frame: pl.DataFrame | pl.LazyFrame, scale: Scale, missing_codes: Sequence[float]
) -> tuple[Answers, pl.Expr | None]:
    """Return the answers as expressions, and the gate they stand behind.

    A data frame is checked here, and needs no gate. A lazy frame is checked batch by batch when
    it is computed: its answers are taken from the gate, a column to be added before and dropped
    after, so that no score can be had without the check.

    Raises
    ------
    DataError
        Where a column is absent or, in a data frame, holds what is no answer of the scale.
    """
    refuse_patterns(scale.items)
    types = column_types(frame)
    require_columns(types.names(), scale.items)
    name = f"{snake_case(scale.name)}_answers_checked"
    gate = None
    columns = {item: pl.col(item) for item in scale.items}
    if isinstance(frame, pl.DataFrame):
        check_items(frame, scale, missing_codes)
    else:
        gate = pl.struct(scale.items).map_batches(
            partial(_passed, scale=scale, missing_codes=missing_codes),
            return_dtype=pl.Struct({item: types[item] for item in scale.items}),
            is_elementwise=True,
        )
        gate = gate.alias(name)
        columns = {item: pl.col(name).struct.field(item) for item in scale.items}
    dtype = pl.Float64 if scale.continuous else pl.Int64
    answers = {
        item: answer(column, types[item], missing_codes).cast(dtype)
        for item, column in columns.items()
    }
    return answers, gate


def _passed(batch: pl.Series, *, scale: Scale, missing_codes: Sequence[float]) -> pl.Series:
    check_items(batch.struct.unnest(), scale, missing_codes, rows_known=False)
    return batch
