"""What leads to what: path models of observed variables and scale scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compassion_psy.data.design import Names
from compassion_psy.data.frames import with_names
from compassion_psy.errors import OptionError, nearest
from compassion_psy.options import (
    BOOTSTRAP_METHODS,
    Bootstrap,
    thread_count,
)
from compassion_psy.pathway.inference import Question, answered
from compassion_psy.pathway.labels import check_labels
from compassion_psy.pathway.result import PathwayResult
from compassion_psy.pathway.structure import Structure, structure_of
from compassion_psy.pathway.syntax import parse
from compassion_psy.pathway.uncertainty import PERCENTILE, MonteCarlo
from compassion_psy.pathway.unreliability import Reliability
from compassion_psy.pathway.variables import Scales, nameable, variables_of
from compassion_psy.progress import Progress
from compassion_psy.reliability_input import checked_level

WALD = "wald"


def pathway(
    data: Any,
    model: str,
    *,
    scales: Scales = None,
    cluster: Names = None,
    strata: Names = None,
    center: Sequence[str] = (),
    reliability: Reliability = None,
    missing_codes: Sequence[float] = (),
    interval: Bootstrap | MonteCarlo | str | None = PERCENTILE,
    level: float = 0.95,
    threads: int | None = None,
    progress: Progress = None,
) -> PathwayResult:
    r"""What leads to what, by which steps, and what strengthens or weakens each step?

    Parameters
    ----------
    data : frame
        One row a person: a Polars DataFrame or LazyFrame, or anything Polars can take in.
    model : str
        Statements in lavaan's syntax, one a line: regressions ``y ~ c*x + b*m + m:w`` (``c`` and
        ``b`` are labels, ``m:w`` is the product of two columns; R's ``m*w`` is written ``m + w +
        m:w``), residual covariances ``m1 ~~ m2`` (``0*`` sets one to zero), defined effects ``ab
        := a*b`` of labels, numbers, ``+ - * / ^`` and parentheses, comments after ``#``. Outcomes
        that explain nothing have residual covariances, as in ``lavaan::sem``; every equation has
        an intercept.
    scales : mapping of str to Scale or id, or a list of them, optional
        Scales whose total scores are variables of the model, by the name the model gives them; of
        a list, by the scale's name in snake case. Scored by the scale's rule
        (:func:`compassion_psy.score`).
    cluster : str or list of str, optional
        Columns that name a person's team. Teams are then resampled with all their persons, and
        standard errors are cluster-robust.
    strata : str or list of str, optional
        Columns of strata; persons or teams are resampled within each.
    center : list of str
        Variables to divide into parts within and between teams: the model may name
        ``<name>_within`` (the person less the mean of the team) and ``<name>_between`` (the mean
        of the team, over the persons used).
    reliability : str or mapping of str to float, optional
        Corrects for the unreliability of variables: the name of a coefficient, such as
        "omega_u", which is then estimated for each of `scales`, and again in each replicate; or
        known reliabilities by variable.
    missing_codes : sequence of numbers
        Answers to items that mean no answer, such as 0 or 99.
    interval : Bootstrap, MonteCarlo, "wald" or None
        How limits are made. "wald": the estimate plus and minus normal quantiles of ``se``.
    level : float
        The coverage that intervals aim at, between 0 and 1.
    threads : int, optional
        Threads to use; all cores when not given. The numbers do not depend on it.
    progress : bool or callable, optional
        None shows a bar where somebody looks and the job takes long; True always, False never; a
        callable is called with (done, total) replicates.

    Returns
    -------
    PathwayResult
        Its ``table`` has a row for each parameter and defined effect. Persons who lack a variable
        are left out and counted (``n_excluded``, ``missing``).

    Raises
    ------
    DataError
        Where columns are absent, not numbers, do not vary or determine each other.
    OptionError
        Where the model is not understood or not recursive, a label is the name of another column
        (which R would take as a product), or an option is not usable.

    Notes
    -----
    Estimates are those of maximum likelihood from covariances with divisor n. Without residual
    covariances each equation is a least-squares regression; with them, the equations are fitted in
    turns until none moves [1]_. ``se`` comes from the expected information, given the exogenous
    variables, as lavaan's; of a defined effect by the delta method. With `cluster` or known
    reliabilities it comes from the influence of each team or person, :math:`se^2 = G/(G-1)
    \sum_g L_g^2 / n^2`; with reliabilities estimated, from the replicates. z is the estimate over
    ``se``, p its two-sided normal tail.

    A product is a column like others. Where a factor of it is explained in the model (``m:w`` with
    ``m ~ x``), the expected information takes factor and product as unrelated beyond what explains
    the factor, and the standard errors of both can be several times too small or too large, in
    lavaan's default. There ``se`` comes from the observed information (lavaan's ``information =
    "observed"``), which is that of the regression, and ``std_all`` and R² from the variances of the
    sample in place of those the model implies.

    Percentile limits keep their level for indirect effects [2]_; BCa takes its acceleration from
    influence values. Correction for unreliability takes the error variances (1 - reliability)
    Var x out of the covariances, and what they add to those of products, errors being independent
    of everything else.

    In R: ``lavaan::sem(model, data)``, ``parameterEstimates(fit, standardized = TRUE)``.

    References
    ----------
    .. [1] Drton, M., Eichler, M., & Richardson, T. S. (2009). Computing maximum likelihood
       estimates in recursive linear models with correlated errors. *Journal of Machine Learning
       Research*, 10, 2329-2348.
    .. [2] Fritz, M. S., Taylor, A. B., & MacKinnon, D. P. (2012). Explanation of two anomalous
       results in statistical mediation analysis. *Multivariate Behavioral Research*, 47, 61-87.

    Examples
    --------
    >>> import numpy as np
    >>> import polars as pl
    >>> random = np.random.default_rng(1)
    >>> x, e, f = random.normal(size=(3, 200))
    >>> m = 0.5 * x + e
    >>> frame = pl.DataFrame({"training": x, "compassion": m, "wellbeing": 0.4 * m + f})
    >>> result = pathway(frame, '''
    ...     compassion ~ a*training
    ...     wellbeing ~ b*compassion + training
    ...     indirect := a*b
    ... ''', interval=Bootstrap(500, method="percentile", seed=1))
    >>> result.table.filter(pl.col("op") == ":=")["lower"][0] > 0
    True
    """
    statements = parse(model)
    data, columns = with_names(data)
    check_labels(statements, nameable(columns, scales, cluster, center))
    return estimated(
        data,
        model,
        structure_of(statements),
        scales=scales,
        cluster=cluster,
        strata=strata,
        center=center,
        reliability=reliability,
        missing_codes=missing_codes,
        interval=interval,
        level=level,
        threads=threads,
        progress=progress,
    )


def estimated(
    data: Any,
    model: str,
    structure: Structure,
    *,
    scales: Scales,
    cluster: Names,
    strata: Names,
    center: Sequence[str],
    reliability: Reliability,
    missing_codes: Sequence[float],
    interval: Bootstrap | MonteCarlo | str | None,
    level: float,
    threads: int | None,
    progress: Progress,
) -> PathwayResult:
    """Return the result of a model whose text was read already."""
    checked_interval(interval)
    level = checked_level(level)
    threads = thread_count(threads)
    variables = variables_of(
        data,
        structure,
        scales=scales,
        missing_codes=missing_codes,
        cluster=cluster,
        strata=strata,
        center=center,
    )
    question = Question(
        structure=structure,
        variables=variables,
        model=model,
        interval=interval,
        level=level,
        reliability=reliability,
        cluster=cluster,
        strata=strata,
        missing_codes=missing_codes,
        threads=threads,
        progress=progress,
    )
    return answered(question)


def checked_interval(interval: object) -> None:
    """Raise OptionError where limits cannot be made so."""
    if interval is None or isinstance(interval, (Bootstrap, MonteCarlo)):
        return
    if isinstance(interval, str) and interval == WALD:
        return
    if isinstance(interval, str) and interval in BOOTSTRAP_METHODS:
        raise OptionError(
            f"interval is {interval!r}, a bootstrap method; write Bootstrap(method={interval!r})."
        )
    hint = nearest(interval, [WALD]) if isinstance(interval, str) else ""
    raise OptionError(
        f"interval is {interval!r}, but it must be a Bootstrap, a MonteCarlo, 'wald' or None. "
        f"{hint}"
    )
