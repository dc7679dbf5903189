"""Treatment of teams, mediator and outcome of persons (2-1-1): within and between are apart."""

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest

A, B_WITHIN, B_BETWEEN, C = 0.5, 0.2, 0.6, 0.1
SIZE = 6
ASKED: dict[str, Any] = {
    "x": "training", "m": "compassion_between", "y": "wellbeing", "center": ["compassion"],
    "covariates": "compassion_within", "cluster": "team",
}  # fmt: skip


def staff(teams: int, seed: int, *, of_larger_teams: bool = False) -> pl.DataFrame:
    """Wellbeing follows the mean of the team: of those asked, or of all who are in it."""
    random = np.random.default_rng(seed)
    team = np.repeat(np.arange(teams), SIZE)
    training = team % 2
    all_of_it = A * training + 0.6 * random.normal(size=teams)[team]
    compassion = all_of_it + random.normal(size=teams * SIZE)
    asked = compassion.reshape(teams, SIZE).mean(axis=1)[team]
    mean = all_of_it if of_larger_teams else asked
    wellbeing = B_WITHIN * (compassion - mean) + B_BETWEEN * mean + C * training
    wellbeing += 0.6 * random.normal(size=teams)[team] + random.normal(size=teams * SIZE)
    return pl.DataFrame(
        {"team": team, "training": training, "compassion": compassion, "wellbeing": wellbeing}
    )


def estimates(frame: pl.DataFrame) -> dict[str, float]:
    return dict(frame.select("label", "estimate").iter_rows())


def test_the_effect_of_a_team_goes_through_its_mean() -> None:
    frame = staff(80, seed=1)
    result = cp.mediation(frame, **ASKED, interval="wald")
    found = estimates(result.paths)
    teams = frame.group_by("team", maintain_order=True).mean()
    means = teams["compassion"].to_numpy()
    trained = teams["training"].to_numpy() == 1
    # Teams of one size: a is a difference of means, and b and c are those of the teams' means.
    assert found["a"] == pytest.approx(means[trained].mean() - means[~trained].mean(), abs=1e-10)
    design = np.column_stack([np.ones(80), means, trained])
    _, b, c = np.linalg.lstsq(design, teams["wellbeing"].to_numpy())[0]
    assert [found["b"], found["c"]] == pytest.approx([b, c], abs=1e-10)
    assert result.effects["estimate"][0] == pytest.approx(found["a"] * b, abs=1e-10)
    own = frame.with_columns(pl.col("compassion") - pl.col("compassion").mean().over("team"))
    within = cp.pathway(own, "wellbeing ~ compassion", interval=None).table["estimate"][0]
    table = result.pathway.table.filter(lhs="wellbeing", rhs="compassion_within")
    assert table["estimate"].item() == pytest.approx(within, abs=1e-10)
    # Nothing of what was done to teams is within them.
    assert result.pathway.table.filter(lhs="compassion_between", rhs="compassion_within")[
        "estimate"
    ].item() == pytest.approx(0, abs=1e-10)


def test_persons_that_stand_for_a_larger_team_blur_its_mean() -> None:
    """The between path then lies between both, by ICC(2): docs/pathway.md says so."""
    result = cp.mediation(staff(20_000, seed=2, of_larger_teams=True), **ASKED, interval=None)
    row = result.paths.filter(label="b").row(0, named=True)
    icc2 = 0.36 / (0.36 + 1 / SIZE)
    assert abs(row["estimate"] - (icc2 * B_BETWEEN + (1 - icc2) * B_WITHIN)) < 4 * row["se"]
    assert row["estimate"] < B_BETWEEN - 10 * row["se"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["percentile", "monte_carlo", "wald"])
def test_limits_of_a_mediation_between_teams_hold_the_truth(kind: str) -> None:
    """150 teams; of 2,000 samples 95 % limits hold 93 to 97 %, four standard errors."""
    truth = {"a": A, "b": B_BETWEEN, "c": C, "indirect_1": A * B_BETWEEN}
    held, found = [], []
    for seed in range(2000):
        how: Any = {
            "percentile": cp.Bootstrap(500, method="percentile", seed=seed),
            "monte_carlo": cp.MonteCarlo(2000, seed=seed),
            "wald": "wald",
        }[kind]
        result = cp.mediation(staff(150, seed), **ASKED, interval=how, threads=1)
        rows = {row["label"]: row for row in result.pathway.table.iter_rows(named=True)}
        held.append([rows[name]["lower"] <= truth[name] <= rows[name]["upper"] for name in truth])
        found.append([rows[name]["estimate"] for name in truth])
    coverage = np.mean(held, axis=0)
    assert (coverage >= 0.93).all(), coverage
    assert (coverage <= 0.97).all(), coverage
    gap = np.abs(np.mean(found, axis=0) - list(truth.values()))
    assert (gap < 4 * np.std(found, axis=0) / np.sqrt(2000)).all(), gap
