"""The parts of a comparison of sites, against R, exact arithmetic and brute force."""

import math
import shutil
import subprocess
from pathlib import Path

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.pure.coefficients import alpha as alpha_of
from compassion_psy.pure.factor import one_factor_ml
from compassion_psy.sites.funnel import adjusted_for_many, funnel
from compassion_psy.sites.levels import alpha, level_features, levels_of, omega
from compassion_psy.sites.nested import components, features, one_way_icc, summed
from compassion_psy.sites.proportions import exact_interval, exact_limits
from compassion_psy.sites.resampling import percentile_limits, site_weights
from compassion_psy.sites.shrinkage import Posterior, ranks, shrunk
from reference_data import values
from scipy.special import ndtr

# Searches of lme4, metafor and lavaan end within this of where ours do.
SEARCHED = 1e-6
CLOSED = 1e-12


def test_shrunk_as_in_metafor() -> None:
    of = values("comparing_sites")["shrunk"]
    found = shrunk(np.array(of["y"]), np.array(of["v"]))
    assert found == pytest.approx(of["pred"], abs=SEARCHED)


def test_without_differences_all_shrink_to_the_mean() -> None:
    found = shrunk(np.array([0.3, 0.31, 0.29, 0.3]), np.full(4, 0.02))
    assert found == pytest.approx([0.3] * 4, abs=CLOSED)


def nested_groups() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    of = values("comparing_sites")["nested"]
    frame = pl.DataFrame({name: of[name] for name in ("site", "team", "score")})
    frame = frame.sort("site", "team", maintain_order=True)
    number = pl.struct("site", "team").rank("dense").cast(pl.Int64) - 1
    return (
        frame["score"].cast(pl.Float64).to_numpy(),
        frame["site"].to_numpy().astype(np.int64) - 1,
        frame.select(number).to_series().to_numpy(),
    )


def test_variances_of_equal_groups_as_in_lme4() -> None:
    of = values("comparing_sites")["nested"]
    person, team, site = components(summed(features(*nested_groups())), teams=True)
    found = [float(part) for part in (person, team, site) if part is not None]
    expected = [of["variance_person"], of["variance_team"], of["variance_site"]]
    assert found == pytest.approx(expected, rel=SEARCHED, abs=SEARCHED)


def test_variances_of_unequal_groups_are_unbiased() -> None:
    """The mean of 400 surveys is the truth, within 4 Monte-Carlo errors."""
    generator = np.random.default_rng(2)
    site_of_team = np.repeat(np.arange(15), generator.integers(2, 6, 15))
    team = np.repeat(np.arange(len(site_of_team)), generator.integers(2, 12, len(site_of_team)))
    site = site_of_team[team]
    found = []
    for _ in range(400):
        scores = (
            math.sqrt(2) * generator.normal(size=15)[site]
            + generator.normal(size=len(site_of_team))[team]
            + math.sqrt(5) * generator.normal(size=len(team))
        )
        parts = components(summed(features(scores, site, team)), teams=True)
        found.append([float(part) for part in parts if part is not None])
    error = np.std(found, axis=0) / math.sqrt(400)
    assert (np.abs(np.mean(found, axis=0) - [5, 1, 2]) < 4 * error).all()


@pytest.mark.parametrize("unit", ["site", "team"])
def test_resampled_sites_are_sites_with_their_rows_repeated(unit: str) -> None:
    scores, sites, teams = nested_groups()
    rows = features(scores, sites, teams)
    weights = site_weights(12, cp.Bootstrap(3), 7)
    one, mean = one_way_icc(summed(rows, weights), unit)
    for replicate in range(3):
        drawn = np.repeat(np.arange(12), weights[replicate].astype(int))
        again = [np.flatnonzero(sites == site) for site in drawn]
        repeated = np.concatenate(again)
        new_sites = np.repeat(np.arange(12), [len(each) for each in again])
        new_teams = np.unique(new_sites * 1000 + teams[repeated], return_inverse=True)[1]
        alone = summed(features(scores[repeated], new_sites, new_teams))
        found = one_way_icc(alone, unit)
        assert one[replicate] == pytest.approx(float(found[0]), rel=1e-10)
        assert mean[replicate] == pytest.approx(float(found[1]), rel=1e-10)


