"""Reliability with honest bootstrap intervals for survey psychometrics, on a Rust core.

The public names; see the documentation of each.
"""

from compassion_psy import scales
from compassion_psy._core import __version__
from compassion_psy.audit.auditing import audit
from compassion_psy.audit.corrections import apply_findings
from compassion_psy.audit.cutoffs import Cutoffs
from compassion_psy.audit.result import AuditResult
from compassion_psy.change.acceptability import acceptability
from compassion_psy.change.acceptability_result import Acceptability
from compassion_psy.change.change import change
from compassion_psy.change.pilot_effect import PilotEffect
from compassion_psy.change.result import ChangeResult
from compassion_psy.change.trial_result import TrialSize
from compassion_psy.change.trial_size import trial_size
from compassion_psy.compare_reliability import compare_reliability
from compassion_psy.comparison_results import ReliabilityComparison
from compassion_psy.congruence import congruence, procrustes
from compassion_psy.congruence_result import Congruence, Procrustes
from compassion_psy.data.responses import Responses
from compassion_psy.em_covariance import em_covariance
from compassion_psy.em_result import EmCovariance
from compassion_psy.errors import (
    CompassionError,
    CompassionWarning,
    DataError,
    MissingExtraError,
    OptionError,
    ScaleError,
)
from compassion_psy.factor_scores import FactorScores, factor_scores
from compassion_psy.factorability import Factorability, factorability
from compassion_psy.factors import efa
from compassion_psy.factors_result import FactorFit, FactorSolution
from compassion_psy.harmonise import (
    Answers,
    DateWindow,
    Duplicates,
    Harmonised,
    Kept,
    Recipe,
    Source,
    harmonise,
)
from compassion_psy.icc import icc
from compassion_psy.item_analysis import item_analysis
from compassion_psy.item_results import ItemAnalysis
from compassion_psy.moments import Moments, moments
from compassion_psy.omega_ledger import omega_ledger
from compassion_psy.omega_ledger_result import OmegaLedger
from compassion_psy.options import Bootstrap
from compassion_psy.pathway.mediation import mediation
from compassion_psy.pathway.mediation_result import MediationResult
from compassion_psy.pathway.pathway import pathway
from compassion_psy.pathway.result import PathwayResult
from compassion_psy.pathway.uncertainty import MonteCarlo
from compassion_psy.polychoric import polychoric
from compassion_psy.polychoric_result import PolychoricResult, ordinal_alpha
from compassion_psy.reading import read_labels, read_survey
from compassion_psy.reliability import reliability
from compassion_psy.results import ReliabilityResult
from compassion_psy.retention import number_of_factors
from compassion_psy.retention_result import NumberOfFactors
from compassion_psy.retest import test_retest
from compassion_psy.retest_result import RetestResult
from compassion_psy.scales import Scale, Subscale, Total
from compassion_psy.schmid_leiman import SchmidLeiman, schmid_leiman
from compassion_psy.scoring import Norms, score
from compassion_psy.simulate import (
    SimulatedPathway,
    SimulatedPilot,
    SimulatedProgramme,
    SimulatedSurvey,
    simulate_pathway,
    simulate_pilot,
    simulate_programme,
    simulate_survey,
)
from compassion_psy.sites.compare import compare_sites
from compassion_psy.sites.pooling import pool
from compassion_psy.sites.result import SiteComparison

__all__ = [
    "Acceptability",
    "Answers",
    "AuditResult",
    "Bootstrap",
    "ChangeResult",
    "CompassionError",
    "CompassionWarning",
    "Congruence",
    "Cutoffs",
    "DataError",
    "DateWindow",
    "Duplicates",
    "EmCovariance",
    "FactorFit",
    "FactorScores",
    "FactorSolution",
    "Factorability",
    "Harmonised",
    "ItemAnalysis",
    "Kept",
    "MediationResult",
    "MissingExtraError",
    "Moments",
    "MonteCarlo",
    "Norms",
    "NumberOfFactors",
    "OmegaLedger",
    "OptionError",
    "PathwayResult",
    "PilotEffect",
    "PolychoricResult",
    "Procrustes",
    "Recipe",
    "ReliabilityComparison",
    "ReliabilityResult",
    "Responses",
    "RetestResult",
    "Scale",
    "ScaleError",
    "SchmidLeiman",
    "SimulatedPathway",
    "SimulatedPilot",
    "SimulatedProgramme",
    "SimulatedSurvey",
    "SiteComparison",
    "Source",
    "Subscale",
    "Total",
    "TrialSize",
    "__version__",
    "acceptability",
    "apply_findings",
    "audit",
    "change",
    "compare_reliability",
    "compare_sites",
    "congruence",
    "efa",
    "em_covariance",
    "factor_scores",
    "factorability",
    "harmonise",
    "icc",
    "item_analysis",
    "mediation",
    "moments",
    "number_of_factors",
    "omega_ledger",
    "ordinal_alpha",
    "pathway",
    "polychoric",
    "pool",
    "procrustes",
    "read_labels",
    "read_survey",
    "reliability",
    "scales",
    "schmid_leiman",
    "score",
    "simulate_pathway",
    "simulate_pilot",
    "simulate_programme",
    "simulate_survey",
    "test_retest",
    "trial_size",
]
