"""What a path model says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import tables
from compassion_psy.pathway.diagram import Diagram, diagram_of, graphviz_text
from compassion_psy.pathway.shown import shown_parts
from compassion_psy.pathway.structure import Structure

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Draws:
    """What was computed from each replicate, or for each draw.

    Attributes
    ----------
    values : numpy.ndarray, shape (replicates, rows)
        The rows of the table.
    status : numpy.ndarray of str, shape (replicates,)
        How each came out.
    means, covariances : numpy.ndarray or None
        Moments of the replicates, of true values where those were asked for.
    """

    values: Reals
    status: npt.NDArray[np.str_]
    means: Reals | None = None
    covariances: Reals | None = None


@dataclass(frozen=True, eq=False, repr=False)
class PathwayResult:
    """A path model with intervals.

    Attributes
    ----------
    table : polars.DataFrame
        One row a parameter or defined effect, with lavaan's columns: ``lhs``, ``op`` ("~", "~~",
        ":="), ``rhs``, ``label``, ``estimate``, ``se``, ``z``, ``p``, ``lower``, ``upper``,
        and ``std_all``, the estimate where all variables have variance one; of a defined effect
        its expression of these, as lavaan's.
    standardised : polars.DataFrame
        ``lhs``, ``op``, ``rhs``, ``label``, ``estimate``, ``lower``, ``upper``, all variables
        having variance one; limits from the bootstrap only.
    r_squared : polars.DataFrame
        ``variable``, ``r_squared``, ``lower``, ``upper``.
    reliability : polars.DataFrame
        ``variable``, ``reliability`` that paths were corrected for; no row where none was.
    missing : polars.DataFrame
        ``variable`` and how many persons lack it (``n_missing``).
    statuses : polars.DataFrame
        How many replicates came out how: ``status``, ``count``.
    model : str
        The text of the model.
    n, n_excluded, n_clusters : int
        Persons used, persons left out because they lack a variable, and teams (or None).
    level : float
        The coverage that intervals aim at.
    interval : str or None
        How limits were made.
    seed : int or None
        With it, the same call gives the same bits.
    covariance : numpy.ndarray
        Covariances of the estimates in the rows of the table, behind ``se``; NaN where there is
        none.
    notes : tuple of str
        What to know about the numbers.
    """

    table: pl.DataFrame
    standardised: pl.DataFrame
    r_squared: pl.DataFrame
    reliability: pl.DataFrame
    missing: pl.DataFrame
    statuses: pl.DataFrame
    model: str
    n: int
    n_excluded: int
    n_clusters: int | None
    level: float
    interval: str | None
    seed: int | None
    covariance: Reals
    notes: tuple[str, ...]
    structure: Structure
    means: Reals
    covariances: Reals
    draws: Draws | None

    @cached_property
    def diagram(self) -> Diagram:
        """The model as data for a path diagram: ``nodes`` and ``edges``."""
        return diagram_of(self.structure, self.table, self.r_squared)

    @cached_property
    def replicates(self) -> pl.DataFrame:
        """One row a replicate: ``replicate``, ``status``, and a column for each row of the table.

        Columns have the label, or ``lhs op rhs`` where there is none; a replicate without an
        estimate is null.
        """
        names = [
            label or f"{lhs} {op} {rhs}"
            for lhs, op, rhs, label in self.table.select("lhs", "op", "rhs", "label").iter_rows()
        ]
        if self.draws is None:
            columns = dict.fromkeys(names, pl.Float64)
            return pl.DataFrame(schema={"replicate": pl.UInt32, "status": pl.String, **columns})
        numbers = pl.Series("replicate", np.arange(1, len(self.draws.values) + 1, dtype=np.uint32))
        values = [
            pl.Series(name, column, nan_to_null=True)
            for name, column in zip(names, self.draws.values.T, strict=True)
        ]
        return pl.DataFrame([numbers, pl.Series("status", self.draws.status.tolist()), *values])

    def to_graphviz(self) -> str:
        """Return the path diagram as text for Graphviz (``dot -Tsvg``)."""
        return graphviz_text(self.diagram)

    def to_frame(self) -> pl.DataFrame:
        """Return the table."""
        return self.table

    def _parts(self) -> list[tuple[str, pl.DataFrame]]:
        given = list(self.structure.variables[len(self.structure.equations) :])
        teams = "" if self.n_clusters is None else f" in {self.n_clusters:,} clusters"
        title = f"Pathway of {self.n:,} persons{teams}"
        limits = self.interval is not None
        return shown_parts(self.table, self.r_squared, given, title, limits=limits)

    def __str__(self) -> str:
        """Return paths, defined effects and explained variance as text, rounded."""
        return tables.parts_to_text(self._parts(), notes=self.notes)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        return tables.parts_to_html(self._parts(), notes=self.notes)
