"""Do people of one team agree: r_wg, r_wg(J) and the average deviation, team by team."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Reals = npt.NDArray[np.float64]


def agreement_by_team(
    answers: Reals, teams: npt.NDArray[np.int64], *, variance: float
) -> pl.DataFrame:
    """Return a row a team: persons, r_wg (of the mean of items), r_wg(J) and AD.

    r_wg = 1 - s² / σ² and r_wg(J) = J (1 - q) / (J (1 - q) + q) with q the mean of the items'
    s² / σ², σ² the variance of answers of persons who do not agree (James, Demaree & Wolf, 1984);
    AD is the mean distance from the item's mean, over items (Burke,
    Finkelstein & Dusig, 1999). Where answers differ more than by chance r_wg is below zero, as it
    is; r_wg(J) is 0 (LeBreton & Senter, 2008), for there its formula goes to minus infinity and
    comes back above one. Teams of one person have none.

    Parameters
    ----------
    answers : array (items, persons)
        Keyed answers without gaps.
    teams : array (persons,)
        Number of each person's team, counted from 0 without gaps.
    variance : float
        Of an answer, expected where nobody agrees: (A² - 1) / 12 of A categories evenly.
    """
    items, persons = answers.shape
    order = np.argsort(teams, kind="stable")
    answers, teams = answers[:, order], teams[order]
    starts = np.flatnonzero(np.diff(teams, prepend=-1))
    counts = np.diff(np.append(starts, persons))
    means = np.add.reduceat(answers, starts, axis=1) / counts
    apart = answers - np.repeat(means, counts, axis=1)
    several = np.where(counts > 1, counts, np.nan)
    variances = np.add.reduceat(apart**2, starts, axis=1) / (several - 1)
    scores = answers.mean(axis=0)
    centred = scores - np.repeat(np.add.reduceat(scores, starts) / counts, counts)
    of_scores = np.add.reduceat(centred**2, starts) / (several - 1)
    lack = variances.mean(axis=0) / variance
    common = np.maximum(1 - lack, 0.0)
    distance = np.add.reduceat(np.abs(apart), starts, axis=1) / several
    return pl.DataFrame(
        {
            "n": counts,
            "r_wg": 1 - of_scores / variance,
            "r_wg_j": items * common / (items * common + lack),
            "average_deviation": distance.mean(axis=0),
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
