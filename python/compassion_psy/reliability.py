"""How reliable is a scale, and how sure is that: coefficients with intervals, by group."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Literal

import polars as pl

from compassion_psy import _core
from compassion_psy.data.columns import code_list
from compassion_psy.data.responses import Names, Responses
from compassion_psy.errors import CompassionWarning, OptionError
from compassion_psy.options import (
    BOOTSTRAP_METHODS,
    THREADS_MAXIMUM,
    Bootstrap,
    check_instruction_set,
    one_of,
    whole_number,
)
from compassion_psy.progress import Callback, Progress, reporter
from compassion_psy.reliability_factors import FactorModel, TwoFactors
from compassion_psy.reliability_input import all_responses, check_scored, checked_level
from compassion_psy.reliability_notes import FOR_ALPHA, nobody
from compassion_psy.reliability_table import Found, Question, ScaleRows
from compassion_psy.results import RESULT_COLUMNS, ReliabilityResult, ReplicateSet
from compassion_psy.scales import Scale

Analytic = Literal["feldt", "bonett", "hakstian_whalen", "normal_theory", "adf"]
Missing = Literal["listwise", "pairwise"]


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
    factors: int = 3,
    two_factors: TwoFactors = "equal",
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
        From "alpha", "alpha_std", "lambda1" to "lambda6", "lambda5_plus", "mu0" to "mu3",
        "split_half_max", "split_half_min", "split_half_mean", "omega_u", "omega_u_observed",
        "omega_total", "omega_h", "omega_limit", "omega_groups" (one for each group factor:
        "omega_group_1", ...), "omega_groups_total" ("omega_group_total_1", ...), "ecv", "puc",
        "average_r", "signal_to_noise" and "sem"; or "all" of them. All but the last five are
        reliabilities, of the total score or, for groups, of the sum of a group's items.
    interval : Bootstrap, str or None
        A :class:`Bootstrap`; "adf" (the estimate plus and minus normal quantiles of the influence
        standard error, for every coefficient); "feldt", "bonett", "hakstian_whalen" or
        "normal_theory" (closed forms, for alpha alone); or None.
    missing : {"listwise", "pairwise"}
        Whether to use persons who answered every item, or for each pair of items all who answered
        both.
    level : float
        The coverage that intervals aim at, between 0 and 1.
    factors : int
        How many factors omega_total, and the coefficients of a general factor, have: 1 to 20.
        omega_total has one number for each; with one factor there is no general one beside it.
    two_factors : {"equal", "first", "second"}
        How two factors load on the general one, which their one correlation does not tell: both
        alike, or the first, or the second (by variance explained) is the general one.
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
        Where an option is not usable, or a coefficient is named for which the items identify fewer
        factors. With "all" its row says so.

    Warns
    -----
    CompassionWarning
        Where a closed-form interval is asked for clustered or weighted persons, which it ignores.

    Notes
    -----
    With k items, covariances C, total variance V and correlations R, sums being over ordered
    pairs of different items:

    - alpha = k/(k-1) (1 - tr C / V) [1]_; alpha_std the same of R.
    - lambda1 = 1 - tr C / V [2]_.
    - lambda2 = lambda1 + sqrt(k/(k-1) sum of squared covariances) / V [2]_.
    - lambda3 = alpha [2]_.
    - lambda4 = split_half_max [2]_.
    - lambda5 = lambda1 + 2 sqrt(largest sum of an item's squared covariances) / V [2]_;
      lambda5_plus has the second term k/(k-1) times.
    - lambda6 = 1 - sum of error variances of each item regressed on the others / V [2]_.
    - mu2 = (S1 + sqrt(S2 + sqrt(k/(k-1) S4))) / V and mu3 = (S1 + sqrt(S2 + sqrt(S4 +
      sqrt(k/(k-1) S8)))) / V with Sm the sum of covariances to the power m [10]_; so mu0 = alpha
      and mu1 = lambda2, by definition.
    - split_half_max, split_half_min and split_half_mean: 4 cov(A, B) / V of the halves A and B,
      the largest, smallest and mean of all splits into halves of equal number, or one apart. Up
      to 20 items every split is looked at. With more, 100 random splits, the same for every
      group and replicate, are each improved by exchanges of two items until none helps; the
      result can be short of the best and its rows say so. The mean needs no search: it is
      alpha, for an odd number of items (1 - 1/k²) alpha [1]_.
    - omega_u = (sum l)² / ((sum l)² + sum t) with loadings l and unique variances t of one
      factor by maximum likelihood [3]_, unique variances at least 0.005 of the item's.
      omega_u_observed = (sum l)² / V, V with the divisor of maximum likelihood.
    - omega_total = 1 - sum u / sum R with uniquenesses u of the factors by minimum residuals, at
      least 0.005 while the factors are fitted [12]_.
    - omega_h = (sum g)² / sum R with loadings g on the general factor [13]_. The factors, extracted
      from R by minimum residuals, are rotated by direct oblimin (gamma 0, no Kaiser normalisation;
      the best of 31 starts, always the same) to loadings L and correlations P. One factor by
      minimum residuals of P, uniquenesses at least 0.005 again, gives their loadings c on the
      general one. Then g = L c, and items load L sqrt(1 - c²) on the group factors [14]_, zero
      where c² exceeds 1. Two factors have one correlation r: c is sqrt(abs(r)) for both, the sign
      of r for the second, or 1 and r, or r and 1, by `two_factors`.
    - omega_limit = (sum g)² / (sum R - sum u) [13]_.
    - omega_group_j = (sum s)² / sum R of the items that load highest on group factor j, s being
      their loadings on it; omega_group_total_j has (sum s)² + (sum g)². Group factors are numbered
      by variance explained, site by site: the note of a row says which items are in it.
    - ecv = sum g² / (sum g² + sum s²) over all items and groups [15]_; puc, the share of
      correlations that are between groups [15]_.
    - average_r = r, the mean of R; signal_to_noise = k r / (1 - r) [11]_.
    - sem = sqrt(V (1 - alpha)), of the sum of the items, whatever total the scale declares.

    psych::guttman and psych::splitHalf take correlations: standardise items to have their
    numbers. With an odd number of items they look at part of the splits only.

    Intervals by formula, of n persons, at level 1 - p, z the normal quantile at 1 - p/2:

    - feldt: 1 - (1 - alpha) F with F the quantiles at 1 - p/2 and p/2 of the F distribution with
      n - 1 and (n - 1)(k - 1) degrees of freedom [5]_.
    - bonett: 1 - exp(ln(1 - alpha) ± z sqrt(2k / ((k - 1)(n - 2)))) [6]_.
    - hakstian_whalen: 1 - c³ ((1 - alpha)^(1/3) ± z s)³ with c = (1 - 2/(9(n - 1))) /
      (1 - 2/(9d)), d = (n - 1)(k - 1), and s² = 2k/(9d) (1 - alpha)^(2/3) /
      (1 - 2/(9(n - 1)))² [7]_.
    - normal_theory: alpha ± z sqrt(Q/n) with Q = 2k² / ((k - 1)² V³) (V (tr C² + (tr C)²) -
      2 tr C 1'C²1) [8]_.
    - adf: the coefficient ± z se, with se² = sum of L² / (n (n - 1)) over the persons' influence
      values L on the coefficient; with G clusters se² = G/(G - 1) sum of L² / n², with L summed
      within each cluster, and in strata such sums of L less its mean there [9]_. Where two
      splits are equally good, or two items for lambda5, there is none.

    Nothing is flipped: a reversed item that was not declared lowers the coefficients, and the rows
    of coefficients of a general factor name the items that load negatively on it. (psych::omega
    flips these, and prints the coefficients of the flipped items.) Replicates start their fits at
    the estimate, and their factors are brought into the order and signs of the estimate's. A
    replicate is flagged, and kept unless ``Bootstrap(replicates_used="ok")``, where a uniqueness is
    on its bound (heywood), the general factor explains all of a group factor
    (second_order_heywood), or a group factor has a congruence below .85 with the estimate's
    (factor_switched); ``result.statuses`` counts them, each replicate with the first of these that
    holds. BCa takes its acceleration from influence values [4]_, so it needs no further fits and
    works for any number of persons.

    omega_h is too low in small samples: by 0.03 of 300 persons in simulations of three groups with
    three items each, by 0.02 with five each. There 95 % intervals held the population's value in
    95 % of samples by "basic" and "normal", which take the bias off, but in 90 % by "bca" and in
    79 % by "percentile".

    References
    ----------
    .. [1] Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests.
       *Psychometrika*, 16, 297-334.
    .. [2] Guttman, L. (1945). A basis for analyzing test-retest reliability. *Psychometrika*, 10,
       255-282.
    .. [3] McDonald, R. P. (1999). *Test theory: A unified treatment*. Erlbaum.
    .. [4] Efron, B. (1987). Better bootstrap confidence intervals. *JASA*, 82, 171-185.
    .. [5] Feldt, L. S., Woodruff, D. J., & Salih, F. A. (1987). Statistical inference for
       coefficient alpha. *Applied Psychological Measurement*, 11, 93-103.
    .. [6] Bonett, D. G. (2002). Sample size requirements for testing and estimating coefficient
       alpha. *Journal of Educational and Behavioral Statistics*, 27, 335-340.
    .. [7] Hakstian, A. R., & Whalen, T. E. (1976). A k-sample significance test for independent
       alpha coefficients. *Psychometrika*, 41, 219-231.
    .. [8] van Zyl, J. M., Neudecker, H., & Nel, D. G. (2000). On the distribution of the maximum
       likelihood estimator of Cronbach's alpha. *Psychometrika*, 65, 271-280.
    .. [9] Maydeu-Olivares, A., Coffman, D. L., & Hartmann, W. M. (2007). Asymptotically
       distribution-free (ADF) interval estimation of coefficient alpha. *Psychological Methods*,
       12, 157-176.
    .. [10] ten Berge, J. M. F., & Zegers, F. E. (1978). A series of lower bounds to the
       reliability of a test. *Psychometrika*, 43, 575-579.
    .. [11] Cronbach, L. J., & Gleser, G. C. (1964). The signal/noise ratio in the comparison of
       reliability coefficients. *Educational and Psychological Measurement*, 24, 467-480.
    .. [12] Harman, H. H., & Jones, W. H. (1966). Factor analysis by minimizing residuals (minres).
       *Psychometrika*, 31, 351-368.
    .. [13] Zinbarg, R. E., Revelle, W., Yovel, I., & Li, W. (2005). Cronbach's alpha, Revelle's
       beta, and McDonald's omega h. *Psychometrika*, 70, 123-133.
    .. [14] Schmid, J., & Leiman, J. M. (1957). The development of hierarchical factor solutions.
       *Psychometrika*, 22, 53-61.
    .. [15] Reise, S. P., Scheines, R., Widaman, K. F., & Haviland, M. G. (2013).
       Multidimensionality and structural coefficient bias in structural equation modeling.
       *Educational and Psychological Measurement*, 73, 5-26.

    R gives the same numbers with ``psych::alpha(x)$total$raw_alpha`` and ``std.alpha``,
    ``average_r`` and ``S/N``, the formulas above on ``cov(x)`` (``psych::guttman(x)`` for
    standardised items), ``semTools::compRelSEM(lavaan::cfa("f =~ ...",
    std.lv = TRUE), obs.var = FALSE)`` or ``TRUE``,
    ``psych::omega(x, nfactors = 3, flip = FALSE)`` for ``omega.tot``, ``omega_h``, ``omega.lim``,
    ``ECV`` and ``omega.group``, to the digits at which it stops its searches, and
    intervals with ``boot::boot.ci`` and ``psych::alpha.ci``.

    Examples
    --------
    >>> import compassion_psy as cp
    >>> survey = cp.simulate_survey(persons=600, items=6, sites=3, seed=1)
    >>> result = cp.reliability(survey.frame, survey.scale, by="site",
    ...                         interval=cp.Bootstrap(500, seed=1))
    >>> result.table.shape
    (6, 15)
    >>> one = cp.reliability(survey.frame, survey.scale, coefficients="omega_h", interval="adf")
    >>> one.table["coefficient"].to_list()
    ['omega_h']
    """
    model = FactorModel(factors, two_factors)
    question = Question(
        coefficients=model.names(coefficients),
        interval=_interval(interval),
        pairwise=_is_pairwise(missing),
        level=checked_level(level),
        model=model,
    )
    check_instruction_set(_core.simd_levels())
    if threads is not None:
        threads = whole_number("threads", threads, minimum=1, maximum=THREADS_MAXIMUM)
    columns = {"by": by, "cluster": cluster, "strata": strata, "weights": weights}
    answered = all_responses(data, scale, {**columns, "missing_codes": code_list(missing_codes)})
    for responses in answered:
        _check(responses, question)
        if coefficients != "all":
            model.check_items(question.coefficients, responses.scale.name, responses.scale.n_items)
    seed = question.bootstrap.resolved_seed() if question.bootstrap else None
    with reporter(progress, "Resampling") as callback:
        reports = _shared(callback, answered, question)
        parts = [
            _answer(responses, question, seed, threads, report)
            for responses, report in zip(answered, reports, strict=True)
        ]
    return ReliabilityResult(
        table=pl.concat([table for table, _ in parts]),
        definitions={name: model.definition(name) for name in question.coefficients},
        seed=seed,
        replicate_sets=tuple(replicates for _, replicates in parts if replicates is not None),
    )


