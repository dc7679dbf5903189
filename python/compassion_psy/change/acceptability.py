"""Acceptability of a course: who came, who stayed, what they did and thought of it."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.change.acceptability_result import Acceptability
from compassion_psy.change.dose import dose_response
from compassion_psy.change.proportions import INTERVALS
from compassion_psy.change.steps import steps
from compassion_psy.change.waves import LARGEST
from compassion_psy.data.frames import as_frame
from compassion_psy.distributions import t_quantile
from compassion_psy.errors import DataError, OptionError
from compassion_psy.options import SEED_MAXIMUM, one_of, whole_number
from compassion_psy.reliability_input import checked_level

Reals = npt.NDArray[np.float64]

_AMOUNTS = {
    "measure": pl.String,
    "n": pl.Int64,
    "n_missing": pl.Int64,
    **dict.fromkeys(("mean", "sd", "median", "lowest", "highest", "lower", "upper"), pl.Float64),
    "level": pl.Float64,
    "note": pl.String,
}
_DOSES = {
    "change": pl.String,
    "dose": pl.String,
    "n": pl.Int64,
    "n_missing": pl.Int64,
    **dict.fromkeys(("slope", "lower", "upper", "r", "p"), pl.Float64),
    "test": pl.String,
    "level": pl.Float64,
    "note": pl.String,
}


def acceptability(
    data: Any = None,
    *,
    invited: int | None = None,
    recruited: str | int | None = None,
    started: str | int | None = None,
    completed: str | int | None = None,
    sessions: str | None = None,
    practice: str | None = None,
    satisfaction: Sequence[str] = (),
    change: str | Sequence[str] = (),
    interval: str = "exact",
    level: float = 0.95,
    seed: int | None = None,
) -> Acceptability:
    r"""How far did people take to a course, and did those who did more of it change more?

    Parameters
    ----------
    data : frame, optional
        One row a person; not needed where only counts are given. Filter it to the arm that was
        offered the course.
    invited : int, optional
        How many persons were asked to take part.
    recruited, started, completed : str or int, optional
        Who took part, began and finished the course: a column of true and false (or 1 and 0), or
        how many persons. `recruited` is every row where it is not given.
    sessions, practice : str, optional
        Columns of the sessions attended, and of practice at home (say minutes a week). Looked at
        for those who started, where `started` is a column; otherwise for those recruited.
    satisfaction : sequence of str
        Columns of satisfaction items, looked at for the same persons.
    change : str or sequence of str
        Columns of changes (after less before), to be held against sessions and practice.
    interval : {"exact", "wilson"}
        Of proportions. "exact" (Clopper & Pearson) covers at least as often as the level says;
        "wilson" about as often, and is narrower.
    level : float
        The coverage that intervals aim at, between 0 and 1.
    seed : int, optional
        Of the orders drawn for a permutation test of more than 14 persons.

    Returns
    -------
    Acceptability
        With ``table`` (proportions), ``amounts``, ``doses``, ``seed`` and ``notes``.

    Raises
    ------
    DataError
        Where a column is absent or not usable, or a step has more persons than the one before.
    OptionError
        Where an option is not usable.

    Notes
    -----
    Exact limits [1]_ are the :math:`\alpha/2` quantile of Beta(x, n - x + 1) and the
    :math:`1 - \alpha/2` quantile of Beta(x + 1, n - x); in R ``binom.test(x, n)``. Wilson's [2]_
    solve :math:`|p - \hat p| = z \sqrt{p (1 - p) / n}`; in R ``prop.test(x, n, correct = FALSE)``.
    Slopes are of least squares with t intervals (``confint(lm(change ~ dose))``), their p is the
    share of all orders of the changes that give at least so steep a slope, up or down: all n! of
    them to 14 persons, 99,999 drawn beyond. People choose how much they practise: a slope is no
    effect of practice.

    References
    ----------
    .. [1] Clopper, C. J., & Pearson, E. S. (1934). The use of confidence or fiducial limits
       illustrated in the case of the binomial. *Biometrika*, 26, 404-413.
    .. [2] Wilson, E. B. (1927). Probable inference, the law of succession, and statistical
       inference. *JASA*, 22, 209-212.

    Examples
    --------
    >>> import compassion_psy as cp
    >>> pilot = cp.simulate_pilot(nurses=12, seed=1)
    >>> found = cp.acceptability(pilot.persons, invited=20, started="started",
    ...                          completed="completed", sessions="sessions", practice="practice")
    >>> found.table.select("measure", "of", "count", "n").rows()[0]
    ('recruited', 'invited', 12, 20)
    """
    level = checked_level(level)
    one_of("interval", interval, list(INTERVALS))
    given = {"recruited": recruited, "started": started, "completed": completed}
    changes, items = _names("change", change), _names("satisfaction", satisfaction)
    doses = {"sessions": sessions, "practice": practice}
    for name, column in doses.items():
        if column is not None and not isinstance(column, str):
            raise OptionError(f"{name} is {column!r}, but it must be the name of a column.")
    used = [c for c in (*given.values(), *doses.values()) if isinstance(c, str)] + items + changes
    if data is None and (used or all(of is None for of in given.values())):
        raise OptionError(
            "There is no data; give a frame of persons, or counts alone: recruited=12, started=11."
        )
    if changes and not any(doses.values()):
        raise OptionError("change is held against a dose; name sessions, practice or both.")
    seed = secrets.randbits(64) if seed is None else whole_number(
        "seed", seed, minimum=0, maximum=SEED_MAXIMUM
    )  # fmt: skip
    frame = None if data is None else as_frame(data, None if not used else [*dict.fromkeys(used)])
    found, began, notes = steps(frame, invited, given)
    table = pl.DataFrame(
        [
            {**step, **_proportion(step["count"], step["n"], interval, level), "interval": interval}
            for step in found
        ]
    )
    people = frame if frame is None or began is None else frame.filter(began)
    measures = {name: column for name, column in doses.items() if column}
    numbers = {} if people is None else {
        column: _numbers(people, column) for column in (*measures.values(), *items, *changes)
    }  # fmt: skip
    amounts = [(name, numbers[column]) for name, column in measures.items()]
    amounts += [(item, numbers[item]) for item in items]
    return Acceptability(
        table=table,
        amounts=pl.DataFrame(
            [{"measure": name, **_amount(of, level)} for name, of in amounts], schema=_AMOUNTS
        ),
        doses=pl.DataFrame(
            [
                {
                    "change": each,
                    "dose": name,
                    **dose_response(numbers[column], numbers[each], level, seed),
                }
                for each in changes
                for name, column in measures.items()
            ],
            schema=_DOSES,
        ),
        seed=seed,
        notes=notes,
    )


def _names(option: str, names: str | Sequence[str]) -> list[str]:
    listed = [names] if isinstance(names, str) else names
    if not isinstance(listed, Sequence):
        raise OptionError(f"{option} is {names!r}, but it must name columns, such as ['{option}'].")
    listed = list(listed)
    if not all(isinstance(name, str) for name in listed) or len(set(listed)) < len(listed):
        raise OptionError(f"{option} is {names!r}, but it must name columns, each once.")
    return listed


def _proportion(count: int, n: int, interval: str, level: float) -> dict[str, float | None]:
    if n == 0:
        return {"estimate": None, "lower": None, "upper": None, "level": level}
    low, high = INTERVALS[interval](count, n, level)
    return {"estimate": count / n, "lower": low, "upper": high, "level": level}


def _numbers(frame: pl.DataFrame, name: str) -> Reals:
    column = frame.get_column(name)
    if not column.dtype.is_numeric():
        raise DataError(
            f"Column {name!r} holds {column.dtype.base_type()}, but it must be numbers; recode it."
        )
    values = column.cast(pl.Float64).fill_null(math.nan).to_numpy()
    if np.isinf(values).any():
        raise DataError(f"Column {name!r} holds an infinite value; write it as null or correct it.")
    if np.nanmax(np.abs(values), initial=0) > LARGEST:
        raise DataError(
            f"Column {name!r} holds a value of size {np.nanmax(np.abs(values)):g}, which cannot be "
            "squared with all digits; correct it, or write it in other units."
        )
    return values


def _amount(values: Reals, level: float) -> dict[str, Any]:
    """Return one row: how much, and the t interval of its mean."""
    known = values[np.isfinite(values)]
    n = known.size
    row: dict[str, Any] = {"n": n, "n_missing": values.size - n}
    row |= dict.fromkeys(("mean", "sd", "median", "lowest", "highest", "lower", "upper"))
    row |= {"level": level, "note": None}
    if n == 0:
        return {**row, "note": "nobody has a value"}
    mean = float(known.mean())
    row |= {
        "mean": mean,
        "median": float(np.median(known)),
        "lowest": float(known.min()),
        "highest": float(known.max()),
    }
    if n == 1:
        return {**row, "note": "one person has a value; a spread needs 2"}
    sd = float(known.std(ddof=1))
    half = t_quantile(0.5 + level / 2, n - 1) * sd / math.sqrt(n)
    return {**row, "sd": sd, "lower": mean - half, "upper": mean + half}
