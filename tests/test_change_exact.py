"""Sign flips and ranks, against all signs written out and against R."""

import itertools
import math

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.change.arm_permutation import permute_arms
from compassion_psy.change.sign_flip import ALL_UP_TO, DRAWN, _drawn_sets, sign_flip
from compassion_psy.change.signed_rank import EXACT_BELOW, signed_rank
from reference_data import values
from scipy import stats

RNG = np.random.default_rng(7)
SAMPLES = {
    "six": RNG.normal(0.5, 1, 6),
    "nine": RNG.normal(0, 1, 9),
    "twelve": RNG.normal(1, 1, 12),
    "ties": np.array([2.0, 10, -1, 7, 4, 5, 5, 9]),
    "zeros": np.array([0.0, 0, 3, 1, 1, -1, 2, 4, 4]),
    "decimals": np.array([0.1, 0.2, 0.3, -0.1, 0.1, 0.7, 0.2]),
    "below zero": -RNG.gamma(1, 1, 10),
}


def p_of_all_signs(changes: np.ndarray) -> float:
    signs = np.array(list(itertools.product([1, -1], repeat=len(changes))))
    observed = abs(math.fsum(changes))
    return float(np.mean(np.abs(signs @ changes) >= observed - 1e-9))


@pytest.mark.parametrize("name", SAMPLES)
def test_p_of_all_signs(name: str) -> None:
    assert sign_flip(SAMPLES[name], 0.95, 1)[0] == p_of_all_signs(SAMPLES[name])


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
@pytest.mark.parametrize("name", SAMPLES)
def test_limits_are_where_the_test_begins_to_reject(name: str, level: float) -> None:
    changes = SAMPLES[name]
    _, low, high = sign_flip(changes, level, 1)
    for limit, outwards in ((low, -1), (high, 1)):
        assert p_of_all_signs(changes - limit + outwards * 1e-7) > 1 - level
        assert p_of_all_signs(changes - limit - outwards * 1e-7) <= 1 - level


def test_five_persons_reject_nothing() -> None:
    changes = np.array([3.0, 4, 5, 6, 7])
    assert sign_flip(changes, 0.95, 1) == (2 / 2**5, -math.inf, math.inf)
    assert sign_flip(changes, 0.9, 1)[1] == 3


def test_all_changes_equal() -> None:
    assert sign_flip(np.full(8, 2.0), 0.95, 1) == (2 / 2**8, 2, 2)
    assert sign_flip(np.zeros(8), 0.95, 1) == (1, 0, 0)


def test_twenty_persons_are_looked_at_in_full() -> None:
    changes = np.random.default_rng(3).normal(0.3, 1, ALL_UP_TO)
    # Half the signs from each half of the persons: all sums as sums of two.
    one, other = (
        np.array(list(itertools.product([1, -1], repeat=10))) @ part
        for part in (changes[:10], changes[10:])
    )
    sums = np.abs(np.add.outer(one, other))
    expected = np.mean(sums >= abs(changes.sum()) - 1e-9)
    assert sign_flip(changes, 0.95, 1)[0] == expected
    assert sign_flip(changes, 0.95, 1) == sign_flip(changes, 0.95, 2)


@pytest.mark.parametrize("n", [21, 24, 31])
def test_drawn_sets_are_of_these_persons(n: int) -> None:
    """Powers of two tell from a sum who is in it."""
    sums, counts = _drawn_sets(2.0 ** np.arange(n), 3)
    drawn = (sums.astype(np.int64)[:, None] >> np.arange(n)) & 1
    assert (drawn.sum(axis=1) == counts).all()
    assert sums.max() < 2.0**n
    # Each person in half of the sets, whoever else is in: 5 standard errors.
    apart = 5 * 0.5 / math.sqrt(DRAWN)
    assert drawn.mean(axis=0) == pytest.approx(0.5, abs=apart)
    assert np.corrcoef(drawn.T) == pytest.approx(np.eye(n), abs=2 * apart)


def test_drawn_signs() -> None:
    changes = np.random.default_rng(4).normal(0.25, 1, 40)
    p, low, high = sign_flip(changes, 0.95, 1)
    assert (p, low, high) == sign_flip(changes, 0.95, 1)
    assert p != sign_flip(changes, 0.95, 2)[0]
    signs = np.random.default_rng(5).choice([-1, 1], (200_000, 40))
    expected = np.mean(np.abs(signs @ changes) >= abs(changes.sum()))
    # Four standard errors of the drawn share.
    assert p == pytest.approx(expected, abs=4 * math.sqrt(expected / DRAWN))
    # Of near normal changes it is the t interval, but for what is drawn.
    half = 2.0227 * changes.std(ddof=1) / math.sqrt(40)
    assert (low, high) == pytest.approx((changes.mean() - half, changes.mean() + half), abs=0.03)


