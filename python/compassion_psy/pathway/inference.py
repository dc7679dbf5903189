"""From a question about a path model to its answer: estimates, standard errors, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from compassion_psy import _core
from compassion_psy.data.design import Names
from compassion_psy.distributions import normal_quantile
from compassion_psy.errors import DataError, OptionError
from compassion_psy.options import Bootstrap, check_instruction_set
from compassion_psy.pathway import uncertainty
from compassion_psy.pathway.estimation import (
    NO_RELIABILITY,
    STATUSES,
    Estimates,
    check_estimate,
    estimate,
    quantities,
    read_parameters,
)
from compassion_psy.pathway.frames import Limits, answer
from compassion_psy.pathway.information import effects_covariance
from compassion_psy.pathway.result import Draws, PathwayResult
from compassion_psy.pathway.structure import Structure
from compassion_psy.pathway.uncertainty import MonteCarlo
from compassion_psy.pathway.unreliability import Reliability, reliabilities, without_errors
from compassion_psy.pathway.variables import Variables
from compassion_psy.progress import Progress, reporter

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Question:
    """A checked model with its variables, and how its intervals are to be made."""

    structure: Structure
    variables: Variables
    model: str
    interval: Bootstrap | MonteCarlo | str | None
    level: float
    reliability: Reliability
    cluster: Names
    strata: Names
    missing_codes: Sequence[float]
    threads: int | None
    progress: Progress


def answered(question: Question) -> PathwayResult:
    """Estimate the model, and say how sure that is."""
    check_instruction_set(_core.simd_levels())
    _check_options(question)
    if isinstance(question.interval, (Bootstrap, MonteCarlo)):
        seed: int | None = question.interval.resolved_seed()
        question = replace(question, interval=replace(question.interval, seed=seed))
    else:
        seed = None
    structure, threads = question.structure, question.threads
    means, observed = _moments(question.variables, threads)
    shares, replicated = _reliabilities(question)
    covariance = without_errors(structure, means[None], observed[None], shares)[0]
    found = estimate(structure, covariance[None], threads)
    if shares and found.status[0] != 0:
        # What fails without the correction as well is not the fault of the reliabilities.
        check_estimate(structure, estimate(structure, observed[None], threads), observed)
        used = ", ".join(f"{name} {share:.3f}" for name, share in shares.items())
        raise DataError(
            f"Corrected by the reliabilities ({used}), variables would explain each other "
            "completely, or more; a reliability is too low for these data: raise it, or leave it "
            "out."
        )
    check_estimate(structure, found, covariance)
    influences = _influences(question, shares, means, observed)
    if question.variables.cluster_starts is not None or shares:
        height = found.values.shape[1]
        errors = uncertainty.robust_covariance(influences[:, :height], question.variables.n)
    else:
        errors = effects_covariance(structure, found, covariance, question.variables.n)
    limits, draws = _limits(question, found, covariance, errors, influences, shares, replicated)
    if isinstance(question.reliability, str):
        errors = _of_replicates(draws, len(errors))
    return answer(
        structure=structure,
        variables=question.variables,
        model=question.model,
        interval=question.interval,
        level=question.level,
        found=found,
        errors=errors,
        limits=limits,
        draws=draws,
        shares=shares,
        estimated=isinstance(question.reliability, str),
        means=means,
        covariance=covariance,
        seed=seed,
    )


def _of_replicates(draws: Draws | None, count: int) -> Reals:
    """Return the covariances of the replicates, NaN where there are not two."""
    if draws is None or (draws.status == STATUSES[0]).sum() < 2:
        return np.full((count, count), np.nan)
    return np.atleast_2d(np.cov(draws.values[draws.status == STATUSES[0]], rowvar=False))


def _check_options(question: Question) -> None:
    how, asked = question.interval, question.reliability
    if isinstance(how, Bootstrap) and how.weights == "bayesian" and question.strata:
        raise OptionError(
            "Bayesian weights do not keep the shares of strata; give Bootstrap(..., "
            "weights='multinomial'), or leave strata out."
        )
    if isinstance(asked, str):
        if how is not None and not isinstance(how, Bootstrap):
            raise OptionError(
                f"reliability is {asked!r}, estimated on the same data, whose uncertainty only a "
                "Bootstrap carries; give interval=Bootstrap(...), or known reliabilities."
            )
        if isinstance(how, Bootstrap) and how.method == "bca":
            raise OptionError(
                "BCa limits are not there for paths corrected by estimated reliabilities; give "
                "interval=Bootstrap(..., method='percentile')."
            )
    elif asked is not None and not isinstance(asked, Mapping):
        raise OptionError(
            f"reliability is {asked!r}, but it must be the name of a coefficient or a mapping of "
            "variables to reliabilities."
        )


def _moments(variables: Variables, threads: int | None) -> tuple[Reals, Reals]:
    """Return means, and covariances with divisor n."""
    persons, weight, sums = _core.reals_moments(
        variables.values, variables.design, pairwise=False, threads=threads
    )
    items, n = len(variables.names), int(persons[0])
    means, covariance, _ = _core.dispersion(items, n, (float(weight[0]), sums[0]), pairwise=False)
    return means + variables.origins, covariance * ((n - 1) / n)


def _reliabilities(question: Question) -> tuple[dict[str, float], dict[str, Reals]]:
    how = question.interval
    return reliabilities(
        question.reliability,
        question.structure,
        question.variables,
        cluster=question.cluster,
        strata=question.strata,
        missing_codes=question.missing_codes,
        bootstrap=replace(how, method="percentile") if isinstance(how, Bootstrap) else None,
        threads=question.threads,
    )


def _influences(
    question: Question, shares: Mapping[str, float], means: Reals, observed: Reals
) -> Reals:
    """Return the influence of units on all quantities; none where nobody needs it."""
    how, variables, structure = question.interval, question.variables, question.structure
    bca = isinstance(how, Bootstrap) and how.method == "bca"
    if not (bca or shares or variables.cluster_starts is not None):
        return np.zeros((0, 0))

    def of(means: Reals, covariances: Reals) -> Reals:
        true = without_errors(structure, means, covariances, shares)
        return quantities(estimate(structure, true, question.threads))

    derivatives = uncertainty.gradient(of, means, observed)
    if not bca:
        derivatives = derivatives[:, : len(structure.rows) + len(structure.definitions)]
    found = uncertainty.influence(variables, derivatives, means, observed)
    return uncertainty.centred_in_strata(variables, found)


def _limits(
    question: Question,
    found: Estimates,
    covariance: Reals,
    errors: Reals,
    influences: Reals,
    shares: Mapping[str, float],
    replicated: Mapping[str, Reals],
) -> tuple[Limits | None, Draws | None]:
    how, structure = question.interval, question.structure
    point = quantities(found)[0]
    none = np.full(len(point), np.nan)
    if how is None:
        return None, None
    if isinstance(how, Bootstrap):
        values, draws = _replicates(question, how, shares, replicated)
        acceleration = uncertainty.accelerations(influences) if how.method == "bca" else None
        return uncertainty.limits(values, point, question.level, how, acceleration), draws
    rows = found.values.shape[1]
    reach = normal_quantile(0.5 + question.level / 2) * np.sqrt(np.diagonal(errors))
    if isinstance(how, MonteCarlo):
        numbers = [row for row, each in enumerate(structure.rows) if each.parameter is not None]
        order = [structure.rows[row].parameter or 0 for row in numbers]
        drawn = uncertainty.drawn_parameters(
            found.values[0, numbers], errors[np.ix_(numbers, numbers)], how.draws, how.seed or 0
        )
        parameters = np.empty_like(drawn)
        parameters[:, order] = drawn
        values = read_parameters(structure, parameters, covariance[None])
        low, high = uncertainty.limits(
            values, point[:rows], question.level, Bootstrap(how.draws, method="percentile"), None
        )
        given = [row for row, each in enumerate(structure.rows) if each.moment is not None]
        low[given], high[given] = np.nan, np.nan
        status = np.full(how.draws, STATUSES[0])
        ends = (np.concatenate([low, none[rows:]]), np.concatenate([high, none[rows:]]))
        return ends, Draws(values, status)
    low, high = none.copy(), none.copy()
    low[:rows], high[:rows] = point[:rows] - reach, point[:rows] + reach
    return (low, high), None


def _replicates(
    question: Question,
    how: Bootstrap,
    shares: Mapping[str, float],
    replicated: Mapping[str, Reals],
) -> tuple[Reals, Draws]:
    structure, variables = question.structure, question.variables
    with reporter(question.progress, "Resampling") as callback:
        sets = _core.path_moments(
            variables.values,
            variables.design,
            replicates=how.replicates,
            seed=how.seed or 0,
            weights=how.weights,
            threads=question.threads,
            progress=callback,
        )
    means, covariances = sets["means"] + variables.origins, sets["covariances"]
    own: dict[str, Any] = {**shares, **replicated}
    unusable = np.zeros(how.replicates, dtype=np.bool_)
    for name, values in replicated.items():
        bad = ~((values > 0) & (values <= 1))
        unusable |= bad
        own[name] = np.where(bad, np.nan, values)
    covariances = without_errors(structure, means, covariances, own)
    found = estimate(structure, covariances, question.threads)
    status = found.status.copy()
    status[unusable] = NO_RELIABILITY
    words = np.array(STATUSES)[status]
    return quantities(found), Draws(found.values, words, means, covariances)
