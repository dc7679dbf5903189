"""A model's numbers from means and covariances, for one sample or many replicates at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from compassion_psy import _core
from compassion_psy.errors import DataError
from compassion_psy.pathway.structure import PRODUCT, Structure

Reals = npt.NDArray[np.float64]

STATUSES = ("ok", "singular", "no_residual", "not_converged", "no_reliability")
"""How an estimate came out, by code."""
NO_RELIABILITY = 4


@dataclass(frozen=True, eq=False)
class Estimates:
    """What covariance matrices say of a model.

    Attributes
    ----------
    values : numpy.ndarray, shape (matrices, rows + definitions)
        The rows of the table; NaN where the status says why.
    standardised : numpy.ndarray, same shape
        The same of variables with variance one.
    r_squared : numpy.ndarray, shape (matrices, outcomes)
        The share of variance that is explained.
    parameters : numpy.ndarray, shape (matrices, parameters)
        Coefficients by equation, residual variances, residual covariances.
    status : numpy.ndarray of uint8, shape (matrices,)
        See `STATUSES`.
    """

    values: Reals
    standardised: Reals
    r_squared: Reals
    parameters: Reals
    status: npt.NDArray[np.uint8]


def estimate(structure: Structure, covariances: Reals, threads: int | None = None) -> Estimates:
    """Return what covariance matrices (matrices × variables × variables) say of a model."""
    found = _core.fit_paths(
        np.ascontiguousarray(covariances),
        equations=[(outcome, list(predictors)) for outcome, predictors in structure.equations],
        covariances=list(structure.covariances),
        threads=threads,
    )
    parameters = found["parameters"]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # Where factor and product are taken as unrelated, implied variances would be wrong.
        observed = bool(explained_products(structure))
        implied = (
            covariances if observed else implied_covariances(structure, parameters, covariances)
        )
        variances = np.diagonal(implied, axis1=1, axis2=2)
        rows = _rows(structure, parameters, covariances)
        scales = _scales(structure, parameters, np.sqrt(variances))
        values = with_definitions(structure, rows)
        standardised = with_definitions(structure, rows * scales)
        first = structure.n_coefficients
        count = len(structure.equations)
        residual = parameters[:, first : first + count]
        r_squared = 1 - residual / variances[:, :count]
    return Estimates(values, standardised, r_squared, parameters, found["status"])


def quantities(found: Estimates) -> Reals:
    """Return all numbers side by side: the table, standardised, R², matrices × quantities."""
    return np.concatenate([found.values, found.standardised, found.r_squared], axis=1)


def read_parameters(structure: Structure, parameters: Reals, covariances: Reals) -> Reals:
    """Return the rows of the table and the defined effects of given parameters."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        return with_definitions(structure, _rows(structure, parameters, covariances))


def matrices_of(structure: Structure, parameters: Reals, covariances: Reals) -> tuple[Reals, Reals]:
    """Return total effects (I - B)^-1, and covariances of residuals and of given variables."""
    count, k = len(parameters), len(structure.variables)
    effects = np.zeros((count, k, k))
    effects[:, np.arange(k), np.arange(k)] = 1.0
    residual = np.zeros((count, k, k))
    n = len(structure.equations)
    residual[:, n:, n:] = covariances[:, n:, n:]
    at = 0
    for outcome, predictors in structure.equations:
        effects[:, outcome, list(predictors)] = -parameters[:, at : at + len(predictors)]
        at += len(predictors)
    residual[:, np.arange(n), np.arange(n)] = parameters[:, at : at + n]
    for number, (i, j) in enumerate(structure.covariances):
        residual[:, i, j] = residual[:, j, i] = parameters[:, at + n + number]
    bad = ~np.isfinite(parameters).all(axis=1)
    effects[bad] = np.eye(k)
    # A triangle with ones on its diagonal, in some order: never singular.
    return np.asarray(np.linalg.inv(effects)), residual


def implied_covariances(structure: Structure, parameters: Reals, covariances: Reals) -> Reals:
    """Return the covariances that the model implies."""
    total, residual = matrices_of(structure, parameters, covariances)
    return np.asarray(total @ residual @ total.transpose(0, 2, 1))


def _rows(structure: Structure, parameters: Reals, covariances: Reals) -> Reals:
    columns = [
        parameters[:, row.parameter]
        if row.parameter is not None
        else np.broadcast_to(covariances[:, *(row.moment or (0, 0))], len(parameters))
        for row in structure.rows
    ]
    rows = np.stack(columns, axis=1)
    rows[~np.isfinite(parameters).all(axis=1)] = np.nan
    return rows


def _scales(structure: Structure, parameters: Reals, deviations: Reals) -> Reals:
    """Return what each row is multiplied with where all variables have variance one."""
    at = {name: number for number, name in enumerate(structure.variables)}
    n, first = len(structure.equations), structure.n_coefficients
    columns = []
    for row in structure.rows:
        left, right = at[row.lhs], at[row.rhs]
        if row.op == "~":
            columns.append(deviations[:, right] / deviations[:, left])
        elif row.lhs != row.rhs and row.parameter is not None:
            # A correlation of residuals.
            variances = parameters[:, first : first + n]
            columns.append(1 / np.sqrt(variances[:, left] * variances[:, right]))
        else:
            columns.append(1 / (deviations[:, left] * deviations[:, right]))
    return np.stack(columns, axis=1)


def with_definitions(structure: Structure, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the rows, and the defined effects beside them."""
    named = {row.label: rows[:, number] for number, row in enumerate(structure.rows) if row.label}
    columns = [rows]
    for definition in structure.definitions:
        value = definition.expression.evaluate(named)
        value = np.where(np.isfinite(value), value, np.nan)
        named[definition.name] = np.broadcast_to(np.asarray(value, rows.dtype), len(rows))
        columns.append(named[definition.name][:, None])
    return np.concatenate(columns, axis=1)


def explained_products(structure: Structure) -> dict[str, str]:
    """Return the products that have a factor which is explained, and that factor."""
    explained = set(structure.outcomes)
    factors = {name: explained.intersection(name.split(PRODUCT)) for name in structure.products}
    return {name: min(inside) for name, inside in factors.items() if inside}


def check_estimate(structure: Structure, found: Estimates, covariance: Reals) -> None:
    """Raise DataError where the sample has no estimate."""
    status = STATUSES[int(found.status[0])]
    if status == "ok":
        return
    if status == "not_converged":
        raise DataError(
            "The residual covariances of the model did not settle in 5,000 rounds; leave one out."
        )
    for outcome, predictors in structure.equations:
        names = [structure.variables[p] for p in predictors]
        for end in range(1, len(predictors) + 1):
            if _dependent(covariance, predictors[:end]):
                others = ", ".join(map(repr, names[: end - 1]))
                raise DataError(
                    f"In the equation of {structure.variables[outcome]!r}, {names[end - 1]!r} is "
                    f"determined by {others}; leave one of them out."
                )
        if _dependent(covariance, (*predictors, outcome)):
            raise DataError(
                f"{structure.variables[outcome]!r} is determined by {', '.join(map(repr, names))} "
                "without residual; leave a predictor out."
            )
    raise DataError("Residuals of the model are linearly dependent; leave a covariance out.")


def _dependent(covariance: Reals, chosen: tuple[int, ...]) -> bool:
    part = covariance[np.ix_(chosen, chosen)]
    scale = 1 / np.sqrt(np.diagonal(part))
    return bool(np.linalg.eigvalsh(part * np.outer(scale, scale))[0] < 1e-11)
