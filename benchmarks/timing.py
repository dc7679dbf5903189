"""The clock. Contenders take turns, so that a machine that slows down slows all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

# Where only a part of the work is clocked, set-up is what this many units leave unexplained.
FEWEST = 2

Seconds = Callable[[int], float]


@dataclass(frozen=True)
class Entry:
    """A contender at the start.

    Attributes
    ----------
    contender : str
        Its name.
    seconds : callable
        Does so many units of the work and returns the seconds that took; see `clocked`.
    whole : int
        Units of the whole work.
    few : int or None
        Units that a slow contender does; the time of the rest is extrapolated.
    unit : str
        What a unit is.
    threads : int
        Threads it uses.
    rounds : int
        How often it is timed.
    """

    contender: str
    seconds: Seconds
    whole: int
    few: int | None = None
    unit: str = "replicates"
    threads: int = 1
    rounds: int = 1

    def whole_seconds(self) -> float:
        """Return the time of the whole work.

        When only `few` units are done it is linear in their number: set-up is counted once, not
        multiplied.
        """
        if self.few is None:
            return self.seconds(self.whole)
        self.seconds(FEWEST)  # what happens but once in a process is not set-up of the work
        first, some, units = self.seconds(FEWEST), self.seconds(self.few), self.few
        while some < 1.5 * first and units < self.whole:
            # Set-up hides the units: more of them are done.
            units = min(4 * units, self.whole)
            some = self.seconds(units)
        return first + (self.whole - FEWEST) * (some - first) / (units - FEWEST)


@dataclass(frozen=True)
class Figure:
    """How long a contender takes.

    Attributes
    ----------
    contender : str
        Its name.
    threads : int
        Threads it uses.
    seconds : tuple of float
        For the whole work, each round.
    clocked : str
        "all" or, where the rest is extrapolated, the units that were done.
    """

    contender: str
    threads: int
    seconds: tuple[float, ...]
    clocked: str

    @property
    def median(self) -> float:
        """Seconds of the middle round."""
        return median(self.seconds)

    @property
    def fastest(self) -> float:
        """Seconds of the fastest round."""
        return min(self.seconds)


def race(entries: Sequence[Entry]) -> tuple[Figure, ...]:
    """Time the entries, in turn, for as many rounds as each asks for."""
    seconds: list[list[float]] = [[] for _ in entries]
    for turn in range(max(entry.rounds for entry in entries)):
        for entry, taken in zip(entries, seconds, strict=True):
            if turn < entry.rounds:
                taken.append(entry.whole_seconds())
    return tuple(
        Figure(
            entry.contender,
            entry.threads,
            tuple(taken),
            "all"
            if entry.few is None
            else f"{entry.few:,} or more of {entry.whole:,} {entry.unit}",
        )
        for entry, taken in zip(entries, seconds, strict=True)
    )


def clocked(function: Callable[[int], object]) -> Seconds:
    """Return a function that takes the time of `function`."""

    def seconds(units: int) -> float:
        start = perf_counter()
        function(units)
        return perf_counter() - start

    return seconds
