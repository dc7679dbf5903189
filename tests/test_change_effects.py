"""Effects of change and their intervals, against R, closed forms and brute force."""

import math
from collections.abc import Callable
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.change.effects import PairMoments, features, moments_of
from compassion_psy.change.limits import Sample
from compassion_psy.change.standardisers import standardiser
from compassion_psy.change.weights import replicate_moments
from compassion_psy.pure import intervals
from reference_data import values
from scipy import stats

SETS = sorted(values("change")["sets"])
# The same formula in another order; 2e-15 was measured.
CLOSED = 1e-12
# R's pt is exact to some 1e-9 where the noncentrality is large, and says so.
NONCENTRAL = 1e-6


def wide(pre: Any, post: Any, **more: Any) -> pl.DataFrame:
    return pl.DataFrame({"id": range(len(pre)), "y_pre": pre, "y_post": post, **more})


def changed(frame: pl.DataFrame, **options: Any) -> cp.ChangeResult:
    given = {"interval": "analytic", **options}
    return cp.change(frame, "y", id="id", pre="{}_pre", post="{}_post", **given)


def by_effect(table: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["effect"]: row for row in table.iter_rows(named=True)}


@pytest.mark.parametrize("name", SETS)
def test_as_in_r(name: str) -> None:
    of = values("change")["sets"][name]
    row = by_effect(changed(wide(of["pre"], of["post"])).table)
    close = {"rel": CLOSED, "abs": CLOSED}
    mean = row["mean_change"]
    assert mean["estimate"] == pytest.approx(of["mean_change"], **close)
    assert (mean["lower"], mean["upper"]) == pytest.approx((of["t_lower"], of["t_upper"]), **close)
    assert mean["p"] == pytest.approx(of["t_p"], rel=1e-10)
    assert row["d_z"]["estimate"] == pytest.approx(of["d_z"], **close)
    limits = row["d_z"]["lower"], row["d_z"]["upper"]
    assert limits == pytest.approx((of["d_z_lower"], of["d_z_upper"]), abs=NONCENTRAL)
    assert row["smcc"]["estimate"] == pytest.approx(of["smcc"], **close)
    assert row["g_z"]["estimate"] == row["smcc"]["estimate"]
    assert row["smcr"]["estimate"] == pytest.approx(of["smcr"], **close)
    assert row["smcr"]["variance"] == pytest.approx(of["smcr_variance"], rel=1e-10)
    error = (mean["upper"] - mean["lower"]) / 2 / stats.t.ppf(0.975, len(of["pre"]) - 1)
    assert mean["variance"] == pytest.approx(error**2, rel=1e-10)


# effsize issue 34, whose paired d was that of independent groups; R's numbers to 6 decimals.
GOLDEN = {
    "mean_change": 5.125,
    "d_z": 1.422397,
    "g_z": 1.263377,
    "d_av": 0.424696,
    "d_rm": 0.421749,
    "smcr": 0.370637,
    "smcc": 1.263377,
}


def test_published_example() -> None:
    of = values("change")["sets"]["whole"]
    row = by_effect(changed(wide(of["pre"], of["post"])).table)
    for name, expected in GOLDEN.items():
        assert row[name]["estimate"] == pytest.approx(expected, abs=5e-7), name
    assert row["d_z"]["lower"] == pytest.approx(0.393703, abs=5e-7)
    assert row["d_z"]["upper"] == pytest.approx(2.406271, abs=5e-7)
    assert row["smcr"]["variance"] == pytest.approx(0.0195752, abs=5e-8)
    # Given with the estimate rounded to six decimals: 0.22475755 is 0.2247576 to its last digit.
    assert row["smcc"]["variance"] == pytest.approx(0.2247576, abs=1e-7)
    assert row["d_z"]["r"] == pytest.approx(0.956042, abs=5e-7)
    # Lakens' correction with 8 + 8 scores: 3 / (4 × 16 - 9).
    assert row["g_av"]["estimate"] == pytest.approx((1 - 3 / 55) * row["d_av"]["estimate"])
    expected = 0.5 * math.erfc(-row["d_z"]["estimate"] / math.sqrt(2))
    assert row["cles"]["estimate"] == pytest.approx(expected, rel=CLOSED)


def test_a_paired_d_is_not_that_of_independent_groups() -> None:
    # pingouin issue 361: the same d with paired=True and without.
    of = values("change")["sets"]["whole"]
    pre, post = np.array(of["pre"]), np.array(of["post"])
    d_z = by_effect(changed(wide(pre, post)).table)["d_z"]["estimate"]
    independent = (post.mean() - pre.mean()) / math.sqrt((pre.var(ddof=1) + post.var(ddof=1)) / 2)
    assert independent == pytest.approx(0.424629, abs=5e-7)
    assert d_z > 3 * independent


