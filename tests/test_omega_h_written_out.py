"""omega_h by its definition, written out: scipy's minimum residuals, oblimin, Schmid-Leiman.

The rotation is Jennrich's (2002) gradient projection; the general factor of three others has a
closed form. Nothing is shared with the core.
"""

from __future__ import annotations

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

Floats = np.ndarray[Any, np.dtype[np.float64]]

# scipy's search stops at slopes of 1e-10, this rotation at 1e-7, or where nothing is lower.
TIGHT = 1e-6
RANDOM_STARTS = 5


def minimum_residuals(r: Floats, factors: int) -> tuple[Floats, Floats]:
    """Unrotated loadings and the uniquenesses of the search."""

    def spectrum(unique: Floats) -> tuple[Floats, Floats]:
        values, vectors = np.linalg.eigh(r - np.diag(unique))
        return values[::-1], vectors[:, ::-1]

    def slopes(unique: Floats) -> tuple[float, Floats]:
        values, vectors = spectrum(unique)
        values, vectors = values[factors:], vectors[:, factors:]
        return float(np.sum(values**2) / 2), -(vectors**2 @ values)

    found = minimize(
        slopes,
        1 / np.diag(np.linalg.inv(r)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.005, 1)] * len(r),
        options={"ftol": 0, "gtol": 1e-10, "maxiter": 100_000, "maxfun": 100_000, "maxcor": 50},
    )
    values, vectors = spectrum(found.x)
    return vectors[:, :factors] * np.sqrt(values[:factors]), found.x


def quartimin(loadings: Floats) -> float:
    squares = loadings**2
    return float((squares.sum(axis=1) ** 2 - (squares**2).sum(axis=1)).sum() / 4)


def oblimin_from(unrotated: Floats, turn: Floats) -> tuple[float, Floats, Floats]:
    """The criterion, loadings and factor correlations, by gradient projection."""
    step = 1.0
    for _ in range(2_000):
        inverse = np.linalg.inv(turn)
        loadings = unrotated @ inverse.T
        squares = loadings**2
        slope = loadings * (squares.sum(axis=1, keepdims=True) - squares)
        gradient = -(loadings.T @ slope @ inverse).T
        projected = gradient - turn * (turn * gradient).sum(axis=0)
        size = float(np.linalg.norm(projected))
        if size < 1e-7:
            break
        step *= 2
        value = quartimin(loadings)
        for _halving in range(60):
            moved = turn - step * projected
            moved = moved / np.linalg.norm(moved, axis=0)
            after = quartimin(unrotated @ np.linalg.inv(moved).T)
            if after < value - 0.5 * step * size**2:
                break
            step /= 2
        else:
            # Within rounding nothing is lower.
            break
        turn = moved
    loadings = unrotated @ np.linalg.inv(turn).T
    return quartimin(loadings), loadings, turn.T @ turn


def omega_h(r: Floats, random_starts: int = RANDOM_STARTS) -> float:
    """Of three factors."""
    unrotated, _ = minimum_residuals(r, 3)
    random = np.random.default_rng(0)
    starts = [np.eye(3)]
    starts += [np.linalg.qr(random.normal(size=(3, 3)))[0] for _ in range(random_starts)]
    ends = [oblimin_from(unrotated, start) for start in starts]
    _, loadings, phi = min(ends, key=lambda end: end[0])
    signs = np.sign(loadings.sum(axis=0))
    loadings, phi = loadings * signs, phi * np.outer(signs, signs)
    # Three correlations are those of one factor: r12 r13 / r23 is the first one's square.
    a, b, c = phi[0, 1], phi[0, 2], phi[1, 2]
    gamma = np.sqrt([a * b / c, a * c / b, b * c / a])
    return float((loadings @ gamma).sum() ** 2 / r.sum())


def simulated(seed: int) -> tuple[pl.DataFrame, cp.Scale]:
    """Nine items of three groups, a sample of 400."""
    random = np.random.default_rng(seed)
    gamma = random.uniform(0.55, 0.85, size=3)
    general = random.normal(size=(400, 1))
    groups = gamma * general + np.sqrt(1 - gamma**2) * random.normal(size=(400, 3))
    loadings = random.uniform(0.5, 0.85, size=9)
    own = np.sqrt(1 - loadings**2) * random.normal(size=(400, 9))
    x = loadings * groups.repeat(3, axis=1) + own
    names = [f"x{i + 1}" for i in range(9)]
    scale = cp.Scale("nine", items=names, minimum=-20, maximum=20, continuous=True)
    return pl.DataFrame(x, schema=names), scale


def row(frame: pl.DataFrame, scale: cp.Scale, interval: Any = None) -> dict[str, Any]:
    result = cp.reliability(frame, scale, coefficients="omega_h", interval=interval, factors=3)
    return result.table.row(0, named=True)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_omega_h_is_as_written_out(seed: int) -> None:
    frame, scale = simulated(seed)
    r = np.corrcoef(frame.to_numpy(), rowvar=False)
    assert row(frame, scale)["estimate"] == pytest.approx(omega_h(r), abs=TIGHT)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_its_standard_error_is_that_of_differences(seed: int) -> None:
    """Influence on each correlation from the definition, by central differences."""
    frame, scale = simulated(seed)
    x = frame.to_numpy()
    n, k = x.shape
    r = np.corrcoef(x, rowvar=False)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    influence = np.zeros(n)
    h = 1e-3
    for i in range(k):
        for j in range(i):
            ends = []
            for change in (h, -h):
                moved = r.copy()
                moved[i, j] = moved[j, i] = r[i, j] + change
                ends.append(omega_h(moved, 0))
            slope = (ends[0] - ends[1]) / (2 * h)
            moves = z[:, i] * z[:, j] - r[i, j] * (z[:, i] ** 2 + z[:, j] ** 2) / 2
            influence += slope * moves
    error = float(np.sqrt(np.sum(influence**2) / (n * (n - 1))))
    # Differences are good to the square of their step, times third derivatives; to 1e-7 / 1e-3.
    assert row(frame, scale, "adf")["se"] == pytest.approx(error, rel=1e-3)


def test_its_standard_error_is_that_of_leaving_persons_out() -> None:
    frame, scale = simulated(1)
    n = frame.height
    without = np.array(
        [row(frame.filter(pl.int_range(pl.len()) != i), scale)["estimate"] for i in range(n)]
    )
    jackknife = float(np.sqrt((n - 1) / n * np.sum((without - without.mean()) ** 2)))
    # They differ by a share of the order of 1/n, times how curved the coefficient is.
    assert row(frame, scale, "adf")["se"] == pytest.approx(jackknife, rel=0.05)
