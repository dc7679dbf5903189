"""Is anything odd in keys and answers? The call that looks at all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.audit.answers import examine_answers
from compassion_psy.audit.cutoffs import Cutoffs
from compassion_psy.audit.findings import FINDING_COLUMNS, Finding, findings_frame
from compassion_psy.audit.items import items_frame
from compassion_psy.audit.keys import key_findings, place_name
from compassion_psy.audit.labels import label_findings
from compassion_psy.audit.missingness import examine_missingness
from compassion_psy.audit.orientation import Orientation, orient
from compassion_psy.audit.ranges import range_findings
from compassion_psy.audit.relations import Reals, SiteMoments, site_moments
from compassion_psy.audit.result import AuditResult
from compassion_psy.audit.screening import Screened, screen
from compassion_psy.audit.silence import silence_findings
from compassion_psy.audit.sources import FEWEST_ANSWERS, already_turned
from compassion_psy.audit.without_flagged import answered_scores, with_and_without
from compassion_psy.data.design import Names, listed_columns
from compassion_psy.errors import OptionError
from compassion_psy.options import MOST_ROWS, whole_number
from compassion_psy.scales import Scale
from compassion_psy.scales.choice import chosen
from compassion_psy.scales.numbering import Columns

OWN_COLUMNS = frozenset(
    [
        *FINDING_COLUMNS,
        *("row", "impossible", "answered", "longstring", "irv", "even_odd", "synonyms"),
        *("antonyms", "mahalanobis", "mahalanobis_p", "guttman", "guttman_normed"),
        *("person_total", "repeated_row", "repeated_person", "attention_failed"),
        *("seconds_per_item", "flags", "scale", "reversed", "n", "missing", "mean", "item_rest"),
        *("lower", "upper", "loading", "loading_lower", "loading_upper", "power", "note"),
        *("share", "coefficient", "estimate", "difference", "estimate_without"),
        *("lower_without", "upper_without", "n_without", "note_without"),
    ]
)
"""Columns of the frames of an audit, besides the `by` columns and those of flags."""


def audit(
    data: Any,
    scale: Scale | str,
    *,
    by: Names = None,
    wave: str | None = None,
    columns: Columns | None = None,
    missing_codes: Sequence[float] = (),
    person: Names = None,
    attention: Mapping[str, object] | None = None,
    seconds: str | None = None,
    cutoffs: Cutoffs = Cutoffs(),  # noqa: B008 (it is frozen)
    minimum_cell: int = 10,
    threads: int | None = None,
) -> AuditResult:
    r"""Is anything odd in keys and answers?

    Nothing is changed: what is odd is listed, with its evidence and with what to do.

    Parameters
    ----------
    data : frame
        One row a person, answers as they were given: reversed items *not* turned.
    scale : Scale or str
        The scale as it is declared, or the id of a published one. Each of its scores is looked
        at: the total, where there is one, and each subscale.
    by : str or list of str, optional
        Columns of sites or other sources of data.
    wave : str, optional
        Column of occasions; each site is looked at on each.
    columns : str, sequence or mapping, optional
        Names of the item columns, as for :meth:`Scale.with_columns`.
    missing_codes : sequence of numbers
        Answers that mean no answer.
    person : str or list of str, optional
        Columns that name a person; with `wave`, a person may be there once in each.
    attention : mapping, optional
        Column of each attention check → its right answer.
    seconds : str, optional
        Column of the seconds that a person took for the items.
    cutoffs : Cutoffs
        From where on an index of careless answering is flagged.
    minimum_cell : int
        Of a site with fewer rows no figures are shown.
    threads : int, optional
        Threads to use; the numbers do not depend on it.

    Returns
    -------
    AuditResult
        With ``findings``, ``items``, ``persons``, ``patterns`` of missing answers, and the
        ``coefficients`` with and without the flagged.

    Raises
    ------
    DataError
        Where columns are absent, there are no rows, or an item column holds no numbers.
    OptionError
        Where an option is outside its limits.
    ScaleError
        Where `columns` does not name the items.

    Notes
    -----
    *Keys.* Fisher's z of the item-rest correlation of each item at each site is weighed under
    three hypotheses: as declared, :math:`N(\zeta, v)`; turned, :math:`N(-\zeta, v)`; unrelated,
    :math:`N(0, u^2 + s^2)`, u a third of the size and at most .1. The size :math:`\zeta` comes from
    the other sites, joined with what is typical of items (.5 with a standard deviation of .2); v
    adds the sampling variance :math:`s^2` (influence values; never less than
    :math:`1/(n-3)`), the variance between sites
    and that of :math:`\zeta`. The prior is that one survey in two holds one turned item, whatever
    the number of sites and items; an item is reported from a posterior of .95. R's
    ``psych::alpha(keyed)$item.stats$r.drop`` gives the same item-rest correlations.

    References
    ----------
    Fisher, R. A. (1921). On the "probable error" of a coefficient of correlation deduced from a
    small sample. Metron, 1, 3-32.

    Efron, B. and Morris, C. (1975). Data analysis using Stein's estimator and its
    generalizations. Journal of the American Statistical Association, 70, 311-319.

    Examples
    --------
    >>> import polars as pl
    >>> from compassion_psy import simulate_survey
    >>> survey = simulate_survey(persons=1200, items=8, sites=4, reversed=2, seed=1)
    >>> audit(survey.frame, survey.scale, by="site").findings.filter(kind="key").height
    0
    >>> site = pl.col("site") == "S2"
    >>> turned = pl.when(site).then(6 - pl.col("item_3")).otherwise("item_3")
    >>> found = audit(survey.frame.with_columns(turned.alias("item_3")), survey.scale, by="site")
    >>> found.findings.filter(kind="key").select("site", "item", "finding").rows()
    [('S2', 'item_3', 'turned_here')]
    """
    if isinstance(scale, str):
        scale, columns = chosen(scale, columns), None
    if not isinstance(scale, Scale):
        raise OptionError(f"scale is a {type(scale).__name__}, but it must be a Scale.")
    minimum_cell = whole_number("minimum_cell", minimum_cell, minimum=0, maximum=MOST_ROWS)
    if columns is not None:
        scale = scale.with_columns(columns)
    person_columns = listed_columns("person", person)
    if not (seconds is None or isinstance(seconds, str)):
        raise OptionError(f"seconds is {seconds!r}, but it must be one column name (str).")
    others = [*person_columns, *(attention or ()), *([] if seconds is None else [seconds])]
    screened = screen(
        data, scale, by=_sites(by, wave), missing_codes=missing_codes, others=tuple(others)
    )
    _refuse_own_names(screened.groups)
    moments = site_moments(screened.codes, screened.starts)
    orientations = _orientations(screened, moments)
    signs, parts = _directions(orientations, scale, screened)
    found = [
        *key_findings(orientations, moments, scale, screened.groups),
        *label_findings(moments, signs, parts, screened.highest, screened.groups),
        *range_findings(screened),
        *silence_findings(screened),
    ]
    if person_columns and wave is not None:
        person_columns = list(dict.fromkeys([*person_columns, wave]))
    persons, of_answers = examine_answers(
        screened,
        cutoffs=cutoffs,
        attention=attention,
        seconds=seconds,
        person=person_columns or None,
        threads=threads,
    )
    missingness = examine_missingness(screened)
    found += [*of_answers, *missingness.findings]
    found = [_shown(each, screened, minimum_cell) for each in found]
    items = items_frame(
        orientations, moments, screened.codes, screened.starts, scale, screened.groups, minimum_cell
    )
    return AuditResult(
        findings=findings_frame(found, screened.groups),
        persons=persons,
        items=items,
        patterns=missingness.patterns,
        coefficients=_coefficients(screened, persons, minimum_cell, threads),
        scale=scale.name,
        groups=screened.groups,
    )


def _coefficients(
    screened: Screened, persons: pl.DataFrame, minimum_cell: int, threads: int | None
) -> pl.DataFrame:
    """Return reliabilities with and without the flagged, figures of few persons withheld."""
    if not answered_scores(screened):
        # The findings say which items are missing.
        return pl.DataFrame()
    table = with_and_without(screened, persons["flags"] > 0, threads=threads)
    fewest = pl.min_horizontal("n", pl.when(pl.col("n_without") > 0).then("n_without"))
    shown = (fewest >= minimum_cell) | (pl.col("n") == 0)
    figures = pl.exclude(*screened.groups.columns, "scale", "coefficient", "note")
    why = pl.lit(f"withheld: fewer than {minimum_cell} persons")
    return table.with_columns(
        pl.when(shown).then(figures), note=pl.when(shown).then("note").otherwise(why)
    )


def _sites(by: Names, wave: str | None) -> list[str] | None:
    if wave is not None and not isinstance(wave, str):
        raise OptionError(f"wave is {wave!r}, but it must be one column name (str).")
    names = listed_columns("by", by)
    return [*names, *([] if wave is None or wave in names else [wave])] or None


def _refuse_own_names(groups: pl.DataFrame) -> None:
    for name in groups.columns:
        if name in OWN_COLUMNS or name.startswith("flag_"):
            raise OptionError(f"An audit has a column {name!r} of its own; rename the by column.")


def _orientations(screened: Screened, moments: SiteMoments) -> list[Orientation]:
    scale = screened.scale
    cells = int((moments.answered >= FEWEST_ANSWERS).sum()) + 1
    already = already_turned(moments, scale)
    return [
        orient(moments, screened.codes, screened.starts, scale, score, cells, already)
        for score in scale.scores
    ]


def _directions(
    orientations: Sequence[Orientation], scale: Scale, screened: Screened
) -> tuple[Reals, npt.NDArray[np.int64]]:
    """Return how each item runs at each site, and the last score that it belongs to."""
    signs = np.ones((screened.groups.height, scale.n_items))
    parts = np.zeros(scale.n_items, np.int64)
    for number, each in enumerate(orientations):
        key = np.array([-1.0 if item in each.part.reversed else 1.0 for item in each.part.items])
        signs[:, each.places] = key * np.where(each.signs < 0, -1.0, 1.0)
        parts[each.places] = number
    return signs, parts


def _shown(found: Finding, screened: Screened, minimum_cell: int) -> Finding:
    """Withhold the figures of a site that is too small to be shown."""
    sizes = np.diff(screened.starts)
    if found.group is None:
        # Of two sites, what is said of both says it of the small one.
        if found.finding != "labels_reversed" or sizes.min() >= minimum_cell:
            return found
        evidence = f"Figures are withheld, for a site has fewer than {minimum_cell} rows."
    elif sizes[found.group] < minimum_cell:
        name = place_name(screened.groups, found.group)
        evidence = f"{name}: figures are withheld, for there are fewer than {minimum_cell} rows."
    elif 0 < screened.rows - sizes[found.group] < minimum_cell:
        name = place_name(screened.groups, found.group)
        evidence = (
            f"{name}: figures are withheld, for the other sites have fewer than {minimum_cell} "
            "rows together."
        )
    else:
        return found
    return replace(
        found, evidence=evidence, probability=None, remedy="Look at the answers of this source."
    )