def test_difference_between_arms() -> None:
    of = values("change")["arms"]
    treated, control = of["treated"], of["control"]
    frame = wide(
        treated["pre"] + control["pre"],
        treated["post"] + control["post"],
        arm=["training"] * len(treated["pre"]) + ["control"] * len(control["pre"]),
    )
    table = changed(frame, arm="arm").table
    row = by_effect(table.filter(arm="training - control"))
    for column, expected in (("estimate", "difference"), ("lower", "lower"), ("upper", "upper")):
        assert row["mean_change"][column] == pytest.approx(of["welch"][expected], rel=CLOSED)
    assert row["mean_change"]["p"] == pytest.approx(of["welch"]["p"], rel=1e-10)
    # Morris 2008, eq. 8 and 25, written out.
    arrays = [np.array([arm["pre"], arm["post"]]) for arm in (treated, control)]
    a, b = (each.shape[1] for each in arrays)
    pooled = sum((each.shape[1] - 1) * each[0].var(ddof=1) for each in arrays) / (a + b - 2)
    c = 1 - 3 / (4 * (a + b - 2) - 1)
    d = c * (np.diff(arrays[0], axis=0).mean() - np.diff(arrays[1], axis=0).mean()) / pooled**0.5
    r = sum((each.shape[1] - 1) * np.corrcoef(each)[0, 1] for each in arrays) / (a + b - 2)
    spread = 2 * (1 - r) * (a + b) / (a * b)
    variance = c**2 * spread * (a + b - 2) / (a + b - 4) * (1 + d**2 / spread) - d**2
    assert row["d_ppc2"]["estimate"] == pytest.approx(d, rel=CLOSED)
    assert row["d_ppc2"]["variance"] == pytest.approx(variance, rel=1e-10)
    assert limits_of_ratio(row["d_ppc2"], row["mean_change"], pooled**0.5, a + b - 2)
    # Within an arm the numbers are those of that arm alone.
    alone = by_effect(changed(frame.filter(arm="control")).table)
    inside = by_effect(table.filter(arm="control"))
    assert {name: each["estimate"] for name, each in inside.items()} == {
        name: each["estimate"] for name, each in alone.items()
    }


def times_drawn(n: int, bootstrap: cp.Bootstrap, seed: int, arm: str = "") -> np.ndarray:
    """How often each replicate draws each person: the mean of who is this person, times n."""
    return np.rint(n * replicate_moments(np.eye(n), bootstrap, seed, arm)[0]).astype(int)


def brute(pre: np.ndarray, post: np.ndarray) -> dict[str, float]:
    """Every effect of the rows as they are, by NumPy's own means and variances."""
    n, d = len(pre), (post - pre)
    j = math.gamma((n - 1) / 2) / (math.sqrt((n - 1) / 2) * math.gamma((n - 2) / 2))
    d_av = d.mean() / ((pre.std(ddof=1) + post.std(ddof=1)) / 2)
    r = np.corrcoef(pre, post)[0, 1]
    return {
        "d_av": d_av,
        "g_av": (1 - 3 / (8 * n - 9)) * d_av,
        "d_rm": d.mean() / d.std(ddof=1) * math.sqrt(2 * (1 - r)),
        "smcr": j * d.mean() / pre.std(ddof=1),
    }


@pytest.mark.parametrize("method", ["bca", "percentile", "basic", "normal"])
def test_bootstrap_by_copying_rows(method: Any) -> None:
    of = values("change")["sets"]["twelve"]
    pre, post = np.array(of["pre"]), np.array(of["post"])
    n, bootstrap = len(pre), cp.Bootstrap(200, seed=5, method=method)
    row = by_effect(changed(wide(pre, post), interval=bootstrap).table)
    counts = times_drawn(n, bootstrap, 5)
    assert (counts.sum(axis=1) == n).all()
    assert len(np.unique(counts, axis=0)) > 150
    drawn = [brute(np.repeat(pre, count), np.repeat(post, count)) for count in counts]
    left_out = [brute(np.delete(pre, i), np.delete(post, i)) for i in range(n)]
    whole = brute(pre, post)
    for name, estimate in whole.items():
        replicates = np.array([each[name] for each in drawn])
        jackknife = np.array([each[name] for each in left_out])
        apart = jackknife.mean() - jackknife
        acceleration = float((apart**3).sum() / (6 * (apart**2).sum() ** 1.5))
        made: dict[str, Callable[[], intervals.Interval]] = {
            "bca": lambda t=estimate, b=replicates, a=acceleration: intervals.bca(t, b, a),
            "percentile": lambda b=replicates: intervals.percentile(b),
            "basic": lambda t=estimate, b=replicates: intervals.basic(t, b),
            "normal": lambda t=estimate, b=replicates: intervals.normal(t, b),
        }
        found = row[name]["estimate"], row[name]["lower"], row[name]["upper"]
        assert found == pytest.approx((estimate, *made[method]()), rel=1e-10), name
        assert row[name]["interval"] == method


