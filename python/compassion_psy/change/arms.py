"""Which arm is the control, and which are compared with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from compassion_psy.errors import DataError, OptionError, nearest

_CONTROLS = ("control", "controls", "waitlist", "wait list", "waiting list", "waiting")


def arm_name(level: Any) -> str:
    """Return an arm as a text, as Polars writes it."""
    return str(level).lower() if isinstance(level, bool) else str(level)


def control_of(levels: Sequence[Any], control: Any, column: str) -> Any:
    """Return the control arm: the one named, one called so, 0 or false, else the first in order.

    Raises
    ------
    DataError
        Where there are not two arms.
    OptionError
        Where no arm is called as `control` says.

    Examples
    --------
    >>> control_of(["active", "Control"], None, "arm")
    'Control'
    """
    if len(levels) < 2:
        raise DataError(
            f"Column {column!r} has one arm only ({levels[0]!r}); leave arm out, or use a column "
            "of two arms."
        )
    if control is not None:
        by_text = {arm_name(level): level for level in levels}
        if arm_name(control) not in by_text:
            raise OptionError(
                f"control is {control!r}, but column {column!r} has no such arm. "
                f"{nearest(control, by_text)}"
            )
        return by_text[arm_name(control)]
    for level in levels:
        if isinstance(level, str) and level.strip().lower() in _CONTROLS:
            return level
    return levels[0]  # false comes before true, 0 before 1
