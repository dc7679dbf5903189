"""The size of a full trial from a pilot, with what the pilot leaves open."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import polars as pl

from compassion_psy.change.pilot_effect import PilotEffect, effects_of
from compassion_psy.change.trial_bases import bases
from compassion_psy.change.trial_power import Plan
from compassion_psy.change.trial_result import TrialSize
from compassion_psy.errors import DataError, OptionError, nearest
from compassion_psy.options import one_of, whole_number
from compassion_psy.reliability_input import checked_level

# Arms, and covariates of the analysis.
DESIGNS = {"pre_post": (1, 0), "pre_post_control": (2, 0), "ancova": (2, 1)}
"""How the trial is analysed: changes of one arm, of two, or after adjusted for before."""


def trial_size(
    pilot: Any,
    *,
    difference: float | Mapping[str, float] | None = None,
    design: str = "pre_post_control",
    power: float = 0.8,
    alpha: float = 0.05,
    dropout: float = 0.0,
    cluster_size: int | None = None,
    icc: float | None = None,
    level: float = 0.95,
    sd_level: float = 0.8,
) -> TrialSize:
    r"""How many persons does a full trial need, and how sure can a pilot be of it?

    Parameters
    ----------
    pilot : ChangeResult or PilotEffect
        What :func:`change` found, all its outcomes, or one effect in numbers.
    difference : float or mapping of str to float, optional
        The difference worth finding, in points of the score; of several outcomes a mapping from
        each to its own. Where it is given, only the standard deviation is taken from the pilot,
        which can tell it far better than the effect.
    design : {"pre_post", "pre_post_control", "ancova"}
        "pre_post": changes of one arm (paired t); "pre_post_control": changes of two arms (t);
        "ancova": after, adjusted for before, of two arms.
    power, alpha : float
        Power asked for, and level of the two-sided test.
    dropout : float
        Share of the recruited who will not be measured after.
    cluster_size, icc : int, float, optional
        Where whole teams are allotted: persons to analyse in a team, and the intraclass
        correlation of what is tested (changes, or residuals of "ancova").
    level : float
        Of the interval of d, and so of n.
    sd_level : float
        Of the one-sided upper limit of the standard deviation; Browne took 0.8 and 0.9.

    Returns
    -------
    TrialSize
        With ``table`` and ``notes``.

    Raises
    ------
    DataError
        Where the pilot cannot tell a standard deviation. A group or outcome that cannot, where
        others can, is a row with its reason in ``note``.
    OptionError
        Where an option is not usable.

    Notes
    -----
    With :math:`d = \delta / \sigma` and n an arm, power is that of noncentral t with
    :math:`2n - 2` degrees of freedom (one less with a covariate) and centre :math:`d \sqrt{n / 2}`;
    of one arm, :math:`n - 1` and :math:`d \sqrt{n}`. In R: ``power.t.test``. Of teams of m, n is
    the number of teams and the centre grows by :math:`\sqrt{m / (1 + (m - 1)\,icc)}` [1]_.

    The interval of d turns noncentral t round; with a declared `difference` it is the chi-square
    interval of the standard deviation. Browne [2]_ plans with the upper limit
    :math:`s \sqrt{\nu / \chi^2_{1 - sd\_level}}`. Assurance [3]_ is power averaged over what the
    true d may be given the pilot, :math:`d \sqrt{\chi^2_\nu / \nu} + (se / s) z`; it can at most
    be one less the pilot's one-sided p, however large the trial. For "ancova" the ratio of se to s
    is taken as known.

    References
    ----------
    .. [1] Donner, A., & Klar, N. (2000). *Design and analysis of cluster randomization trials in
       health research*. Arnold.
    .. [2] Browne, R. H. (1995). On the use of a pilot sample for sample size determination.
       *Statistics in Medicine*, 14, 1933-1940.
    .. [3] O'Hagan, A., Stevens, J. W., & Campbell, M. J. (2005). Assurance in clinical trial
       design. *Pharmaceutical Statistics*, 4, 187-201.

    Examples
    --------
    >>> from compassion_psy import PilotEffect
    >>> pilot = PilotEffect(mean_change=5.1, sd_change=9.0, n=12)
    >>> trial_size(pilot).table.select("basis", "n_arm").rows()[0]
    ('estimate', 50)
    """
    one_of("design", design, list(DESIGNS))
    level = checked_level(level)
    _between("power", power, 0, 1)
    _between("alpha", alpha, 0, 1)
    _between("sd_level", sd_level, 0, 1)
    if power <= alpha / 2:
        raise OptionError(
            f"power is {power} and alpha {alpha}, but without any effect the test already has a "
            f"power of {alpha / 2:g} in one direction; raise power."
        )
    if dropout != 0:
        _between("dropout", dropout, 0, 1)
    size = _cluster(cluster_size, icc)
    arms, covariates = DESIGNS[design]
    information = 1.0 if size is None or icc is None else size / (1 + (size - 1) * icc)
    plan = Plan(arms, covariates, alpha, information)
    effects = _effects(pilot)
    wanted = _differences(difference, list(dict.fromkeys(keys["outcome"] for keys, _ in effects)))
    rows, reasons = [], []
    for keys, effect in effects:
        try:
            if isinstance(effect, DataError):
                raise effect
            declared = wanted[keys["outcome"]]
            found = bases(effect, declared, design, plan, power, level, sd_level)
        except DataError as reason:
            reasons.append(reason)
            found = [dict.fromkeys(_NOTHING) | {"basis": "estimate", "note": str(reason)}]
        rows += [{**keys, **row} for row in found]
    if len(reasons) == len(effects):
        raise reasons[0]
    sized = [_with_sizes(row, arms, size, dropout) for row in rows]
    alone = (
        arms == 2
        and difference is None
        and any(isinstance(effect, PilotEffect) and effect.n_control == 0 for _, effect in effects)
    )
    return TrialSize(
        table=pl.DataFrame(sized, infer_schema_length=None, schema_overrides=_TYPES),
        design=design,
        power=power,
        alpha=alpha,
        level=level,
        sd_level=sd_level,
        dropout=float(dropout),
        notes=_notes(level, sd_level, dropout, size, icc, alone=alone),
    )


_NOTHING = ("basis", "difference", "sd", "d", "units", "assurance", "note")
_TYPES = {
    **dict.fromkeys(("n_arm", "clusters_arm", "n_total", "n_recruited"), pl.Int64),
    **dict.fromkeys(("difference", "sd", "d", "assurance"), pl.Float64),
    "note": pl.String,
}


def _effects(pilot: Any) -> list[tuple[dict[str, Any], PilotEffect | DataError]]:
    if isinstance(pilot, PilotEffect):
        return [({"outcome": pilot.outcome}, pilot)]
    table = getattr(pilot, "table", None)
    if isinstance(table, pl.DataFrame) and {"outcome", "effect", "r"} <= set(table.columns):
        return effects_of(table)
    raise OptionError(
        f"pilot is a {type(pilot).__name__}, but it must be what cp.change returns, or a "
        "PilotEffect, such as PilotEffect(mean_change=5.1, sd_change=9.0, n=12)."
    )


def _differences(given: Any, outcomes: Sequence[str]) -> dict[str, float | None]:
    """Return the difference worth finding in each outcome, or raise OptionError."""
    if given is None:
        return dict.fromkeys(outcomes)
    if not isinstance(given, Mapping):
        if len(outcomes) > 1:
            _checked_difference("difference", given)
            raise OptionError(
                f"difference is {given!r}, but the pilot has {len(outcomes)} outcomes, whose "
                "points are not the same; give each its own, such as difference="
                f"{{{', '.join(f'{name!r}: ...' for name in outcomes)}}}."
            )
        return {outcomes[0]: _checked_difference("difference", given)}
    for name in given:
        if name not in outcomes:
            raise OptionError(
                f"difference names the outcome {name!r}, which the pilot does not have. "
                f"{nearest(name, outcomes)}"
            )
    absent = [name for name in outcomes if name not in given]
    if absent:
        raise OptionError(
            f"difference says nothing of {', '.join(map(repr, absent))}; add the points worth "
            "finding in each outcome, or plan from a pilot with fewer outcomes."
        )
    return {name: _checked_difference(f"difference of {name!r}", given[name]) for name in outcomes}


def _checked_difference(name: str, value: Any) -> float:
    _between(name, value, -math.inf, math.inf)
    if value == 0:
        raise OptionError(f"{name} is 0, which no trial can find; give the one worth it.")
    return float(value)


def _with_sizes(row: dict[str, Any], arms: int, size: int | None, dropout: float) -> dict[str, Any]:
    units = row.pop("units")
    assurance, note = row.pop("assurance"), row.pop("note")
    n_arm = None if units is None else units * (size or 1)
    # A share such as 0.1 is not exact; what is whole but for rounding is whole.
    recruited = None if n_arm is None else math.ceil(n_arm / (1 - dropout) - 1e-9)
    return row | {
        "n_arm": n_arm,
        "clusters_arm": units if size else None,
        "n_total": None if n_arm is None else arms * n_arm,
        "n_recruited": None if recruited is None else arms * recruited,
        "assurance": assurance,
        "note": note,
    }


def _cluster(cluster_size: int | None, icc: float | None) -> int | None:
    if (cluster_size is None) != (icc is None):
        raise OptionError("cluster_size and icc belong together; give both, or neither.")
    if cluster_size is None:
        return None
    if isinstance(icc, bool) or not isinstance(icc, Real) or not 0 <= icc <= 1:
        raise OptionError(f"icc is {icc!r}, but it must be between 0 and 1.")
    return whole_number("cluster_size", cluster_size, minimum=1)


def _between(name: str, value: Any, low: float, high: float) -> None:
    usable = isinstance(value, Real) and not isinstance(value, bool)
    if not usable or not low < float(value) < high:
        wanted = (
            "a finite number"
            if high == math.inf
            else (f"a number above {low:g} and below {high:g}")
        )
        raise OptionError(f"{name} is {value!r}, but it must be {wanted}.")


def _notes(
    level: float,
    sd_level: float,
    dropout: float,
    size: int | None,
    icc: float | None,
    *,
    alone: bool,
) -> tuple[str, ...]:
    notes = [
        f"effect_lower, effect_upper: d at the ends of its {100 * level:.6g} % interval. sd_upper: "
        f"the one-sided {100 * sd_level:.6g} % limit (Browne 1995). assurance: expected power."
    ]
    if dropout:
        notes.append(f"n_recruited: {100 * dropout:.6g} % drop out.")
    if size is not None:
        notes.append(f"Teams of {size} with an intraclass correlation of {icc:g}.")
    if alone:
        notes.append(
            "The pilot had no control arm: its change holds what would have changed anyway, and "
            "the trial is too small by that. Give the difference worth finding."
        )
    return tuple(notes)
