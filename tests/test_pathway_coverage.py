"""Limits of paths and of the effects made of them hold the truth as often as they say.

Of 2,000 samples, limits that cover 95 % are found to cover 93 to 97 % but once in 16,000: that is
four standard errors of the count, 0.0049 each. Seeds are fixed: a test passes or fails for good.
"""

from collections.abc import Callable
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest

pytestmark = pytest.mark.slow

RUNS = 2000
LOWEST, HIGHEST = 0.93, 0.97


def percentile(seed: int) -> Any:
    return cp.Bootstrap(500, method="percentile", seed=seed)


def monte_carlo(seed: int) -> Any:
    return cp.MonteCarlo(2000, seed=seed)


def wald(_: int) -> Any:
    return "wald"


class Tally:
    """Estimates and whether limits held the truth, by label."""

    def __init__(self, truth: dict[str, float]) -> None:
        self.truth = truth
        self.held: list[list[bool]] = []
        self.estimates: list[list[float]] = []

    def add(self, table: pl.DataFrame) -> None:
        rows = {row["label"]: row for row in table.iter_rows(named=True)}
        own = [(rows[label], value) for label, value in self.truth.items()]
        self.held.append([row["lower"] <= value <= row["upper"] for row, value in own])
        self.estimates.append([row["estimate"] for row, _ in own])

    @property
    def coverage(self) -> dict[str, float]:
        return dict(zip(self.truth, np.mean(self.held, axis=0), strict=True))

    def check_bias(self, allowed: float = 0.0) -> None:
        """Four standard errors of the mean, and a share of the truth."""
        estimates, truth = np.array(self.estimates), np.array(list(self.truth.values()))
        gap = np.abs(estimates.mean(axis=0) - truth)
        error = estimates.std(axis=0) / np.sqrt(len(estimates))
        assert (gap < 4 * error + allowed * np.abs(truth)).all(), (list(self.truth), gap / error)


# Normal limits do not follow the skew of a product of three paths: they miss it somewhat more often
# with 600 persons, which is why they are not the default.
@pytest.mark.parametrize(
    ("how", "of_products"), [(percentile, LOWEST), (monte_carlo, LOWEST), (wald, 0.92)]
)
def test_every_path_and_effect_of_a_pathway_in_teams(
    how: Callable[[int], Any], of_products: float
) -> None:
    """150 teams of 4, trained as teams; 15 paths and 6 effects through three steps."""
    truth = cp.simulate_pathway(persons=600, teams=150, seed=0).truth
    tally = Tally(dict(truth.select("label", "value").rows()))
    for seed in range(RUNS):
        made = cp.simulate_pathway(persons=600, teams=150, seed=seed)
        tally.add(
            cp.pathway(made.frame, made.model, cluster="team", interval=how(seed), threads=1).table
        )
    tally.check_bias()
    defined = set(truth.filter(op=":=")["label"])
    assert len(defined) == 6
    for label, share in tally.coverage.items():
        assert (of_products if label in defined else LOWEST) <= share <= HIGHEST, (label, share)


LOADINGS = {"x": [0.9, 1.0, 0.8, 0.7, 1.1, 0.9], "w": [1.0, 0.9, 0.8, 1.1],
            "m": [1.0, 0.8, 0.9, 0.7, 1.0]}  # fmt: skip
SCALES = {
    name: cp.Scale(name, items=[f"{name}{number}" for number in range(len(loadings))],
                   minimum=-1000, maximum=1000, continuous=True)
    for name, loadings in LOADINGS.items()
}  # fmt: skip
MODEL = """
    m ~ a*x + s*w + a_w*x:w
    y ~ b*m + c*x
    indirect := a*b
    index := a_w*b
"""
PATHS = {"a": 0.5, "s": 0.3, "a_w": 0.25, "b": 0.4, "c": 0.2}
MEAN_OF_W, RESIDUAL_OF_M = 1.0, 0.75
TEAM = np.arange(600) // 5


def answers(seed: int, icc: float) -> pl.DataFrame:
    """Items of three scales, each its loading times the true value and an error of variance 1."""
    random = np.random.default_rng(seed)

    def standard() -> np.ndarray:
        shared = random.normal(size=120)[TEAM]
        return np.sqrt(icc) * shared + np.sqrt(1 - icc) * random.normal(size=600)

    x, w = standard(), standard() + MEAN_OF_W
    m = PATHS["a"] * x + PATHS["s"] * w + PATHS["a_w"] * x * w
    m = m + np.sqrt(RESIDUAL_OF_M) * standard()
    y = PATHS["b"] * m + PATHS["c"] * x + standard()
    items = {
        item: loading * true + random.normal(size=600)
        for true, name in ((x, "x"), (w, "w"), (m, "m"))
        for item, loading in zip(SCALES[name].items, LOADINGS[name], strict=True)
    }
    return pl.DataFrame({**items, "y": y, "team": TEAM})


