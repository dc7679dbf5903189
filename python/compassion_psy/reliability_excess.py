"""What it means that a reliability is above 1, and what to do."""

from __future__ import annotations

from compassion_psy.reliability_definitions import OF_MANY_FACTORS
from compassion_psy.reliability_factors import is_of_factors

_NO_RELIABILITIES = ("ecv", "puc", "h", "ave", "average_r", "signal_to_noise", "sem")

_OF_ONE_FACTOR = ("omega_u", "omega_u_observed", "omega_ordinal", "omega_categorical")


def above_one(coefficient: str, factors: int) -> str | None:
    """Return what a reader should know of a coefficient above 1; nothing of what is no reliability.

    `factors` is how many coefficients of several factors have.

    Examples
    --------
    >>> above_one("omega_ordinal", 3)[:44]
    'above 1: one factor does not fit these items'
    >>> above_one("signal_to_noise", 3)
    """
    if coefficient in _NO_RELIABILITIES:
        return None
    if coefficient in _OF_ONE_FACTOR or (is_of_factors(coefficient) and factors == 1):
        return (
            "above 1: one factor does not fit these items, it makes more covariance than they "
            "have; use a coefficient of several factors (omega_total), or look at the subscales"
        )
    if coefficient == OF_MANY_FACTORS:
        return (
            "above 1: a uniqueness is negative, so these factors do not fit; use 'glb', or more "
            "persons"
        )
    if is_of_factors(coefficient):
        return (
            f"above 1: {factors} factors do not fit these items, they make more variance than the "
            "total has; ask for fewer factors"
        )
    if coefficient == "alpha_ordinal":
        return (
            "above 1: the matrix of polychoric correlations is not positive definite; merge rare "
            "categories, or use more persons"
        )
    return (
        "above 1: the matrix of pairwise moments is not positive definite; use "
        "missing='listwise', or leave out items that few answered together"
    )
