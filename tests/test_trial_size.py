"""The size of a trial, against R, and against trials that are made."""

import math
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.change.trial_power import PilotSignal, Plan
from compassion_psy.distributions import noncentral_t_tail
from reference_data import values
from scipy import stats

R = values("pilot")
# R's integrate() nested in itself ends within 1e-9; its pt() itself is good to about 1e-9 there.
INTEGRATED = 1e-7
PILOT = cp.PilotEffect(5.1, 9.0, 12, sd_post=10.0, r=0.6)


def rows(found: cp.TrialSize) -> dict[str, dict[str, Any]]:
    return {row["basis"]: row for row in found.table.iter_rows(named=True)}


@pytest.mark.parametrize("of", R["trials"], ids=str)
def test_as_many_as_in_r(of: dict[str, Any]) -> None:
    design = {"two.sample": "pre_post_control", "one.sample": "pre_post"}[of["type"]]
    found = cp.trial_size(
        cp.PilotEffect(of["delta"], of["sd"], 20),
        design=design,
        power=of["power"],
        alpha=of["alpha"],
    )
    n = rows(found)["estimate"]["n_arm"]
    assert n == math.ceil(of["n"])
    plan = Plan(1 if design == "pre_post" else 2, 0, of["alpha"], 1.0)
    reached = plan.power(of["delta"] / of["sd"], n)
    # R's pt() sums its series to 1e-12 and stops; SciPy and R agree to nine digits.
    assert reached == pytest.approx(of["reached"], rel=1e-9)


@pytest.mark.parametrize("of", R["limits"], ids=str)
def test_limits_of_the_effect_and_of_its_spread(of: dict[str, Any]) -> None:
    pilot = cp.PilotEffect(of["mean"], of["sd"], of["n"])
    found = rows(cp.trial_size(pilot))
    ends = [found["effect_lower"]["d"], found["effect_upper"]["d"]]
    expected = of["d"] if of["mean"] > 0 else of["d"][::-1]
    assert ends == pytest.approx(expected, abs=1e-8)
    for level, upper in zip((0.8, 0.9), of["sd_upper"], strict=True):
        row = rows(cp.trial_size(pilot, sd_level=level))["sd_upper"]
        assert row["sd"] == pytest.approx(upper, rel=1e-10)
        assert row["d"] == pytest.approx(of["mean"] / upper, rel=1e-10)


@pytest.mark.parametrize("of", R["assurance"], ids=str)
def test_assurance_is_power_integrated_over_the_truth(of: dict[str, Any]) -> None:
    k = 0.0 if of["declared"] else 1 / math.sqrt(of["n"])
    signal = PilotSignal(of["mean"] / of["sd"], k, of["n"] - 1)
    found = Plan(2, 0, 0.05, 1.0).assurance(signal, of["per_arm"])
    assert found == pytest.approx(of["assurance"], abs=INTEGRATED)


def test_sizes_are_the_smallest_that_reach_what_is_asked_for() -> None:
    for design, arms, covariates in (
        ("pre_post", 1, 0), ("pre_post_control", 2, 0), ("ancova", 2, 1)
    ):  # fmt: skip
        plan = Plan(arms, covariates, 0.05, 1.0)
        found = rows(cp.trial_size(PILOT, design=design))
        for basis in ("estimate", "sd_upper"):
            n, d = found[basis]["n_arm"], found[basis]["d"]
            assert plan.power(d, n) >= 0.8 > plan.power(d, n - 1)
        n = found["assurance"]["n_arm"]
        sd, df = (PILOT.sd_adjusted, 10) if covariates else (9.0, 11)
        signal = PilotSignal(5.1 / sd, 9 / math.sqrt(12) / sd, df)
        assert plan.assurance(signal, n) >= 0.8 > plan.assurance(signal, n - 1)
        assert found["assurance"]["assurance"] == plan.assurance(signal, n)
        assert found["estimate"]["assurance"] < 0.8


