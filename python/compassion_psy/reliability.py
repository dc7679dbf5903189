"""How reliable is a scale, and how sure is that: coefficients with intervals, by group."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any, Literal

import polars as pl

from compassion_psy import _core
from compassion_psy.data.columns import code_list
from compassion_psy.data.responses import Names, Responses
from compassion_psy.errors import CompassionWarning, OptionError
from compassion_psy.options import (
    BOOTSTRAP_METHODS,
    Bootstrap,
    check_instruction_set,
    one_of,
    thread_count,
)
from compassion_psy.progress import Callback, Progress, reporter
from compassion_psy.reliability_definitions import BY_EM
from compassion_psy.reliability_factors import FactorModel, TwoFactors
from compassion_psy.reliability_input import all_responses, check_scored, checked_level
from compassion_psy.reliability_names import names_of_scales, subscale_numbers
from compassion_psy.reliability_notes import FOR_ALPHA, nobody
from compassion_psy.reliability_table import Found, Question, ScaleRows
from compassion_psy.results import RESULT_COLUMNS, ReliabilityResult, ReplicateSet
from compassion_psy.scales import Scale
from compassion_psy.scales.choice import chosen
from compassion_psy.scales.numbering import Columns

Analytic = Literal["feldt", "bonett", "hakstian_whalen", "normal_theory", "adf"]
Missing = Literal["listwise", "pairwise", "em"]


def reliability(
    data: Any,
    scale: Scale | str | Sequence[Scale | str] | None = None,
    *,
    columns: Columns | None = None,
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
    scale : Scale, str, or sequence of them
        The scale, the id of a published one such as "scs-sf", or several (a scale and its
        subscales, say) for one table. Not given where `data` is a Responses.
    columns : str, sequence or mapping, optional
        With an id, the columns of its items; see :func:`compassion_psy.scales.get`.
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
        "glb", "glb_factor", "alpha_stratified", "h", "ave", "average_r", "signal_to_noise", "sem",
        "alpha_ordinal", "omega_ordinal" and "omega_categorical"; or "all" of them
        ("alpha_stratified" where subscales are declared, the ordinal ones where persons count once
        and answers are at most 10 categories). "ecv", "puc", "h", "ave", "average_r",
        "signal_to_noise" and "sem" are no reliabilities of the total score, those of groups are of
        the sum of a group's items, and "alpha_ordinal" and "omega_ordinal" are those of a total of
        latent responses, which nobody has scored.
    interval : Bootstrap, str or None
        A :class:`Bootstrap`; "adf" (the estimate plus and minus normal quantiles of the influence
        standard error, for every coefficient); "feldt", "bonett", "hakstian_whalen" or
        "normal_theory" (closed forms, for alpha alone); or None.
    missing : {"listwise", "pairwise", "em"}
        Whether to use persons who answered every item, or for each pair of items all who answered
        both, or every answer of everybody who gave any, through means and covariances by maximum
        likelihood (see :func:`em_covariance`).
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
      least 0.005 while the factors are fitted [21]_.
    - omega_h = (sum g)² / sum R with loadings g on the general factor [22]_. The factors, extracted
      from R by minimum residuals, are rotated by direct oblimin (gamma 0, no Kaiser normalisation;
      the best of 31 starts, always the same) to loadings L and correlations P. One factor by
      minimum residuals of P, uniquenesses at least 0.005 again, gives their loadings c on the
      general one. Then g = L c, and items load L sqrt(1 - c²) on the group factors [23]_, zero
      where c² exceeds 1. Two factors have one correlation r: c is sqrt(abs(r)) for both, the sign
      of r for the second, or 1 and r, or r and 1, by `two_factors`.
    - omega_limit = (sum g)² / (sum R - sum u) [22]_.
    - omega_group_j = (sum s)² / sum R of the items that load highest on group factor j, s being
      their loadings on it; omega_group_total_j has (sum s)² + (sum g)². Group factors are numbered
      by variance explained, site by site: the note of a row says which items are in it.
    - ecv = sum g² / (sum g² + sum s²) over all items and groups [24]_; puc, the share of
      correlations that are between groups [24]_.
    - glb = 1 - sum e / V with the error variances e of uncorrelated errors whose sum is largest:
      C - diag e has no negative eigenvalue, no e is negative [16]_. No reliability that is
      consistent with C is lower. It makes the most of chance: in samples of some hundred persons
      and many items it is too high [17]_. Its rows say by how much the mean of the replicates
      exceeds the estimate where that is more than a quarter of their standard deviation.
    - glb_factor = 1 - sum u / sum R with uniquenesses u of many factors by minimum residuals
      [25]_: as many as R has positive eigenvalues with the communalities of one factor on its
      diagonal, or the most that the items identify where that is less. A row says how many;
      replicates have as many as their estimate, so its interval is that of this number of
      factors. So many factors can have several minima that are nearly as low, with values some
      hundredths apart: the estimate's is the lowest that three starts reach (uniquenesses of one
      half, 1 - SMC, and a share of these), and replicates start there. It makes the most of
      chance as glb does, and can lie above glb: R less its uniquenesses may have negative
      eigenvalues.
    - alpha_stratified = 1 - sum V_s (1 - alpha_s) / V over the declared subscales s, of the sum of
      the items [18]_.
    - h = q / (1 + q), q the sum of l² / t, the omega of the best weighted total [19]_; ave the
      mean of l² / (l² + t) [20]_; both of the factor of omega_u.
    - average_r = r, the mean of R; signal_to_noise = k r / (1 - r) [11]_.
    - sem = sqrt(V (1 - alpha)), of the sum of the items, whatever total the scale declares.

    Of ordered categories, with polychoric correlations P (see :func:`polychoric`), thresholds t,
    and loadings l of one factor by diagonally weighted least squares, the weights one over the
    variances of correlations with slopes as products of scores [12]_ (WLSMV of lavaan and Mplus),
    uniquenesses 1 - l² at least 0.005:

    - alpha_ordinal = k/(k-1) (1 - k / sum P) [13]_; omega_ordinal = (sum l)² / sum P.
    - omega_categorical = A / B [14]_. B is the variance of the sum of the answers, the sum over all
      pairs of items and of their thresholds of Phi2(t, t'; P) - Phi(t) Phi(t'), with a correlation
      of one for an item with itself; in A correlations are l l', with l² for an item with itself.

    With missing="pairwise" each P comes from all who answered both items, with thresholds of their
    own, and t from all who answered the item. A replicate that lacks a category of the estimate has
    a value and the status "empty_category"; one whose P is not positive definite has a value, and
    that status. Where a correlation is not told from ±1 ("boundary") alpha_ordinal has a value;
    the omegas have none, for there is no variance to weigh it by. Survey weights are refused.

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
      splits are equally good, or two items for lambda5, there is none, nor where the dual of
      glb has more than one solution, as with exactly parallel items.

    With ``missing="em"`` covariances are n / (n - 1) times those of the saturated normal model by
    EM, for n persons with any answer, so that complete answers give exactly the listwise numbers.
    A replicate goes on from the estimate with the patterns of missing answers weighted anew. The
    influence of a person is n times the score of that person's answers along the inverse of the
    observed information times the derivative of the coefficient [15]_. Survey weights weigh each
    person's part of the likelihood. An omega is then of two stages, a factor fitted to these
    covariances; the one-stage fit of ``lavaan::cfa(missing = "ml")`` differs by as much as the
    factor misfits and answers are missing: by 1e-4 where 1 % are, 1e-3 where one factor is wrong.

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
    .. [12] Muthén, B. (1984). A general structural equation model with dichotomous, ordered
       categorical, and continuous latent variable indicators. *Psychometrika*, 49, 115-132.
    .. [13] Zumbo, B. D., Gadermann, A. M., & Zeisser, C. (2007). Ordinal versions of coefficients
       alpha and theta for Likert rating scales. *Journal of Modern Applied Statistical Methods*,
       6, 21-29. On what they are of: Chalmers, R. P. (2018). On misconceptions and the limited
       usefulness of ordinal alpha. *Educational and Psychological Measurement*, 78, 1056-1071.
    .. [14] Green, S. B., & Yang, Y. (2009). Reliability of summated scores by means of structural
       equation modeling: An alternative to coefficient alpha (eq. 21). *Psychometrika*, 74,
       155-167.
    .. [15] Yuan, K.-H., & Bentler, P. M. (2000). Three likelihood-based methods for mean and
       covariance structure analysis with nonnormal missing data. *Sociological Methodology*, 30,
       165-200.
    .. [16] Bentler, P. M., & Woodward, J. A. (1980). Inequalities among lower bounds to
       reliability. *Psychometrika*, 45, 249-267.
    .. [17] Shapiro, A., & ten Berge, J. M. F. (2000). The asymptotic bias of minimum trace factor
       analysis, with applications to the greatest lower bound to reliability. *Psychometrika*,
       65, 413-425.
    .. [18] Cronbach, L. J., Schönemann, P., & McKie, D. (1965). Alpha coefficients for
       stratified-parallel tests. *Educational and Psychological Measurement*, 25, 291-312.
    .. [19] Hancock, G. R., & Mueller, R. O. (2001). Rethinking construct reliability within latent
       variable systems. In R. Cudeck, S. du Toit, & D. Sörbom (Eds.), *Structural equation
       modeling: Present and future* (pp. 195-216). Scientific Software International.
    .. [20] Fornell, C., & Larcker, D. F. (1981). Evaluating structural equation models with
       unobservable variables and measurement error. *Journal of Marketing Research*, 18, 39-50.
    .. [21] Harman, H. H., & Jones, W. H. (1966). Factor analysis by minimizing residuals (minres).
       *Psychometrika*, 31, 351-368.
    .. [22] Zinbarg, R. E., Revelle, W., Yovel, I., & Li, W. (2005). Cronbach's alpha, Revelle's
       beta, and McDonald's omega h. *Psychometrika*, 70, 123-133.
    .. [23] Schmid, J., & Leiman, J. M. (1957). The development of hierarchical factor solutions.
       *Psychometrika*, 22, 53-61.
    .. [24] Reise, S. P., Scheines, R., Widaman, K. F., & Haviland, M. G. (2013).
       Multidimensionality and structural coefficient bias in structural equation modeling.
       *Educational and Psychological Measurement*, 73, 5-26.
    .. [25] Revelle, W., & Zinbarg, R. E. (2009). Coefficients alpha, beta, omega, and the glb:
       Comments on Sijtsma. *Psychometrika*, 74, 145-154.

    R gives the same numbers with ``psych::alpha(x)$total$raw_alpha`` and ``std.alpha``,
    ``average_r`` and ``S/N``, the formulas above on ``cov(x)`` (``psych::guttman(x)`` for
    standardised items), ``semTools::compRelSEM(lavaan::cfa("f =~ ...",
    std.lv = TRUE), obs.var = FALSE)`` or ``TRUE``; ``psych::omega(x, nfactors = 3, flip = FALSE)``
    for ``omega.tot``, ``omega_h``, ``omega.lim``, ``ECV`` and ``omega.group``, to the digits at
    which it stops its searches, as does ``psych::glb.fa(cor(x))$glb``;
    ``psych::glb.algebraic(cov(x))$glb``, ``semTools::AVE`` of that factor; of categories with
    ``psych::alpha(psych::polychoric(x, correct = 0)$rho)`` and
    ``semTools::compRelSEM(lavaan::cfa("f =~ ...", std.lv = TRUE, ordered = names(x)), ord.scale =
    FALSE)`` (omega_ordinal) or ``TRUE`` (omega_categorical); and intervals with ``boot::boot.ci``
    and ``psych::alpha.ci``.

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
        pairwise=_uses_any_answer(missing),
        level=checked_level(level),
        em=missing == "em",
        model=model,
    )
    check_instruction_set(_core.simd_levels())
    threads = thread_count(threads)
    design = {"by": by, "cluster": cluster, "strata": strata, "weights": weights}
    answered = all_responses(
        data, chosen(scale, columns), {**design, "missing_codes": code_list(missing_codes)}
    )
    questions = []
    for responses in answered:
        _check(responses, question)
        names = names_of_scales(
            coefficients, [responses.scale], model, no_tables=_no_tables(responses, question)
        )
        if coefficients != "all":
            model.check_items(names, responses.scale.name, responses.scale.n_items)
        questions.append(replace(question, coefficients=names))
    seed = question.bootstrap.resolved_seed() if question.bootstrap else None
    with reporter(progress, "Resampling") as callback:
        reports = _shared(callback, answered, question)
        parts = [
            _answer(responses, own, seed, threads, report)
            for responses, own, report in zip(answered, questions, reports, strict=True)
        ]
    return ReliabilityResult(
        table=pl.concat([table for table, _ in parts]),
        definitions={
            name: model.definition(name) + BY_EM * question.em
            for own in questions
            for name in own.coefficients
        },
        seed=seed,
        replicate_sets=tuple(replicates for _, replicates in parts if replicates is not None),
    )


def _no_tables(responses: Responses, question: Question) -> str | None:
    """Return why answers cannot be counted in tables, if they cannot."""
    if responses.weights is not None:
        return "there are survey weights; leave weights out"
    if question.em:
        return "missing='em' is of means and covariances; use missing='pairwise'"
    return None


def _interval(interval: Bootstrap | Analytic | None) -> Bootstrap | Analytic | None:
    if interval is None or isinstance(interval, Bootstrap):
        return interval
    if interval in BOOTSTRAP_METHODS:
        raise OptionError(
            f"interval is {interval!r}, a bootstrap method; write Bootstrap(method={interval!r})."
        )
    one_of("interval", interval, (*FOR_ALPHA, "adf"))
    return interval


def _uses_any_answer(missing: Missing) -> bool:
    one_of("missing", missing, ("listwise", "pairwise", "em"))
    return missing != "listwise"


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
    if question.formula in FOR_ALPHA and question.em and responses.is_missing().any():
        warnings.warn(
            f"The interval {question.formula!r} takes answers as complete; with missing='em' it is "
            "too narrow. Use 'adf' or a Bootstrap.",
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
        em=question.em,
        subscales=subscale_numbers(used.scale, question.coefficients),
        factors=question.model.factors,
        two_factors=question.model.two_factors,
        threads=threads,
        progress=report,
    )
    rows = ScaleRows(question, responses, used, kept_rows, Found(**found))
    return rows.table(), rows.replicates() if bootstrap else None
