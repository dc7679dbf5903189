"""Estimates from simulated pilots and programmes recover the truth that is stored with them."""

import math

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.sites.clustering import (
    GroupSums,
    by_restricted_likelihood,
    by_variance_analysis,
)

# What 93..97 % means: that many Monte-Carlo errors of a share of 95 % lie inside for 1,000 studies.
COVERS = (0.93, 0.97)
STUDIES = 1_000


@pytest.mark.slow
def test_effects_in_pilots_of_twelve_recover_the_truth() -> None:
    """1,000 pilots of 12: no bias of mean change, and intervals that hold it 93..97 % of times."""
    pilot = cp.simulate_pilot(nurses=12 * STUDIES, starting=1.0, dropout=0.0, seed=11)
    frame = pilot.frame.with_columns(study=(pl.col("person") - 1) // 12)
    found = cp.change(
        frame, list(pilot.scales.values()), id="person", wave="wave", pre="pre", post="post",
        by="study", reliability=0.9, interval="analytic",
    ).table.filter(analysis="completers")  # fmt: skip
    for truth in pilot.truth.iter_rows(named=True):
        own = found.filter(outcome=truth["outcome"])
        for effect, bias in (("mean_change", 4.0), ("d_z", None)):
            rows = own.filter(effect=effect)
            assert rows.height == STUDIES
            value = truth[effect]
            inside = (rows["lower"] <= value) & (value <= rows["upper"])
            assert COVERS[0] <= inside.mean() <= COVERS[1], (truth["outcome"], effect)
            if bias:
                error = rows["estimate"].std() / math.sqrt(STUDIES)
                assert abs(rows["estimate"].mean() - value) < bias * error
        # d_z is biased upwards by 1 / J(11) = 1.075, which g_z takes away.
        g = own.filter(effect="g_z")["estimate"]
        assert abs(g.mean() - truth["d_z"]) < 4 * g.std() / math.sqrt(STUDIES)


@pytest.mark.slow
def test_intraclass_correlations_of_programmes_recover_the_truth() -> None:
    """500 programmes of 60 hospitals: REML and ANOVA hold ICC(1) 93..97 % of times."""
    studies = 500
    estimates, inside = [], []
    for seed in range(studies):
        made = cp.simulate_programme(
            hospitals=60, teams=60, staff=1_500, team_icc=0.0, hospital_icc=0.15, faults=False,
            seed=seed,
        )  # fmt: skip
        truth = dict(made.truth.iter_rows())["icc_hospital"]
        scores = cp.score(made.frame, made.scale)["compassion_total"].to_numpy()
        site = made.frame["hospital"].rank("dense").to_numpy().astype(np.intp) - 1
        sums = GroupSums.of(scores, site)
        both = [by_restricted_likelihood(sums, 0.95), by_variance_analysis(sums, 0.95)]
        estimates.append([each.one for each in both])
        inside.append([each.one_lower <= truth <= each.one_upper for each in both])
    error = np.std(estimates, axis=0) / math.sqrt(studies)
    assert (np.abs(np.mean(estimates, axis=0) - truth) < 4 * error + 0.002).all()
    # Limits by analysis of variance are exact for groups of equal size only.
    assert COVERS[0] <= np.mean(inside, axis=0)[0] <= COVERS[1]
    assert 0.90 <= np.mean(inside, axis=0)[1] <= 0.98
