"""Reliability with honest bootstrap intervals for survey psychometrics, on a Rust core.

The public names; see the documentation of each.
"""

from compassion_psy import scales
from compassion_psy._core import __version__
from compassion_psy.data.responses import Responses
from compassion_psy.errors import (
    CompassionError,
    CompassionWarning,
    DataError,
    MissingExtraError,
    OptionError,
    ScaleError,
)
from compassion_psy.moments import Moments, moments
from compassion_psy.options import Bootstrap
from compassion_psy.reliability import reliability
from compassion_psy.results import ReliabilityResult
from compassion_psy.scales import Scale, Subscale, Total
from compassion_psy.simulate import SimulatedSurvey, simulate_survey

__all__ = [
    "Bootstrap",
    "CompassionError",
    "CompassionWarning",
    "DataError",
    "MissingExtraError",
    "Moments",
    "OptionError",
    "ReliabilityResult",
    "Responses",
    "Scale",
    "ScaleError",
    "SimulatedSurvey",
    "Subscale",
    "Total",
    "__version__",
    "moments",
    "reliability",
    "scales",
    "simulate_survey",
]
