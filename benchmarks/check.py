"""One comparison of a contender's numbers with ours, and how far apart they may be."""

from __future__ import annotations

from dataclasses import dataclass

# Formulas differ in the order of their operations, fits that converge tightly in where they end.
EXACT = 1e-10
# factor_analyzer, R's factanal and lavaan stop their search early.
STOPS_EARLY = 1e-5
# In Monte-Carlo standard errors: beyond it by chance once in 150,000 comparisons.
CHANCE = 4.5


@dataclass(frozen=True)
class Check:
    """The largest difference found, and the largest allowed."""

    what: str
    contender: str
    difference: float
    limit: float

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the limit; one that is no number is not."""
        return self.difference <= self.limit
