"""How do sites differ, and how alike are persons within them? The call that answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import polars as pl

from compassion_psy.audit.auditing import OWN_COLUMNS as OF_AUDIT
from compassion_psy.data.columns import code_list, uses_codes
from compassion_psy.errors import OptionError
from compassion_psy.options import MOST_ROWS, Bootstrap, one_of, whole_number
from compassion_psy.progress import Progress
from compassion_psy.reliability_definitions import DEFINITIONS
from compassion_psy.reliability_input import checked_level
from compassion_psy.results import RESULT_COLUMNS
from compassion_psy.scales import Scale
from compassion_psy.scales.choice import chosen
from compassion_psy.scales.numbering import Columns
from compassion_psy.sites.asked import Asked
from compassion_psy.sites.expected_answers import ExpectedAnswers, expected_of
from compassion_psy.sites.persons import Persons, Who, take
from compassion_psy.sites.resampling import FEWEST
from compassion_psy.sites.result import SiteComparison
from compassion_psy.sites.setting_aside import faults_of_all
from compassion_psy.sites.table_of_sites import table_of_sites
from compassion_psy.sites.tables_of_persons import tables_of_items, tables_of_scores
from compassion_psy.sites.transforms import SCALES

# Statistics that do not lie between 0 and 1.
_UNBOUNDED = ("mean", "average_r", "signal_to_noise", "sem")
_OWN_COLUMNS = (
    *("n", "n_excluded", "teams", "estimate", "se", "lower", "upper", "shrunk", "shrunk_lower"),
    *("shrunk_upper", "rank", "rank_lower", "rank_upper", "funnel_lower", "funnel_upper", "p"),
    *("p_adjusted", "outside", "status", "note", "centre", "level", "r_wg", "r_wg_j"),
    *("average_deviation", "lower_adjusted", "upper_adjusted"),
)


def compare_sites(
    data: Any,
    scale: Scale | str,
    *,
    site: str,
    team: str | None = None,
    statistic: str = "mean",
    columns: Columns | None = None,
    missing_codes: Sequence[float] = (),
    turned: Literal["exclude", "keep"] = "exclude",
    minimum_cell: int = 10,
    pool_scale: str | None = None,
    control: Literal["holm", "benjamini_hochberg"] = "holm",
    expected_answers: ExpectedAnswers = "uniform",
    bootstrap: Bootstrap = Bootstrap(),  # noqa: B008 (it is frozen)
    level: float = 0.95,
    threads: int | None = None,
    progress: Progress = None,
) -> SiteComparison:
    r"""How do sites differ, which of them really, and how alike are persons within them?

    Each site's keys and ranges are audited first: a site whose items are turned would differ, and
    that is no finding about its staff.

    Parameters
    ----------
    data : frame
        One row a person, answers as they were given.
    scale : Scale or str
        The scale, or the id of a published one. A score that is already there is a scale of one
        item, with ``continuous=True`` where it has decimals; an item from 0 to 1 is a proportion.
    site, team : str
        Columns of the site and, optionally, of the team within it.
    statistic : str
        "mean" (of the total score), or one coefficient of :func:`reliability`.
    columns : str, sequence or mapping, optional
        With an id, the columns of its items.
    missing_codes : sequence of numbers
        Answers that mean no answer.
    turned : {"exclude", "keep"}
        What becomes of a site whose keys or ranges the audit finds wrong. Kept ones have a note.
    minimum_cell : int
        Figures of sites and teams with fewer persons are withheld, and such sites not analysed;
        where one team alone would be withheld, the smallest of the others is too. How many
        persons they have may follow from totals. ``audit.persons`` has a row a person.
    pool_scale : {"raw", "logit", "bonett", "hakstian_whalen"}, optional
        On which scale sites are pooled, shrunk and tested; see :func:`pool`. When not given "raw"
        for "mean", "average_r", "signal_to_noise" and "sem", else "logit".
    control : {"holm", "benjamini_hochberg"}
        What is kept below 1 - `level` where many sites are tested: the probability of any false
        alarm, or the expected share of false ones among the alarms.
    expected_answers : {"uniform", "slight_skew", "moderate_skew", "heavy_skew"} or numbers
        How answers would be spread over the categories if persons of a team did not agree, for
        r_wg and r_wg(J) [5]_: evenly; towards the upper end, of five categories; or the share of
        each category, lowest first, of keyed answers.
    bootstrap : Bootstrap
        For the interval of a coefficient, and for limits from drawing sites again; ranks have as
        many draws, of the same seed.
    level : float
        The coverage that intervals aim at, between 0 and 1.
    threads : int, optional
        Threads to use; the numbers do not depend on it.
    progress : bool or callable, optional
        As for :func:`reliability`.

    Returns
    -------
    SiteComparison
        ``sites``, ``funnel``, ``pooled``, ``icc``, ``variance``, ``agreement``,
        ``agreement_summary``, ``levels``, ``covariances``, ``excluded``, ``audit``.

    Raises
    ------
    DataError
        Where columns or answers are not usable, or fewer than two sites are left.
    OptionError
        Where an option is not usable.

    Notes
    -----
    *Means.* Without teams a site's standard error is :math:`s / \sqrt n`, with n - 1 degrees of
    freedom; with teams :math:`\sqrt{\sigma_T^2 \sum n_t^2 / n^2 + \sigma_e^2 / n}`, the variances
    of teams and persons pooled over sites (a site has too few teams for its own). Of a proportion
    intervals are exact [1]_. *Coefficients* have limits of the bootstrap, of whole teams where
    there are teams, and standard errors from influence values, times the design effect of teams
    in all sites together. Persons are taken in order of site, team and answers, so that the same
    seed gives the same bits whatever the order of rows; limits are those of :func:`reliability` of
    rows in that order. Names of sites and teams, by which they are sorted, decide whose draws are
    whose.

    *Shrinking*: with :math:`B = \tau^2 / (\tau^2 + v)` by restricted likelihood,
    :math:`B y + (1 - B) \hat\mu` [2]_; ``metafor::blup(rma(yi, vi))`` in R. Its limits, and
    *ranks* [3]_, are of the joint posterior of all sites with flat priors of the mean and of tau²,
    in which is what is not known of tau² [8]_; those of ``blup`` take it as known, and are too
    narrow where sites are few or alike.

    *Funnel*: sites that are like the others lie within :math:`\mu \pm t \sqrt{v + \tau^2}` [4]_,
    mean and variance by Huber's proposal 2, so that a site far out does not widen its own limits;
    t with Satterthwaite's degrees of freedom, tau² being estimated. ``outside`` goes by the
    adjusted p.

    *Likeness*: ICC(1) = (MSB - MSW) / (MSB + (n0 - 1) MSW), n0 = (N - sum n²/N) / (G - 1), and
    ICC(2) = (MSB - MSW) / MSB ("anova"), with limits by F without teams. ``psych::statsBy`` takes
    N / G for n0. With teams these are not independent of each other, and limits are those of sites
    left out in turn, with t on the scale of log(MSB / MSW). "bootstrap" draws sites again, each
    replicate over its own error [7]_. "reml" is of the model ``lme4::lmer(y ~ 1 + (1 | site) +
    (1 | team))``, or of one level without teams, with limits of the likelihood's profile. The
    column ``pair`` says whose likeness it is: of teams that of two persons of a team; of sites, by
    analysis of variance, that of any two of a site, who may be of one team, and by "reml" that of
    two of different teams. The design effect is 1 + (m - 1) ICC(1), m = sum n² / N, and in the row
    of sites by "reml" that of sites and teams together. *Agreement*: see r_wg(J) [5]_.

    *Levels*: alpha and omega of covariances within groups, and of those between their true means
    (mean squares between less within, over n0) [6]_. Groups are teams where there are teams.

    References
    ----------
    .. [1] Clopper, C. J., & Pearson, E. S. (1934). The use of confidence or fiducial limits
       illustrated in the case of the binomial. *Biometrika*, 26, 404-413.
    .. [2] Raudenbush, S. W., & Bryk, A. S. (1985). Empirical Bayes meta-analysis. *Journal of
       Educational Statistics*, 10, 75-98.
    .. [3] Goldstein, H., & Spiegelhalter, D. J. (1996). League tables and their limitations. *JRSS
       A*, 159, 385-443.
    .. [4] Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance.
       *Statistics in Medicine*, 24, 1185-1202.
    .. [5] James, L. R., Demaree, R. G., & Wolf, G. (1984). Estimating within-group interrater
       reliability with and without response bias. *Journal of Applied Psychology*, 69, 85-98.
    .. [6] Geldhof, G. J., Preacher, K. J., & Zyphur, M. J. (2014). Reliability estimation in a
       multilevel confirmatory factor analysis framework. *Psychological Methods*, 19, 72-91.
    .. [7] Hall, P. (1992). *The bootstrap and Edgeworth expansion*. Springer. Section 3.6.
    .. [8] Morris, C. N., & Tang, R. (2011). Estimating random effects via adjustment for density
       maximization. *Statistical Science*, 26, 271-287.

    Examples
    --------
    >>> import compassion_psy as cp
    >>> survey = cp.simulate_survey(persons=1200, items=6, sites=12, seed=1)
    >>> found = cp.compare_sites(survey.frame, survey.scale, site="site", team="ward",
    ...                          bootstrap=cp.Bootstrap(200, seed=1))
    >>> found.sites["status"].value_counts().rows()
    [('ok', 12)]
    >>> found.icc.filter(unit="team").select("method", "pair", "interval").rows()[:2]
    [('anova', 'of a team', 'jackknife'), ('reml', 'of a team', 'profile')]
    """
    scale = _checked_scale(chosen(scale, columns))
    one_of("statistic", statistic, ("mean", *DEFINITIONS))
    one_of("turned", turned, ("exclude", "keep"))
    one_of("control", control, ("holm", "benjamini_hochberg"))
    if pool_scale is None:
        pool_scale = "raw" if statistic in _UNBOUNDED else "logit"
    one_of("pool_scale", pool_scale, SCALES)
    if pool_scale in ("bonett", "hakstian_whalen") and statistic != "alpha":
        raise OptionError(
            f"pool_scale is {pool_scale!r}, which is for alpha, but statistic is {statistic!r}; "
            "take 'logit' or 'raw'."
        )
    _check_columns(scale, statistic, site, team)
    level = checked_level(level)
    expected = expected_of(expected_answers, scale)
    if not isinstance(bootstrap, Bootstrap):
        raise OptionError(f"bootstrap is {bootstrap!r}, but it must be a Bootstrap.")
    who = Who(
        scale, site, team, code_list(missing_codes), statistic != "mean", turned == "keep",
        whole_number("minimum_cell", minimum_cell, minimum=2, maximum=MOST_ROWS), threads,
    )  # fmt: skip
    persons = take(data, who)
    seed = bootstrap.resolved_seed()
    asked = Asked(statistic, pool_scale, control, bootstrap, seed, level, expected, who)
    rows, funnel, pooled = table_of_sites(persons, asked, progress)
    return SiteComparison(
        sites=rows,
        funnel=funnel,
        pooled=pooled,
        **tables_of_scores(persons, asked),
        **tables_of_items(persons, asked),
        excluded=persons.excluded,
        audit=persons.audit,
        statistic=statistic,
        scale=scale.name,
        site=site,
        pool_scale=pool_scale,
        control=control,
        level=level,
        seed=seed,
        notes=tuple(_notes(persons, asked)),
    )


def _checked_scale(scale: Any) -> Scale:
    if not isinstance(scale, Scale):
        raise OptionError(f"scale is a {type(scale).__name__}, but it must be a Scale or an id.")
    if scale.total is None:
        raise OptionError(
            f"Scale {scale.name!r} has no total score, only subscales; compare sites in one of "
            f"them, scale.subscale({scale.subscales[0].key!r}) for example."
        )
    return scale


def _check_columns(scale: Scale, statistic: str, site: str, team: str | None) -> None:
    for role, name in (("site", site), ("team", team)):
        if name is None and role == "team":
            continue
        if not isinstance(name, str):
            raise OptionError(f"{role} is {name!r}, but it must be one column name (str).")
        if name in scale.items:
            raise OptionError(
                f"{role} is {name!r}, which is an item of scale {scale.name!r}; name the column of "
                f"the {role}."
            )
        if name in _own_columns(scale, statistic, role):
            raise OptionError(
                f"Results have a column {name!r} of their own; rename that of {role}, for example "
                f"to 'survey_{name}'."
            )
    if site == team:
        raise OptionError(f"site and team are both {site!r}; leave out team.")


def _own_columns(scale: Scale, statistic: str, role: str) -> frozenset[str]:
    # Sites are named in the audit and in the tables of coefficients as well.
    own = frozenset(_OWN_COLUMNS)
    if role == "site" and uses_codes(scale):
        own |= OF_AUDIT
    if role == "site" and (uses_codes(scale) or statistic != "mean"):
        own |= frozenset(RESULT_COLUMNS)
    return own


def _notes(persons: Persons, asked: Asked) -> list[str]:
    """Return what the reader of the result should know."""
    notes = []
    if persons.audit is None:
        notes.append("Not audited: answers are no whole numbers of at most 255 values.")
    else:
        notes += [
            f"Of all sites: {text}"
            for text in faults_of_all(persons.audit.findings, asked.who.site)
        ]
    count = persons.sites.filter(status="audit").height
    if count:
        notes.append(
            f"{count:,} site{'s are' if count > 1 else ' is'} not compared, for the audit finds "
            "keys or ranges wrong there; correct them, or say turned='keep'."
        )
    if persons.responses.groups.height < FEWEST:
        notes.append(
            f"Fewer than {FEWEST} sites: too few to draw sites again, or to leave each out, for "
            "limits."
        )
    if asked.who.team is not None:
        notes.append(
            "The intraclass correlation of sites by analysis of variance holds part of what teams "
            "differ in; that by reml, and .variance, take the two apart."
        )
        placed = persons.labels.select(asked.who.site, asked.who.team).unique()
        of_name = placed[asked.who.team].alias("team").value_counts(name="n_sites")
        several = of_name.filter(pl.col("n_sites") > 1)
        if several.height:
            notes.append(
                f"Names of teams that occur at several sites: {several.height:,}; each is taken "
                "as another team at each of them."
            )
    if asked.statistic != "mean":
        notes.append(f"{asked.statistic}: {DEFINITIONS[asked.statistic]}.")
    return notes