def truth_of_scores() -> dict[str, float]:
    """A score is the sum of the items: its true part is the true value times their loadings."""
    x, w, m = (sum(LOADINGS[name]) for name in "xwm")
    found = {
        "a": PATHS["a"] * m / x,
        "s": PATHS["s"] * m / w,
        "a_w": PATHS["a_w"] * m / (x * w),
        "b": PATHS["b"] / m,
        "c": PATHS["c"] / x,
    }
    return found | {"indirect": found["a"] * found["b"], "index": found["a_w"] * found["b"]}


def known_reliabilities() -> dict[str, float]:
    """True variance over variance, with x and w independent and E x = 0."""
    slope = PATHS["a"] + PATHS["a_w"] * MEAN_OF_W
    of_m = slope**2 + PATHS["s"] ** 2 + PATHS["a_w"] ** 2 + RESIDUAL_OF_M
    found = {}
    for name, variance in (("x", 1.0), ("w", 1.0), ("m", of_m)):
        true = sum(LOADINGS[name]) ** 2 * variance
        found[name] = true / (true + len(LOADINGS[name]))
    return found


@pytest.mark.parametrize(
    ("reliability", "how", "cluster"),
    [
        ("omega_u", percentile, None),
        ("omega_u", percentile, "team"),
        ("known", percentile, "team"),
        ("known", wald, "team"),
        ("known", monte_carlo, None),
    ],
)
def test_paths_corrected_for_unreliability(
    reliability: str, how: Callable[[int], Any], cluster: str | None
) -> None:
    """Reliabilities 0.83, 0.78 and 0.85; a modulated first stage, and the index."""
    tally, plain = Tally(truth_of_scores()), Tally(truth_of_scores())
    shares = known_reliabilities()
    assert [round(share, 2) for share in shares.values()] == [0.83, 0.78, 0.85]
    given: Any = shares if reliability == "known" else reliability
    for seed in range(RUNS):
        frame = answers(seed, 0.15 if cluster else 0.0)
        result = cp.pathway(
            frame, MODEL, scales=SCALES, reliability=given, interval=how(seed), cluster=cluster,
            threads=1,
        )  # fmt: skip
        tally.add(result.table)
        if seed < 200:
            plain.add(cp.pathway(frame, MODEL, scales=SCALES, interval="wald", threads=1).table)
    # A ratio of estimates is biased by the order of 1 / n: that of the product by 1.5 % of itself
    # with 600 persons (and by a quarter of it with four times as many).
    tally.check_bias(allowed=0.01)
    for label, share in tally.coverage.items():
        assert LOWEST <= share <= HIGHEST, (label, share)
    # What is corrected is no trifle.
    assert plain.coverage["a_w"] < 0.7
    with pytest.raises(AssertionError):
        plain.check_bias(allowed=0.01)


def test_standardised_paths_of_answers_in_five_categories() -> None:
    """A score of categories has units of its own: standardised paths are those of true values."""
    scales = {name: cp.Scale(name, items=SCALES[name].items, minimum=1, maximum=5) for name in "xm"}
    variance_of_y = 0.4**2 + 0.2**2 + 2 * 0.4 * 0.2 * 0.5 + 1
    b, c = 0.4 / np.sqrt(variance_of_y), 0.2 / np.sqrt(variance_of_y)
    tally = Tally({"a": 0.5, "b": b, "c": c, "indirect": 0.5 * b})
    model = "m ~ a*x\ny ~ b*m + c*x\nindirect := a*b"
    for seed in range(1000):
        random = np.random.default_rng(seed)
        x, e, f = random.normal(size=(3, 600))
        m = 0.5 * x + np.sqrt(0.75) * e
        answered = {
            item: np.clip(np.round(3 + 0.6 * (loading * true + random.normal(size=600))), 1, 5)
            for true, name in ((x, "x"), (m, "m"))
            for item, loading in zip(SCALES[name].items, LOADINGS[name], strict=True)
        }
        frame = pl.DataFrame({**answered, "y": 0.4 * m + 0.2 * x + f})
        result = cp.pathway(
            frame, model, scales=scales, reliability="omega_u", interval=percentile(seed), threads=1
        )
        tally.add(result.standardised)
    # What rounding to categories leaves is below a hundredth of a path.
    tally.check_bias(allowed=0.01)
    for label, share in tally.coverage.items():
        assert LOWEST <= share <= HIGHEST, (label, share)
