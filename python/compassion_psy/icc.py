"""How far do raters agree: intraclass correlations with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.frames import as_frame
from compassion_psy.distributions import f_tail, f_upper_quantile
from compassion_psy.errors import DataError, OptionError

Limits = tuple[float, float]


@dataclass(frozen=True)
class _Squares:
    """Mean squares of subjects, raters, residuals, and within subjects."""

    n: int
    k: int
    between: float
    raters: float
    error: float
    within: float


def icc(data: Any, *, raters: Sequence[str], level: float = 0.95) -> pl.DataFrame:
    """How far do raters agree about subjects?

    Parameters
    ----------
    data : frame
        One row a subject.
    raters : sequence of str
        Columns, one a rater (or occasion), at least two. Subjects that not everybody rated are
        left out and counted.
    level : float
        The coverage that intervals aim at, between 0 and 1.

    Returns
    -------
    polars.DataFrame
        Six rows: ``icc`` ("icc1" each subject has raters of its own, "icc2" raters are a sample,
        absolute agreement, "icc3" these raters, consistency; "icc1k", "icc2k", "icc3k" the same
        of the mean of k raters), ``estimate``, ``lower``, ``upper``, ``f``, ``df1``, ``df2``,
        ``p`` (that it is zero), ``n``, ``raters``, ``n_excluded``.

    Raises
    ------
    DataError
        Where columns are not numbers, fewer than two subjects are rated by all, or ratings do not
        differ.
    OptionError
        Where an option is not usable.

    Notes
    -----
    With mean squares B between subjects, W within, J of raters and E of residuals, n subjects and
    k raters [1]_: icc1 = (B - W) / (B + (k - 1) W), icc2 = (B - E) / (B + (k - 1) E +
    k (J - E) / n), icc3 = (B - E) / (B + (k - 1) E); of means (B - W) / B, (B - E) /
    (B + (J - E) / n) and (B - E) / B, which is alpha. Intervals of McGraw & Wong [2]_.
    In R: ``psych::ICC(x, lmer = FALSE)``.

    References
    ----------
    .. [1] Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations: Uses in assessing rater
       reliability. *Psychological Bulletin*, 86, 420-428.
    .. [2] McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass
       correlation coefficients. *Psychological Methods*, 1, 30-46.

    Examples
    --------
    >>> ratings = pl.DataFrame({"a": [9, 6, 8, 7, 10, 6], "b": [2, 1, 4, 1, 5, 2],
    ...                         "c": [5, 3, 6, 2, 6, 4], "d": [8, 2, 8, 6, 9, 7]})
    >>> icc(ratings, raters=["a", "b", "c", "d"])["estimate"].round(3).to_list()
    [0.166, 0.29, 0.715, 0.443, 0.62, 0.909]
    """
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 < level < 1:
        raise OptionError(f"level is {level!r}, but it must lie between 0 and 1, such as 0.95.")
    ratings, excluded = _ratings(data, raters)
    squares = _mean_squares(ratings)
    n, k = squares.n, squares.k
    tail = (1 - level) / 2
    b, w, j, e = squares.between, squares.within, squares.raters, squares.error
    df1, df_within, df_error = n - 1, n * (k - 1), (n - 1) * (k - 1)
    one = _ratio_limits(b / w, df1, df_within, tail, k)
    three = _ratio_limits(b / e, df1, df_error, tail, k)
    two = _absolute_limits(squares, tail)
    rows = [
        ("icc1", (b - w) / (b + (k - 1) * w), one, b / w, df_within),
        ("icc2", (b - e) / (b + (k - 1) * e + k * (j - e) / n), two, b / e, df_error),
        ("icc3", (b - e) / (b + (k - 1) * e), three, b / e, df_error),
        ("icc1k", (b - w) / b, _of_means(one, k), b / w, df_within),
        ("icc2k", (b - e) / (b + (j - e) / n), _of_means(two, k), b / e, df_error),
        ("icc3k", (b - e) / b, _of_means(three, k), b / e, df_error),
    ]
    return pl.DataFrame(
        {
            "icc": [name for name, *_ in rows],
            "estimate": [estimate for _, estimate, *_ in rows],
            "lower": [limits[0] for _, _, limits, *_ in rows],
            "upper": [limits[1] for _, _, limits, *_ in rows],
            "f": [ratio for *_, ratio, _ in rows],
            "df1": [df1] * 6,
            "df2": [df2 for *_, df2 in rows],
            "p": [f_tail(ratio, df1, df2) for *_, ratio, df2 in rows],
            "n": [n] * 6,
            "raters": [k] * 6,
            "n_excluded": [excluded] * 6,
        }
    )


def _ratings(data: Any, raters: Sequence[str]) -> tuple[npt.NDArray[np.float64], int]:
    if isinstance(raters, str) or not isinstance(raters, Sequence) or len(set(raters)) < 2:
        raise OptionError(f"raters is {raters!r}, but it must name at least two columns.")
    if len(set(raters)) < len(raters):
        raise OptionError(f"raters names a column twice: {', '.join(map(repr, raters))}.")
    frame = as_frame(data, list(raters))
    for name in raters:
        if not frame[name].dtype.is_numeric():
            raise DataError(
                f"Column {name!r} holds {frame[name].dtype.base_type()}, but ratings must be "
                "numbers; recode the column."
            )
    whole = np.column_stack([frame[name].cast(pl.Float64).to_numpy() for name in raters])
    if np.isinf(whole).any():
        raise DataError("A rating is infinite; write it as null, or correct it.")
    given = ~np.isnan(whole).any(axis=1)
    if int(given.sum()) < 2:
        raise DataError(
            f"{int(given.sum())} of {len(whole):,} subjects were rated by all, but an intraclass "
            "correlation needs at least 2; leave out raters with many missing ratings."
        )
    return whole[given], int((~given).sum())


def _mean_squares(x: npt.NDArray[np.float64]) -> _Squares:
    n, k = x.shape
    x = x - x.mean()
    subjects, raters = x.mean(axis=1), x.mean(axis=0)
    residual = x - subjects[:, None] - raters
    of_subjects, of_raters = k * float(np.sum(subjects**2)), n * float(np.sum(raters**2))
    of_error = float(np.sum(residual**2))
    slack = 1e-12 * (of_subjects + of_raters + of_error)
    if of_error <= slack or of_subjects <= slack:
        what = "subjects" if of_subjects <= slack else "raters, beyond their means"
        raise DataError(
            f"The ratings do not differ between {what}, so there is no variance ratio; check the "
            "columns."
        )
    return _Squares(
        n=n,
        k=k,
        between=of_subjects / (n - 1),
        raters=of_raters / (k - 1),
        error=of_error / ((n - 1) * (k - 1)),
        within=(of_raters + of_error) / (n * (k - 1)),
    )


def _ratio_limits(ratio: float, df1: float, df2: float, tail: float, k: int) -> Limits:
    low = ratio / f_upper_quantile(tail, df1, df2)
    high = ratio * f_upper_quantile(tail, df2, df1)
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _absolute_limits(squares: _Squares, tail: float) -> Limits:
    """Return limits of icc2, with Satterthwaite's degrees of freedom."""
    n, k, b, j, e = squares.n, squares.k, squares.between, squares.raters, squares.error
    r = (b - e) / (b + (k - 1) * e + k * (j - e) / n)
    own = k * r * j / e
    other = n * (1 + (k - 1) * r) - k * r
    df = (k - 1) * (n - 1) * (own + other) ** 2 / ((n - 1) * own**2 + other**2)
    low, high = f_upper_quantile(tail, n - 1, df), f_upper_quantile(tail, df, n - 1)
    rest = k * j + (k * n - k - n) * e
    return n * (b - low * e) / (low * rest + n * b), n * (high * b - e) / (rest + n * high * b)


def _of_means(limits: Limits, k: int) -> Limits:
    """Return limits of the mean of k raters, by Spearman and Brown."""
    low, high = (k * limit / (1 + (k - 1) * limit) for limit in limits)
    return low, high
