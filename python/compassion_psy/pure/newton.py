"""Newton's method inside a box, for the small smooth problems of factor analysis."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .moments import Array

# A gradient is called zero below this; with a uniqueness on its bound rounding allows no less.
GRADIENT_TOLERANCE = 1e-13
# Where rounding stops all progress, a gradient up to this still counts as a solution.
STALLED_TOLERANCE = 1e-10
# Values this close, as a share of 1 + |value|, cannot be told apart from rounding.
VALUE_ROUNDING = 1e-14
# This near to a solution the gradient, known to more digits than the value, judges a Newton step.
NEAR = 1e-4
ITERATION_LIMIT = 500


class Evaluation(NamedTuple):
    """Value, gradient and Hessian of the objective at one point."""

    value: float
    gradient: Array
    hessian: Array


class Minimum(NamedTuple):
    """Where the search ended; ``gradient`` is the largest one not held back by a bound."""

    point: Array
    value: float
    gradient: float
    converged: bool


class Box:
    """A smooth function with every coordinate in [lower, upper]."""

    def __init__(
        self, objective: Callable[[Array], Evaluation], lower: float, upper: float
    ) -> None:
        self.objective = objective
        self.lower = lower
        self.upper = upper

    def free(self, point: Array, gradient: Array) -> NDArray[np.bool_]:
        """Return which coordinates are not held at a bound by the gradient."""
        held = ((point <= self.lower) & (gradient > 0)) | ((point >= self.upper) & (gradient < 0))
        return np.asarray(~held)

    def slope(self, point: Array, gradient: Array) -> float:
        """Return the largest gradient among the free coordinates."""
        return float(np.abs(gradient[self.free(point, gradient)]).max(initial=0.0))

    def minimise(self, start: Array) -> Minimum:
        """Search from `start`.

        Each step is Newton's on the free coordinates, with the Hessian's eigenvalues made
        positive, and is shortened until the function falls by a fixed share of what its slope
        promises (Bertsekas, 1982). If that fails, the step is the projected gradient, along which
        the function does fall. So the value falls at every step until the gradient on the free
        coordinates vanishes, and near a regular minimum the convergence is quadratic.
        """
        point = np.clip(start, self.lower, self.upper)
        now = self.objective(point)
        slope = self.slope(point, now.gradient)
        for _ in range(ITERATION_LIMIT):
            if slope <= GRADIENT_TOLERANCE:
                break
            moved = self._search(point, now, slope, self._newton_step(point, now))
            if moved is None:
                downhill = np.where(self.free(point, now.gradient), -now.gradient, 0.0)
                moved = self._search(point, now, slope, downhill)
            if moved is None:
                break
            point, now = moved
            slope = self.slope(point, now.gradient)
        return Minimum(point, now.value, slope, slope <= STALLED_TOLERANCE)

    def _newton_step(self, point: Array, now: Evaluation) -> Array:
        """Return Newton's step on the free coordinates, driving none of them through its bound."""
        free = self.free(point, now.gradient)
        step = np.zeros(point.size)
        while free.any():
            values, vectors = np.linalg.eigh(now.hessian[np.ix_(free, free)])
            curvature = np.maximum(np.abs(values), 1e-10 * max(np.abs(values).max(), 1e-300))
            step[free] = -vectors @ ((vectors.T @ now.gradient[free]) / curvature)
            outward = ((point <= self.lower) & (step < 0)) | ((point >= self.upper) & (step > 0))
            step[outward] = 0.0
            if not outward.any():
                break
            free &= ~outward
            step[:] = 0.0
        return step

    def _search(
        self, point: Array, now: Evaluation, slope: float, step: Array
    ) -> tuple[Array, Evaluation] | None:
        """Return the first point along the step, cut at the bounds, that is better; or None."""
        rounding = VALUE_ROUNDING * (1.0 + abs(now.value))
        length = 1.0
        while length > 1e-12:
            trial = np.clip(point + length * step, self.lower, self.upper)
            there = self.objective(trial)
            if slope < NEAR and self.slope(trial, there.gradient) < 0.5 * slope:
                return trial, there
            promised = float(now.gradient @ (trial - point))
            if promised < 0 and there.value <= now.value + 1e-4 * promised - rounding:
                return trial, there
            length /= 2
        return None
