"""For which values of a modulator does a path differ from zero?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from compassion_psy.distributions import normal_quantile
from compassion_psy.pathway.mediation_text import Edge

Reals = npt.NDArray[np.float64]


def region(
    edge: Edge,
    modulator: str,
    *,
    values: Mapping[str, float],
    covariance: Mapping[tuple[str, str], float],
    others: Mapping[str, float],
    observed: tuple[float, float],
    level: float,
) -> dict[str, Any]:
    """Return where the slope e + e_w w differs from zero (Johnson & Neyman 1936).

    The bounds solve ``(e + e_w w)^2 = z^2 Var(e + e_w w)``.

    Parameters
    ----------
    values, covariance : mappings
        Estimates and covariances of labels.
    others : mapping
        Values of the path's other modulators.
    observed : (float, float)
        The lowest and highest value of the modulator.
    """
    own = edge.by(modulator)
    held = {edge.label: 1.0} | {
        edge.by(name): others[name] for name in edge.modulators if name != modulator
    }
    base = sum(weight * values[label] for label, weight in held.items())
    variance = sum(
        left * right * covariance[i, j] for i, left in held.items() for j, right in held.items()
    )
    mixed = sum(weight * covariance[label, own] for label, weight in held.items())
    z2 = normal_quantile(0.5 + level / 2) ** 2
    square = values[own] ** 2 - z2 * covariance[own, own]
    linear = 2 * (base * values[own] - z2 * mixed)
    constant = base**2 - z2 * variance
    lower, upper, where = _solution(square, linear, constant)
    return {
        "path": f"{edge.source} > {edge.target}",
        "modulator": modulator,
        "lower_bound": lower,
        "upper_bound": upper,
        "differs_from_zero": where,
        "in_the_data": _seen(lower, upper, where, observed),
        "observed_minimum": observed[0],
        "observed_maximum": observed[1],
    }


def _seen(lower: float, upper: float, where: str, observed: tuple[float, float]) -> str:
    """For which of the values that occur the path differs from zero."""
    if math.isnan(lower):
        return where
    lowest, highest = observed
    inside = lower < lowest and highest < upper
    outside = highest < lower or upper < lowest
    between = where == "between the bounds"
    if inside if between else outside:
        return "everywhere"
    return "nowhere" if (outside if between else inside) else "in part"


def _solution(square: float, linear: float, constant: float) -> tuple[float, float, str]:
    """Where ``square w^2 + linear w + constant`` is above zero."""
    if not math.isfinite(square + linear + constant):
        return math.nan, math.nan, "not known"
    discriminant = linear**2 - 4 * square * constant
    if discriminant < 0:
        return math.nan, math.nan, "everywhere" if square > 0 else "nowhere"
    root = math.sqrt(discriminant)
    # The larger half first: no digits are lost to cancellation.
    far = -0.5 * (linear + math.copysign(root, linear))
    ends = sorted([far / square, constant / far if far else 0.0])
    return ends[0], ends[1], "outside the bounds" if square > 0 else "between the bounds"
