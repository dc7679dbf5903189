"""Polychoric correlations: what was found, and how to look at it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import tables
from compassion_psy.errors import DataError, OptionError, nearest
from compassion_psy.nearest_correlation import is_indefinite, nearest_correlation

STATUSES = ("ok", "boundary", "one_category", "too_few_rows", "not_converged")
"""How a correlation came out, in the order of the core's numbers."""

RESULT_COLUMNS = (
    *("item_1", "item_2", "rho", "se", "n", "empty_cells", "status"),
    *("item", "answer", "threshold", "note", "lower", "upper", "failed", "at_boundary"),
    *("smoothed", "largest_change"),
)
"""Columns of the frames of a result, besides the `by` columns."""

_NOTES = {
    "boundary": "the likelihood rises up to this end, as in a table with an empty corner: the "
    "correlation is not told from ±1, and has no standard error",
    "one_category": "everybody gave one of the items the same answer",
    "too_few_rows": "fewer than two persons answered both items",
    "not_converged": "no maximum was found: a few answers contradict a nearly perfect relation of "
    "very many others; look at these answers",
}

_METHOD = (
    "Two-step maximum likelihood (Olsson, 1979): correlations of the normal responses behind the "
    "answers. Nothing was added to empty cells."
)


@dataclass(frozen=True, eq=False, repr=False)
class PolychoricResult:
    """Polychoric correlations of the items of a scale, by group.

    Attributes
    ----------
    pairs : polars.DataFrame
        One row for each group and pair of items: the `by` columns, ``item_1``, ``item_2``,
        ``rho``, ``se`` (its standard error, thresholds counted as estimated), ``n`` (persons who
        answered both), ``empty_cells`` (pairs of answers nobody gave, of the categories somebody
        used) and ``status``: "ok"; "boundary" where rho is not told from -1 or 1, which is then
        its value, without ``se``; "one_category" where everybody gave an item the same answer, and
        "too_few_rows" with fewer than two persons, and "not_converged" where a few answers
        contradict a nearly perfect relation of very many, all three without ``rho``.
    thresholds : polars.DataFrame
        One row for each group, item and step of the scale: the `by` columns, ``item``, ``answer``,
        ``threshold`` (between this answer and the next, in standard deviations of the response
        behind the answers; null where nobody is on one side of it) and ``n`` (persons who answered
        the item). Reversed items are turned, as in the correlations.
    groups : polars.DataFrame
        One row a group, with the `by` columns.
    scale : str
        Name of the scale.
    items : tuple of str
        The items, in the order of the matrix.
    n_excluded : int
        Persons left out because answers are missing: any with ``missing="listwise"``, else all.
    covariances : numpy.ndarray or None, shape (groups, parameters, parameters)
        Where asked for, covariances of the errors of thresholds and correlations: first the rows of
        a group in `thresholds`, then those in `pairs`. NaN where a threshold is infinite or a
        correlation has no error.
    seed : int or None
        The seed of the bootstrap: with it, the same call gives the same bits.
    smooth : bool
        Whether matrices that are not positive definite are smoothed.
    """

    pairs: pl.DataFrame
    thresholds: pl.DataFrame
    groups: pl.DataFrame
    scale: str
    items: tuple[str, ...]
    n_excluded: int
    covariances: npt.NDArray[np.float64] | None = None
    seed: int | None = None
    smooth: bool = False

    @property
    def correlations(self) -> npt.NDArray[np.float64]:
        """The correlations as a matrix, where there is one group; see :meth:`matrix` for several.

        Raises
        ------
        OptionError
            Where there are several groups.
        """
        if self.groups.height > 1:
            raise OptionError(
                f"There are {self.groups.height:,} groups; ask for result.matrix(group)."
            )
        return self._matrix(0)

    def matrix(self, group: object = None) -> npt.NDArray[np.float64]:
        """Return the correlations as a matrix, items in the order of :attr:`items`.

        Parameters
        ----------
        group : object
            The value of the `by` column, or a tuple with one value for each of several; nothing
            without `by`.

        Returns
        -------
        numpy.ndarray, shape (items, items)
            Ones on the diagonal, NaN where a pair has no correlation (its ``status`` says why).
            Pairs are estimated one by one, so that the matrix need not be positive definite; with
            ``smooth=True`` it is then replaced by the nearest that is.

        Raises
        ------
        OptionError
            Where there is no such group.
        """
        return self._matrix(self._place(group))

    def _place(self, group: object) -> int:
        wanted = group if isinstance(group, tuple) else (group,)
        if not self.groups.width:
            if group is not None:
                raise OptionError(
                    f"group is {group!r}, but the result has no groups; leave it out."
                )
            return 0
        rows = self.groups.rows()
        if wanted not in rows:
            named = [str(row[0] if len(row) == 1 else row) for row in rows]
            raise OptionError(
                f"group is {group!r}, which is none of {', '.join(self.groups.columns)}. "
                f"{nearest(group, named)}"
            )
        return rows.index(wanted)

    def _matrix(self, place: int) -> npt.NDArray[np.float64]:
        matrix = self._raw(place)
        if self.smooth and not np.isnan(matrix).any() and is_indefinite(matrix):
            return nearest_correlation(matrix)
        return matrix

    @property
    def smoothing(self) -> pl.DataFrame:
        """How far the matrix of each group was moved: `by` columns, smoothed, largest_change.

        ``largest_change`` is that of a correlation, in absolute size; 0 where nothing was moved.
        """
        places = range(max(self.groups.height, 1))
        changes = [float(np.nanmax(abs(self._matrix(p) - self._raw(p)))) for p in places]
        keys = self.groups if self.groups.width else pl.DataFrame(height=1)
        return keys.with_columns(
            pl.Series("smoothed", [change > 0 for change in changes]),
            pl.Series("largest_change", changes),
        )

    def _raw(self, place: int) -> npt.NDArray[np.float64]:
        size = len(self.items)
        pairs = size * (size - 1) // 2
        rho = self.pairs["rho"].slice(place * pairs, pairs).to_numpy()
        matrix = np.eye(size)
        first, second = np.triu_indices(size, 1)
        matrix[first, second] = matrix[second, first] = rho
        return matrix

    def _notes(self) -> list[str]:
        notes = [_METHOD]
        empty = int((self.pairs["empty_cells"] > 0).sum())
        if empty:
            notes.append(f"Tables with empty cells: {empty:,} of {self.pairs.height:,}.")
        if self.n_excluded:
            notes.append(f"Persons left out because of missing answers: {self.n_excluded:,}.")
        matrices = [self._raw(place) for place in range(max(self.groups.height, 1))]
        whole = [matrix for matrix in matrices if not np.isnan(matrix).any()]
        indefinite = sum(is_indefinite(matrix) for matrix in whole)
        if indefinite:
            found = f"Matrices that are not positive definite: {indefinite:,} of {len(matrices):,}"
            if self.smooth:
                change = max(self.smoothing["largest_change"].to_list())
                found += (
                    "; matrix() gives the nearest correlation matrix (Higham, 2002) in their "
                    f"place, no correlation further away than {change:.4f}"
                )
            notes.append(f"{found}.")
        if self.seed is not None:
            notes.append(f"Seed {self.seed}.")
        return notes

    def _shown(self) -> pl.DataFrame:
        note = pl.col("status").replace_strict(_NOTES, default=None, return_dtype=pl.String)
        return self.pairs.with_columns(note.alias("note")).drop("status")

    def _title(self) -> str:
        return f"Polychoric correlations of {self.scale}"

    def __str__(self) -> str:
        """Return the correlations as text, rounded."""
        return tables.to_text(self._shown(), title=self._title(), notes=self._notes())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the correlations for a notebook, rounded."""
        return tables.to_html(self._shown(), title=self._title(), notes=self._notes())


def ordinal_alpha(matrix: npt.ArrayLike) -> float:
    """How reliable would the sum of the normal responses behind the answers be?

    This is the standardised alpha of a polychoric matrix. It is about the **latent responses**, not
    about the sum score that is computed from the answers: that one's reliability is lower [2]_.

    Parameters
    ----------
    matrix : array, shape (items, items)
        Polychoric correlations, such as ``result.matrix()``.

    Returns
    -------
    float
        k/(k-1) (1 - k / sum of the matrix), with k items [1]_.

    Raises
    ------
    DataError
        When it is no correlation matrix of two items or more, or has a missing correlation.

    References
    ----------
    .. [1] Zumbo, B. D., Gadermann, A. M., & Zeisser, C. (2007). Ordinal versions of coefficients
       alpha and theta for Likert rating scales. *Journal of Modern Applied Statistical Methods*,
       6, 21-29.
    .. [2] Chalmers, R. P. (2018). On misconceptions and the limited usefulness of ordinal alpha.
       *Educational and Psychological Measurement*, 78, 1056-1071.

    R gives the same with ``psych::alpha(rho)$total$std.alpha``.

    Examples
    --------
    >>> round(ordinal_alpha([[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]]), 6)
    0.75
    """
    rho = np.asarray(matrix, dtype=np.float64)
    if rho.ndim != 2 or rho.shape[0] != rho.shape[1] or rho.shape[0] < 2:
        raise DataError(
            f"The matrix has the shape {rho.shape}, but ordinal alpha needs items × items with at "
            "least 2 items; pass result.matrix()."
        )
    if np.isnan(rho).any():
        pairs = int(np.isnan(rho[np.triu_indices(len(rho), 1)]).sum())
        raise DataError(
            f"The matrix lacks {pairs} correlation{'s' * (pairs != 1)}; leave out the items whose "
            "status is not 'ok'."
        )
    if not (np.array_equal(rho, rho.T) and np.all(np.diag(rho) == 1) and np.all(abs(rho) <= 1)):
        raise DataError(
            "The matrix is no correlation matrix: it must be symmetric with ones on its diagonal "
            "and nothing beyond 1; pass result.matrix()."
        )
    items = len(rho)
    total = float(rho.sum())
    if total <= 0:
        raise DataError(
            f"The correlations sum to {total:g}, so that the sum of the items has no variance; "
            "declare the reversed items of the scale."
        )
    return items / (items - 1) * (1 - items / total)
