"""Does a scale give the same persons the same scores again?"""
# ruff: noqa: PT028 (its name begins with test, but it is none)

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.columns import code_list
from compassion_psy.data.design import Names, listed_columns
from compassion_psy.data.frames import as_frame
from compassion_psy.data.responses import Responses
from compassion_psy.distributions import f_upper_quantile
from compassion_psy.errors import DataError, OptionError
from compassion_psy.icc import icc
from compassion_psy.reliability_input import check_scored, checked_level
from compassion_psy.retest_result import RETEST_COLUMNS, RETEST_DEFINITIONS, RetestResult
from compassion_psy.scales import Scale
from compassion_psy.scales.choice import chosen
from compassion_psy.scales.numbering import Columns
from compassion_psy.waves import aligned_waves, check_names, check_waves

Floats = npt.NDArray[np.float64]
# Estimate, standard error and limits.
_Row = tuple[float | None, float | None, float | None, float | None]
_NOTHING: _Row = (None, None, None, None)
_FEWEST = 3


def test_retest(
    data: Any,
    scale: Scale | str,
    *,
    columns: Columns | None = None,
    id: str,
    wave: str,
    by: Names = None,
    missing_codes: Sequence[float] = (),
    level: float = 0.95,
) -> RetestResult:
    r"""Does a scale give the same persons the same scores again, for everybody or by site?

    Parameters
    ----------
    data : frame
        One row a person and wave, of two waves.
    scale : Scale or str
        The scale, or the id of a published one. Reversed items are turned by its range, never by
        the answers there are.
    columns : str, sequence or mapping, optional
        With an id, the columns of its items; see :func:`compassion_psy.scales.get`.
    id, wave : str
        Columns of the person and of the wave; waves are taken in the order of their values.
    by : str or list of str, optional
        Columns of sites or other groups; each gets its own rows. A person belongs to a group who
        is in it in both waves.
    missing_codes : sequence of numbers
        Answers that mean no answer, such as 0 or 99.
    level : float
        The coverage that intervals aim at, and of the minimal detectable change, between 0 and 1.

    Returns
    -------
    RetestResult
        Its ``table`` has a row for each group and each of r, icc_a1, icc_c1, sem, mdc and change.
        Persons count who answered every item in both waves; the others are counted.

    Raises
    ------
    DataError
        Where columns or answers are not usable, there are not two waves, a person is in a wave
        twice, or, without groups, too few persons are in both.
    OptionError
        Where an option is not usable.

    Notes
    -----
    Of the sums X and Y of the items in the first and second wave, D = Y - X, n persons, z the
    normal quantile of the level:

    - r, the correlation of X and Y; its standard error is that of the influence values
      :math:`L_i = x_i y_i - r (x_i^2 + y_i^2) / 2` of standardised scores, its interval
      :math:`\tanh(\mathrm{atanh}\, r \pm z\, se / (1 - r^2))`.
    - icc_a1 and icc_c1 are icc2 and icc3 of :func:`icc`, with their intervals [1]_.
    - sem = sd(D) / √2, the root of the mean square of residuals [2]_; se from the influence values
      of the variance of D, the interval on the logarithm's scale.
    - mdc = z √2 sem [2]_.
    - change, the mean of D, with the t interval.

    In R: ``cor.test(x, y)`` and ``psych::ICC(cbind(x, y), lmer = FALSE)`` on totals of items that
    were turned by the range of the scale. ``psych::testRetest`` turns them by the range of the
    answers, in each wave its own.

    References
    ----------
    .. [1] McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass
       correlation coefficients. *Psychological Methods*, 1, 30-46.
    .. [2] Weir, J. P. (2005). Quantifying test-retest reliability using the intraclass correlation
       coefficient and the SEM. *Journal of Strength and Conditioning Research*, 19, 231-240.

    Examples
    --------
    >>> import compassion_psy as cp
    >>> first = cp.simulate_survey(persons=200, items=5, seed=1)
    >>> answers = first.frame
    >>> again = answers.with_columns(pl.col("item_1").reverse())
    >>> both = pl.concat([answers.with_columns(wave=1), again.with_columns(wave=2)])
    >>> result = cp.test_retest(both, first.scale, id="person", wave="wave")
    >>> result.table["coefficient"].to_list()
    ['r', 'icc_a1', 'icc_c1', 'sem', 'mdc', 'change']
    """
    level = checked_level(level)
    codes = code_list(missing_codes)
    named = chosen(scale, columns)
    if not isinstance(named, Scale):
        raise OptionError(f"scale is {named!r}, but it must be a Scale, or an id.")
    check_scored(named)
    check_names(wave, id)
    groups = listed_columns("by", by)
    for name in groups:
        if name in RETEST_COLUMNS:
            raise OptionError(
                f"by names the column {name!r}, but the result has a column of that name; rename "
                f"it in the data, for example to 'survey_{name}'."
            )
    frame = as_frame(data, list(dict.fromkeys([*named.items, id, wave, *groups])))
    check_waves(frame, named, wave, id)
    waves = frame[wave].unique().sort().to_list()
    if len(waves) != 2:
        raise DataError(
            f"The number of waves in column {wave!r} is {len(waves)}, but a retest is of 2; keep "
            "the rows of two."
        )
    if not groups:
        return RetestResult(
            _rows(frame, named, id, wave, codes, level, alone=True), *_of(waves, level)
        )
    keys = frame.select(groups).unique().sort(groups, nulls_last=True)
    parts = []
    for at in range(keys.height):
        key = keys[at]
        own = frame.join(key, on=groups, nulls_equal=True, maintain_order="left")
        rows = _rows(own, named, id, wave, codes, level, alone=False)
        parts.append(pl.concat([key[[0] * rows.height], rows], how="horizontal"))
    return RetestResult(pl.concat(parts), *_of(waves, level))


