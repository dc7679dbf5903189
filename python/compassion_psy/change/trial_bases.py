"""What a trial can be planned on: the estimate, its limits, or all that the pilot leaves open."""

from __future__ import annotations

import math
from typing import Any

from compassion_psy.change.pilot_effect import PilotEffect
from compassion_psy.change.trial_power import LARGEST, PilotSignal, Plan, fewest_units
from compassion_psy.distributions import chi_square_quantile, noncentral_t_centre, t_two_sided


def bases(
    effect: PilotEffect,
    difference: float | None,
    design: str,
    plan: Plan,
    power: float,
    level: float,
    sd_level: float,
) -> list[dict[str, Any]]:
    """Return one row a basis, with the units (persons or clusters) an arm needs on it."""
    adjusted = design == "ancova"
    sd, df = (effect.sd_adjusted, effect.df - 1) if adjusted else (effect.sd_change, effect.df)
    wanted = effect.mean_change if difference is None else float(difference)
    signal = PilotSignal(wanted / sd, effect.se / sd if difference is None else 0.0, df)
    sd_upper = sd * math.sqrt(df / chi_square_quantile(1 - sd_level, df))
    low, high = _limits(signal, level)
    rows = []
    for basis, spread, d in (
        ("estimate", sd, signal.d),
        ("effect_upper", None, high),
        ("effect_lower", None, low),
        ("sd_upper", sd_upper, wanted / sd_upper),
    ):
        units, note = _units(d, wanted, plan, power)
        rows.append(
            {
                "basis": basis,
                "difference": None if spread is None else wanted,
                "sd": spread,
                "d": d,
                "units": units,
                "assurance": None if units is None else plan.assurance(signal, units),
                "note": note,
            }
        )
    expected, note = _assured(signal, plan, power)
    reached = None if expected is None else plan.assurance(signal, expected)
    last = {"basis": "assurance", "difference": wanted, "sd": sd, "d": signal.d}
    return [*rows, {**last, "units": expected, "assurance": reached, "note": note}]


def _limits(signal: PilotSignal, level: float) -> tuple[float, float]:
    """Return the limits of d that are nearer to zero (or beyond it) and farther from it."""
    tail, sign = (1 - level) / 2, math.copysign(1, signal.d)
    size = abs(signal.d)
    if signal.k > 0:
        ends = [
            signal.k * noncentral_t_centre(size / signal.k, signal.df, probability)
            for probability in (1 - tail, tail)
        ]
    else:
        ends = [
            size * math.sqrt(chi_square_quantile(probability, signal.df) / signal.df)
            for probability in (tail, 1 - tail)
        ]
    return sign * ends[0], sign * ends[1]


def _units(d: float, wanted: float, plan: Plan, power: float) -> tuple[int | None, str | None]:
    if d == 0 or d * wanted <= 0:
        return None, "no effect in the pilot's direction: no trial is large enough"
    units = fewest_units(lambda n: plan.power(d, n), power, plan.fewest)
    return units, None if units else f"more than {LARGEST:,} in an arm"


def _assured(signal: PilotSignal, plan: Plan, power: float) -> tuple[int | None, str | None]:
    units = fewest_units(lambda n: plan.assurance(signal, n), power, plan.fewest)
    if units is not None:
        return units, None
    # However large the trial, it finds the pilot's direction only where that is the true one.
    most = 1 - t_two_sided(signal.d / signal.k, signal.df) / 2 if signal.k else 1.0
    if most > power:
        return None, f"more than {LARGEST:,} in an arm"
    return None, f"the pilot leaves a direction open: no trial can expect more than {most:.3f}"
