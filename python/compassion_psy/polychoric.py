"""How do the responses behind ordered answers correlate: polychoric correlations, by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import _core
from compassion_psy.data.columns import code_list, uses_codes
from compassion_psy.data.responses import Names, Responses
from compassion_psy.errors import DataError, OptionError
from compassion_psy.options import (
    Bootstrap,
    one_of,
    thread_count,
)
from compassion_psy.polychoric_result import RESULT_COLUMNS, STATUSES, PolychoricResult
from compassion_psy.progress import Progress, reporter
from compassion_psy.reliability_input import checked_level
from compassion_psy.reliability_notes import nobody
from compassion_psy.scales import Scale
from compassion_psy.scales.choice import chosen
from compassion_psy.scales.numbering import Columns

_TOO_FEW = STATUSES.index("too_few_rows")


def polychoric(
    data: Any,
    scale: Scale | str | None = None,
    *,
    columns: Columns | None = None,
    by: Names = None,
    missing: Literal["pairwise", "listwise"] = "pairwise",
    missing_codes: Sequence[float] = (),
    interval: Bootstrap | None = None,
    level: float = 0.95,
    covariance: Literal["jackknife", "muthen"] | None = None,
    smooth: bool = False,
    threads: int | None = None,
    progress: Progress = None,
) -> PolychoricResult:
    """How would items correlate if answers were not cut into a few categories?

    Behind each ordered answer a normal response is assumed, cut by thresholds into the categories
    of the item. The correlation of two such responses is estimated from the table of the two
    items, which is counted once: the fit costs the same for any number of persons.

    Parameters
    ----------
    data : frame or Responses
        One row a person: a Polars DataFrame or LazyFrame, or anything Polars can take in (pandas,
        pyarrow, a DuckDB relation); or answers that were checked before.
    scale : Scale or str
        Which columns are items, the range of an answer, which items are reversed; or the id of a
        published scale. Not given where `data` is a Responses.
    columns : str, sequence or mapping, optional
        With an id, the columns of its items; see :func:`compassion_psy.scales.get`.
    by : str or list of str, optional
        Columns of sites or other groups; each gets its own correlations and thresholds. Items and
        sites may differ in the categories that were used: one that nobody chose changes nothing.
    missing : {"pairwise", "listwise"}
        Whether to use for each pair of items all who answered both, with thresholds from just
        these, or only persons who answered every item.
    missing_codes : sequence of numbers
        Answers that mean no answer, such as 0 or 99.
    interval : Bootstrap, optional
        Gives ``pairs`` the columns ``lower`` and ``upper``, ``failed`` (replicates without a
        correlation) and ``at_boundary`` (replicates on -1 or 1, which count). Persons are drawn
        with all their answers, or clusters where `data` is a Responses that has them.
    level : float
        The coverage that intervals aim at, between 0 and 1.
    covariance : {"jackknife", "muthen"}, optional
        Gives the result ``covariances``: how the errors of all thresholds and correlations go
        together. "jackknife" has the squares of ``se`` on its diagonal; "muthen" is what lavaan's
        WLS and WLSMV weigh by [3]_.
    smooth : bool
        Whether ``matrix`` and ``correlations`` give the nearest correlation matrix [4]_ in place
        of one that is not positive definite; ``smoothing`` then says how far it moved. Never done
        unasked, and ``pairs`` stay as they are.
    threads : int, optional
        Threads to use; all cores when not given. The numbers do not depend on it.
    progress : bool or callable, optional
        Of the bootstrap: None shows a bar where somebody looks and the job takes long; True always,
        False never; a callable is called with (done, total) replicates.

    Returns
    -------
    PolychoricResult
        ``pairs`` and ``thresholds`` as frames, ``correlations`` or ``matrix(group)`` as an array.

    Raises
    ------
    DataError
        Where columns or answers are not usable, or the answers are no categories.
    OptionError
        Where an option is not usable.

    Notes
    -----
    Two steps [1]_: thresholds are normal quantiles of the shares in the margins of the table; given
    these, rho maximises sum n_ab log p_ab(rho) over the cells, with p_ab the probability that the
    bivariate normal distribution [2]_ gives to the rectangle between the thresholds.

    Nothing is added to empty cells. A half in each, as some programs add, pulls correlations of
    sparse tables towards zero, the more the fewer persons there are; without it an empty cell is
    what it is, a cell of low probability. Only where a table says nothing against a perfect
    relation does rho end on -1 or 1, with the status "boundary".

    The standard error is that of the infinitesimal jackknife, sqrt(sum of L² / (n (n - 1))) over
    the influence L of each person on rho, which includes the influence on the thresholds. It does
    not rest on normality of the responses, although what rho means does. It takes persons as
    independent; clusters are ignored. Intervals hold best on Fisher's scale:
    tanh(atanh(rho) ± z se / (1 - rho²)), or are those of a bootstrap.

    ``covariances`` are sums of products of influence values over persons, each over
    sqrt(n (n - 1)) of its own n. An influence value divides a person's score by its mean slope; as
    a derivative with "jackknife", which needs no model to hold, as the product of scores with
    "muthen" [3]_, which is the same where the model holds. n times it is
    ``lavaan::lavInspect(fit, "gamma")`` up to n / (n - 1).

    Reversed items are turned first, which turns the sign of their correlations.

    References
    ----------
    .. [1] Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation
       coefficient. *Psychometrika*, 44, 443-460.
    .. [2] Genz, A. (2004). Numerical computation of rectangular bivariate and trivariate normal
       and t probabilities. *Statistics and Computing*, 14, 251-260.
    .. [3] Muthén, B. (1984). A general structural equation model with dichotomous, ordered
       categorical, and continuous latent variable indicators. *Psychometrika*, 49, 115-132.
    .. [4] Higham, N. J. (2002). Computing the nearest correlation matrix: a problem from finance.
       *IMA Journal of Numerical Analysis*, 22, 329-343. With eigenvalues of at least 1e-6.

    R gives the same numbers, up to where its searches stop, with ``psych::polychoric(x,
    correct = 0, global = FALSE, smooth = FALSE)`` and, for complete rows, ``lavaan::lavCor(x,
    ordered = names(x))``.

    Examples
    --------
    >>> import compassion_psy as cp
    >>> from compassion_psy.polychoric import polychoric
    >>> survey = cp.simulate_survey(persons=600, items=4, sites=2, seed=1)
    >>> result = polychoric(survey.frame, survey.scale, by="site")
    >>> result.pairs.shape
    (12, 8)
    >>> result.matrix(result.groups["site"][0]).shape
    (4, 4)
    """
    one_of("missing", missing, ("pairwise", "listwise"))
    if covariance is not None:
        one_of("covariance", covariance, ("jackknife", "muthen"))
    if not (interval is None or isinstance(interval, Bootstrap)):
        raise OptionError(
            f"interval is {interval!r}, but it must be a Bootstrap or None; se is in the result."
        )
    level = checked_level(level)
    threads = thread_count(threads)
    scale = chosen(scale, columns)
    responses = _responses(data, scale, by=by, missing_codes=code_list(missing_codes))
    _check(responses)
    used, kept_rows = responses.usable(missing)
    if used.rows == 0:
        raise nobody(responses, missing == "pairwise")
    scale = responses.scale
    categories = int(scale.maximum - scale.minimum) + 1
    given: Any = {"categories": categories, "threads": threads}
    found = _core.polychoric(used.answers, used.design, **given)
    present = kept_rows > 0
    pairs = _correlations(responses, found, present)
    seed = None
    if interval is not None:
        seed = interval.resolved_seed()
        with reporter(progress, "Resampling") as callback:
            ends = _core.polychoric_intervals(
                used.answers,
                used.design,
                **given,
                bootstrap=asdict(interval) | {"seed": seed},
                level=level,
                progress=callback,
            )
        pairs = pairs.with_columns(_ends(ends, present))
    covariances = None
    if covariance is not None:
        products = covariance == "muthen"
        errors = _core.polychoric_covariances(used.answers, used.design, products=products, **given)
        kept = _parameters(scale, categories, errors.shape[1])
        covariances = _everywhere(errors[:, kept][:, :, kept], present, np.nan)
    return PolychoricResult(
        pairs=pairs,
        thresholds=_thresholds(responses, found, present),
        groups=responses.groups,
        scale=scale.name,
        items=tuple(scale.items),
        n_excluded=responses.rows - used.rows,
        covariances=covariances,
        seed=seed,
        smooth=smooth,
    )


def _ends(found: Any, present: npt.NDArray[np.bool_]) -> list[pl.Series]:
    """Return the columns of a bootstrap, a row for each group and pair."""
    ends = [
        pl.Series(name, _everywhere(found[name], present, np.nan).ravel(), nan_to_null=True)
        for name in ("lower", "upper")
    ]
    counts = [
        pl.Series(name, _everywhere(found[name], present, 0).ravel())
        for name in ("failed", "at_boundary")
    ]
    return [*ends, *counts]


def _parameters(scale: Scale, categories: int, parameters: int) -> list[int]:
    """Return the places of thresholds at possible answers, and of all correlations."""
    steps = categories - 1
    thresholds = [
        at * steps + step for at, item in enumerate(scale.items) for step in _steps(scale, item)
    ]
    return [*thresholds, *range(scale.n_items * steps, parameters)]


def _responses(data: Any, scale: Scale | None, **columns: Any) -> Responses:
    if isinstance(data, Responses):
        data.refuse_options(scale, **columns)
        return data
    if not isinstance(scale, Scale):
        raise OptionError(f"scale is {scale!r}, but it must be a Scale, or an id.")
    return Responses.from_frame(data, scale, **columns)


def _check(responses: Responses) -> None:
    scale = responses.scale
    if scale.n_items < 2:
        raise DataError(
            f"Scale {scale.name!r} has one item ({scale.items[0]!r}), but a correlation needs 2; "
            "add items."
        )
    if not uses_codes(scale):
        kind = "continuous" if scale.continuous else f"{scale.minimum:g} to {scale.maximum:g}"
        raise DataError(
            f"The answers of scale {scale.name!r} ({kind}) are no categories; polychoric "
            "correlations need whole numbers of at most 255 steps."
        )
    if responses.weights is not None:
        raise OptionError(
            "The Responses have survey weights, but tables count each person once; make them "
            "without weights."
        )
    for name in responses.groups.columns:
        if name in RESULT_COLUMNS:
            raise OptionError(
                f"by names the column {name!r}, but results have a column of that name; rename it "
                f"in the data, for example to 'survey_{name}'."
            )


def _correlations(responses: Responses, found: Any, present: npt.NDArray[np.bool_]) -> pl.DataFrame:
    items = np.array(responses.scale.items, dtype=object)
    first, second = np.triu_indices(len(items), 1)

    def column(name: str, value: float) -> npt.NDArray[Any]:
        return _everywhere(found[name], present, value).ravel()

    groups = len(present)
    statuses = pl.Series(STATUSES, dtype=pl.String)
    return _repeated(responses.groups, groups, len(first)).with_columns(
        pl.Series("item_1", np.tile(items[first], groups), dtype=pl.String),
        pl.Series("item_2", np.tile(items[second], groups), dtype=pl.String),
        pl.Series("rho", column("rho", np.nan), nan_to_null=True),
        pl.Series("se", column("standard_error", np.nan), nan_to_null=True),
        pl.Series("n", column("persons", 0)),
        pl.Series("empty_cells", column("empty_cells", 0)),
        statuses.gather(column("status", _TOO_FEW).astype(np.uint32)).alias("status"),
    )


def _thresholds(responses: Responses, found: Any, present: npt.NDArray[np.bool_]) -> pl.DataFrame:
    scale = responses.scale
    steps = [(at, answer) for at, item in enumerate(scale.items) for answer in _steps(scale, item)]
    place, answers = np.array([at for at, _ in steps]), np.array([answer for _, answer in steps])
    values = _everywhere(found["thresholds"], present, np.nan)[:, place, answers]
    persons = _everywhere(found["counts"].sum(axis=2), present, 0)[:, place]
    groups = len(present)
    items = np.array(scale.items, dtype=object)[place]
    return _repeated(responses.groups, groups, len(steps)).with_columns(
        pl.Series("item", np.tile(items, groups), dtype=pl.String),
        pl.Series("answer", np.tile(answers + int(scale.minimum), groups)),
        # Infinite where nobody is on one side.
        pl.Series(
            "threshold", np.where(np.isfinite(values), values, np.nan).ravel(), nan_to_null=True
        ),
        pl.Series("n", persons.ravel()),
    )


def _steps(scale: Scale, item: str) -> list[int]:
    """Return the codes of possible answers but the last, turned where the item is reversed."""
    if scale.values is None:
        return list(range(int(scale.maximum - scale.minimum)))
    codes = [int(value - scale.minimum) for value in scale.values]
    if item in scale.reversed:
        codes = sorted(codes[-1] - code for code in codes)
    return codes[:-1]


def _everywhere(
    values: npt.NDArray[Any], present: npt.NDArray[np.bool_], absent: float
) -> npt.NDArray[Any]:
    """Return an array with a row for each group, also for those nobody is left of."""
    whole = np.full((len(present), *values.shape[1:]), absent, dtype=values.dtype)
    whole[present] = values
    return whole


def _repeated(groups: pl.DataFrame, n_groups: int, times: int) -> pl.DataFrame:
    if not groups.width:
        return pl.DataFrame(height=times)
    return groups[np.repeat(np.arange(n_groups), times)]