# Test runners take a function of this name for a test.
test_retest.__test__ = False  # type: ignore[attr-defined]


def _of(waves: list[Any], level: float) -> tuple[tuple[str, str], float]:
    return (str(waves[0]), str(waves[1])), level


def _rows(
    frame: pl.DataFrame,
    scale: Scale,
    person: str,
    wave: str,
    codes: tuple[Any, ...],
    level: float,
    *,
    alone: bool,
) -> pl.DataFrame:
    """Return the rows of one group; without groups what cannot be computed is an error."""
    persons = frame[person].n_unique()
    matched = frame.height - persons
    scores, fault = None, "nobody is in both waves"
    if matched:
        aligned = aligned_waves(frame, scale, wave, person, codes).aligned
        complete = ~(aligned[0].is_missing().any(axis=0) | aligned[1].is_missing().any(axis=0))
        scores = np.array([_totals(each)[complete] for each in aligned])
        fault = _fault(scores)
    n = 0 if scores is None else scores.shape[1]
    if fault and alone:
        raise DataError(f"Scale {scale.name!r}: {fault}; a retest needs persons who differ.")
    found = dict.fromkeys(RETEST_DEFINITIONS, _NOTHING)
    if scores is not None and not fault:
        found = _coefficients(scores[0], scores[1], level)
    values = list(found.values())
    schema = dict.fromkeys(("estimate", "se", "lower", "upper"), pl.Float64)
    return pl.DataFrame(values, schema=schema, orient="row").select(
        pl.Series("coefficient", list(found)),
        pl.all(),
        n=pl.lit(n, pl.Int64),
        n_unmatched=pl.lit(persons - matched, pl.Int64),
        n_incomplete=pl.lit(matched - n, pl.Int64),
        note=pl.lit(fault or None, pl.String),
    )


def _totals(responses: Responses) -> Floats:
    """Return sums of the keyed answers; both waves from the same zero."""
    totals = np.asarray(responses.answers.sum(axis=0, dtype=np.float64))
    return totals if responses.origins is None else totals + float(responses.origins.sum())


def _fault(scores: Floats) -> str:
    """Return why scores have no coefficients, or nothing."""
    n = scores.shape[1]
    if n < _FEWEST:
        who = "only one person" if n == 1 else f"{n} persons" if n else "nobody"
        return f"{who} answered every item in both waves, and at least {_FEWEST} are needed"
    for wave, own in zip(("first", "second"), scores, strict=True):
        if np.ptp(own) == 0:
            return f"everybody has the same score in the {wave} wave"
    if np.ptp(scores[1] - scores[0]) == 0:
        return "everybody changed by the same amount"
    return ""


def _coefficients(x: Floats, y: Floats, level: float) -> dict[str, _Row]:
    n = len(x)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    agreement = icc(pl.DataFrame({"x": x, "y": y}), raters=["x", "y"], level=level)
    by_name = {row["icc"]: row for row in agreement.iter_rows(named=True)}

    def of_raters(name: str) -> _Row:
        row = by_name[name]
        return row["estimate"], None, row["lower"], row["upper"]

    d = (y - x) - np.mean(y - x)
    variance = float(np.sum(d**2)) / (n - 1)
    sem = math.sqrt(variance / 2)
    # The error of a variance, as a share of it; that of its root is half as large.
    share = 0.5 * _error(d**2 - np.mean(d**2)) / variance
    error = math.sqrt(variance / n)
    reach = math.sqrt(f_upper_quantile(1 - level, 1, n - 1)) * error
    change = float(np.mean(y - x))
    detectable = z * math.sqrt(2)
    limits = [sem * math.exp(side * z * share) for side in (-1, 1)]
    return {
        "r": _correlation(x, y, z),
        "icc_a1": of_raters("icc2"),
        "icc_c1": of_raters("icc3"),
        "sem": (sem, sem * share, limits[0], limits[1]),
        "mdc": (
            detectable * sem,
            detectable * sem * share,
            detectable * limits[0],
            detectable * limits[1],
        ),
        "change": (change, error, change - reach, change + reach),
    }


def _correlation(x: Floats, y: Floats, z: float) -> _Row:
    x, y = x - x.mean(), y - y.mean()
    x, y = x / math.sqrt(float(np.mean(x**2))), y / math.sqrt(float(np.mean(y**2)))
    r = min(max(float(np.mean(x * y)), -1.0), 1.0)
    if abs(r) == 1:
        return r, 0.0, r, r
    error = _error(x * y - r * (x**2 + y**2) / 2)
    reach = z * error / (1 - r**2)
    return r, error, math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach)


def _error(influences: Floats) -> float:
    n = len(influences)
    return math.sqrt(float(np.sum(influences**2)) / (n * (n - 1)))