def test_adjusting_for_before_uses_what_is_left_of_the_spread() -> None:
    found = rows(cp.trial_size(PILOT, design="ancova"))["estimate"]
    assert found["sd"] == pytest.approx(10 * math.sqrt((1 - 0.36) * 11 / 10), rel=1e-14)
    # The residual spread of a regression, from data.
    generator = np.random.default_rng(1)
    pre = generator.normal(size=12)
    post = 0.5 * pre + generator.normal(size=12)
    pilot = cp.PilotEffect(
        1.0, float((post - pre).std(ddof=1)), 12, sd_post=float(post.std(ddof=1)),
        r=float(np.corrcoef(pre, post)[0, 1]),
    )  # fmt: skip
    residual = np.polyfit(pre, post, 1, full=True)[1].item()
    assert pilot.sd_adjusted == pytest.approx(math.sqrt(residual / 10), rel=1e-12)


def test_power_is_how_often_trials_find_the_difference() -> None:
    generator = np.random.default_rng(4)
    n = rows(cp.trial_size(PILOT))["estimate"]["n_arm"]
    trials = 20_000
    a = 5.1 + 9 * generator.normal(size=(trials, n))
    b = 9 * generator.normal(size=(trials, n))
    t, p = stats.ttest_ind(a, b, axis=1)
    error = math.sqrt(0.8 * 0.2 / trials)
    expected = Plan(2, 0, 0.05, 1.0).power(5.1 / 9, n)
    assert abs(np.mean((p < 0.05) & (t > 0)) - expected) < 4 * error


def test_power_of_teams_is_how_often_trials_of_teams_find_the_difference() -> None:
    generator = np.random.default_rng(5)
    m, icc, trials = 8, 0.2, 20_000
    row = rows(cp.trial_size(PILOT, cluster_size=m, icc=icc))["estimate"]
    clusters = row["clusters_arm"]
    assert row["n_arm"] == clusters * m
    assert row["n_total"] == 2 * clusters * m
    means = np.empty((2, trials, clusters))
    for arm in range(2):
        # Of a cluster's mean: its own part and that of m persons.
        spread = 9 * math.sqrt(icc + (1 - icc) / m)
        means[arm] = 5.1 * arm + spread * generator.normal(size=(trials, clusters))
    t, p = stats.ttest_ind(means[1], means[0], axis=1)
    plan = Plan(2, 0, 0.05, m / (1 + (m - 1) * icc))
    expected = plan.power(5.1 / 9, clusters)
    assert abs(np.mean((p < 0.05) & (t > 0)) - expected) < 4 * math.sqrt(0.16 / trials)
    assert plan.power(5.1 / 9, clusters - 1) < 0.8 <= expected
    alone = rows(cp.trial_size(PILOT))["estimate"]["n_arm"]
    single = rows(cp.trial_size(PILOT, cluster_size=1, icc=0.3))["estimate"]
    assert single["n_arm"] == single["clusters_arm"] == alone


@pytest.mark.slow
def test_interval_of_n_holds_the_right_n_as_often_as_it_says() -> None:
    """1,500 pilots of 12, true d of 0.9: 95 % of intervals hold its n, within 4 errors."""
    generator = np.random.default_rng(6)
    right = rows(cp.trial_size(cp.PilotEffect(0.9, 1.0, 12)))["estimate"]["n_arm"]
    held = []
    for change in 0.9 + generator.normal(size=(1500, 12)):
        signal = cp.PilotEffect(float(change.mean()), float(change.std(ddof=1)), 12)
        found = rows(cp.trial_size(signal))
        least, most = (found[f"effect_{end}"]["n_arm"] for end in ("upper", "lower"))
        held.append((least is None or least <= right) and (most is None or right <= most))
    assert abs(np.mean(held) - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 1500)


@pytest.mark.slow
def test_upper_limit_of_the_spread_gives_the_power_as_often_as_it_says() -> None:
    """Browne: planned on the 80 % limit, 80 % of trials have at least the power asked for."""
    generator = np.random.default_rng(7)
    plan = Plan(2, 0, 0.05, 1.0)
    enough = []
    for sd in 9 * np.sqrt(generator.chisquare(11, 1000) / 11):
        found = cp.trial_size(cp.PilotEffect(1.0, float(sd), 12), difference=5.0)
        enough.append(plan.power(5 / 9, rows(found)["sd_upper"]["n_arm"]) >= 0.8)
    # Whole persons round up: a little above.
    assert -4 * 0.0127 < np.mean(enough) - 0.8 < 4 * 0.0127 + 0.02


