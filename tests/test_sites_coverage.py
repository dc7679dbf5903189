"""How often limits of sites hold the truth, faults are found and alarms are false."""

import math

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.distributions import t_quantile
from compassion_psy.sites.funnel import adjusted_for_many, funnel
from compassion_psy.sites.means import means_of_teams
from compassion_psy.sites.nested import features
from compassion_psy.sites.shrinkage import Posterior, ranks

OUTSIDE = pl.col("outside").is_in(["above", "below"])


def groups(sites: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers of site and of team of each person: about 8 teams of about 8, unequal."""
    site_of_team = np.repeat(np.arange(sites), np.maximum(1, generator.poisson(8, sites)))
    sizes = np.maximum(2, generator.poisson(generator.gamma(4, 2, len(site_of_team))))
    team = np.repeat(np.arange(len(site_of_team)), sizes)
    return site_of_team[team], team


@pytest.mark.slow
@pytest.mark.parametrize("sites", [20, 40, 150])
@pytest.mark.parametrize(("of_site", "of_team"), [(0.05, 0.05), (0.01, 0.04)])
def test_limits_hold_the_truth_as_often_as_they_say(
    sites: int, of_site: float, of_team: float
) -> None:
    """Normal surveys, 93..97 % within 3 Monte-Carlo errors; ranks of few sites may be held oftener.

    A place is a whole number, and limits that are whole hold it more often than asked for: with
    20 sites in 97 to 98 %.
    """
    generator = np.random.default_rng(sites)
    site, team = groups(sites, generator)
    counts = np.bincount(site)
    held: dict[str, list[float]] = {}
    surveys = 300 if sites < 100 else 100
    for number in range(surveys):
        truth = math.sqrt(of_site) * generator.normal(size=sites)
        scores = truth[site] + math.sqrt(of_team) * generator.normal(size=team[-1] + 1)[team]
        scores = scores + math.sqrt(1 - of_site - of_team) * generator.normal(size=len(site))
        found = means_of_teams(features(scores, site, team), scores, site)
        y, v = found.values, found.errors**2
        reach = t_quantile(0.975, float(found.df[0])) * found.errors
        posterior = Posterior.of(y, v)
        low, high = posterior.limits(0.95)
        _, first, last = ranks(posterior.draws(1000, number), 0.95)
        place = np.argsort(np.argsort(-truth)) + 1
        pooled = cp.pool(pl.DataFrame({"estimate": y, "se": found.errors})).row(3, named=True)
        for name, inside in (
            ("mean", (y - reach <= truth) & (truth <= y + reach)),
            ("shrunk", (low <= truth) & (truth <= high)),
            ("rank", (first <= place) & (place <= last)),
            ("pooled", pooled["lower_hk"] <= 0 <= pooled["upper_hk"]),
            ("tau2", pooled["tau2_lower"] <= of_site <= pooled["tau2_upper"]),
        ):
            held.setdefault(name, []).append(float(np.mean(inside)))
    assert counts.min() > 1
    for name, shares in held.items():
        error = max(float(np.std(shares)), math.sqrt(0.05 * 0.95 / sites)) / math.sqrt(surveys)
        highest = 0.985 if name == "rank" else 0.97
        assert 0.93 - 3 * error < np.mean(shares) < highest + 3 * error, (name, np.mean(shares))


@pytest.mark.slow
@pytest.mark.parametrize("sites", [20, 40, 150])
def test_no_more_false_alarms_than_said_where_variances_are_estimated(sites: int) -> None:
    """Teams in sites: at most 5 % of 800 surveys have any site outside, within 3 errors."""
    generator = np.random.default_rng(sites)
    site, team = groups(sites, generator)
    alarms = 0
    for _ in range(800):
        scores = 0.2 * generator.normal(size=sites)[site] + generator.normal(size=len(site))
        scores = scores + 0.3 * generator.normal(size=team[-1] + 1)[team]
        found = means_of_teams(features(scores, site, team), scores, site)
        p = funnel(found.values, found.errors**2, found.df).p(found.values)
        alarms += bool((adjusted_for_many(p, "holm") < 0.05).any())
    assert alarms / 800 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 800)


@pytest.mark.slow
def test_programmes_without_faults_raise_no_more_alarms_than_said() -> None:
    """100 programmes of 40 hospitals: a hospital stands out in at most 5 % of them.

    Of 100 programmes with a rate of 5 %, more than 11 have an alarm with probability 0.004. The
    audit sets none of the 4,000 hospitals aside.
    """
    alarms = 0
    for seed in range(1000, 1100):
        made = cp.simulate_programme(hospitals=40, teams=240, staff=9_000, faults=False, seed=seed)
        found = cp.compare_sites(
            made.frame, made.scale, site="hospital", team="team", bootstrap=cp.Bootstrap(9, seed=1)
        ).sites
        assert found.filter(status="audit").height == 0
        alarms += found.filter(OUTSIDE).height > 0
    assert alarms <= 11


@pytest.mark.slow
def test_planted_faults_are_found_and_nothing_else() -> None:
    """20 programmes of 80 hospitals with 5 faults each: all found, by the audit or by alpha.

    Of hospitals without a fault the audit sets none aside; any of them stands out in at most 5 %
    of programmes: of 20, more than 4 have an alarm with probability 0.003.
    """
    alarms = {"mean": 0, "alpha": 0}
    for seed in range(20):
        made = cp.simulate_programme(hospitals=80, teams=500, staff=24_000, seed=seed)
        planted = dict(made.faults.select("fault", "hospital").rows())
        careless = planted.pop("careless")
        for statistic in alarms:
            found = cp.compare_sites(
                made.frame, made.scale, site="hospital", team="team", statistic=statistic,
                bootstrap=cp.Bootstrap(9, seed=1),
            ).sites  # fmt: skip
            assert set(found.filter(status="audit")["hospital"]) == set(planted.values())
            if statistic == "alpha":
                assert careless in found.filter(outside="below")["hospital"].to_list()
            others = found.filter(OUTSIDE & (pl.col("hospital") != careless))
            alarms[statistic] += others.height > 0
    assert max(alarms.values()) <= 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sites", "ratio", "share"), [(20, 0.25, 0.85), (40, 0.25, 0.83), (40, 1.0, 0.93)]
)
def test_prediction_intervals_hold_what_the_page_says(
    sites: int, ratio: float, share: float
) -> None:
    random = np.random.default_rng(21)
    held = []
    for _ in range(400):
        v = random.uniform(0.5, 1.5, sites)
        y = random.normal(size=sites) * np.sqrt(v + ratio)
        row = cp.pool(pl.DataFrame({"estimate": y, "se": np.sqrt(v)})).row(3, named=True)
        low, high = (row[f"prediction_{end}"] / math.sqrt(2 * ratio) for end in ("lower", "upper"))
        held.append((math.erf(high) - math.erf(low)) / 2)
    # What one interval holds of the true values has a standard deviation of .09 to .21.
    assert abs(np.mean(held) - share) < 4 * np.std(held) / math.sqrt(400) + 0.005