@pytest.mark.parametrize("name", ["twelve", "sixty"])
def test_ranks_as_in_r(name: str) -> None:
    of = values("change")["sets"][name]
    changes = np.array(of["post"]) - np.array(of["pre"])
    found, expected = signed_rank(changes, 0.95), of["wilcoxon"]
    assert found.p == pytest.approx(expected["p"], rel=1e-10)
    assert found.exact == (len(changes) < EXACT_BELOW)
    # With 60, R solves for the shift at which the approximation rejects: between means of pairs.
    tolerance = 1e-10 if found.exact else 0.02
    for value, of_r in zip(found[:3], ("estimate", "lower", "upper"), strict=True):
        assert value == pytest.approx(expected[of_r], abs=tolerance)


@pytest.mark.parametrize("name", SAMPLES)
def test_p_of_ranks_of_all_signs(name: str) -> None:
    changes = SAMPLES[name][SAMPLES[name] != 0]
    sizes = np.abs(changes)
    ranks = np.array([(sizes < x).sum() + ((sizes == x).sum() + 1) / 2 for x in sizes])
    signs = np.array(list(itertools.product([0, 1], repeat=len(changes))))
    sums, observed = signs @ ranks, ranks[changes > 0].sum()
    expected = min(1, 2 * min(np.mean(sums <= observed), np.mean(sums >= observed)))
    found = signed_rank(SAMPLES[name], 0.95)
    assert found.p == pytest.approx(expected, rel=1e-12)
    assert found.zeros == (SAMPLES[name] == 0).sum()


def test_the_result_says_which_test_it_was() -> None:
    rng = np.random.default_rng(6)
    for n, method in ((12, "exact, all 4,096 signs"), (21, f"{DRAWN:,} drawn signs, seed 3")):
        pre = rng.normal(size=n)
        frame = pl.DataFrame({"id": range(n), "a1": pre, "a2": pre + rng.normal(size=n)})
        result = cp.change(
            frame, "a", id="id", pre="{}1", post="{}2", interval=cp.Bootstrap(seed=3)
        )
        assert result.tests.filter(test="sign_flip")["method"].item() == method


def test_p_of_the_published_example() -> None:
    of = values("change")["sets"]["whole"]
    frame = pl.DataFrame({"id": range(8), "a1": of["pre"], "a2": of["post"]})
    tests = cp.change(frame, "a", id="id", pre="{}1", post="{}2", interval="analytic").tests
    assert tests.filter(test="sign_flip")["p"].item() == 0.015625


ARMS = {
    "alike": (RNG.normal(0.8, 1, 5), RNG.normal(0, 1, 5)),
    "one larger": (RNG.normal(-1, 1, 4), RNG.normal(0, 1, 7)),
    "the other larger": (RNG.normal(1, 1, 7), RNG.normal(0, 1, 4)),
    "ties": (np.array([3.0, 4, 4, 5, 6]), np.array([1.0, 2, 4, 3, 0])),
    "decimals": (np.array([0.1, 0.3, 0.7, 0.2]), np.array([0.1, -0.3, 0.2, 0.1, 0.3])),
}


def p_of_all_allotments(treated: np.ndarray, control: np.ndarray) -> float:
    both, observed = np.concatenate([treated, control]), treated.mean() - control.mean()
    found = []
    for chosen in itertools.combinations(range(len(both)), len(treated)):
        others = np.delete(both, chosen)
        found.append(both[list(chosen)].mean() - others.mean())
    differences = np.array(found)
    tails = np.mean(differences >= observed - 1e-9), np.mean(differences <= observed + 1e-9)
    return float(min(1, 2 * min(tails)))


@pytest.mark.parametrize("name", ARMS)
def test_p_of_all_allotments(name: str) -> None:
    found = permute_arms(*ARMS[name], 0.95, 1)[0]
    assert found == pytest.approx(p_of_all_allotments(*ARMS[name]), rel=1e-12)


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("name", ARMS)
def test_limits_between_arms_are_where_the_test_begins_to_reject(name: str, level: float) -> None:
    treated, control = ARMS[name]
    _, low, high = permute_arms(treated, control, level, 1)
    for limit, outwards in ((low, -1), (high, 1)):
        # 66 of 330 are 0.2, which 1 - 0.8 is not quite.
        size = 1 - level + 1e-9
        assert p_of_all_allotments(treated - limit + outwards * 1e-7, control) > size
        assert p_of_all_allotments(treated - limit - outwards * 1e-7, control) <= size


