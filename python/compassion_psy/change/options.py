"""What a question about change is asked with, checked: reliability, norms, direction, interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

from compassion_psy.change.outcomes import Outcome
from compassion_psy.data.columns import finite_codes
from compassion_psy.errors import OptionError, nearest
from compassion_psy.options import BOOTSTRAP_METHODS, Bootstrap, one_of
from compassion_psy.reliability_factors import FactorModel
from compassion_psy.reliability_input import checked_level
from compassion_psy.scoring import Norms

Better = Literal["higher", "lower"]
Cutoff = Literal["a", "b", "c"]
NormsOption = Norms | tuple[float, float]
ReliabilityOption = str | float

COEFFICIENT = "alpha"
"""The reliability of scales where none is named."""


@dataclass(frozen=True)
class OutcomeOptions:
    """What is said of one outcome.

    Attributes
    ----------
    reliability : str, float or None
        A coefficient that is estimated, a value that is given, or neither.
    norms : tuple of float, optional
        Mean and SD of the functional population.
    better : int
        1 where higher scores are better, else -1.
    """

    reliability: ReliabilityOption | None
    norms: tuple[float, float] | None
    better: int


@dataclass(frozen=True)
class ChangeOptions:
    """The options of a call.

    Attributes
    ----------
    bootstrap : Bootstrap, optional
        Of the limits of effects; None where they are analytic.
    resampling : Bootstrap, optional
        Of reliabilities and reliable change; None where nothing is resampled.
    seed : int
        Of both.
    """

    bootstrap: Bootstrap | None
    resampling: Bootstrap | None
    seed: int
    level: float
    cutoff: Cutoff | None
    missing_codes: tuple[float, ...]


def change_options(
    interval: Any, bootstrap: Any, level: float, cutoff: Any, missing_codes: Sequence[float]
) -> ChangeOptions:
    """Return the options that hold for all outcomes, or raise OptionError."""
    if isinstance(interval, str) and interval in BOOTSTRAP_METHODS:
        raise OptionError(
            f"interval is {interval!r}, a bootstrap method; write Bootstrap(method={interval!r})."
        )
    if not isinstance(interval, Bootstrap) and interval != "analytic":
        raise OptionError(f"interval is {interval!r}, but it must be a Bootstrap, or 'analytic'.")
    if cutoff is not None:
        one_of("cutoff", cutoff, ("a", "b", "c"))
    if bootstrap is not None and not isinstance(bootstrap, Bootstrap):
        raise OptionError(f"bootstrap is {bootstrap!r}, but it must be a Bootstrap, or None.")
    if bootstrap is not None and isinstance(interval, Bootstrap):
        raise OptionError(
            "interval is a Bootstrap, which is that of reliable change too; give bootstrap only "
            'with interval="analytic".'
        )
    of_limits = interval if isinstance(interval, Bootstrap) else None
    resampling = of_limits or bootstrap
    return ChangeOptions(
        bootstrap=of_limits,
        resampling=resampling,
        seed=(resampling or Bootstrap()).resolved_seed(),
        level=checked_level(level),
        cutoff=cutoff,
        missing_codes=finite_codes(missing_codes),
    )


def outcome_options(
    outcomes: Sequence[Outcome], reliability: Any, norms: Any, better: Any, cutoff: Cutoff | None
) -> dict[str, OutcomeOptions]:
    """Return what is said of each outcome, or raise OptionError."""
    names = [each.name for each in outcomes]
    of_reliability = _by_outcome("reliability", reliability, names)
    of_norms = _by_outcome("norms", norms, names)
    of_better = _by_outcome("better", better, names)
    if len(names) > 1 and norms is not None and not isinstance(norms, Mapping):
        raise OptionError(
            f"norms is {norms!r}, but there are {len(names)} outcomes; give a mapping from outcome "
            "to norms."
        )
    found = {}
    for each in outcomes:
        direction = of_better[each.name] or "higher"
        one_of("better", direction, ("higher", "lower"))
        pair = _pair(each.name, of_norms[each.name])
        if cutoff in ("b", "c") and pair is None:
            raise OptionError(
                f"cutoff is {cutoff!r}, which needs norms, but outcome {each.name!r} has none; "
                "give norms, or cutoff='a'."
            )
        found[each.name] = OutcomeOptions(
            _reliability(each, of_reliability[each.name]), pair, 1 if direction == "higher" else -1
        )
    return found


def _by_outcome(option: str, given: Any, names: Sequence[str]) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        return dict.fromkeys(names, given)
    for key in given:
        if key not in names:
            raise OptionError(f"{option} names the outcome {key!r}. {nearest(key, names)}")
    return {name: given.get(name) for name in names}


def _reliability(outcome: Outcome, given: Any) -> ReliabilityOption | None:
    if given is None:
        return None if outcome.scale is None else COEFFICIENT
    if isinstance(given, str):
        if outcome.scale is None:
            raise OptionError(
                f"reliability is {given!r} for {outcome.name!r}, which is a column of scores; give "
                "a number, or the scale and its items."
            )
        if given == "all" or len(FactorModel().names(given)) != 1:
            raise OptionError(f"reliability is {given!r}, but it must be one coefficient.")
        return given
    usable = isinstance(given, Real) and not isinstance(given, bool)
    if not usable or not 0 <= float(given) < 1:
        raise OptionError(
            f"reliability is {given!r}, but it must be a coefficient, or a number from 0 to below "
            "1."
        )
    return float(given)


def _pair(outcome: str, given: Any) -> tuple[float, float] | None:
    if given is None:
        return None
    if isinstance(given, Norms):
        if given.mean is None or given.sd is None:
            raise OptionError(
                f"Norms {given.name!r} have no mean and sd, which cut-offs are made of; add them."
            )
        return float(given.mean), float(given.sd)
    usable = isinstance(given, Sequence) and len(given) == 2
    if not usable or not all(
        isinstance(each, Real) and not isinstance(each, bool) and math.isfinite(each)
        for each in given
    ):
        raise OptionError(
            f"norms of {outcome!r} is {given!r}, but it must be Norms, or a mean and an SD."
        )
    if given[1] <= 0:
        raise OptionError(f"norms of {outcome!r}: the SD is {given[1]}, but it must be above 0.")
    return float(given[0]), float(given[1])
