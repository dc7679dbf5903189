"""A simulated programme: staff of many hospitals in teams, five hospitals with planted faults."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from compassion_psy.errors import OptionError
from compassion_psy.options import MOST_ROWS, SEED_MAXIMUM, whole_number
from compassion_psy.scales import Scale
from compassion_psy.simulate.faults import FAULTS, plant
from compassion_psy.simulate.given_factor import POINTS, WEIGHTS, sum_given_factor
from compassion_psy.simulate.population import Population
from compassion_psy.simulate.survey import answers, share

_Array = NDArray[np.float64]
_Whole = NDArray[np.intp]

_REVERSED = 2
_FEWEST_IN_TEAM = 4
_LOADINGS = np.linspace(0.5, 0.8, 8)
# People agree with most items about compassion, and with some far more than with others: without
# such a profile nothing could tell that a site's labels run the other way.
_DIFFICULTIES = np.array([-1.3, -0.4, -1.0, 0.1, -0.7, -1.2, 0.0, -0.6])
_BETWEEN_ANSWERS = np.array([-1.2, -0.4, 0.4, 1.2])


@dataclass(frozen=True, eq=False)
class SimulatedProgramme:
    """A simulated programme and the truth behind it.

    Attributes
    ----------
    frame : polars.DataFrame
        One row a person: ``person``, ``hospital``, ``team`` (its name holds the hospital's) and
        the items, reversed items as a respondent would have answered them.
    scale : Scale
        Its items, range and reversed items.
    faults : polars.DataFrame
        One row a planted fault: ``hospital``, ``fault`` ("turned_here", "range_shifted",
        "labels_reversed", "careless", "no_variation"), ``item`` (null where it is in all).
    careless : polars.Series
        Persons who answered carelessly.
    population : Population
        What honest answers are drawn from; its sites are the hospitals.
    team_factors : polars.DataFrame
        One row a team: ``hospital``, ``team``, ``n`` (persons), ``factor`` (hospital's effect and
        its own).
    """

    frame: pl.DataFrame
    scale: Scale
    faults: pl.DataFrame
    careless: pl.Series
    population: Population
    team_factors: pl.DataFrame
    hospital_icc: float
    team_icc: float

    @cached_property
    def truth(self) -> pl.DataFrame:
        """True values for the sum of honest answers: columns quantity, value.

        ``mean``, ``sd`` and ``reliability`` of the population of all hospitals; ``icc_hospital``,
        the share of its variance between hospitals; ``icc_team``, the share between teams of
        whatever hospital, which ICC(1) of teams estimates; ``icc_team_within``, between teams of
        one hospital. They are of the answers, not of the factor behind them, integrated
        numerically and exact to ten digits.
        """
        means, error = self._sums(POINTS)
        mean = WEIGHTS @ means
        true = WEIGHTS @ (means - mean) ** 2
        total = true + WEIGHTS @ error
        shares = {}
        for name, icc in (("hospital", self.hospital_icc), ("team", self._icc_of_both)):
            expected = self._expected(math.sqrt(icc) * POINTS, 1 - icc)
            shares[name] = WEIGHTS @ (expected - mean) ** 2 / total
        rows = {
            "mean": self._lowest + mean,
            "sd": math.sqrt(total),
            "reliability": true / total,
            "icc_hospital": shares["hospital"],
            "icc_team": shares["team"],
            "icc_team_within": shares["team"] - shares["hospital"],
        }
        return pl.DataFrame({"quantity": list(rows), "value": [float(v) for v in rows.values()]})

    @cached_property
    def true_sites(self) -> pl.DataFrame:
        """True values of each hospital, in order.

        Columns ``hospital``, ``n``, ``effect`` (on the factor, whose total variance is 1),
        ``mean`` (of the sum of honest answers, expected over its possible teams and staff),
        ``mean_of_teams`` (expected in the teams it has), ``fault`` (null where there is none).
        """
        effects = self.population.site_effects
        of_teams = self._lowest + self._expected(
            self.team_factors.get_column("factor").to_numpy(), 1 - self._icc_of_both
        )
        sites = (
            self.team_factors.with_columns(pl.Series("sum", of_teams) * pl.col("n"))
            .group_by("hospital", maintain_order=True)
            .agg(pl.col("n").sum(), pl.col("sum").sum())
        )
        return sites.select(
            "hospital",
            "n",
            pl.Series("effect", effects),
            pl.Series("mean", self._lowest + self._expected(effects, 1 - self.hospital_icc)),
            (pl.col("sum") / pl.col("n")).alias("mean_of_teams"),
        ).join(
            self.faults.select("hospital", "fault"),
            on="hospital",
            how="left",
            maintain_order="left",
        )

    @property
    def _icc_of_both(self) -> float:
        return self.hospital_icc + self.team_icc

    @property
    def _lowest(self) -> int:
        return self.population.minimum * self.population.loadings.size

    def _sums(self, factor: _Array) -> tuple[_Array, _Array]:
        return sum_given_factor(factor, self.population.loadings, self.population.thresholds)

    def _expected(self, centre: _Array, variance: float) -> _Array:
        """Return the sum of answers expected of a person around each centre."""
        nodes, weights = POINTS[::2], WEIGHTS[::2] / WEIGHTS[::2].sum()
        means, _ = self._sums(np.add.outer(centre, math.sqrt(variance) * nodes))
        expected: _Array = means @ weights
        return expected


def simulate_programme(
    *,
    hospitals: int = 150,
    teams: int = 1200,
    staff: int = 60_000,
    hospital_icc: float = 0.05,
    team_icc: float = 0.1,
    missing: float = 0.0,
    faults: bool = True,
    seed: int | None = None,
) -> SimulatedProgramme:
    """Simulate a survey of teams in many hospitals, true site effects and planted faults known.

    Parameters
    ----------
    hospitals, teams, staff : int
        Numbers of hospitals, of teams in all and of persons in all. Sizes differ: each hospital
        has at least one team and each team at least 4 persons, and the rest are shared out
        unevenly.
    hospital_icc, team_icc : float
        Shares of the factor's variance between hospitals, and between teams of a hospital.
    missing : float
        Probability that an answer is missing.
    faults : bool
        Whether five hospitals, of at least the median number of persons, have a fault each: one
        item that runs with the scale is answered turned; the range is shifted by one; the labels
        of all answers are reversed; half of the staff answer carelessly (one answer throughout,
        or at random); one item has the same answer from everybody.
    seed : int, optional
        0 to 2**64 - 1; the same seed gives the same programme. None draws a fresh one.

    Returns
    -------
    SimulatedProgramme
        With ``frame``, ``scale``, ``truth``, ``true_sites``, ``faults`` and ``careless``.

    Raises
    ------
    OptionError
        When an option is outside its limits, or options disagree.

    Examples
    --------
    >>> programme = simulate_programme(hospitals=20, teams=60, staff=1500, seed=1)
    >>> programme.frame.shape
    (1500, 11)
    >>> programme.faults.get_column("fault").to_list()
    ['turned_here', 'range_shifted', 'labels_reversed', 'careless', 'no_variation']
    """
    if not isinstance(faults, bool):
        raise OptionError(f"faults is {faults!r}, but it must be True or False.")
    # More rows than a frame holds are refused before they are drawn.
    hospitals = whole_number(
        "hospitals", hospitals, minimum=2 * len(FAULTS) if faults else 2, maximum=MOST_ROWS
    )
    teams = whole_number("teams", teams, minimum=hospitals, maximum=MOST_ROWS)
    staff = whole_number("staff", staff, minimum=_FEWEST_IN_TEAM * teams, maximum=MOST_ROWS)
    for name, value in (("hospital_icc", hospital_icc), ("team_icc", team_icc)):
        share(name, value)
    share("missing", missing)
    if hospital_icc + team_icc >= 1:
        raise OptionError(
            f"hospital_icc {hospital_icc} and team_icc {team_icc} leave no variance between "
            "persons; their sum must be below 1: lower one."
        )
    if seed is not None:
        seed = whole_number("seed", seed, minimum=0, maximum=SEED_MAXIMUM)
    random = np.random.default_rng(seed)

    hospital_of_team = np.repeat(np.arange(hospitals), _uneven(teams, hospitals, 1, random))
    sizes = _uneven(staff, teams, _FEWEST_IN_TEAM, random)
    team = np.repeat(np.arange(teams), sizes)
    hospital = hospital_of_team[team]
    counts = np.bincount(hospital, minlength=hospitals)
    scale = _scale()
    population = Population(
        loadings=_LOADINGS,
        thresholds=np.add.outer(_DIFFICULTIES, _BETWEEN_ANSWERS),
        minimum=int(scale.minimum),
        site_effects=math.sqrt(hospital_icc) * random.standard_normal(hospitals),
        site_shares=counts / staff,
        within_variance=1 - hospital_icc,
    )
    team_factor = population.site_effects[hospital_of_team]
    team_factor = team_factor + math.sqrt(team_icc) * random.standard_normal(teams)
    own = math.sqrt(1 - hospital_icc - team_icc) * random.standard_normal(staff)
    team_frame = _team_names(hospital_of_team, hospitals).with_columns(
        pl.Series("n", sizes), pl.Series("factor", team_factor)
    )
    frame = (
        team_frame.select("hospital", "team")[team]
        .insert_column(0, pl.Series("person", np.arange(1, staff + 1, dtype=np.uint32)))
        .with_columns(
            answers(team_factor[team] + own, population, scale, item, missing, random)
            for item in range(scale.n_items)
        )
    )
    large = np.flatnonzero(counts >= np.median(counts))
    at = random.permutation(large)[: len(FAULTS) if faults else 0]
    names = team_frame.get_column("hospital").unique(maintain_order=True)
    frame, planted, careless = plant(frame, scale, names.gather(at).to_list(), random)
    return SimulatedProgramme(
        frame, scale, planted, careless, population, team_frame, hospital_icc, team_icc
    )


def _uneven(total: int, groups: int, fewest: int, random: np.random.Generator) -> _Whole:
    """Return sizes of groups that sum to the total, none below the fewest."""
    weights = random.gamma(2.0, size=groups)
    rest = random.multinomial(total - fewest * groups, weights / weights.sum())
    return np.asarray(fewest + rest, dtype=np.intp)


def _team_names(hospital_of_team: _Whole, hospitals: int) -> pl.DataFrame:
    first = np.searchsorted(hospital_of_team, hospital_of_team)
    number = np.arange(hospital_of_team.size) - first + 1
    width, team_width = len(str(hospitals)), len(str(number.max()))
    names = [f"H{place + 1:0{width}d}" for place in hospital_of_team]
    teams = [f"{name}-T{n:0{team_width}d}" for name, n in zip(names, number, strict=True)]
    return pl.DataFrame({"hospital": names, "team": teams})


def _scale() -> Scale:
    names = [f"item_{number}" for number in range(1, _LOADINGS.size + 1)]
    return Scale("compassion", items=names, minimum=1, maximum=5, reversed=names[-_REVERSED:])
