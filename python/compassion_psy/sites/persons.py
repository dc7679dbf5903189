"""Who counts: persons of a site, by sites that nothing is wrong with and that are large enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.audit.auditing import audit
from compassion_psy.audit.result import AuditResult
from compassion_psy.data.columns import check_items, uses_codes
from compassion_psy.data.frames import as_frame
from compassion_psy.data.responses import Responses
from compassion_psy.errors import DataError
from compassion_psy.scales import Scale
from compassion_psy.scoring import score
from compassion_psy.scoring.missing import MissingOption
from compassion_psy.scoring.rules import scores_of
from compassion_psy.sites.setting_aside import faults_by_site

Bools = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Persons:
    """The persons that an analysis of sites is about, in order of site and team.

    Attributes
    ----------
    responses : Responses
        Their answers, by site, clustered by team where there are teams.
    labels : polars.DataFrame
        One row a person: the columns of site and team.
    scores : array (persons,)
        The total score of each, NaN where too few items were answered.
    counted : array (persons,)
        Whether a person counts for the statistic: has a score, or has answered every item.
    sites : polars.DataFrame
        One row a site of the data, set aside or not: the site, ``status``, ``note``, ``n``,
        ``n_excluded`` (persons of the site who do not count).
    excluded : polars.DataFrame
        ``reason`` and ``persons``: everybody of the data who does not count.
    audit : AuditResult or None
        What the audit found; None where answers cannot be audited.
    """

    responses: Responses
    labels: pl.DataFrame
    scores: npt.NDArray[np.float64]
    counted: Bools
    sites: pl.DataFrame
    excluded: pl.DataFrame
    audit: AuditResult | None

    @property
    def site_numbers(self) -> Whole:
        """The place of each person's site among those that are analysed."""
        return _numbers(self.responses.group_starts)

    @property
    def team_numbers(self) -> Whole | None:
        """The number of each person's team; teams of one name at two sites are two."""
        starts = self.responses.cluster_starts
        return None if starts is None else _numbers(starts)

    @property
    def teams_are_nested(self) -> bool:
        """Whether some site has several teams, and some team several persons with a score."""
        scores, sites, teams = self.scored()
        return teams is not None and int(sites[-1]) < int(teams[-1]) < len(scores) - 1

    def scored(self) -> tuple[npt.NDArray[np.float64], Whole, Whole | None]:
        """Return the scores of those who have one, with sites and teams numbered without gaps."""
        has = np.isfinite(self.scores)
        scores, sites, teams = self.scores[has], self.site_numbers[has], self.team_numbers
        groups = sites if teams is None else teams[has]
        # The same order of scores, and so the same bits, whatever the order of rows.
        order = np.lexsort((scores, groups))
        of_teams = None if teams is None else _renumbered(groups[order])
        return scores[order], _renumbered(sites[order]), of_teams


@dataclass(frozen=True)
class Who:
    """Columns and rules that say who counts; see `compare_sites`."""

    scale: Scale
    site: str
    team: str | None
    missing_codes: Sequence[float]
    complete: bool  # persons count who answered every item, not those who have a score
    keep_faulty: bool
    minimum_cell: int
    threads: int | None


def take(data: Any, who: Who) -> Persons:
    """Take the data in, audit each site, and set aside those that cannot be compared.

    Raises
    ------
    DataError
        Where columns or answers are not usable, or fewer than two sites are left.
    """
    names = [who.site] if who.team is None else [who.site, who.team]
    frame = as_frame(data, list(dict.fromkeys([*who.scale.items, *names])))
    row = np.arange(1, frame.height + 1, dtype=np.uint32)
    given = frame
    lost: list[tuple[str, int]] = []
    for what, name in zip(("site", "team"), names, strict=False):
        known = _known(frame[name], what)
        lost.append((f"no {what}", frame.height - int(known.sum())))
        frame, row = frame.filter(known), row[known]
    if frame.height == 0:
        raise DataError(f"No row has a value in {' and '.join(map(repr, names))}; fill the column.")
    looked, faults = None, {}
    if uses_codes(who.scale):
        looked = audit(
            frame, who.scale, by=who.site, missing_codes=who.missing_codes,
            minimum_cell=who.minimum_cell, threads=who.threads,
        )  # fmt: skip
        # The audit counts the rows it was given; those without a site or team were not.
        looked = replace(looked, persons=looked.persons.with_columns(pl.Series("row", row)))
        faults = faults_by_site(looked.findings, who.site)
    if looked is None or who.keep_faulty:
        # Not later: an error names rows of the data, whose order changes here.
        counts = pl.Series(np.isin(np.arange(1, given.height + 1), row))
        items = [pl.when(counts).then(item) for item in who.scale.items]
        check_items(given.with_columns(items), who.scale, who.missing_codes)
    # Persons of a team in one order too: sums of reals, and draws of persons, go by it.
    frame = frame.sort(list(dict.fromkeys([*names, *who.scale.items])))
    faulty = set() if who.keep_faulty else set(faults)
    sound = frame.filter(~pl.col(who.site).is_in(list(faulty))) if faulty else frame
    if sound.height == 0:
        first = next(iter(faults.values()))
        raise DataError(f"The audit sets aside every site. Of the first: {first}")
    return _counted(sound, frame, faults, faulty, lost, looked, who)


