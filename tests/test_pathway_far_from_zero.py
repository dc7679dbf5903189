"""Modulators far from zero, such as a year or an age: x and x:w are nearly one variable there."""

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.distributions import normal_quantile

PERSONS, TEAMS = 240, 40


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    random = np.random.default_rng(8)
    team = np.arange(PERSONS) % TEAMS
    x, w, e, f = random.standard_normal((4, PERSONS))
    shared = random.standard_normal(TEAMS)[team]
    m = 0.5 * x + 0.3 * w * x + e * (1 + 0.3 * np.abs(shared))
    columns = {"x": x + 0.5 * shared, "w": w, "m": m, "y": 0.4 * m + f + shared, "team": team}
    return pl.DataFrame(columns)


@pytest.mark.parametrize("middle", [0.0, 100.0, -2000.0])
def test_robust_errors_are_the_sandwich(frame: pl.DataFrame, middle: float) -> None:
    moved = frame.with_columns(pl.col("w") + middle)
    found = cp.mediation(
        moved, x="x", m="m", y="y", modulators={"a": "w"}, cluster="team", interval="wald"
    )
    x, w, m, team = moved.select("x", "w", "m", "team").to_numpy().T
    # The same regression with w less its middle, in which nothing is nearly dependent.
    near = np.column_stack([np.ones(PERSONS), x, w - middle, x * (w - middle)])
    slopes, *_ = np.linalg.lstsq(near, m, rcond=None)
    rows = near * (m - near @ slopes)[:, None] @ np.linalg.inv(near.T @ near)
    by_team = np.array([rows[team == each].sum(axis=0) for each in range(TEAMS)])
    robust = by_team.T @ by_team * TEAMS / (TEAMS - 1)
    # The slope at w = 0 is that at the middle less what `middle` units change.
    at_zero = np.array([[0, 1.0, 0, -middle], [0, 0, 0, 1.0]])
    covariance = at_zero @ robust @ at_zero.T
    # Covariances of x and xw, correlated at 1 - 1e-7, lose seven of their sixteen digits.
    table = found.paths.filter(pl.col("label").is_in(["a", "a_w"]))
    assert table["estimate"].to_numpy() == pytest.approx(at_zero @ slopes, rel=1e-6)
    assert table["se"].to_numpy() == pytest.approx(np.sqrt(np.diagonal(covariance)), rel=1e-5)
    region = found.johnson_neyman.row(0, named=True)
    z2 = normal_quantile(0.975) ** 2
    for bound in (region["lower_bound"], region["upper_bound"]):
        at = np.array([0, 1.0, 0, bound - middle])
        assert (at @ slopes) ** 2 == pytest.approx(z2 * (at @ robust @ at), rel=1e-4)


def test_variables_that_determine_each_other_in_two_equations(frame: pl.DataFrame) -> None:
    """The errors of each equation are there, though the variables together are dependent."""
    twice = frame.with_columns(pl.col("x") * 2, copy=pl.col("x") * 2)
    found = cp.pathway(twice, "m ~ x\ny ~ copy", cluster="team", interval="wald")
    apart = cp.pathway(twice, "m ~ x\ny ~ x", cluster="team", interval="wald")
    assert found.table["se"][:2].to_list() == pytest.approx(apart.table["se"][:2].to_list())


def test_monte_carlo_limits_do_not_turn_with_the_order_of_persons(frame: pl.DataFrame) -> None:
    how = cp.MonteCarlo(500, seed=3)
    one, other = (
        cp.mediation(of, x="x", m="m", y="y", modulators={"a": "w"}, interval=how).effects
        for of in (frame, frame.sample(fraction=1, shuffle=True, seed=2))
    )
    for limit in ("lower", "upper"):
        assert one[limit].to_list() == pytest.approx(other[limit].to_list(), rel=1e-10)
