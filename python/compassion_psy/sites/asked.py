"""What is asked of a comparison of sites."""

from __future__ import annotations

from dataclasses import dataclass

from compassion_psy.options import Bootstrap
from compassion_psy.sites.expected_answers import Expected
from compassion_psy.sites.persons import Who


@dataclass(frozen=True)
class Asked:
    """What was asked of the sites."""

    statistic: str
    pool_scale: str
    control: str
    bootstrap: Bootstrap
    seed: int
    level: float
    expected: Expected
    who: Who

    @property
    def proportion(self) -> bool:
        """Whether the mean is the share of persons with an answer of 1."""
        scale = self.who.scale
        ends = (scale.minimum, scale.maximum)
        whole = scale.n_items == 1 and not scale.continuous and ends == (0, 1)
        return whole and self.statistic == "mean" and self.who.team is None
