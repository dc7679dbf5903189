"""What a pilot says of a change, as the size of a trial needs it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import Any

import polars as pl

from compassion_psy.errors import DataError, OptionError
from compassion_psy.options import whole_number


@dataclass(frozen=True)
class PilotEffect:
    """A change in a pilot, or a difference in change between its two arms.

    Parameters
    ----------
    mean_change : float
        Mean change; with a control arm, the difference between the mean changes of the arms.
    sd_change : float
        Standard deviation of the changes (divisor n - 1); with a control arm, pooled within arms.
    n : int
        Persons with both measurements, in the arm that was trained.
    n_control : int
        Persons with both measurements in the control arm; 0 where there was none.
    sd_post, r : float, optional
        Standard deviation after, and correlation of before and after (pooled within arms); the
        design "ancova" needs them.
    outcome : str
        Its name in the table.

    Raises
    ------
    OptionError
        When a number is outside its limits.

    Examples
    --------
    >>> PilotEffect(5.1, 3.6, 8).df
    7
    """

    mean_change: float
    sd_change: float
    n: int
    _: KW_ONLY
    n_control: int = 0
    sd_post: float | None = None
    r: float | None = None
    outcome: str = "change"

    def __post_init__(self) -> None:
        _finite("mean_change", self.mean_change)
        for name, value in (("sd_change", self.sd_change), ("sd_post", self.sd_post)):
            if value is not None and _finite(name, value) <= 0:
                raise OptionError(f"{name} is {value}, but it must be above 0.")
        whole_number("n", self.n, minimum=2)
        whole_number("n_control", self.n_control, minimum=0)
        if self.n_control == 1:
            raise OptionError("n_control is 1, but a control arm needs at least 2 persons.")
        if self.r is not None and not -1 < _finite("r", self.r) < 1:
            raise OptionError(f"r is {self.r}, but it must lie between -1 and 1.")

    @property
    def df(self) -> int:
        """Degrees of freedom of the standard deviation of changes."""
        return self.n - 1 + max(0, self.n_control - 1)

    @property
    def se(self) -> float:
        """Standard error of the mean change, or of the difference between arms."""
        control = 1 / self.n_control if self.n_control else 0.0
        return self.sd_change * math.sqrt(1 / self.n + control)

    @property
    def sd_adjusted(self) -> float:
        """Standard deviation after, given before: of the residuals of the regression."""
        if self.sd_post is None or self.r is None:
            raise OptionError(
                "The design 'ancova' needs sd_post and r of the pilot; give them, or choose "
                "the design 'pre_post_control'."
            )
        if self.df < 2:
            raise DataError(
                f"The pilot has {self.n} persons, but the design 'ancova' needs at least 3."
            )
        return self.sd_post * math.sqrt((1 - self.r**2) * self.df / (self.df - 1))


def _finite(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise OptionError(f"{name} is {value!r}, but it must be a finite number.")
    return float(value)


def effects_of(table: pl.DataFrame) -> list[tuple[dict[str, Any], PilotEffect | DataError]]:
    """Return the effects in the table of a change result, each with the columns that name it.

    Where a group has none, it is the reason. Of several analyses the completers are taken: a value
    carried forward is no measurement.
    """
    rows = table.filter(pl.col("effect") == "mean_change")
    if "analysis" in rows.columns:
        rows = rows.filter(pl.col("analysis") == "completers")
    keys = [*rows.columns[: rows.columns.index("outcome")], "outcome"]
    keys += [name for name in ("wave",) if name in rows.columns]
    found: list[tuple[dict[str, Any], PilotEffect | DataError]] = []
    for names, part in rows.group_by(keys, maintain_order=True):
        named = dict(zip(keys, names, strict=True))
        outcome = str(named["outcome"])
        if "arm" not in part.columns:
            found.append((named, _known(outcome, part.rows(named=True))))
            continue
        arms = {str(row["arm"]): row for row in part.iter_rows(named=True)}
        for name, control in itertools.permutations(arms, 2):
            if f"{name} - {control}" in arms:
                pair = [arms[name], arms[control]]
                compared = named | {"arm": f"{name} - {control}"}
                found.append((compared, _known(outcome, pair)))
    if not found:
        raise DataError("The change result has no mean_change to plan a trial with.")
    return found


def _known(outcome: str, arms: Sequence[dict[str, Any]]) -> PilotEffect | DataError:
    try:
        return _of_arms(outcome, arms)
    except DataError as reason:
        return reason


def _of_arms(outcome: str, arms: Sequence[dict[str, Any]]) -> PilotEffect:
    needed = ("mean_pre", "mean_post", "sd_pre", "sd_post", "r")
    absent = [name for arm in arms for name in needed if arm[name] is None]
    if absent:
        raise DataError(
            f"Outcome {outcome!r} has no {absent[0]} in the change result, so no trial can be "
            "planned; see its note."
        )
    weights = [float(arm["n"] - 1) for arm in arms]

    def pooled(values: list[float]) -> float:
        return math.fsum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)

    before = pooled([arm["sd_pre"] ** 2 for arm in arms])
    after = pooled([arm["sd_post"] ** 2 for arm in arms])
    both = pooled([arm["r"] * arm["sd_pre"] * arm["sd_post"] for arm in arms])
    changes = [arm["mean_post"] - arm["mean_pre"] for arm in arms]
    variance = before + after - 2 * both
    # Equal changes leave a rounding error.
    if variance <= 1e-12 * (before + after):
        raise DataError(f"All changes of outcome {outcome!r} are equal, so nothing can be planned.")
    return PilotEffect(
        mean_change=changes[0] - (changes[1] if len(arms) == 2 else 0.0),
        sd_change=math.sqrt(variance),
        n=arms[0]["n"],
        n_control=arms[1]["n"] if len(arms) == 2 else 0,
        sd_post=math.sqrt(after),
        r=max(-1 + 1e-15, min(1 - 1e-15, both / math.sqrt(before * after))),
        outcome=outcome,
    )