def test_assurance_is_the_power_of_the_truths_the_pilot_allows() -> None:
    generator = np.random.default_rng(8)
    draws = 200_000
    sd = 9 * np.sqrt(11 / generator.chisquare(11, draws))
    mean = 5.1 + sd / math.sqrt(12) * generator.normal(size=draws)
    n = 109
    t = mean / sd * math.sqrt(n / 2)
    powers = 1 - stats.nct.cdf(stats.t.ppf(0.975, 2 * n - 2), 2 * n - 2, t)
    found = rows(cp.trial_size(PILOT))["assurance"]
    assert found["n_arm"] == n
    error = powers.std() / math.sqrt(draws)
    assert abs(powers.mean() - found["assurance"]) < 4 * error


def test_no_trial_expects_more_than_the_pilot_knows_the_direction() -> None:
    weak = cp.PilotEffect(1.0, 9.0, 12)
    row = rows(cp.trial_size(weak))["assurance"]
    assert row["n_arm"] is None
    most = float(stats.t.cdf(1 / 9 * math.sqrt(12), 11))
    assert f"{most:.3f}" in row["note"]
    none = rows(cp.trial_size(cp.PilotEffect(0.0, 9.0, 12)))
    assert all(row["n_arm"] is None for row in none.values() if row["basis"] != "effect_upper")
    assert "no effect" in none["estimate"]["note"]


def test_a_loss_is_planned_like_a_gain() -> None:
    gain, loss = rows(cp.trial_size(PILOT)), rows(cp.trial_size(cp.PilotEffect(-5.1, 9.0, 12)))
    for basis, row in gain.items():
        assert loss[basis]["n_arm"] == row["n_arm"]
        assert loss[basis]["d"] == pytest.approx(-row["d"], abs=1e-12)
        assert loss[basis]["assurance"] == row["assurance"]


def test_a_declared_difference_leaves_only_the_spread_open() -> None:
    found = cp.trial_size(PILOT, difference=5.0)
    by = rows(found)
    low, high = (9 * math.sqrt(11 / stats.chi2.ppf(p, 11)) for p in (0.975, 0.025))
    assert by["effect_upper"]["d"] == pytest.approx(5 / low, rel=1e-10)
    assert by["effect_lower"]["d"] == pytest.approx(5 / high, rel=1e-10)
    assert by["effect_upper"]["n_arm"] < by["estimate"]["n_arm"] < by["effect_lower"]["n_arm"]
    assert by["estimate"]["n_arm"] < by["assurance"]["n_arm"]
    assert not any("control arm" in note for note in found.notes)
    assert any("control arm" in note for note in cp.trial_size(PILOT).notes)


def two_outcomes() -> cp.ChangeResult:
    pilot = cp.simulate_pilot(nurses=16, seed=4)
    scales = [pilot.scales[name] for name in ("wellbeing", "self_compassion")]
    return cp.change(pilot.frame, scales, id="person", wave="wave", pre="pre", post="post",
                     interval="analytic")  # fmt: skip


def test_each_outcome_has_its_own_difference() -> None:
    change = two_outcomes()
    wanted = {"self_compassion": 4, "wellbeing": 7.5}
    found = cp.trial_size(change, difference=wanted).table
    for outcome, points in wanted.items():
        own = found.filter(outcome=outcome)
        plain = {row["basis"]: row for row in own.iter_rows(named=True)}
        assert plain["estimate"]["difference"] == points
        sd = change.persons.filter(outcome=outcome)["change"].std()
        n = change.persons.filter(outcome=outcome).height
        direct = rows(cp.trial_size(cp.PilotEffect(1.0, float(sd), n), difference=points))
        assert {basis: row["n_arm"] for basis, row in plain.items()} == {
            basis: row["n_arm"] for basis, row in direct.items()
        }


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (3, r"difference is 3, but the pilot has 2 outcomes.*'wellbeing': \.\.\., 'self_comp"),
        ({"welbeing": 3}, "names the outcome 'welbeing'.*Did you mean 'wellbeing'"),
        ({"wellbeing": 3}, "says nothing of 'self_compassion'; add"),
        ({"wellbeing": 3, "self_compassion": 0}, "of 'self_compassion' is 0"),
        (
            {"wellbeing": "3", "self_compassion": 1},
            "of 'wellbeing' is '3', but it must be a finite num",
        ),
    ],
)
def test_differences_that_are_not_usable(difference: Any, text: str) -> None:
    with pytest.raises(cp.OptionError, match=text):
        cp.trial_size(two_outcomes(), difference=difference)


