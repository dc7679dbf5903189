"""How reliable is a scale, and how sure is that: coefficients with intervals, by group."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import _core
from compassion_psy.data.responses import Names, Responses
from compassion_psy.errors import CompassionWarning, DataError, OptionError
from compassion_psy.options import Bootstrap, one_of, whole_number
from compassion_psy.progress import Callback, Progress, reporter
from compassion_psy.results import STATUSES, ReliabilityResult, ReplicateSet
from compassion_psy.scales import Scale

DEFINITIONS = {
    "alpha": "Cronbach's alpha of the covariance matrix",
    "alpha_std": "alpha of standardised items, from the correlation matrix",
    "lambda2": "Guttman's lambda 2 of the covariance matrix",
    "lambda6": "Guttman's lambda 6 of the covariance matrix",
    "omega_u": "omega of one factor by maximum likelihood on the covariance matrix, over the "
    "total variance that the model implies",
    "omega_total": "omega of one factor by minimum residuals on the correlation matrix, over the "
    "observed total variance",
}
"""Which coefficient a name stands for."""

ANALYTIC = ("feldt", "bonett", "hakstian_whalen", "normal_theory")
"""Closed-form intervals, for alpha alone."""

Analytic = Literal["feldt", "bonett", "hakstian_whalen", "normal_theory", "adf"]
Missing = Literal["listwise", "pairwise"]

_REASONS = {
    "not_converged": "the factor fit found no minimum",
    "not_positive_definite": "the matrix of the items is not positive definite: too few persons "
    "for so many items, or items that repeat each other; use more persons or fewer items",
    "constant_item": "the items must vary",
    "too_few_rows": "too few persons answered",
    "undefined": "the total score does not vary, or two items are too few for a factor",
}
_INTERVAL_REASONS = (
    "",
    "too few replicates have a value",
    "the estimate lies outside all replicates, so BCa is not defined; use method='percentile'",
    "no standard error",
)


def reliability(
    data: Any,
    scale: Scale | Sequence[Scale] | None = None,
    *,
    by: Names = None,
    cluster: Names = None,
    strata: Names = None,
    weights: str | None = None,
    missing_codes: Sequence[float] = (),
    coefficients: str | Sequence[str] = ("alpha", "omega_u"),
    interval: Bootstrap | Analytic | None = Bootstrap(),  # noqa: B008 (it is frozen)
    missing: Missing = "listwise",
    level: float = 0.95,
    threads: int | None = None,
    progress: Progress = None,
) -> ReliabilityResult:
    """How reliable is a scale, for everybody or by site, and how sure is that?

    Parameters
    ----------
    data : frame or Responses
        One row a person: a Polars DataFrame or LazyFrame, or anything Polars can take in (pandas,
        pyarrow, a DuckDB relation); or answers that were checked before.
    scale : Scale or sequence of Scale
        The scale, or several (a scale and its subscales, say) for one table. Not given where
        `data` is a Responses.
    by : str or list of str, optional
        Columns of sites or other groups; each gets its own row.
    cluster : str or list of str, optional
        Columns that name a person's cluster (ward, team). Clusters are then resampled with all
        their persons, and standard errors are cluster-robust.
    strata : str or list of str, optional
        Columns of strata; persons or clusters are resampled within each.
    weights : str, optional
        Column of survey weights.
    missing_codes : sequence of numbers
        Answers that mean no answer, such as 0 or 99.
    coefficients : str or sequence of str
        From "alpha", "alpha_std", "lambda2", "lambda6", "omega_u", "omega_total".
    interval : Bootstrap, str or None
        A :class:`Bootstrap`; "adf" (the estimate plus and minus normal quantiles of the influence
        standard error, for every coefficient); "feldt", "bonett", "hakstian_whalen" or
        "normal_theory" (closed forms, for alpha alone); or None.
    missing : {"listwise", "pairwise"}
        Whether to use persons who answered every item, or for each pair of items all who answered
        both.
    level : float
        The coverage that intervals aim at, between 0 and 1.
    threads : int, optional
        Threads to use; all cores when not given. The numbers do not depend on it.
    progress : bool or callable, optional
        None shows a bar where somebody looks and the job takes long; True always, False never; a
        callable is called with (done, total) replicates.

    Returns
    -------
    ReliabilityResult
        Its ``table`` has a row for each group, scale and coefficient. ``se`` is the standard
        deviation of the replicates for a bootstrap, else the influence ("ADF") standard error;
        with "normal_theory" that of van Zyl, Neudecker & Nel.

    Raises
    ------
    DataError
        Where columns or answers are not usable. A site that cannot be analysed is no error: its
        row says why, and the others are computed.
    OptionError
        Where an option is not usable.

    Warns
    -----
    CompassionWarning
        Where a closed-form interval is asked for clustered or weighted persons, which it ignores.

    Notes
    -----
    With k items, covariances C, total variance V and correlations R:

    - alpha = k/(k-1) (1 - tr C / V) [1]_; alpha_std the same of R.
    - lambda2 = 1 - tr C / V + sqrt(k/(k-1) sum of squared covariances) / V [2]_.
    - lambda6 = 1 - sum of error variances of each item regressed on the others / V [2]_.
    - omega_u = (sum l)² / ((sum l)² + sum t) with loadings l and unique variances t of one
      factor by maximum likelihood [3]_, unique variances at least 0.005 of the item's.
    - omega_total = 1 - sum u / sum R with uniquenesses u of one factor by minimum residuals.

    Nothing is flipped: a reversed item that was not declared lowers the coefficients. Replicates
    start their fits at the estimate. BCa takes its acceleration from influence values [4]_, so it
    needs no further fits and works for any number of persons.

    References
    ----------
    .. [1] Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests.
       *Psychometrika*, 16, 297-334.
    .. [2] Guttman, L. (1945). A basis for analyzing test-retest reliability. *Psychometrika*, 10,
       255-282.
    .. [3] McDonald, R. P. (1999). *Test theory: A unified treatment*. Erlbaum.
    .. [4] Efron, B. (1987). Better bootstrap confidence intervals. *JASA*, 82, 171-185.

    R gives the same numbers with ``psych::alpha(x)$total$raw_alpha`` and ``std.alpha``,
    ``psych::guttman`` on a covariance matrix, ``semTools::compRelSEM(lavaan::cfa("f =~ ...",
    std.lv = TRUE), obs.var = FALSE)``, ``psych::omega(x, nfactors = 1)$omega.tot``, and
    intervals with ``boot::boot.ci`` and ``psych::alpha.ci``.

    Examples
    --------
    >>> import compassion_psy as cp
    >>> survey = cp.simulate_survey(persons=600, items=6, sites=3, seed=1)
    >>> result = cp.reliability(survey.frame, survey.scale, by="site",
    ...                         interval=cp.Bootstrap(500, seed=1))
    >>> result.table.shape
    (6, 15)
    """
    names = _coefficients(coefficients)
    one_of("missing", missing, ("listwise", "pairwise"))
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 < level < 1:
        raise OptionError(f"level is {level!r}, but it must lie between 0 and 1, such as 0.95.")
    if threads is not None:
        threads = whole_number("threads", threads, minimum=1)
    if not (interval is None or isinstance(interval, Bootstrap)):
        one_of("interval", interval, (*ANALYTIC, "adf"))
    columns: dict[str, Any] = {"by": by, "cluster": cluster, "strata": strata, "weights": weights}
    columns["missing_codes"] = missing_codes
    call = _Call(names, interval, missing == "pairwise", float(level), threads)
    with reporter(progress, "Resampling") as callback:
        parts = [call.answer(r, callback) for r in _all_responses(data, scale, columns)]
    sets = tuple(part for _, part in parts if part is not None)
    return ReliabilityResult(
        table=pl.concat([table for table, _ in parts]),
        definitions={name: DEFINITIONS[name] for name in names},
        seed=call.seed,
        replicate_sets=sets,
    )


def _coefficients(coefficients: str | Sequence[str]) -> tuple[str, ...]:
    names = (coefficients,) if isinstance(coefficients, str) else tuple(coefficients)
    if not names:
        raise OptionError(f"coefficients is empty; choose from {', '.join(DEFINITIONS)}.")
    for name in names:
        one_of("coefficients", name, tuple(DEFINITIONS))
    return tuple(dict.fromkeys(names))


def _all_responses(
    data: Any, scale: Scale | Sequence[Scale] | None, columns: dict[str, Any]
) -> list[Responses]:
    if isinstance(data, Responses):
        given = [name for name, value in columns.items() if value is not None and value != ()]
        if scale is not None and scale != data.scale:
            given.append("scale")
        if given:
            raise OptionError(
                f"{given[0]} is given, but data is a Responses, which has its own; leave it out, "
                "or give it to Responses.from_frame."
            )
        return [data]
    scales = [scale] if isinstance(scale, Scale) else list(scale or ())
    if not scales:
        raise OptionError("scale is missing; give a Scale, or a list of them.")
    repeated = len({getattr(s, "name", s) for s in scales}) < len(scales)
    if repeated:
        raise OptionError("Two scales have one name; give each its own.")
    return [Responses.from_frame(data, each, **columns) for each in scales]


class _Call:
    """What was asked for, with a seed for all scales."""

    def __init__(
        self,
        coefficients: tuple[str, ...],
        interval: Bootstrap | str | None,
        pairwise: bool,
        level: float,
        threads: int | None,
    ) -> None:
        self.coefficients = coefficients
        self.bootstrap = interval if isinstance(interval, Bootstrap) else None
        self.interval = interval if isinstance(interval, str) else None
        self.pairwise = pairwise
        self.level = level
        self.threads = threads
        self.seed = self.bootstrap.resolved_seed() if self.bootstrap else None

    def answer(
        self, responses: Responses, callback: Callback | None
    ) -> tuple[pl.DataFrame, ReplicateSet | None]:
        """Return the rows of one scale, and its replicates."""
        _check(responses, self.interval)
        used, kept_rows = responses.usable("pairwise" if self.pairwise else "listwise")
        if used.rows == 0:
            raise DataError(
                f"Scale {responses.scale.name!r}: nobody answered "
                + ("any item" if self.pairwise else "every item")
                + f" of {responses.rows:,} persons; check the columns and missing_codes"
                + ("." if self.pairwise else ", or use missing='pairwise'.")
            )
        found = _core.analyse(
            used.answers,
            used.design,
            coefficients=self.coefficients,
            pairwise=self.pairwise,
            interval_name=self.interval,
            bootstrap=self._bootstrap_options(),
            level=self.level,
            threads=self.threads,
            progress=callback,
        )
        rows = _Rows(self, responses, used, kept_rows, found)
        if responses.groups.width == 0:
            rows.require_something()
        return rows.table(), rows.replicates() if self.bootstrap else None

    def _bootstrap_options(self) -> dict[str, Any] | None:
        if self.bootstrap is None:
            return None
        return {
            "replicates": self.bootstrap.replicates,
            "method": self.bootstrap.method,
            "seed": self.seed,
            "weights": self.bootstrap.weights,
            "quantile_rule": self.bootstrap.quantile_rule,
        }


def _check(responses: Responses, interval: str | None) -> None:
    scale = responses.scale
    if scale.n_items < 2:
        raise DataError(
            f"Scale {scale.name!r} has one item ({scale.items[0]!r}), but reliability needs at "
            "least 2; add items."
        )
    if interval in ANALYTIC and (
        responses.cluster_starts is not None or responses.weights is not None
    ):
        warnings.warn(
            f"The interval {interval!r} takes persons as independent and of equal weight; it "
            "ignores clusters and weights. Use 'adf' or a Bootstrap.",
            CompassionWarning,
            stacklevel=4,
        )


class _Rows:
    """The core's numbers of one scale, as rows for every group of the data."""

    def __init__(
        self,
        call: _Call,
        responses: Responses,
        used: Responses,
        kept_rows: npt.NDArray[np.int64],
        found: _core._Analysis,
    ) -> None:
        self.call = call
        self.responses = responses
        self.used = used
        self.kept_rows = kept_rows
        self.found = found
        # The place of each group of the data among those the core has seen.
        self.place = np.cumsum(kept_rows > 0) - 1
        self.few_units = _few_units(used)
        self.constant = _constant_items(used)

    def require_something(self) -> None:
        """Raise DataError where the data as a whole cannot be analysed."""
        scale = self.used.scale.name
        if self.constant[0]:
            names = ", ".join(map(repr, self.constant[0]))
            raise DataError(
                f"Scale {scale!r}: everybody gave one answer to {names}; an item that does not "
                "vary tells nothing, leave it out of the scale."
            )
        if self.few_units[0]:
            raise DataError(f"Scale {scale!r}: {self.few_units[0]}.")
        if np.isnan(self.found["estimate"]).all():
            status = STATUSES[self.found["status"][0, 0]]
            raise DataError(
                f"Scale {scale!r} with {self.used.rows:,} usable persons and "
                f"{self.used.scale.n_items} items has no {self.call.coefficients[0]}: "
                f"{_REASONS[status]}."
            )

    def table(self) -> pl.DataFrame:
        """Return one row for each group and coefficient."""
        call, scale = self.call, self.used.scale
        groups, width = len(self.kept_rows), len(call.coefficients)
        n_replicates = call.bootstrap.replicates if call.bootstrap else None
        method = call.bootstrap.method if call.bootstrap else call.interval
        index = np.repeat(np.arange(groups), width)
        keys = (
            self.responses.groups[index]
            if self.responses.groups.width
            else pl.DataFrame(height=len(index))
        )
        excluded = self.responses.group_rows - self.kept_rows
        no_error = np.array([bool(text) for text in self.few_units])
        return keys.with_columns(
            pl.lit(scale.name).alias("scale"),
            pl.Series("coefficient", list(call.coefficients) * groups, dtype=pl.String),
            self._numbers("estimate", "estimate"),
            self._numbers("se", "standard_error", hide=no_error),
            self._numbers("lower", "lower", hide=no_error),
            self._numbers("upper", "upper", hide=no_error),
            pl.lit(call.level if method else None, dtype=pl.Float64).alias("level"),
            pl.lit(method, dtype=pl.String).alias("interval"),
            pl.Series("n", self.kept_rows[index], dtype=pl.Int64),
            pl.lit(scale.n_items, dtype=pl.Int64).alias("n_items"),
            pl.Series("n_excluded", excluded[index], dtype=pl.Int64),
            pl.lit(n_replicates, dtype=pl.Int64).alias("replicates"),
            pl.Series("failed", self._failed(), dtype=pl.Int64),
            pl.Series("note", self._notes(), dtype=pl.String),
        )

    def _numbers(self, name: str, key: str, hide: npt.NDArray[np.bool_] | None = None) -> pl.Series:
        values: npt.NDArray[np.float64] = self.found[key]  # type: ignore[literal-required]
        if hide is not None:
            values = np.where(hide[:, None], np.nan, values)
        values = np.where((self.kept_rows > 0)[:, None], values[self.place], np.nan)
        return pl.Series(name, values.ravel(), nan_to_null=True)

    def _failed(self) -> list[int | None]:
        if self.call.bootstrap is None:
            return [None] * (len(self.kept_rows) * len(self.call.coefficients))
        failed = np.isnan(self.found["replicates"]).sum(axis=1)
        failed = np.where((self.kept_rows > 0)[:, None], failed[self.place], 0)
        return [int(count) for count in failed.ravel()]

    def _notes(self) -> list[str | None]:
        notes: list[str | None] = []
        heywood = (self.found["replicate_status"] == STATUSES.index("heywood")).sum(axis=1)
        for group, rows in enumerate(self.kept_rows):
            for at, name in enumerate(self.call.coefficients):
                if rows == 0:
                    notes.append(
                        "nobody answered " + ("any item" if self.call.pairwise else "every item")
                    )
                else:
                    place = self.place[group]
                    notes.append(self._note(place, at, name, int(heywood[place, at])))
        return notes

    def _note(self, place: int, at: int, name: str, heywood: int) -> str | None:
        parts = []
        status = STATUSES[self.found["status"][place, at]]
        if self.constant[place]:
            parts.append(f"{', '.join(self.constant[place])} does not vary here")
        if status == "heywood":
            parts.append("Heywood case: a unique variance is on its lower bound")
        elif status != "ok":
            parts.append(_REASONS[status])
        if self.few_units[place]:
            parts.append(self.few_units[place])
        if status in ("ok", "heywood"):
            reason = _INTERVAL_REASONS[self.found["interval_status"][place, at]]
            if self.call.interval in ANALYTIC and name != "alpha":
                parts.append(f"{self.call.interval} is an interval for alpha alone")
            elif reason and not self.few_units[place]:
                parts.append(f"no interval: {reason}")
        if heywood and self.call.bootstrap:
            parts.append(
                f"{heywood:,} of {self.call.bootstrap.replicates:,} replicates are Heywood cases"
            )
        return "; ".join(parts) or None

    def replicates(self) -> ReplicateSet:
        """Return the replicates of the groups that have any."""
        return ReplicateSet(
            scale=self.used.scale.name,
            coefficients=self.call.coefficients,
            groups=self.used.groups,
            values=np.ascontiguousarray(self.found["replicates"].transpose(0, 2, 1)),
            statuses=np.ascontiguousarray(self.found["replicate_status"].transpose(0, 2, 1)),
        )