def test_arms_of_three_reject_nothing() -> None:
    treated, control = np.array([7.0, 8, 9]), np.array([1.0, 2, 3])
    assert permute_arms(treated, control, 0.95, 1) == (2 / 20, -math.inf, math.inf)
    assert permute_arms(treated, control, 0.9, 1)[1:] == (4, 8)


def test_arms_that_changed_alike() -> None:
    assert permute_arms(np.full(5, 2.0), np.full(5, 2.0), 0.95, 1) == (1, 0, 0)


def test_two_arms_of_eleven_are_looked_at_in_full() -> None:
    random = np.random.default_rng(6)
    treated, control = random.normal(0.6, 1, 11), random.normal(0, 1, 11)
    p, low, high = permute_arms(treated, control, 0.95, 1)
    assert (p, low, high) == permute_arms(treated, control, 0.95, 2)
    assert p * math.comb(22, 11) == pytest.approx(round(p * math.comb(22, 11)), abs=1e-6)
    # Of near normal changes it is about the t interval.
    expected = stats.ttest_ind(treated, control).confidence_interval(0.95)
    assert (low, high) == pytest.approx(tuple(expected), abs=0.05)
    of_scipy = stats.permutation_test(
        (treated, control), lambda x, y, axis: x.mean(axis) - y.mean(axis),
        n_resamples=20_000, vectorized=True, rng=1,
    )  # fmt: skip
    assert p == pytest.approx(of_scipy.pvalue, abs=5 * math.sqrt(p / 20_000))


@pytest.mark.parametrize("sizes", [(30, 40), (40, 15)])
def test_drawn_allotments(sizes: tuple[int, int]) -> None:
    random = np.random.default_rng(sizes)
    treated, control = (
        random.normal(shift, 1, n) for shift, n in zip((0.4, 0), sizes, strict=True)
    )
    found = permute_arms(treated, control, 0.95, 1)
    assert found == permute_arms(treated, control, 0.95, 1)
    assert found != permute_arms(treated, control, 0.95, 2)
    of_scipy = stats.permutation_test(
        (treated, control), lambda x, y, axis: x.mean(axis) - y.mean(axis),
        n_resamples=40_000, vectorized=True, rng=1,
    )  # fmt: skip
    assert found[0] == pytest.approx(of_scipy.pvalue, abs=5 * math.sqrt(found[0] / DRAWN))
    expected = stats.ttest_ind(treated, control).confidence_interval(0.95)
    assert found[1:] == pytest.approx(tuple(expected), abs=0.04)


def test_the_tests_between_arms() -> None:
    n = 8
    scores = {name: RNG.normal(size=2 * n) for name in ("y1", "y2")}
    frame = pl.DataFrame({"id": range(2 * n), **scores, "arm": ["a"] * n + ["control"] * n})

    def between(frame: pl.DataFrame) -> list[dict[str, object]]:
        result = cp.change(frame, "y", id="id", pre="{}1", post="{}2", arm="arm",
                           interval="analytic")  # fmt: skip
        return result.tests.filter(arm="a - control", analysis="completers").to_dicts()

    welch, permutation = between(frame)
    assert (welch["test"], permutation["test"]) == ("welch", "permutation")
    changes = (pl.col("y2") - pl.col("y1")).alias("d")
    arms = [frame.filter(arm=arm).select(changes)["d"].to_numpy() for arm in ("a", "control")]
    assert (permutation["p"], permutation["lower"], permutation["upper"]) == permute_arms(
        *arms, 0.95, 1
    )
    assert permutation["method"] == "exact, all 12,870 allotments"
    expected = stats.ttest_ind(*arms, equal_var=False)
    assert welch["p"] == pytest.approx(expected.pvalue, rel=1e-10)
    assert (
        permutation["estimate"]
        == welch["estimate"]
        == pytest.approx(arms[0].mean() - arms[1].mean())
    )
    few = between(frame.filter(pl.col("id").is_in([0, 1, 2, 8, 9, 10])))[1]
    assert few["note"] == "6 persons are too few to bound it at this level"
    lost = between(frame.with_columns(y2=pl.when(pl.col("arm") == "a").then("y2")))
    assert {row["note"] for row in lost} == {"in one arm nobody has a score at both waves"}
    many = pl.concat([frame.with_columns(id=pl.col("id") + 16 * k) for k in range(40)])
    assert "more than 500 persons" in str(between(many)[1]["note"])