def _interval(interval: Bootstrap | Analytic | None) -> Bootstrap | Analytic | None:
    if interval is None or isinstance(interval, Bootstrap):
        return interval
    if interval in BOOTSTRAP_METHODS:
        raise OptionError(
            f"interval is {interval!r}, a bootstrap method; write Bootstrap(method={interval!r})."
        )
    one_of("interval", interval, (*FOR_ALPHA, "adf"))
    return interval


def _is_pairwise(missing: Missing) -> bool:
    one_of("missing", missing, ("listwise", "pairwise"))
    return missing == "pairwise"


def _check(responses: Responses, question: Question) -> None:
    check_scored(responses.scale)
    for name in responses.groups.columns:
        if name in RESULT_COLUMNS:
            raise OptionError(
                f"by names the column {name!r}, but results have a column of that name; rename it "
                f"in the data, for example to 'survey_{name}'."
            )
    if responses.strata and question.bootstrap and question.bootstrap.weights == "bayesian":
        raise OptionError(
            "Dirichlet weights do not keep the shares of strata; use Bootstrap(weights="
            "'multinomial'), or leave out strata."
        )
    if question.formula in FOR_ALPHA and (responses.cluster or responses.weights is not None):
        warnings.warn(
            f"The interval {question.formula!r} takes persons as independent and of equal "
            "weight; it ignores clusters and weights. Use 'adf' or a Bootstrap.",
            CompassionWarning,
            stacklevel=3,
        )


