"""Division that rounds once."""

import polars as pl


def quotient(numerator: pl.Expr, denominator: pl.Expr | float) -> pl.Expr:
    """Return the float nearest to the true quotient, where both are exact.

    Polars multiplies with the reciprocal of a literal, which rounds twice: a third of all whole
    numbers divided by 7 are off. By a column it divides; so the literal is made one.
    """
    return numerator / pl.when(numerator.is_not_null()).then(denominator)
