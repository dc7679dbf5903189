"""Covariances without the errors of measurement of the variables.

With an observed x = true x + e, errors independent of everything else, Var e = (1 - reliability)
Var x. It adds Var e to the variance of x; E(w) Var e to the covariance of x and x:w; E(wv) Var e to
that of x:w and x:v; and E(x²) Var d + E(w²) Var e - Var e Var d to the variance of x:w, where d is
the error of w (Busemeyer & Jones 1983; here for variables that are not centred).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from compassion_psy.data.design import Names
from compassion_psy.errors import OptionError, nearest
from compassion_psy.options import Bootstrap
from compassion_psy.pathway.structure import PRODUCT, Structure
from compassion_psy.pathway.variables import BETWEEN, WITHIN, Variables
from compassion_psy.reliability import reliability as reliability_of

Reals = npt.NDArray[np.float64]
Reliability = str | Mapping[str, float] | None


def reliabilities(
    asked: Reliability,
    structure: Structure,
    variables: Variables,
    *,
    cluster: Names,
    strata: Names,
    missing_codes: Sequence[float],
    bootstrap: Bootstrap | None,
    threads: int | None,
) -> tuple[dict[str, float], dict[str, Reals]]:
    """Return the reliability of each variable that has one, and of each in every replicate.

    The replicates draw the same persons as those of the model: their random numbers depend on the
    seed and on strata and clusters, not on the columns.
    """
    if asked is None:
        return {}, {}
    if isinstance(asked, Mapping):
        known = {name: _share(name, value) for name, value in asked.items()}
        _check_columns(known, structure)
        return known, {}
    if not variables.scales:
        raise OptionError(
            f"reliability is {asked!r}, but no variable of the model is a scale given in scales=; "
            "name scales, or give reliabilities as a mapping."
        )
    estimates, replicates = {}, {}
    for name, scale in variables.scales.items():
        answered = variables.frame.select(scale.items).null_count().sum_horizontal()[0] == 0
        found = reliability_of(
            variables.frame,
            scale,
            cluster=cluster,
            strata=strata,
            missing_codes=missing_codes,
            coefficients=asked,
            interval=bootstrap,
            missing="listwise" if answered and not missing_codes else "pairwise",
            threads=threads,
            progress=False,
        )
        if found.table.height != 1:
            raise OptionError(f"reliability is {asked!r}, but it must be one coefficient.")
        estimates[name] = _share(name, found.table["estimate"][0])
        if found.replicate_sets:
            replicates[name] = found.replicate_sets[0].values[0, 0]
    _check_columns(estimates, structure)
    return estimates, replicates


def _share(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise OptionError(
            f"The reliability of {name!r} is {value!r}, but it must be above 0 and at most 1."
        )
    return float(value)


def _check_columns(known: Mapping[str, float], structure: Structure) -> None:
    columns = set(structure.variables)
    for product in structure.products:
        factors = product.split(PRODUCT)
        if set(factors) & set(known):
            if len(factors) > 2:
                raise OptionError(
                    f"Products of more than two variables, such as {product!r}, cannot be "
                    "corrected for unreliability; leave it out."
                )
            for factor in factors:
                if factor not in columns:
                    raise OptionError(
                        f"{product!r} cannot be corrected for unreliability where {factor!r} is "
                        "not in the model by itself; add it."
                    )
    for name in known:
        parts = [part for part in (name + WITHIN, name + BETWEEN) if part in columns]
        if parts:
            raise OptionError(
                f"The model has parts of {name!r} within and between teams, whose reliabilities "
                f"are not that of {name!r}; give theirs, as in reliability={{{parts[0]!r}: 0.8}}."
            )
        if name not in columns:
            raise OptionError(
                f"reliability names {name!r}, which is no variable of the model. "
                f"{nearest(name, structure.variables)}"
            )


def without_errors(
    structure: Structure, means: Reals, covariances: Reals, shares: Mapping[str, Any]
) -> Reals:
    """Return covariances of true values.

    Parameters
    ----------
    means, covariances : numpy.ndarray
        Of the variables, for each sample: samples × variables (× variables).
    shares : mapping of str to float or numpy.ndarray, shape (samples,)
        Reliabilities.
    """
    if not shares:
        return covariances
    at = {name: number for number, name in enumerate(structure.variables)}
    errors = {
        name: (1 - np.asarray(share)) * covariances[:, at[name], at[name]]
        for name, share in shares.items()
    }
    zero = np.zeros(len(means))

    def raw(left: str, right: str) -> Reals:
        i, j = at[left], at[right]
        return covariances[:, i, j] + means[:, i] * means[:, j]

    out = covariances.copy()
    for i, left in enumerate(structure.variables):
        for j, right in enumerate(structure.variables[: i + 1]):
            a, b = set(left.split(PRODUCT)), set(right.split(PRODUCT))
            added = zero
            if a == b and len(a) == 2:
                x, w = sorted(a)
                e, d = errors.get(x, zero), errors.get(w, zero)
                added = raw(x, x) * d + raw(w, w) * e - e * d
            else:
                for shared in a & b & set(errors):
                    others = sorted((a | b) - {shared})
                    if not others:
                        times = np.ones(len(means))
                    elif len(others) == 1:
                        times = means[:, at[others[0]]]
                    else:
                        times = raw(*others)
                    added = added + errors[shared] * times
            out[:, i, j] -= added
            if i != j:
                out[:, j, i] -= added
    return out
