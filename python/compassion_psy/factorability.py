"""Are the correlations of these items fit for factor analysis: Kaiser-Meyer-Olkin and Bartlett."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.columns import code_list
from compassion_psy.data.responses import Names, Responses
from compassion_psy.distributions import chi_square_tail
from compassion_psy.errors import DataError, OptionError
from compassion_psy.factors_input import correlations, named_items, why_singular
from compassion_psy.moments import Moments, moments
from compassion_psy.options import one_of
from compassion_psy.polychoric import polychoric
from compassion_psy.polychoric_result import PolychoricResult
from compassion_psy.scales import Scale
from compassion_psy.tables import to_html, to_text

Floats = npt.NDArray[np.float64]

# The core's least pivot: a smaller eigenvalue is that of a singular matrix.
_LEAST_EIGENVALUE = 1e-12
_WORDS = (
    (0.9, "marvellous"),
    (0.8, "meritorious"),
    (0.7, "middling"),
    (0.6, "mediocre"),
    (0.5, "miserable"),
    (-np.inf, "unacceptable"),
)
_COLUMNS = ("n", "kmo", "adequacy", "chi_square", "df", "p_value", "determinant", "item", "note")


@dataclass(frozen=True, eq=False, repr=False)
class Factorability:
    """Whether correlations are fit for factor analysis.

    Attributes
    ----------
    table : polars.DataFrame
        One row a group: the `by` columns; ``n``, persons; ``kmo``, the Kaiser-Meyer-Olkin measure
        of all items; ``adequacy``, Kaiser's word for it; ``chi_square``, ``df``, ``p_value`` of
        Bartlett's test that no items correlate; ``determinant`` of the correlations; ``note``, why
        there is no number where there is none.
    items : polars.DataFrame
        One row for each group and item: the `by` columns, ``item``, ``kmo``.
    scale : str
        Name of the scale.
    correlation_kind : {"pearson", "polychoric", "given"}
        Of which correlations.
    """

    table: pl.DataFrame
    items: pl.DataFrame
    scale: str
    correlation_kind: str

    def _title(self) -> str:
        return f"{self.scale}: fit for factor analysis? ({self.correlation_kind} correlations)"

    def __str__(self) -> str:
        """Return both tables as text, rounded."""
        return f"{to_text(self.table, title=self._title())}\n\n{to_text(self.items)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        return f"{to_html(self.table, title=self._title())}\n{to_html(self.items)}"


def factorability(
    data: Any,
    scale: Scale | None = None,
    *,
    by: Names = None,
    correlation: Literal["pearson", "polychoric"] = "pearson",
    missing: Literal["listwise", "pairwise"] = "listwise",
    missing_codes: Sequence[float] = (),
    n: int | None = None,
    threads: int | None = None,
) -> Factorability:
    """Do the items have enough in common for a factor analysis?

    Parameters
    ----------
    data : frame, Responses, Moments, PolychoricResult or numpy.ndarray
        As for :func:`efa`; Responses, Moments and polychoric results may have groups.
    scale : Scale, optional
        As for :func:`efa`.
    by : str or list of str, optional
        Columns of sites or other groups.
    correlation, missing, missing_codes, n, threads
        As for :func:`efa`.

    Returns
    -------
    Factorability
        KMO of all items and of each, and Bartlett's test, for each group. A group where a number
        cannot be had keeps its row, with the reason.

    Raises
    ------
    DataError, OptionError
        Where data or options are not usable.

    Notes
    -----
    KMO [1]_ is Σ r² / (Σ r² + Σ q²) over pairs of items, or those of one item, with q the partial
    correlation of both given all others, from R⁻¹. It is near 1 where items share factors, and low
    where pairs of items share what no other item has. Kaiser's words: from .9 marvellous, .8
    meritorious, .7 middling, .6 mediocre, .5 miserable, below unacceptable; an item below .5 may
    better be left out.

    Bartlett's test [2]_ is of no correlation at all: -ln det R (n - 1 - (2p + 5)/6) on p(p - 1)/2
    degrees of freedom. With many persons it always rejects.

    R gives the same with ``psych::KMO(R)`` and ``psych::cortest.bartlett(R, n)``.

    References
    ----------
    .. [1] Kaiser, H. F., & Rice, J. (1974). Little jiffy, mark IV. *Educational and Psychological
       Measurement*, 34, 111-117.
    .. [2] Bartlett, M. S. (1950). Tests of significance in factor analysis. *British Journal of
       Statistical Psychology*, 3, 77-85.

    Examples
    --------
    >>> import compassion_psy as cp
    >>> survey = cp.simulate_survey(persons=600, items=6, sites=2, seed=1)
    >>> found = cp.factorability(survey.frame, survey.scale, by="site")
    >>> found.table.select("site", "n", "df").rows()
    [('S1', 300, 15), ('S2', 300, 15)]
    >>> found.items.height
    12
    """
    one_of("correlation", correlation, ("pearson", "polychoric"))
    one_of("missing", missing, ("listwise", "pairwise"))
    codes = code_list(missing_codes)
    if isinstance(data, np.ndarray):
        if by is not None:
            raise OptionError("by is given, but data is a matrix; leave it out.")
        one = correlations(
            data,
            scale,
            n=n,
            missing=missing,
            missing_codes=codes,
            threads=threads,
            kind=correlation,
        )
        row = _measured(one.matrix, one.n, one.items)
        return _result([row], pl.DataFrame(height=1), one.items, one.name, one.kind)
    if n is not None and not isinstance(data, PolychoricResult):
        raise OptionError("n is given, but data hold persons, who are counted; leave it out.")
    groups, matrices, counts, found = _by_group(
        data, scale, by, correlation, missing, codes, n, threads
    )
    rows = [
        _measured(matrix, count, found[0]) for matrix, count in zip(matrices, counts, strict=True)
    ]
    return _result(rows, groups, *found)


def _by_group(
    data: Any,
    scale: Scale | None,
    by: Names,
    correlation: Literal["pearson", "polychoric"],
    missing: Literal["listwise", "pairwise"],
    missing_codes: Sequence[float],
    n: int | None,
    threads: int | None,
) -> tuple[pl.DataFrame, list[Floats], list[int | None], tuple[tuple[str, ...], str, str]]:
    if isinstance(data, Moments | PolychoricResult):
        kind = "a Moments" if isinstance(data, Moments) else "a PolychoricResult"
        for name, value in (("scale", scale), ("by", by), ("missing_codes", missing_codes or None)):
            if value is not None:
                raise OptionError(f"{name} is given, but data is {kind}, which has its own.")
    if isinstance(data, PolychoricResult):
        return _of_polychoric(data, [n] * data.groups.height if n is not None else None)
    if isinstance(data, Moments) and correlation == "polychoric":
        raise OptionError(
            "correlation is 'polychoric', but Moments hold no tables of answers; give the frame."
        )
    if not isinstance(data, Moments | Responses):
        if scale is None:
            raise OptionError("scale is missing; give a Scale.")
        data = Responses.from_frame(data, scale, by=by, missing_codes=missing_codes)
        scale = by = None
        missing_codes = ()
    if isinstance(data, Responses):
        data.refuse_options(scale, by=by, missing_codes=missing_codes)
    taken = data if isinstance(data, Moments) else moments(data, missing=missing, threads=threads)
    for name in taken.groups.columns:
        if name in _COLUMNS:
            raise OptionError(
                f"by names the column {name!r}, but results have a column of that name; rename it "
                f"in the data, for example to 'survey_{name}'."
            )
    if taken.scale.n_items < 2:
        raise DataError(
            f"Scale {taken.scale.name!r} has one item ({taken.scale.items[0]!r}), but a "
            "correlation needs 2; add items."
        )
    persons = [int(count) for count in taken.persons]
    if correlation == "polychoric":
        return _of_polychoric(polychoric(data, missing=missing, threads=threads), list(persons))
    every = taken.correlation if taken.groups.width else taken.correlation[None]
    about = (tuple(taken.scale.items), taken.scale.name, "pearson")
    return taken.groups, list(every), list(persons), about


def _of_polychoric(
    result: PolychoricResult, counts: Sequence[int | None] | None
) -> tuple[pl.DataFrame, list[Floats], list[int | None], tuple[tuple[str, ...], str, str]]:
    rows = result.groups.rows() if result.groups.width else [None]
    matrices = [result.matrix(row) for row in rows]
    if counts is None:
        pairs = result.pairs["n"].to_numpy().reshape(len(rows), -1)
        counts = [int(own[0]) if (own == own[0]).all() else None for own in pairs]
    return (
        result.groups,
        matrices,
        list(counts),
        (result.items, result.scale, "polychoric"),
    )


def _measured(matrix: Floats, n: int | None, items: Sequence[str]) -> dict[str, Any]:
    size = len(matrix)
    row: dict[str, Any] = dict.fromkeys(("kmo", "chi_square", "p_value", "determinant", "note"))
    row |= {"n": n, "df": size * (size - 1) // 2, "items": [None] * size}
    if not np.isfinite(matrix).all():
        row["note"] = _no_correlation(matrix, items)
        return row
    sign, log_determinant = np.linalg.slogdet(matrix)
    row["determinant"] = float(sign * np.exp(log_determinant))
    if np.linalg.eigvalsh(matrix)[0] < _LEAST_EIGENVALUE:
        row["note"] = f"the correlations have no inverse: {why_singular(matrix, n, items)}"
        return row
    inverse = np.linalg.inv(matrix)
    scales = np.sqrt(np.diag(inverse))
    partial = (inverse / np.outer(scales, scales)) ** 2
    shared = matrix**2
    np.fill_diagonal(partial, 0)
    np.fill_diagonal(shared, 0)
    both = shared.sum(axis=0) + partial.sum(axis=0)
    if not both.all():
        row["note"] = "an item correlates with no other, so that it has no KMO"
    row["items"] = [
        float(own / all_) if all_ else None
        for own, all_ in zip(shared.sum(axis=0), both, strict=True)
    ]
    row["kmo"] = float(shared.sum() / both.sum()) if both.any() else None
    if n is None:
        row["note"] = row["note"] or "no test: n is not known"
        return row
    factor = n - 1 - (2 * size + 5) / 6
    if factor <= 0:
        row["note"] = row["note"] or "no test: too few persons for so many items"
        return row
    row["chi_square"] = 0.0 - float(log_determinant) * factor
    row["p_value"] = chi_square_tail(max(row["chi_square"], 0.0), row["df"])
    return row


def _no_correlation(matrix: Floats, items: Sequence[str]) -> str:
    """Return whose correlations are missing: of single items where they explain all that is."""
    missing = ~np.isfinite(matrix)
    np.fill_diagonal(missing, False)
    whole = np.flatnonzero(missing.sum(axis=0) == len(items) - 1)
    if len(whole) == len(items):
        return "too few persons answered, or each item has the same answer from everybody"
    if len(whole) and not np.delete(np.delete(missing, whole, 0), whole, 1).any():
        who = named_items([items[j] for j in whole.tolist()])
        return f"{who}: the same answer from everybody, or too few persons answered"
    first, second = (int(place) for place in np.argwhere(missing)[0])
    return (
        f"{items[first]!r} and {items[second]!r} have no correlation: too few persons answered "
        "both, or all alike"
    )


def _result(
    rows: list[dict[str, Any]],
    groups: pl.DataFrame,
    items: tuple[str, ...],
    scale: str,
    kind: str,
) -> Factorability:
    def column(name: str, dtype: Any = pl.Float64) -> pl.Series:
        return pl.Series(name, [row[name] for row in rows], dtype=dtype)

    words = [None if row["kmo"] is None else _word(row["kmo"]) for row in rows]
    table = [
        *groups.get_columns(),
        column("n", pl.Int64),
        column("kmo"),
        pl.Series("adequacy", words, dtype=pl.String),
        column("chi_square"),
        column("df", pl.Int64),
        column("p_value"),
        column("determinant"),
        column("note", pl.String),
    ]
    repeated = np.repeat(np.arange(len(rows)), len(items))
    each = [
        *(name.gather(repeated) for name in groups.get_columns()),
        pl.Series("item", list(items) * len(rows), dtype=pl.String),
        pl.Series("kmo", [value for row in rows for value in row["items"]], dtype=pl.Float64),
    ]
    return Factorability(pl.DataFrame(table), pl.DataFrame(each), scale, kind)


def _word(kmo: float) -> str:
    return next(word for least, word in _WORDS if kmo >= least)
