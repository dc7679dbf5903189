"""The rows of the table: every effect of one outcome between two waves, arm by arm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from compassion_psy.change import effects
from compassion_psy.change.effects import WITHIN, PairMoments
from compassion_psy.change.limits import (
    EXACT,
    Found,
    Resampled,
    Sample,
    exact,
    mean_change,
    of_ratio,
    of_ratio_between,
    welch,
)
from compassion_psy.change.options import ChangeOptions

_FEWEST_WITH_SPREAD, _FEWEST_RESAMPLED = 2, 3
ONE = "one person: a change, and no spread to measure it with"
TWO = "two persons: the correction for small samples, J(1), is 0"
NOBODY = "nobody has a score at both waves"
ALONE = "one person in an arm: no SD of that arm to pool"
FLAT = "nobody differs from another at the first wave: not defined; d_z needs no SD of a wave"
FLAT_IN_ARMS = "in no arm does anybody differ from another at the first wave: no SD to pool"


def effect_rows(sample: Sample, options: ChangeOptions) -> list[dict[str, Any]]:
    """Return a row for each effect of the persons of one sample."""
    if sample.n == 0:
        return [{"n": 0, "effect": name, "note": NOBODY} for name in WITHIN]
    moments = sample.moments
    overall = mean_change(moments, options.level)
    resampled = None
    if options.bootstrap is not None and sample.n >= _FEWEST_RESAMPLED:
        resampled = Resampled.of([sample], options.bootstrap, options.seed)
    described = {
        "n": sample.n,
        "mean_pre": float(moments.mean_pre),
        "mean_post": float(moments.mean_post),
        "sd_pre": math.sqrt(float(moments.var_pre)),
        "sd_post": math.sqrt(float(moments.var_post)),
        "r": float(moments.r),
    }
    rows = []
    for name in WITHIN:
        found = overall if name == "mean_change" else _found(name, moments, resampled, options)
        row = _row(name, replace(found, p=overall.p), options)
        row["note"] = ONE if sample.n == 1 else found.note or _why_not(name, found, moments)
        rows.append(described | row)
    return rows


def difference_rows(
    treated: Sample, control: Sample, options: ChangeOptions
) -> list[dict[str, Any]]:
    """Return the rows that compare the change of two arms: mean_change and d_ppc2."""
    n = treated.n + control.n
    if not treated.n or not control.n:
        return [{"n": n, "effect": name, "note": f"in one arm {NOBODY}"}
                for name in ("mean_change", "d_ppc2")]  # fmt: skip
    difference = welch(treated.moments, control.moments, options.level)
    if options.bootstrap is None:
        found = of_ratio_between(treated.moments, control.moments, options.level)
    elif min(treated.n, control.n) < _FEWEST_RESAMPLED:
        found = _too_few(float(effects.d_ppc2(treated.moments, control.moments)), options)
    else:
        resampled = Resampled.of([treated, control], options.bootstrap, options.seed)
        found = resampled.found(_d_ppc2, options.level)
        variance = effects.variance_between(treated.moments, control.moments)
        found = replace(found, variance=variance)
    if math.isnan(found.estimate):
        alone = min(treated.n, control.n) < _FEWEST_WITH_SPREAD
        found = replace(found, note=ALONE if alone else FLAT_IN_ARMS)
    found = replace(found, p=difference.p)
    rows = [_row("mean_change", difference, options), _row("d_ppc2", found, options)]
    return [{"n": n} | row for row in rows]


def _d_ppc2(moments: Sequence[PairMoments]) -> effects.Reals:
    return effects.d_ppc2(moments[0], moments[1])


def _found(
    name: str, moments: PairMoments, resampled: Resampled | None, options: ChangeOptions
) -> Found:
    if name in EXACT:
        return exact(name, moments, options.level)
    if options.bootstrap is None:
        return of_ratio(name, moments, options.level)
    if resampled is None:
        return _too_few(float(effects.effect(name, moments)), options)
    found = resampled.found(lambda drawn: effects.effect(name, drawn[0]), options.level)
    return replace(found, variance=effects.variance(name, moments))


def _too_few(estimate: float, options: ChangeOptions) -> Found:
    method = options.bootstrap.method if options.bootstrap else ""
    note = None if math.isnan(estimate) else "fewer than 3 persons: nothing to resample"
    return Found(estimate, method=method, note=note)


def _row(name: str, found: Found, options: ChangeOptions) -> dict[str, Any]:
    return {
        "effect": name,
        "estimate": found.estimate,
        "lower": found.lower,
        "upper": found.upper,
        "level": options.level,
        "interval": found.method,
        "p": found.p,
        "variance": found.variance,
        "failed": found.failed,
        "note": found.note,
    }


def _equal(moments: PairMoments) -> str:
    return f"all changes are {float(moments.change):g}"


def _why_not(name: str, found: Found, moments: PairMoments) -> str | None:
    """Say why an effect has no value or no limits."""
    if math.isnan(found.estimate):
        if moments.var_change == 0:
            return f"{_equal(moments)}: there is no SD of changes, and d_av and smcr need none"
        if name in ("g_z", "smcc") and moments.n == _FEWEST_WITH_SPREAD:
            return TWO
        if moments.var_pre == 0:
            return FLAT
        if moments.var_post == 0:
            return "nobody differs from another at the later wave: not defined"
        if moments.n == _FEWEST_WITH_SPREAD:
            return TWO
        return "not defined"
    if math.isnan(found.lower):
        if moments.var_change == 0:
            return f"{_equal(moments)}: no interval from the SD of changes"
        if found.method == "mover" and not moments.r < 1:
            return "both waves correlate perfectly: no interval"
        return f"no {found.method} interval: {found.estimate:.3g} is beyond what it can be made of"
    return None