def _shared(
    callback: Callback | None, answered: list[Responses], question: Question
) -> list[Callback | None]:
    """Return for each scale a callback that reports its part of the replicates of all."""
    if callback is None or question.bootstrap is None:
        return [None] * len(answered)
    replicates = question.bootstrap.replicates
    parts = [responses.groups.height * replicates for responses in answered]

    def report(done: int, total: int, before: int, part: int) -> None:
        # The core does not count groups without usable rows: they are done when it is.
        callback(before + (part if done == total else done), sum(parts))

    return [partial(report, before=sum(parts[:at]), part=part) for at, part in enumerate(parts)]


def _answer(
    responses: Responses,
    question: Question,
    seed: int | None,
    threads: int | None,
    report: Callback | None,
) -> tuple[pl.DataFrame, ReplicateSet | None]:
    """Return the rows of one scale, and its replicates."""
    used, kept_rows = responses.usable("pairwise" if question.pairwise else "listwise")
    if used.rows == 0:
        raise nobody(responses, question.pairwise)
    bootstrap = question.bootstrap
    found = _core.analyse(
        used.answers,
        used.design,
        coefficients=question.coefficients,
        pairwise=question.pairwise,
        interval_name=question.formula,
        bootstrap=asdict(bootstrap) | {"seed": seed} if bootstrap else None,
        level=question.level,
        factors=question.model.factors,
        two_factors=question.model.two_factors,
        threads=threads,
        progress=report,
    )
    rows = ScaleRows(question, responses, used, kept_rows, Found(**found))
    return rows.table(), rows.replicates() if bootstrap else None
