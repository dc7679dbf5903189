"""Frozen results: raw numbers, their shapes, and how to look at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import tables
from compassion_psy.reliability_shown import MANY_COEFFICIENTS, side_by_side

STATUSES = (
    "ok",
    "heywood",
    "not_converged",
    "not_positive_definite",
    "constant_item",
    "too_few_rows",
    "undefined",
    "empty_category",
    "boundary",
)
"""How a fit or replicate came out, in the order of the core's numbers."""

RESULT_COLUMNS = (
    *("scale", "coefficient", "estimate", "se", "lower", "upper", "level", "interval"),
    *("n", "n_items", "n_excluded", "replicates", "failed", "note"),
    *("replicate", "value", "status", "count"),
)
"""Columns of the frames of a result, besides the `by` columns."""


@dataclass(frozen=True, eq=False)
class ReplicateSet:
    """The bootstrap replicates of one scale.

    Attributes
    ----------
    scale : str
        The scale's name.
    coefficients : tuple of str
        Names of the coefficients.
    groups : polars.DataFrame
        One row a group, with the `by` columns.
    values : numpy.ndarray, shape (groups, coefficients, replicates)
        NaN where a replicate has no value.
    statuses : numpy.ndarray of uint8, shape (groups, coefficients, replicates)
        Places in :data:`STATUSES`.
    """

    scale: str
    coefficients: tuple[str, ...]
    groups: pl.DataFrame
    values: npt.NDArray[np.float64]
    statuses: npt.NDArray[np.uint8]

    def to_frame(self) -> pl.DataFrame:
        """Return one row a replicate."""
        n_groups, width, n_replicates = self.values.shape
        numbers = np.arange(1, n_replicates + 1, dtype=np.uint32)
        return self._keys(n_replicates).with_columns(
            pl.Series("replicate", np.tile(numbers, n_groups * width)),
            pl.Series("value", self.values.ravel(), nan_to_null=True),
            _words(self.statuses.ravel()),
        )

    def status_counts(self) -> pl.DataFrame:
        """Return how many replicates came out how, statuses that do not occur left out."""
        counts = np.stack([(self.statuses == s).sum(axis=2) for s in range(len(STATUSES))], axis=2)
        n_groups, width, _ = self.values.shape
        codes = np.tile(np.arange(len(STATUSES), dtype=np.uint8), n_groups * width)
        frame = self._keys(len(STATUSES)).with_columns(
            _words(codes), pl.Series("count", counts.ravel().astype(np.uint32))
        )
        return frame.filter(pl.col("count") > 0)

    def _keys(self, times: int) -> pl.DataFrame:
        """The columns that name group, scale and coefficient, each row repeated."""
        n_groups, width, _ = self.values.shape
        group = np.repeat(np.arange(n_groups), width * times)
        coefficient = np.tile(np.repeat(np.arange(width, dtype=np.uint32), times), n_groups)
        keys = self.groups[group] if self.groups.width else pl.DataFrame(height=len(group))
        names = pl.Series(self.coefficients, dtype=pl.String)
        return keys.with_columns(
            pl.lit(self.scale).alias("scale"), names.gather(coefficient).alias("coefficient")
        )


def _words(statuses: npt.NDArray[np.uint8]) -> pl.Series:
    return pl.Series(STATUSES, dtype=pl.String).gather(statuses.astype(np.uint32)).alias("status")


@dataclass(frozen=True, eq=False, repr=False)
class ReliabilityResult:
    """Reliability coefficients with intervals, by group.

    Attributes
    ----------
    table : polars.DataFrame
        One row for each group, scale and coefficient: the `by` columns, ``scale``,
        ``coefficient``, ``estimate``, ``se`` (standard error), ``lower``, ``upper``, ``level``,
        ``interval`` (how it was made), ``n`` (persons used), ``n_items``, ``n_excluded`` (persons
        of the group left out because of missing answers), ``replicates`` (asked for),
        ``failed`` (replicates without a value), ``note`` (why something is missing, or what to
        know about it).
    definitions : mapping of str to str
        For each coefficient in the table which one it is: estimator, matrix, denominator.
    seed : int or None
        The seed of the bootstrap: with it, the same call gives the same bits.
    replicate_sets : tuple of ReplicateSet
        The bootstrap replicates of each scale as arrays; empty without a bootstrap.
    """

    table: pl.DataFrame
    definitions: Mapping[str, str]
    seed: int | None
    replicate_sets: tuple[ReplicateSet, ...]

    @cached_property
    def replicates(self) -> pl.DataFrame:
        """All bootstrap replicates: by columns, scale, coefficient, replicate, value, status.

        A replicate without a value is null, with the reason as its status; "heywood" keeps its
        value.
        """
        frames = [part.to_frame() for part in self.replicate_sets]
        return (
            pl.concat(frames)
            if frames
            else self._empty(
                {"replicate": pl.UInt32(), "value": pl.Float64(), "status": pl.String()}
            )
        )

    @cached_property
    def statuses(self) -> pl.DataFrame:
        """How many replicates came out how: by columns, scale, coefficient, status, count."""
        frames = [part.status_counts() for part in self.replicate_sets]
        return (
            pl.concat(frames)
            if frames
            else self._empty({"status": pl.String(), "count": pl.UInt32()})
        )

    def _empty(self, more: dict[str, pl.DataType]) -> pl.DataFrame:
        keys = self.table.columns[: self.table.columns.index("estimate")]
        return pl.DataFrame(schema={name: self.table.schema[name] for name in keys} | more)

    def to_frame(self) -> pl.DataFrame:
        """Return the table."""
        return self.table

    def _shown(self) -> pl.DataFrame:
        """Return the table without the columns of what was not asked for."""
        table = self.table
        if table["interval"].null_count() == table.height:
            table = table.drop("lower", "upper", "level", "interval")
        table = table if self.replicate_sets else table.drop("replicates", "failed")
        beside = side_by_side(table)
        return table if beside is None else beside

    def _notes(self) -> list[str]:
        if len(self.definitions) < MANY_COEFFICIENTS:
            notes = [f"{name}: {text}." for name, text in self.definitions.items()]
        else:
            notes = ["What each coefficient is: .definitions; one row an estimate: .table."]
        return notes if self.seed is None else [*notes, f"Seed {self.seed}."]

    def __str__(self) -> str:
        """Return the table as text, rounded."""
        return tables.to_text(self._shown(), title="Reliability", notes=self._notes())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table for a notebook, rounded."""
        return tables.to_html(self._shown(), title="Reliability", notes=self._notes())
