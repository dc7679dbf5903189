"""Pilots whose true effects are known: what is estimated of them, and how often limits hold."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import compassion_psy as cp
import numpy as np
import pytest
from compassion_psy.change import limits
from compassion_psy.change.effects import DEFINITIONS, effect, moments_of
from compassion_psy.change.limits import Resampled, Sample
from compassion_psy.change.sign_flip import sign_flip

pytestmark = pytest.mark.slow

NURSES = 12
PILOTS = 2_000
# What is asked for. With 2,000 pilots a true coverage of 0.95 comes out 4 standard errors inside.
WANTED = (0.93, 0.97)
BY_RATIO = ("d_av", "g_av", "d_rm", "smcr")


@pytest.fixture(scope="module")
def pilots() -> dict[str, tuple[np.ndarray, np.ndarray, dict[str, float]]]:
    """By outcome, scores before and after of 2,000 pilots of 12 nurses, and the true effects.

    Nurses of one large pilot are independent; twelve of them are a pilot.
    """
    large = cp.simulate_pilot(nurses=NURSES * PILOTS, starting=1, dropout=0, seed=20)
    found = {}
    for truth in large.truth.iter_rows(named=True):
        scale = large.scales[truth["outcome"]]
        scored = cp.score(large.frame, scale)
        both = scored.pivot("wave", index="person", values=f"{truth['outcome']}_total")
        pre, post = (both[wave].to_numpy().astype(float).reshape(PILOTS, NURSES)
                     for wave in ("pre", "post"))  # fmt: skip
        found[truth["outcome"]] = pre, post, true_values(truth)
    return found


def true_values(row: dict[str, Any]) -> dict[str, float]:
    d_av = row["mean_change"] / ((row["sd_pre"] + row["sd_post"]) / 2)
    values = {name: row[name] for name in ("mean_change", "d_z", "smcr")}
    values |= {"g_z": row["d_z"], "smcc": row["d_z"], "d_av": d_av, "g_av": d_av}
    return {**values, "d_rm": row["d_z"] * np.sqrt(2 * (1 - row["r"]))}


def analytic(name: str, moments: Any) -> limits.Found:
    if name == "mean_change":
        return limits.mean_change(moments, 0.95)
    return (limits.of_ratio if name in BY_RATIO else limits.exact)(name, moments, 0.95)


@pytest.mark.parametrize("outcome", ["wellbeing", "self_compassion", "clinical_empathy"])
def test_analytic_limits_of_twelve_nurses(pilots: Any, outcome: str) -> None:
    pre, post, truth = pilots[outcome]
    moments = [moments_of(*pair) for pair in zip(pre, post, strict=True)]
    for name, value in truth.items():
        found = [analytic(name, each) for each in moments]
        covered = np.mean([each.lower <= value <= each.upper for each in found])
        assert WANTED[0] <= covered <= WANTED[1], (name, covered)
        errors = np.array([each.estimate for each in found]) - value
        # d_z, d_av and d_rm are known to be too large in small samples; the corrected are not.
        if name in ("mean_change", "g_z", "smcc", "smcr"):
            assert abs(errors.mean()) < 4 * errors.std() / np.sqrt(PILOTS), name


@pytest.mark.parametrize("r", [0.3, 0.9])
@pytest.mark.parametrize("ratio", [0.7, 1.0, 1.4])
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_analytic_limits_of_normal_scores(r: float, ratio: float, shift: float) -> None:
    random = np.random.default_rng([round(10 * r), round(10 * ratio), round(shift)])
    first, second = random.standard_normal((2, PILOTS, NURSES))
    post = shift + ratio * (r * first + np.sqrt(1 - r**2) * second)
    moments = [moments_of(*pair) for pair in zip(first, post, strict=True)]
    of_change = np.sqrt(1 + ratio**2 - 2 * r * ratio)
    d_rm = shift / of_change * np.sqrt(2 * (1 - r))
    # 94 to 97 % were measured with 4,000 pilots; of 2,000 the standard error is at most 0.006.
    low, high = WANTED[0] - 0.005, WANTED[1] + 0.01
    for name, value in {"smcr": shift, "d_av": shift / ((1 + ratio) / 2), "d_rm": d_rm}.items():
        found = [limits.of_ratio(name, each, 0.95) for each in moments]
        covered = np.mean([each.lower <= value <= each.upper for each in found])
        # The square of what d_rm divides by is then far from a chi-square: 92 to 94 %.
        strained = name == "d_rm" and r == 0.9 and ratio != 1
        assert (0.9 if strained else low) <= covered <= high, (name, covered)


@pytest.mark.parametrize("control", [12, 6])
@pytest.mark.parametrize("r", [0.3, 0.9])
def test_the_difference_between_arms_covers_as_it_says(r: float, control: int) -> None:
    random = np.random.default_rng(9)

    def arm(n: int, shift: float, ratio: float) -> Iterator[limits.PairMoments]:
        for _ in range(PILOTS):
            first, second = random.standard_normal((2, n))
            yield moments_of(first, shift + ratio * (r * first + np.sqrt(1 - r**2) * second))

    covered: dict[str, list[bool]] = defaultdict(list)
    # Training spreads persons: what Welch's test is for.
    for treated, other in zip(arm(12, 0.6, 1.4), arm(control, 0.1, 1.0), strict=True):
        for name, limits_of in (("d_ppc2", limits.of_ratio_between), ("mean_change", limits.welch)):
            found = limits_of(treated, other, 0.95)
            covered[name].append(found.lower <= 0.5 <= found.upper)
    for name, hits in covered.items():
        assert WANTED[0] <= np.mean(hits) <= WANTED[1], (name, np.mean(hits))


def test_bootstrap_limits_of_twelve_nurses_cover_less(pilots: Any) -> None:
    """What the note says: 87 to 95 % with 12 persons."""
    bootstrap, used = cp.Bootstrap(1_000), 400
    for outcome, (pre, post, truth) in pilots.items():
        covered: dict[str, list[bool]] = defaultdict(list)
        for seed, pair in enumerate(zip(pre[:used], post[:used], strict=True)):
            drawn = Resampled.of([Sample("", *pair)], bootstrap, seed)
            for name in ("d_av", "smcr"):
                found = drawn.found(lambda of, name=name: effect(name, of[0]), 0.95)
                covered[name].append(found.lower <= truth[name] <= found.upper)
        for name, hits in covered.items():
            # The standard error of 400 pilots is 0.013.
            assert 0.87 <= np.mean(hits) <= 0.965, (outcome, name, np.mean(hits))


def test_pilots_from_answers_to_the_table() -> None:
    covered: dict[str, list[bool]] = defaultdict(list)
    for seed in range(60):
        pilot = cp.simulate_pilot(nurses=NURSES, starting=1, dropout=0, seed=seed)
        result = cp.change(
            pilot.frame, list(pilot.scales.values()), id="person", wave="wave", pre="pre",
            post="post", reliability=0.9, interval="analytic",
        )  # fmt: skip
        for truth in pilot.truth.iter_rows(named=True):
            own = result.table.filter(outcome=truth["outcome"])
            rows = {row["effect"]: row for row in own.to_dicts()}
            for name, value in true_values(truth).items():
                covered[name].append(rows[name]["lower"] <= value <= rows[name]["upper"])
            flips = result.tests.filter(outcome=truth["outcome"], test="sign_flip").to_dicts()[0]
            covered["sign_flip"].append(flips["lower"] <= truth["mean_change"] <= flips["upper"])
    assert set(covered) == {*DEFINITIONS, "sign_flip"} - {"cles", "d_ppc2"}
    for name, hits in covered.items():
        # 180 outcomes of which three share a pilot: 4 standard errors were they half as many.
        assert np.mean(hits) >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / 90), (name, np.mean(hits))


def test_sign_flips_reject_as_often_as_they_say() -> None:
    rng = np.random.default_rng(8)
    # Symmetric and far from normal: the test needs no more.
    p = np.array([sign_flip(rng.standard_t(2, 9), 0.95, 1)[0] for _ in range(4000)])
    for size in (0.05, 0.1, 0.25):
        # p has steps of 2 / 2⁹; the largest at most `size` is what can be reached.
        reached = np.floor(size * 2**8) / 2**8
        assert np.mean(p <= size) == pytest.approx(reached, abs=4 * np.sqrt(reached / 4000))