def _few_units(used: Responses) -> list[str]:
    """For each group why its persons or clusters cannot be resampled; empty where they can."""
    what = "person" if used.cluster_starts is None else "cluster"
    strata = used.group_starts if used.stratum_starts is None else used.stratum_starts
    if used.cluster_starts is None:
        units = np.diff(strata)
    else:
        places = np.searchsorted(used.cluster_starts, strata)
        units = np.diff(places)
    groups = np.searchsorted(strata, used.group_starts)
    fewest = np.minimum.reduceat(units, groups[:-1])
    within = "" if used.stratum_starts is None else " in a stratum"
    text = (
        f"only 1 {what}{within}: a standard error or interval needs at least 2; use fewer strata, "
        "merge, or leave out cluster"
    )
    return [text if few < 2 else "" for few in fewest]


def _constant_items(used: Responses) -> list[list[str]]:
    """For each group the items to which everybody gave one answer."""
    starts = used.group_starts[:-1]
    if used.answers.dtype == np.uint8:
        lowest = np.minimum.reduceat(used.answers, starts, axis=1)
        highest = np.maximum.reduceat(used.answers, starts, axis=1)
        if (highest == 255).any():
            # One more, so that a missing answer becomes the lowest by wrapping around.
            highest = np.maximum.reduceat(used.answers + np.uint8(1), starts, axis=1) - np.uint8(1)
    else:
        lowest = np.fmin.reduceat(used.answers, starts, axis=1)
        highest = np.fmax.reduceat(used.answers, starts, axis=1)
    constant = lowest == highest
    return [
        [used.scale.items[item] for item in np.flatnonzero(constant[:, group])]
        for group in range(len(starts))
    ]