def test_limits_of_replicates_as_reliability_has_them() -> None:
    survey = cp.simulate_survey(persons=300, items=4, seed=1)
    found = cp.reliability(
        survey.frame, survey.scale, coefficients="alpha",
        interval=cp.Bootstrap(199, method="percentile", seed=1),
    )  # fmt: skip
    limits = percentile_limits(found.replicates["value"].to_numpy(), 0.95, 100)
    assert limits == pytest.approx(found.table.row(0)[4:6], abs=CLOSED)
    assert math.isnan(percentile_limits(np.arange(99.0), 0.95, 9)[0])


def test_tests_of_many_as_in_r() -> None:
    of = values("comparing_sites")["adjusted"]
    for control in ("holm", "benjamini_hochberg"):
        assert adjusted_for_many(np.array(of["p"]), control) == pytest.approx(of[control])


def test_exact_proportions_as_in_r() -> None:
    of = values("comparing_sites")["exact"]
    low, high = exact_interval(np.array(of["counts"]), np.array(of["persons"]), 0.95)
    assert low == pytest.approx(of["lower"], abs=1e-10)
    assert high == pytest.approx(of["upper"], abs=1e-10)


def test_limits_of_a_proportion_by_exact_sums() -> None:
    """Between the counts whose summed probabilities enclose the tail."""
    low, high = exact_limits(0.3, np.array([20.0]), 0.95)
    density = [math.comb(20, r) * 0.3**r * 0.7 ** (20 - r) for r in range(21)]
    below = np.cumsum(density)
    for limit, tail in ((low[0] * 20, 0.025), (high[0] * 20, 0.975)):
        at = math.ceil(limit)
        share = limit - (at - 1)
        assert below[at - 1] + share * density[at] == pytest.approx(tail, abs=1e-12)


def test_ranks_know_what_is_not_known() -> None:
    alike = Posterior.of(np.full(20, 0.5), np.full(20, 0.01)).draws(4000, 1)
    expected, low, high = ranks(alike, 0.95)
    # Ranks of equal sites are uniform: mean 10.5, of 4,000 draws within 4 errors.
    assert np.abs(expected - 10.5).max() < 4 * math.sqrt(399 / 12 / 4000)
    assert (low <= 2).all()
    assert (high >= 19).all()
    apart = Posterior.of(np.arange(5.0), np.full(5, 1e-4)).draws(500, 1)
    expected, low, high = ranks(apart, 0.95)
    assert expected.tolist() == low.tolist() == high.tolist() == [5, 4, 3, 2, 1]


def test_draws_are_of_the_posterior() -> None:
    """Means and deviations of five sites by summing over a grid of tau."""
    of = values("comparing_sites")["shrunk"]
    y, v = np.array(of["y"]), np.array(of["v"])
    posterior = Posterior.of(y, v)
    draws = posterior.draws(200_000, 3)
    # The posterior of five sites has a long tail: beyond 1,000 is less than 1e-8 of it.
    tau = np.geomspace(1e-6, 1e3, 400_000)
    w = 1 / (v + tau[:, None] ** 2)
    total = w.sum(axis=1)
    mu = w @ y / total
    logs = 0.5 * np.log(w).sum(axis=1) - 0.5 * np.log(total)
    # Flat in tau², which is tau² for a step on a logarithmic grid of tau.
    density = tau**2 * np.exp(logs - 0.5 * (w * (y - mu[:, None]) ** 2).sum(axis=1))
    density /= density.sum()
    share = tau[:, None] ** 2 * w
    centre = share * y + (1 - share) * mu[:, None]
    spread = share * v + (1 - share) ** 2 / total[:, None]
    mean = density @ centre
    deviation = np.sqrt(density @ (spread + centre**2) - mean**2)
    assert np.abs(draws.mean(axis=0) - mean).max() < 5 * deviation.max() / math.sqrt(200_000)
    assert draws.std(axis=0) == pytest.approx(deviation, rel=0.01)
    # Limits: as much of the mixture of normal values lies below each as it should.
    for tail, limit in zip((0.025, 0.975), posterior.limits(0.95), strict=True):
        below = [
            density @ ndtr((limit[i] - centre[:, i]) / np.sqrt(spread[:, i])) for i in range(5)
        ]
        # Of 2,000 points of tau, a few ten-thousandths of probability.
        assert below == pytest.approx([tail] * 5, abs=5e-4)