def _known(column: pl.Series, what: str) -> Bools:
    """Return whether each person has a site, or a team."""
    if column.dtype.is_nested() or column.dtype == pl.Object:
        raise DataError(
            f"Column {column.name!r} of the {what} holds {column.dtype.base_type()}; use a column "
            "of texts, whole numbers or dates."
        )
    known = column.is_not_null().to_numpy()
    return known & ~column.is_nan().fill_null(True).to_numpy() if column.dtype.is_float() else known


def _counted(
    sound: pl.DataFrame,
    frame: pl.DataFrame,
    faults: dict[Any, str],
    faulty: set[Any],
    lost: list[tuple[str, int]],
    looked: AuditResult | None,
    who: Who,
) -> Persons:
    responses = Responses.from_frame(
        sound, who.scale, by=who.site, cluster=who.team, missing_codes=who.missing_codes
    )
    scores = _scores(sound, who)
    missing: Bools = np.isnan(scores)
    if who.complete:
        missing = np.asarray(responses.is_missing().any(axis=0))
    counted = np.add.reduceat(~missing, responses.group_starts[:-1], dtype=np.int64)
    n_of = dict(zip(responses.groups[who.site].to_list(), counted.tolist(), strict=True))
    large = counted >= who.minimum_cell
    if large.sum() < 2:
        raise DataError(
            f"{int(large.sum())} of {responses.groups.height} sites have {who.minimum_cell} or "
            f"more persons with answers, but a comparison needs at least 2 ({int(missing.sum()):,} "
            f"of {sound.height:,} persons lack answers); lower minimum_cell, or see whether column "
            f"{who.site!r} names sites."
        )
    wanted = np.repeat(large, responses.group_rows)
    lost += [
        (
            "set aside by the audit",
            frame.height - sound.height,
        ),
        ("too small a site", int((~wanted).sum())),
        ("missing answers", int((wanted & missing).sum())),
    ]
    rows = []
    # The column may have any name, that of the count among them.
    sites = frame.get_column(who.site).alias("site").to_frame()
    for site, height in sites.group_by("site", maintain_order=True).len().iter_rows():
        n = n_of.get(site)
        status, note = "ok", faults.get(site)
        if site in faulty:
            status = "audit"
        if (height if n is None else n) < who.minimum_cell:
            status = "small"
            note = f"withheld: fewer than {who.minimum_cell} persons"
        known = {"ok": (n, height - (n or 0)), "audit": (0, height), "small": (None, None)}
        rows.append((site, status, note, *known[status]))
    schema: dict[str, Any] = {
        who.site: frame.schema[who.site],
        "status": pl.String,
        "note": pl.String,
        "n": pl.Int64,
        "n_excluded": pl.Int64,
    }
    return Persons(
        responses=responses.where(wanted),
        labels=sound.select(who.site, *([] if who.team is None else [who.team])).filter(
            pl.Series(wanted)
        ),
        scores=scores[wanted],
        counted=~missing[wanted],
        sites=pl.DataFrame(rows, schema=schema, orient="row"),
        excluded=pl.DataFrame(
            lost, schema={"reason": pl.String, "persons": pl.Int64}, orient="row"
        ),
        audit=looked,
    )


def _scores(frame: pl.DataFrame, who: Who) -> npt.NDArray[np.float64]:
    column = scores_of(who.scale, MissingOption())[0].column
    found = score(frame.select(who.scale.items), who.scale, missing_codes=who.missing_codes)
    return found[column].cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()


def _numbers(starts: Whole) -> Whole:
    return np.repeat(np.arange(len(starts) - 1, dtype=np.int64), np.diff(starts))


def _renumbered(numbers: Whole) -> Whole:
    return np.cumsum(np.diff(numbers, prepend=numbers[0]) > 0).astype(np.int64)