def test_arms_are_drawn_independently() -> None:
    bootstrap = cp.Bootstrap(50, seed=1)
    one, other = (times_drawn(10, bootstrap, 1, arm) for arm in ("a", "b"))
    assert not np.array_equal(one, other)
    assert np.array_equal(one, times_drawn(10, bootstrap, 1, "a"))


def limits_of_ratio(
    row: dict[str, Any], mean: dict[str, Any], sd: float, df: float, level: float = 0.95
) -> bool:
    """Whether the limits solve the equations of Donner & Zou (2012), not how they are solved."""
    reach = (mean["upper"] - mean["lower"]) / 2
    tail = (1 - level) / 2
    smallest, largest = (sd * math.sqrt(df / stats.chi2.ppf(p, df)) for p in (1 - tail, tail))
    for limit, outwards in ((row["lower"], -1), (row["upper"], 1)):
        away = outwards * limit > 0  # a limit on the far side of zero grows with a smaller SD
        apart = sd - smallest if away else largest - sd
        distance = outwards * (limit * sd - mean["estimate"])
        assert distance > 0
        assert distance == pytest.approx(math.hypot(reach, limit * apart), rel=1e-9)
    return True


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("level", [0.95, 0.8])
@pytest.mark.parametrize("name", SETS)
def test_limits_over_an_sd(name: str, level: float, sign: int) -> None:
    of = values("change")["sets"][name]
    pre, post = sign * np.array(of["pre"]), sign * np.array(of["post"])
    row = by_effect(changed(wide(pre, post), level=level).table)
    n, mean = len(pre), row["mean_change"]
    one, other = pre.std(ddof=1), post.std(ddof=1)
    r = np.corrcoef(pre, post)[0, 1]
    df = (n - 1) * (one + other) ** 2 / (one**2 + other**2 + 2 * r**2 * one * other)
    assert limits_of_ratio(row["d_av"], mean, (one + other) / 2, df, level)
    assert limits_of_ratio(row["smcr"], mean, one, n - 1, level)
    moments = moments_of(pre, post)
    by = standardiser("d_rm", moments)
    assert by.sd == pytest.approx(mean["estimate"] / row["d_rm"]["estimate"], rel=1e-10)
    assert limits_of_ratio(row["d_rm"], mean, by.sd, by.df, level)
    # What is corrected for small samples estimates the same number.
    for corrected, plain in (("g_av", "d_av"), ("g_z", "d_z"), ("smcc", "d_z")):
        assert row[corrected]["lower"] == row[plain]["lower"]
        assert row[corrected]["upper"] == row[plain]["upper"]
    for each in ("d_av", "g_av", "d_rm", "smcr"):
        assert row[each]["interval"] == "mover"
        excludes = row[each]["lower"] * row[each]["upper"] > 0
        assert excludes == (mean["p"] < 1 - level), each


@pytest.mark.parametrize(("r", "ratio"), [(0.5, 1.0), (0.9, 1.4), (-0.4, 0.7)])
@pytest.mark.parametrize("name", ["smcr", "d_av", "d_rm"])
def test_degrees_of_freedom_of_an_sd(name: str, r: float, ratio: float) -> None:
    """Two over the variance of the logarithm of the square, by the delta method, numerically."""
    one, other = 1.3, 1.3 * ratio
    truth = np.array([one**2, other**2, r * one * other])

    def moments(of: np.ndarray, n: int = 21) -> PairMoments:
        pre, post, both = of
        zero, change = np.zeros(()), np.array(pre + post - 2 * both)
        return PairMoments(n, zero, zero, zero, np.array(pre), np.array(post), change)

    step = 1e-5
    slopes = [
        (math.log(standardiser(name, moments(truth + at)).sd)
         - math.log(standardiser(name, moments(truth - at)).sd)) / step
        for at in step * np.eye(3)
    ]  # fmt: skip
    pre, post, both = truth
    # Of normal scores: Cov(s_ij, s_kl) = (σ_ik σ_jl + σ_il σ_jk) / (n - 1).
    spread = np.array([
        [2 * pre**2, 2 * both**2, 2 * pre * both],
        [2 * both**2, 2 * post**2, 2 * post * both],
        [2 * pre * both, 2 * post * both, pre * post + both**2],
    ])  # fmt: skip
    expected = 2 * 20 / (slopes @ spread @ slopes)
    assert standardiser(name, moments(truth)).df == pytest.approx(expected, rel=1e-7)


