"""Division that rounds once."""

import polars as pl


def quotient(numerator: pl.Expr, denominator: pl.Expr | float) -> pl.Expr:
    """Return the float nearest to the true quotient, where both are exact.

    Polars multiplies with the reciprocal of a literal, which rounds twice: a third of all whole
    numbers divided by 7 are off. By a column it divides; so a number is made one.
    """
    if isinstance(denominator, pl.Expr):
        return numerator / denominator
    # Not when-then: where nothing is null, Polars makes a literal of it again.
    return numerator / (numerator * 0 + denominator)