def test_a_site_far_out_does_not_hide_itself() -> None:
    generator = np.random.default_rng(4)
    y = generator.normal(0, math.sqrt(0.04 + 0.01), 60)
    v, df = np.full(60, 0.01), np.full(60, 200.0)
    clean = funnel(y, v, df)
    y[:3] += 3
    found = funnel(y, v, df)
    assert found.tau2 == pytest.approx(clean.tau2, rel=0.4)
    adjusted = adjusted_for_many(found.p(y), "holm")
    assert (adjusted[:3] < 1e-6).all()
    assert (adjusted[3:] > 0.05).all()


def test_the_usual_variance_is_not_too_small_without_outliers() -> None:
    """The mean of 200 surveys of 50 sites is the truth, within 4 Monte-Carlo errors."""
    generator = np.random.default_rng(5)
    v = 1 / generator.uniform(20, 200, 50)
    found = [
        funnel(generator.normal(0, np.sqrt(v + 0.03)), v, np.full(50, 1e6)).tau2 for _ in range(200)
    ]
    assert abs(np.mean(found) - 0.03) < 4 * np.std(found) / math.sqrt(200)


@pytest.mark.parametrize("tau2", [0.0, 0.05])
def test_no_more_false_alarms_than_said(tau2: float) -> None:
    """Of 400 surveys at most 5 % have any site outside, within 3 Monte-Carlo errors."""
    generator = np.random.default_rng(6)
    v = 1 / generator.uniform(20, 200, 40)
    alarms = 0
    for _ in range(400):
        y = generator.normal(0, np.sqrt(v + tau2))
        p = funnel(y, v, np.full(40, 1e6)).p(y)
        alarms += bool((adjusted_for_many(p, "holm") < 0.05).any())
    assert alarms / 400 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


def two_levels() -> tuple[np.ndarray, np.ndarray]:
    of = values("comparing_sites")["levels"]
    return np.array([of[f"x{j}"] for j in range(1, 5)], float), np.array(of["group"]) - 1


def test_covariances_of_both_levels_as_in_lavaan() -> None:
    """Of equal groups maximum likelihood is of moments, but for the divisor between groups."""
    of = values("comparing_sites")["levels"]
    answers, groups = two_levels()
    found = levels_of(level_features(answers, groups, groups).sum(axis=0), 4)
    within = np.reshape(of["within"], (4, 4))
    assert found.within == pytest.approx(within, rel=1e-5)
    means = 5 * found.between + found.within
    assert found.between - means / (5 * 80) == pytest.approx(
        np.reshape(of["between"], (4, 4)), rel=1e-5, abs=1e-5 * within.max()
    )


