"""Simulated surveys, pilots, programmes and pathways whose true values are known."""

from compassion_psy.simulate.pathway import SimulatedPathway, simulate_pathway
from compassion_psy.simulate.pilot import simulate_pilot
from compassion_psy.simulate.pilot_result import SimulatedPilot
from compassion_psy.simulate.population import Population
from compassion_psy.simulate.programme import SimulatedProgramme, simulate_programme
from compassion_psy.simulate.survey import SimulatedSurvey, simulate_survey

__all__ = [
    "Population",
    "SimulatedPathway",
    "SimulatedPilot",
    "SimulatedProgramme",
    "SimulatedSurvey",
    "simulate_pathway",
    "simulate_pilot",
    "simulate_programme",
    "simulate_survey",
]
