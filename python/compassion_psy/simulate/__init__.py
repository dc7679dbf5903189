"""Simulated surveys whose true coefficients are known."""

from compassion_psy.simulate.population import Population
from compassion_psy.simulate.survey import SimulatedSurvey, simulate_survey

__all__ = ["Population", "SimulatedSurvey", "simulate_survey"]