def test_one_outcome_may_have_one_number_or_a_mapping() -> None:
    by_name = cp.trial_size(PILOT, difference={"change": 5.0}).table
    assert by_name.equals(cp.trial_size(PILOT, difference=5.0).table)


def test_who_drops_out_is_recruited_beforehand() -> None:
    plain, more = rows(cp.trial_size(PILOT)), rows(cp.trial_size(PILOT, dropout=0.2))
    assert more["estimate"]["n_total"] == plain["estimate"]["n_total"] == 100
    assert more["estimate"]["n_recruited"] == 2 * math.ceil(50 / 0.8)
    # 90 of 100 stay: not 101 because 1 - 0.1 is not exact.
    ten = rows(cp.trial_size(PILOT, dropout=0.1, cluster_size=9, icc=0.0))["estimate"]
    assert ten["n_recruited"] == 2 * math.ceil(round(ten["n_arm"] / 0.9, 6))


def test_a_change_result_is_planned_by_outcome_and_wave() -> None:
    pilot = cp.simulate_pilot(nurses=30, dropout=0, starting=1, waves=["a", "b", "c"], seed=2)
    change = cp.change(
        pilot.frame, list(pilot.scales.values()), id="person", wave="wave", pre="a",
        post=["b", "c"], interval="analytic",
    )  # fmt: skip
    found = cp.trial_size(change, design="ancova")
    assert found.table.select("outcome", "wave").unique().height == 6
    assert found.table.columns[:3] == ["outcome", "wave", "basis"]
    for outcome, wave in (("wellbeing", "b"), ("clinical_empathy", "c")):
        own = change.persons.filter(outcome=outcome, wave=wave)
        expected = cp.PilotEffect(
            own["change"].mean(), own["change"].std(), 30, sd_post=own["post"].std(),
            r=float(np.corrcoef(own["pre"], own["post"])[0, 1]),
        )  # fmt: skip
        direct = rows(cp.trial_size(expected, design="ancova"))
        for row in found.table.filter(outcome=outcome, wave=wave).iter_rows(named=True):
            assert row["n_arm"] == direct[row["basis"]]["n_arm"]
            assert row["d"] == pytest.approx(direct[row["basis"]]["d"], rel=1e-9)


def test_two_arms_are_pooled() -> None:
    pilot = cp.simulate_pilot(nurses=14, control=12, dropout=0.2, seed=3)
    change = cp.change(
        pilot.frame, pilot.scales["wellbeing"], id="person", wave="wave", pre="pre", post="post",
        arm="arm", interval="analytic",
    )  # fmt: skip
    found = cp.trial_size(change).table
    assert found["arm"].unique().to_list() == ["training - control"]
    trained, control = (
        change.persons.filter(arm=arm)["change"].to_numpy() for arm in ("training", "control")
    )
    assert 0 < len(control) < 12
    squares = [(len(x) - 1) * x.var(ddof=1) for x in (trained, control)]
    df = len(trained) + len(control) - 2
    row = found.row(0, named=True)
    assert row["sd"] == pytest.approx(math.sqrt(sum(squares) / df), rel=1e-9)
    assert row["difference"] == pytest.approx(trained.mean() - control.mean(), rel=1e-12)
    effect = cp.PilotEffect(row["difference"], row["sd"], len(trained), n_control=len(control))
    assert effect.df == df
    t = stats.ttest_ind(trained, control).statistic
    assert effect.mean_change / effect.se == pytest.approx(t, rel=1e-9)
    # The limits of d are those of which t is a quantile.
    centre = found.filter(basis="effect_lower")["d"].item() * row["sd"] / effect.se
    assert stats.nct.cdf(t, df, centre) == pytest.approx(0.975, abs=1e-7)


def test_a_change_result_without_a_spread_is_refused() -> None:
    frame = pl.DataFrame(
        {"id": [1, 2, 3] * 2, "wave": ["a"] * 3 + ["b"] * 3, "s": [1.0, 2.0, 3.0, 2.0, 3.0, 4.0]}
    )
    change = cp.change(frame, "s", id="id", wave="wave", pre="a", post="b", interval="analytic")
    with pytest.raises(cp.DataError, match="All changes of outcome 's' are equal"):
        cp.trial_size(change)


