"""How sure the estimates of a path model are, by the information of maximum likelihood."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from compassion_psy.errors import DataError
from compassion_psy.pathway.estimation import (
    Estimates,
    explained_products,
    matrices_of,
    with_definitions,
)
from compassion_psy.pathway.structure import Structure

Reals = npt.NDArray[np.float64]

_COMPLEX_STEP = 1e-100


def effects_covariance(structure: Structure, found: Estimates, covariance: Reals, n: int) -> Reals:
    """Return the covariances of the rows of the table by the information of maximum likelihood.

    The observed information where a product has a factor that is explained, else the expected one.
    Of defined effects by the delta method; NaN for the moments of given variables.
    """
    information = (observed_information if explained_products(structure) else expected_information)(
        structure, found.parameters[0], covariance, n
    )
    of_parameters = _inverse(information)
    count = structure.n_parameters
    rows = np.repeat(found.values[:, : len(structure.rows)], count, axis=0).astype(np.complex128)
    given = []
    for number, row in enumerate(structure.rows):
        if row.parameter is None:
            given.append(number)
        else:
            rows[row.parameter, number] += 1j * _COMPLEX_STEP
    # The step is too small to lose digits: there is no difference to take.
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        derivatives = with_definitions(structure, rows).imag.T / _COMPLEX_STEP
        out = np.asarray(derivatives @ of_parameters @ derivatives.T)
    out[given], out[:, given] = np.nan, np.nan
    return out


def expected_information(
    structure: Structure, parameters: Reals, covariance: Reals, n: int
) -> Reals:
    """Return the expected information on the parameters.

    With ``D_a`` the derivative of the implied covariances S by parameter a, it is
    ``n / 2 tr(S^-1 D_a S^-1 D_b)``.
    """
    total, residual = (
        each[0] for each in matrices_of(structure, parameters[None], covariance[None])
    )
    implied = total @ residual @ total.T
    derivatives = []
    for outcome, predictors in structure.equations:
        for predictor in predictors:
            one = np.outer(total[:, outcome], implied[predictor])
            derivatives.append(one + one.T)
    n_equations = len(structure.equations)
    derivatives += [np.outer(total[:, i], total[:, i]) for i in range(n_equations)]
    for i, j in structure.covariances:
        one = np.outer(total[:, i], total[:, j])
        derivatives.append(one + one.T)
    precision = _inverse(implied)
    left = np.stack([precision @ each for each in derivatives])
    return np.asarray(n / 2 * np.einsum("aij,bji->ab", left, left))


def observed_information(
    structure: Structure, parameters: Reals, covariance: Reals, n: int
) -> Reals:
    """Return the observed information on the parameters, given the exogenous variables.

    Minus the second derivatives of ``-n / 2 (log |P| + tr(P^-1 K S K'))``, P being the residual
    covariances, S those of the sample, and K the weights of variables in residuals.
    """
    count = len(structure.equations)
    _, residual = (each[0] for each in matrices_of(structure, parameters[None], covariance[None]))
    precision = _inverse(residual[:count, :count])
    weights = np.eye(count, len(structure.variables))
    places: list[tuple[int, int]] = []
    for outcome, predictors in structure.equations:
        for predictor in predictors:
            weights[outcome, predictor] = -parameters[len(places)]
            places.append((outcome, predictor))
    found = weights @ covariance @ weights.T
    changes = []
    for i, j in [*((i, i) for i in range(count)), *structure.covariances]:
        change = np.zeros((count, count))
        change[i, j] = change[j, i] = 1.0
        changes.append(precision @ change)
    explained = precision @ found
    crossed = precision @ weights @ covariance
    first = len(places)
    out = np.empty((first + len(changes),) * 2)
    for a, (i, j) in enumerate(places):
        for b, (other, k) in enumerate(places):
            out[a, b] = precision[i, other] * covariance[j, k]
        for b, change in enumerate(changes):
            out[a, first + b] = out[first + b, a] = (change @ crossed)[i, j]
    for a, left in enumerate(changes):
        for b, right in enumerate(changes):
            both = left @ right
            out[first + a, first + b] = (
                np.trace(both @ explained) + np.trace(right @ left @ explained) - np.trace(both)
            ) / 2
    return n * out


def _inverse(matrix: Reals) -> Reals:
    """Return the inverse of a positive definite matrix, whatever the units of its variables."""
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = 1 / np.sqrt(np.diagonal(matrix))
    both = np.outer(scale, scale)
    try:
        if np.isfinite(both).all():
            return np.asarray(np.linalg.inv(matrix * both) * both)
    except np.linalg.LinAlgError:
        pass
    raise DataError(
        "The variables of the model are linearly dependent, so there are no standard errors; leave "
        "one of them out."
    )
