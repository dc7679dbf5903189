"""What if something unmeasured drives both mediator and outcome?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]

RHOS = np.arange(-9, 10) / 10
"""Correlations of the residuals of mediator and outcome that are looked at."""


def second_stage(
    covariances: Reals, mediator: int, outcome: int, others: tuple[int, ...]
) -> tuple[Reals, Reals]:
    """Return the path from mediator to outcome were residuals correlated, and where it is zero.

    With r the correlation of mediator and outcome given the outcome's other predictors, and s
    their residual standard deviations there, the path is ``s_y / s_m (r - rho sqrt((1 - r^2) /
    (1 - rho^2)))`` (Imai, Keele & Yamamoto 2010, theorem 4). It is zero at rho = r.

    Parameters
    ----------
    covariances : numpy.ndarray, shape (samples, variables, variables)
    mediator, outcome, others : numbers of variables

    Returns
    -------
    paths : numpy.ndarray, shape (samples, correlations)
    r : numpy.ndarray, shape (samples,)
    """
    pair = [mediator, outcome]
    own = covariances[:, pair][:, :, pair]
    given = list(others)
    if given:
        among = covariances[:, given][:, :, given]
        across = covariances[:, given][:, :, pair]
        own = own - across.transpose(0, 2, 1) @ np.linalg.solve(among, across)
    r = own[:, 0, 1] / np.sqrt(own[:, 0, 0] * own[:, 1, 1])
    ratio = np.sqrt(own[:, 1, 1] / own[:, 0, 0])
    bent = RHOS * np.sqrt((1 - r[:, None] ** 2) / (1 - RHOS**2))
    return ratio[:, None] * (r[:, None] - bent), r
