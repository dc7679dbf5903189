"""A workload when it has been timed: figures, and what they were to reach."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.timing import Figure


@dataclass(frozen=True)
class Target:
    """A number that was to be reached."""

    what: str
    measured: float
    asked: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it was reached; one that is no number was not."""
        return self.measured >= self.asked if self.at_least else self.measured <= self.asked


@dataclass(frozen=True)
class Workload:
    """Figures of one piece of work; the first is ours, with which the others are compared.

    Attributes
    ----------
    name : str
        What ``--only`` calls it.
    title : str
        What was done, with its size.
    persons, replicates : int
        Persons of all sites together, and how often each was resampled.
    figures : tuple of Figure
        How long everybody took.
    targets : tuple of Target
        What was to be reached.
    note : str
        What else to know.
    """

    name: str
    title: str
    persons: int
    replicates: int
    figures: tuple[Figure, ...]
    targets: tuple[Target, ...] = ()
    note: str = ""

    def nanoseconds(self, figure: Figure) -> float:
        """Time a row and replicate."""
        return figure.median * 1e9 / (self.persons * self.replicates)

    def times_ours(self, figure: Figure) -> float:
        """How many times as long as our first figure."""
        return figure.median / self.figures[0].median


def two_over_one(what: str, two: Figure, one: Figure) -> Target:
    """Return the target that two threads are nearly twice as fast as one."""
    return Target(f"{what}: two threads over one", one.median / two.median, 1.8, at_least=True)
