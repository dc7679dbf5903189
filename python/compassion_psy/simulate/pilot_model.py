"""What the answers of a pilot are drawn from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compassion_psy.simulate.population import Population

_Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PilotModel:
    """One factor an outcome, its stable and passing parts, and what the course adds.

    On each outcome, person i at wave w has factor ``sqrt(stability) trait_i +
    sqrt(1 - stability) state_iw``; it has variance 1 at every wave. For somebody in the training
    arm on whom the course works, ``effect / responders + practice_effect z_i`` is added at each
    later wave, where z_i is standard normal and makes this person's practice,
    ``60 exp(0.6 z_i)`` minutes a week. The mean of what is added is the effect.

    Attributes
    ----------
    waves : tuple of str
        Names of the waves, the first before the course.
    effects : mapping of str to float
        Mean change of each outcome's factor, in its standard deviations.
    stability : float
        Correlation of a factor between two waves without a course.
    responders : float
        Share of persons on whom the course works.
    practice_effect : float
        Change of the factor for one standard deviation of the logarithm of practice.
    outcome_correlation : float
        Correlation of the factors of two outcomes.
    populations : mapping of str to Population
        Loadings and thresholds of each outcome's items.
    """

    waves: tuple[str, ...]
    effects: Mapping[str, float]
    stability: float
    responders: float
    practice_effect: float
    outcome_correlation: float
    populations: Mapping[str, Population]

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the outcomes."""
        return tuple(self.effects)

    def draw(
        self, trained: NDArray[np.bool_], random: np.random.Generator
    ) -> tuple[_Array, NDArray[np.bool_], _Array]:
        """Return factors (outcomes, waves, persons), who responds, and minutes of practice."""
        persons, shape = trained.size, (len(self.outcomes), len(self.waves), trained.size)
        alike, own = math.sqrt(self.outcome_correlation), math.sqrt(1 - self.outcome_correlation)
        trait = alike * random.standard_normal(persons)
        trait = trait + own * random.standard_normal((len(self.outcomes), 1, persons))
        state = alike * random.standard_normal((1, len(self.waves), persons))
        state = state + own * random.standard_normal(shape)
        factors = math.sqrt(self.stability) * trait + math.sqrt(1 - self.stability) * state
        responds = trained & (random.random(persons) < self.responders)
        z = random.standard_normal(persons)
        for number, effect in enumerate(self.effects.values()):
            added = effect / self.responders + self.practice_effect * z
            factors[number, 1:, responds] += added[responds][:, None]
        return factors, responds, 60 * np.exp(0.6 * z)
