"""One line of the page: a number of ours, the same number of R's, and the call that gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.beside_r.survey import Survey

Floats = npt.NDArray[np.float64]
Value = float | Floats | None


@dataclass(frozen=True, eq=False)
class Line:
    """What is compared.

    Attributes
    ----------
    name : str
        The coefficient.
    call : str
        The call in R.
    ours, theirs : callable
        The numbers of a survey; None where there is none.
    why : str
        Why the difference is not zero.
    """

    name: str
    call: str
    ours: Callable[[Survey], Value]
    theirs: Callable[[Survey], Value]
    why: str = "rounding"


@dataclass(frozen=True)
class Pair:
    """A line of one survey."""

    line: Line
    survey: Survey
    ours: float | Floats
    theirs: float | Floats

    @property
    def difference(self) -> float:
        """The largest difference."""
        return float(np.abs(np.asarray(self.ours) - np.asarray(self.theirs)).max())


def pairs(lines: list[Line], of: list[Survey]) -> list[Pair]:
    """Return every line of every survey that has both numbers."""
    found = []
    for survey in of:
        for line in lines:
            theirs = line.theirs(survey)
            # Ours are asked only where R has a number: some take long.
            ours = None if theirs is None else line.ours(survey)
            if ours is not None and theirs is not None:
                found.append(Pair(line, survey, ours, theirs))
    return found


def at(*keys: str) -> Callable[[Survey], Value]:
    """Return what looks a number up in R's values."""

    def look(survey: Survey) -> Value:
        found: Any = survey.r
        for key in keys:
            if not isinstance(found, dict) or found.get(key) is None:
                return None
            found = found[key]
        return array(found) if isinstance(found, (dict, list)) else float(found)

    return look


def array(found: Any) -> Floats:
    """Return a matrix or vector of R's values."""
    if isinstance(found, dict):
        found = found["values"] if "values" in found else list(found.values())
    return np.array(found, dtype=float)


def only(wanted: Callable[[Survey], bool], look: Callable[[Survey], Value]) -> Any:
    """Return `look`, for some surveys."""
    return lambda survey: look(survey) if wanted(survey) else None