def test_covariances_of_both_levels_by_hand() -> None:
    generator = np.random.default_rng(7)
    groups = np.repeat(np.arange(9), generator.integers(1, 8, 9))
    answers = generator.normal(size=(3, len(groups))) + generator.normal(size=(3, 9))[:, groups]
    found = levels_of(level_features(answers, groups, groups // 3).sum(axis=0), 3)
    n, g = len(groups), 9
    within, means = np.zeros((3, 3)), np.zeros((3, 3))
    grand = answers.mean(axis=1)
    for group in range(g):
        mine = answers[:, groups == group]
        apart = mine - mine.mean(axis=1, keepdims=True)
        within += apart @ apart.T
        far = mine.mean(axis=1) - grand
        means += mine.shape[1] * np.outer(far, far)
    sizes = np.bincount(groups)
    size = (n - (sizes**2).sum() / n) / (g - 1)
    assert found.within == pytest.approx(within / (n - g), rel=CLOSED)
    expected = (means / (g - 1) - within / (n - g)) / size
    assert found.between == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_coefficients_of_levels_are_those_of_their_covariances() -> None:
    answers, groups = two_levels()
    found = levels_of(level_features(answers, groups, groups).sum(axis=0), 4)
    assert float(alpha(found.within)) == pytest.approx(alpha_of(found.within), abs=CLOSED)
    fit = one_factor_ml(found.within)
    expected = fit.loadings.sum() ** 2 / (fit.loadings.sum() ** 2 + fit.uniquenesses.sum())
    assert omega(found.within, "ml") == pytest.approx(expected, abs=1e-7)


# psych::statsBy averages tanh(w z), not z: twenty sites with r = .8 give 1.1


def twenty_sites() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(8)
    site = np.repeat(np.arange(20), 50)
    x = generator.normal(size=1000)
    y = 0.815 * x + math.sqrt(1 - 0.815**2) * generator.normal(size=1000)
    return np.array([x, y]) + generator.normal(size=(2, 20))[:, site], site


def test_the_correlation_within_sites_is_one() -> None:
    answers, site = twenty_sites()
    found = levels_of(level_features(answers, site, site).sum(axis=0), 2).within
    r = found[0, 1] / math.sqrt(found[0, 0] * found[1, 1])
    centred = (
        answers - np.array([[row[site == s].mean() for s in range(20)] for row in answers])[:, site]
    )
    assert r == pytest.approx(np.corrcoef(centred)[0, 1], abs=CLOSED)
    # 0.815 within 4 errors of 980 degrees of freedom.
    assert abs(math.atanh(r) - math.atanh(0.815)) < 4 / math.sqrt(977)


def test_sites_of_one_correlation_have_it_together() -> None:
    """Two scores whose correlation is 0.815 at each of 20 sites, of unequal sizes and spreads."""
    generator = np.random.default_rng(9)
    rows = []
    for site in range(20):
        n = int(generator.integers(12, 60))
        basis = np.linalg.qr(np.column_stack([np.ones(n), generator.normal(size=(n, 2))]))[0]
        x, other = basis[:, 1] * math.sqrt(n), basis[:, 2] * math.sqrt(n)
        y = 0.815 * x + math.sqrt(1 - 0.815**2) * other
        spread, place = generator.uniform(0.5, 2), generator.normal(size=2)
        rows += [
            (f"S{site}", *(50 + 5 * place + spread * np.array(each)))
            for each in zip(x, y, strict=True)
        ]
    frame = pl.DataFrame(rows, schema=["site", "empathy", "calm"], orient="row")
    scale = cp.Scale(
        "two scores", items=["empathy", "calm"], minimum=0, maximum=100, continuous=True
    )
    found = cp.compare_sites(frame, scale, site="site", bootstrap=cp.Bootstrap(99, seed=1))
    pair = found.covariances.filter(item_i="empathy", item_j="calm").row(0, named=True)
    assert pair["r_within"] == pytest.approx(0.815, abs=1e-10)


def test_psych_pools_to_more_than_one(tmp_path: Path) -> None:
    asked = 'quit(status = if (requireNamespace("psych", quietly = TRUE)) 0 else 1)'
    if shutil.which("Rscript") is None or subprocess.run(["Rscript", "-e", asked]).returncode:
        pytest.skip("needs R with psych")
    answers, site = twenty_sites()
    pl.DataFrame({"x": answers[0], "y": answers[1], "site": site}).write_csv(tmp_path / "x.csv")
    code = "f <- psych::statsBy(read.csv('x.csv'), 'site', cors = TRUE); cat(f$pooled[1, 2])"
    done = subprocess.run(
        ["Rscript", "-e", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert float(done.stdout.split()[-1]) > 1