def test_limits_of_no_change() -> None:
    row = by_effect(changed(wide([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])).table)
    for name in ("d_av", "d_rm", "smcr"):
        assert row[name]["estimate"] == 0
        assert row[name]["lower"] == pytest.approx(-row[name]["upper"])


def test_scores_that_correlate_perfectly_have_no_d_rm() -> None:
    row = by_effect(changed(wide([1, 2, 3, 4, 5], [2, 4, 6, 8, 10])).table)
    assert row["d_rm"]["lower"] is None
    assert row["d_rm"]["note"] == "both waves correlate perfectly: no interval"
    assert row["smcr"]["lower"] is not None


def test_degrees_of_freedom_of_d_rm_keep_their_digits() -> None:
    pre = np.array([1.0, 2, 3, 4, 6])
    moments = moments_of(pre, 2 * pre + 1e-6 * np.array([1, -1, 1, 0, -1]))
    # With r = 1 and SDs that differ, 2 + 4 + 4 is what 2 (n - 1) is divided by.
    assert standardiser("d_rm", moments).df == pytest.approx(8 / 10, rel=1e-4)


@pytest.mark.parametrize("apart", [1e-3, 1e-6, 1e-9, 1e-12])
def test_scores_that_correlate_nearly_perfectly(apart: float) -> None:
    """1 - r loses its digits, and nothing may come of it but limits, or a reason."""
    pre = np.array([1.0, 2, 3, 4, 6])
    row = by_effect(changed(wide(pre, 2 * pre + apart * np.array([1, -1, 1, 0, -1]))).table)["d_rm"]
    if row["lower"] is None:
        assert row["note"] is not None
    else:
        assert row["lower"] < row["estimate"] < row["upper"]


def test_a_level_is_that_of_all_intervals() -> None:
    of = values("change")["sets"]["twelve"]
    narrow = by_effect(changed(wide(of["pre"], of["post"]), level=0.8).table)
    usual = by_effect(changed(wide(of["pre"], of["post"])).table)
    for name in usual:
        assert narrow[name]["level"] == 0.8
        assert usual[name]["lower"] < narrow[name]["lower"] < narrow[name]["upper"], name
        assert narrow[name]["upper"] < usual[name]["upper"], name


def test_holm_over_outcomes() -> None:
    rng = np.random.default_rng(2)
    shifts = {"a": 1.0, "b": 0.6, "c": 0.1}
    frame = pl.DataFrame({"id": range(20)})
    for name, shift in shifts.items():
        pre = rng.normal(size=20)
        frame = frame.with_columns(
            pl.Series(f"{name}_pre", pre),
            pl.Series(f"{name}_post", pre + shift + rng.normal(size=20)),
        )
    result = cp.change(
        frame, list(shifts), id="id", pre="{}_pre", post="{}_post", interval="analytic"
    )
    for table, kind in ((result.table, "effect"), (result.tests, "test")):
        for _, part in table.group_by(kind):
            p = np.array(part["p"].to_list())
            order = np.argsort(p)
            expected = np.minimum(1, np.maximum.accumulate(p[order] * [3, 2, 1]))
            assert part["p_holm"].to_numpy()[order] == pytest.approx(expected, rel=CLOSED)


def test_numbers_do_not_depend_on_the_origin_of_scores() -> None:
    of = values("change")["sets"]["twelve"]
    pre, post = np.array(of["pre"]), np.array(of["post"])
    near, far = moments_of(pre, post), moments_of(pre + 1e6, post + 1e6)
    # A score of a million with three decimals is rounded at 1e-10.
    assert float(far.r) == pytest.approx(float(near.r), abs=1e-9)
    assert float(far.var_change) == pytest.approx(float(near.var_change), rel=1e-9)


def test_replicates_are_moments_of_drawn_rows() -> None:
    of = values("change")["sets"]["whole"]
    sample = Sample("", np.array(of["pre"], float), np.array(of["post"], float))
    panel, centres = features(sample.pre, sample.post)
    assert panel.sum(axis=0)[:2] == pytest.approx(0, abs=1e-10)
    assert centres == pytest.approx((116.625, 121.75, 5.125))