def test_shown() -> None:
    text = str(cp.trial_size(PILOT, cluster_size=10, icc=0.05, dropout=0.1))
    assert "clusters_arm" in text
    assert "pre_post_control" in text
    assert "10 % drop out" in text
    found = cp.trial_size(PILOT)
    assert "clusters_arm" not in str(found)
    assert "Browne" in found._repr_html_()
    assert found.to_frame().equals(found.table)


@pytest.mark.parametrize("d", [0.001, 0.05, 4.0, 40.0])
@pytest.mark.parametrize("n", [2, 3, 500])
def test_far_ends_have_numbers_or_reasons(d: float, n: int) -> None:
    for row in cp.trial_size(cp.PilotEffect(d, 1.0, n)).table.iter_rows(named=True):
        assert (row["n_arm"] is None) == (row["note"] is not None)
        assert math.isfinite(row["d"])
        if row["n_arm"] is not None:
            assert row["n_arm"] >= 2
            assert 0 <= row["assurance"] <= 1 + 1e-12


def test_noncentral_tail_in_r() -> None:
    # pt(q, df, ncp, lower.tail = FALSE) of R 4.2.2.
    for t, df, centre, expected in (
        (-2, 10, 0.5, 0.9878615332), (2, 1e6, 2.8, 0.7881445145), (12.7, 1, 5, 0.3053008191)
    ):  # fmt: skip
        assert noncentral_t_tail(t, df, centre) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pilot": 0.5}, "PilotEffect"),
        ({"design": "crossover"}, "design"),
        ({"power": 80}, "power"),
        ({"power": 0.02}, "power"),
        ({"alpha": 0}, "alpha"),
        ({"dropout": 1}, "dropout"),
        ({"dropout": -0.1}, "dropout"),
        ({"difference": 0}, "difference"),
        ({"difference": math.nan}, "difference"),
        ({"sd_level": 1.5}, "sd_level"),
        ({"level": 95}, "level"),
        ({"icc": 0.1}, "belong together"),
        ({"cluster_size": 10}, "belong together"),
        ({"cluster_size": 10, "icc": 1.1}, "icc"),
        ({"cluster_size": 0, "icc": 0.1}, "cluster_size"),
        ({"pilot": cp.PilotEffect(5, 9, 12), "design": "ancova"}, "sd_post and r"),
    ],
)
def test_options_that_are_not(options: dict[str, Any], message: str) -> None:
    with pytest.raises(cp.OptionError, match=message):
        cp.trial_size(**{"pilot": PILOT, **options})


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"sd_change": 0}, "sd_change"),
        ({"mean_change": math.inf}, "mean_change"),
        ({"n": 1}, "n is 1"),
        ({"n_control": 1}, "n_control"),
        ({"r": 1.0}, "r is"),
        ({"sd_post": -1}, "sd_post"),
    ],
)
def test_pilots_that_are_not(numbers: dict[str, Any], message: str) -> None:
    with pytest.raises(cp.OptionError, match=message):
        cp.PilotEffect(**{"mean_change": 5.1, "sd_change": 9.0, "n": 12, **numbers})


def test_a_pilot_too_small_for_a_regression() -> None:
    with pytest.raises(cp.DataError, match="at least 3"):
        cp.trial_size(cp.PilotEffect(5, 9, 2, sd_post=9.0, r=0.5), design="ancova")


def test_a_group_of_one_does_not_stop_the_others() -> None:
    frame = pl.DataFrame({"id": range(7), "a1": [1, 2, 4, 3, 2, 5, 1], "a2": [2, 2, 5, 5, 4, 6, 3]})
    frame = frame.with_columns(ward=pl.Series(["north"] * 6 + ["south"]))
    asked: dict[str, Any] = {"id": "id", "pre": "{}1", "post": "{}2", "interval": "analytic"}
    sized = cp.trial_size(cp.change(frame, "a", by="ward", **asked)).table
    alone = cp.trial_size(cp.change(frame.head(6), "a", by="ward", **asked)).table
    assert sized.filter(ward="north").equals(alone)
    (south,) = sized.filter(ward="south").rows(named=True)
    assert south["n_arm"] is None
    assert "no sd_pre in the change result" in south["note"]
    ones = frame.with_columns(ward=pl.col("id"))
    with pytest.raises(cp.DataError, match="no sd_pre"):
        cp.trial_size(cp.change(ones, "a", by="ward", **asked))
