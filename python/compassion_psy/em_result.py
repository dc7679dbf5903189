"""Means and covariances by EM: what was found, and how to look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import tables
from compassion_psy.errors import OptionError

Floats = npt.NDArray[np.float64]

RESULT_COLUMNS = (
    *("item", "mean", "se", "missing_information", "item_1", "item_2", "parameter", "covariance"),
    *("pattern", "n", "n_missing", "missing_items", "n_excluded", "patterns", "log_likelihood"),
    *("iterations", "status", "note"),
)
"""Columns of the frames of a result, besides the `by` columns."""

_METHOD = (
    "Maximum likelihood of a multivariate normal distribution by EM, divisor n: every answer that "
    "was given counts; right where answers are missing at random."
)


@dataclass(frozen=True, eq=False, repr=False)
class EmCovariance:
    """Means and covariances of the items of a scale by EM, by group.

    Attributes
    ----------
    scale : str
        Name of the scale.
    items : tuple of str
        The items, in the order of the matrices.
    groups : polars.DataFrame
        One row a group, with the `by` columns.
    fits : polars.DataFrame
        One row a group: the `by` columns, ``n`` (persons with any answer), ``n_excluded`` (persons
        without), ``patterns`` (different sets of answered items), ``log_likelihood``,
        ``iterations``, ``status`` and ``note`` (why there is no estimate).
    patterns : polars.DataFrame
        One row for each group and pattern, the most frequent first: ``pattern`` (a letter an item,
        "x" where it was answered, "." where not), ``n`` (persons), ``n_missing`` (items) and
        ``missing_items`` (their names).
    arrays : mapping of str to numpy.ndarray
        ``mean``, ``mean_se``, ``mean_missing`` of shape (groups, items), and ``covariance``,
        ``covariance_se``, ``covariance_missing`` of shape (groups, items, items); NaN where there
        is no estimate.
    """

    scale: str
    items: tuple[str, ...]
    groups: pl.DataFrame
    fits: pl.DataFrame
    patterns: pl.DataFrame
    arrays: Mapping[str, Floats]

    @cached_property
    def means(self) -> pl.DataFrame:
        """One row for each group and item: ``item``, ``mean``, ``se``, ``missing_information``."""
        return self._repeated(len(self.items)).with_columns(
            pl.Series("item", list(self.items) * len(self.fits), dtype=pl.String),
            self._numbers("mean", self.arrays["mean"]),
            self._numbers("se", self.arrays["mean_se"]),
            self._numbers("missing_information", self.arrays["mean_missing"]),
        )

    @cached_property
    def covariances(self) -> pl.DataFrame:
        """One row for each group and pair of items, an item with itself first among its pairs.

        Columns ``item_1``, ``item_2``, ``covariance``, ``se``, ``missing_information``.
        """
        first, second = np.triu_indices(len(self.items))
        names = np.array(self.items, dtype=object)

        def column(name: str, key: str) -> pl.Series:
            return self._numbers(name, self.arrays[key][:, first, second])

        return self._repeated(len(first)).with_columns(
            pl.Series("item_1", np.tile(names[first], len(self.fits)), dtype=pl.String),
            pl.Series("item_2", np.tile(names[second], len(self.fits)), dtype=pl.String),
            column("covariance", "covariance"),
            column("se", "covariance_se"),
            column("missing_information", "covariance_missing"),
        )

    @cached_property
    def missing_information(self) -> pl.DataFrame:
        """The fraction of missing information of every mean, variance and covariance.

        Columns: by columns, ``parameter`` ("mean", "variance" or "covariance"), ``item_1``,
        ``item_2`` (null but for a covariance), ``missing_information``.
        """
        pairs = self.covariances.with_columns(
            pl.when(pl.col("item_1") == pl.col("item_2"))
            .then(pl.lit("variance"))
            .otherwise(pl.lit("covariance"))
            .alias("parameter"),
            pl.when(pl.col("item_1") != pl.col("item_2")).then("item_2").alias("item_2"),
        )
        means = self.means.with_columns(
            pl.lit("mean").alias("parameter"),
            pl.col("item").alias("item_1"),
            pl.lit(None, dtype=pl.String).alias("item_2"),
        )
        names = [*self.groups.columns, "parameter", "item_1", "item_2", "missing_information"]
        return pl.concat([means.select(names), pairs.select(names)])

    @property
    def covariance(self) -> Floats:
        """Covariances (divisor n), shape (items, items), or with `by` (groups, items, items).

        NaN where there is no estimate; ``fits`` says why.
        """
        return self._each(self.arrays["covariance"])

    @property
    def correlation(self) -> Floats:
        """Correlations, of the shape of `covariance`."""
        covariance = self.arrays["covariance"]
        deviations = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        return self._each(covariance / (deviations[:, :, None] * deviations[:, None, :]))

    @property
    def status(self) -> str:
        """How the estimate came out, where there is one group.

        Raises
        ------
        OptionError
            Where there are several groups; see ``fits``.
        """
        if self.groups.width:
            raise OptionError("The result is by group; look at result.fits.")
        return str(self.fits["status"][0])

    def to_frame(self) -> pl.DataFrame:
        """Return the covariances: one row for each group and pair of items."""
        return self.covariances

    def _each(self, arrays: Floats) -> Floats:
        return arrays if self.groups.width else np.asarray(arrays[0])

    def _repeated(self, times: int) -> pl.DataFrame:
        if not self.groups.width:
            return pl.DataFrame(height=times)
        return self.groups[np.repeat(np.arange(self.groups.height), times)]

    def _numbers(self, name: str, values: Floats) -> pl.Series:
        return pl.Series(name, values.ravel(), nan_to_null=True)

    def __str__(self) -> str:
        """Return the fits and the means as text, rounded."""
        fits = tables.to_text(self.fits, title=f"Means and covariances of {self.scale}")
        return fits + "\n\n" + tables.to_text(self.means, title="Means", notes=[_METHOD])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the fits and the means for a notebook, rounded."""
        fits = tables.to_html(self.fits, title=f"Means and covariances of {self.scale}")
        return fits + "\n" + tables.to_html(self.means, title="Means", notes=[_METHOD])
