"""What a comparison of sites gives back."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from compassion_psy.audit.result import AuditResult
from compassion_psy.sites.shown import (
    notes_of_agreement,
    notes_of_icc,
    notes_of_levels,
    notes_of_pooled,
    notes_of_sites,
    shown_agreement,
    shown_icc,
    shown_left_out,
    shown_pooled,
    shown_sites,
)
from compassion_psy.tables import to_html, to_text


@dataclass(frozen=True, eq=False, repr=False)
class SiteComparison:
    """How sites differ, how alike persons within them are, and what holds over all.

    Attributes
    ----------
    sites : polars.DataFrame
        One row a site: its column, ``n``, ``n_excluded``, ``teams`` (with teams), ``estimate``,
        ``se``, ``lower``, ``upper``; ``shrunk`` (drawn towards the whole) with ``shrunk_lower``,
        ``shrunk_upper``; ``rank`` (expected; 1 is the highest) with ``rank_lower``,
        ``rank_upper``; ``funnel_lower``, ``funnel_upper`` (sites that are like the others lie
        within), ``p``, ``p_adjusted``, ``outside`` ("above", "below" or "no"); ``status`` ("ok",
        "audit", "small", "no_estimate", or "not_pooled": without a standard error on the scale
        of pooling) and ``note``.
    funnel : polars.DataFrame
        For a funnel plot, one row a site and level: the site, ``n``, ``estimate``, ``centre``,
        ``level``, ``lower``, ``upper`` (sites of one true value), ``lower_adjusted``,
        ``upper_adjusted`` (sites that differ as is usual).
    pooled : polars.DataFrame
        One row a method; see :func:`pool`.
    icc : polars.DataFrame
        One row for each unit ("site", "team") and method ("anova", "reml", and "bootstrap": the
        first's estimate with limits by drawing sites again): ``pair`` (of which two persons
        ICC(1) is the correlation), ``interval`` (how limits were made: "F", "jackknife" over
        sites, "profile" of the likelihood, "bootstrap_t"), ``groups``, ``n``, ``size`` (n0),
        ``icc1``, ``icc2`` with limits, ``design_effect``, ``note``.
    variance : polars.DataFrame
        One row a unit: ``variance`` of sites, of teams within sites, of persons within these, and
        its ``share`` with limits (jackknife over sites).
    agreement : polars.DataFrame
        One row a team (a site where there are no teams): ``n``, ``r_wg``, ``r_wg_j``,
        ``average_deviation``, ``note``.
    agreement_summary : polars.DataFrame
        One row an index: ``expected_answers``, ``expected_variance`` (of answers where nobody
        agrees, with which r_wg and r_wg(J) compare), ``groups``, ``n_excluded`` (of one person),
        ``mean`` with limits, ``median``, ``share`` (of .70 and more) with limits.
    levels : polars.DataFrame
        ``unit``, ``level`` ("within", "between"), ``coefficient``, ``estimate``, limits,
        ``failed`` (replicates), ``note``.
    covariances : polars.DataFrame
        One row a pair of items: ``item_i``, ``item_j``, ``within``, ``r_within``, ``between``,
        ``r_between`` (of groups' true means; it may lie beyond 1, or not be there: see ``note``).
    excluded : polars.DataFrame
        ``reason`` and ``persons``: everybody who does not count.
    audit : AuditResult or None
        What was found wrong with keys and answers.
    statistic, scale, site, pool_scale, control : str
        What was asked.
    level : float
        Of the intervals.
    seed : int
        With it, the same call gives the same bits.
    notes : tuple of str
        What to know.
    """

    sites: pl.DataFrame
    funnel: pl.DataFrame
    pooled: pl.DataFrame
    icc: pl.DataFrame
    variance: pl.DataFrame
    agreement: pl.DataFrame
    agreement_summary: pl.DataFrame
    levels: pl.DataFrame
    covariances: pl.DataFrame
    excluded: pl.DataFrame
    audit: AuditResult | None
    statistic: str
    scale: str
    site: str
    pool_scale: str
    control: str
    level: float
    seed: int
    notes: tuple[str, ...]

    def to_frame(self) -> pl.DataFrame:
        """Return the table of sites."""
        return self.sites

    def _parts(self) -> list[tuple[str, pl.DataFrame, tuple[str, ...]]]:
        teams = "team" in self.icc["unit"]
        groups = "teams" if teams else "sites"
        parts = [
            (
                f"Sites: {self.statistic} of {self.scale}, limits of {100 * self.level:g} %",
                shown_sites(self.sites, self.site),
                notes_of_sites(self.sites, self.control, self.level),
            ),
            ("Sites that are not compared", shown_left_out(self.sites, self.site), ()),
            (
                "What holds over all",
                shown_pooled(self.pooled),
                notes_of_pooled(self.pooled, self.pool_scale),
            ),
            ("How alike persons are", shown_icc(self.icc), notes_of_icc(self.icc)),
            ("Where differences lie", self.variance, ()),
            (
                f"Agreement within {groups}",
                shown_agreement(self.agreement_summary),
                notes_of_agreement(self.agreement_summary),
            ),
            (
                f"Reliability within and between {groups}",
                self.levels,
                notes_of_levels(self.covariances),
            ),
            ("Who does not count", self.excluded.filter(pl.col("persons") > 0), ()),
        ]
        shown = [part for part in parts if part[1].height]
        title, frame, notes = shown[-1]
        return [*shown[:-1], (title, frame, (*notes, *self.notes, f"Seed {self.seed}."))]

    def __str__(self) -> str:
        """Return the tables as text, rounded."""
        return "\n\n".join(
            to_text(frame, title=t, notes=notes) for t, frame, notes in self._parts()
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the tables for a notebook, rounded."""
        return "\n".join(to_html(frame, title=t, notes=notes) for t, frame, notes in self._parts())
