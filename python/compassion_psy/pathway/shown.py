"""What a reader sees of a path model: its paths, what is made of them, and what they explain."""

from __future__ import annotations

import polars as pl

_FIGURES = ("estimate", "se", "p", "lower", "upper", "std_all")


def shown_parts(
    table: pl.DataFrame, r_squared: pl.DataFrame, given: list[str], title: str, *, limits: bool
) -> list[tuple[str, pl.DataFrame]]:
    """Return titles and frames; moments of given variables and residual variances are left out.

    Parameters
    ----------
    table, r_squared : polars.DataFrame
        Of the result.
    given : list of str
        Variables that nothing in the model explains: their moments are no findings.
    title : str
        Of the first part.
    limits : bool
        Whether there are any.
    """
    figures = [name for name in _FIGURES if limits or name not in ("lower", "upper")]
    path = pl.format("{} > {}", "rhs", "lhs").alias("path")
    pair = pl.format("{} ~~ {}", "lhs", "rhs").alias("residuals")
    apart = (pl.col("lhs") != pl.col("rhs")) & ~pl.col("lhs").is_in(given)
    known = r_squared["lower"].null_count() < r_squared.height
    explained = r_squared if known else r_squared.drop("lower", "upper")
    parts = [
        (title, table.filter(op="~").select(path, "label", *figures)),
        ("Covariances of residuals", table.filter(apart, op="~~").select(pair, *figures)),
        ("Defined effects", table.filter(op=":=").select("label", "rhs", *figures)),
        ("Explained variance", explained),
    ]
    return [(title, frame) for title, frame in parts if frame.height]
