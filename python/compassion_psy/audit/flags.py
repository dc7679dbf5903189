"""Which persons deserve a second look: indices against their cut-offs."""

from __future__ import annotations

import numpy as np
import polars as pl

from compassion_psy.audit.cutoffs import Cutoffs
from compassion_psy.audit.indices import Indices

FLAGS = {
    "flag_impossible": "an answer outside the range of the scale",
    "flag_constant": "one same answer to every item",
    "flag_longstring": "a long run of one same answer",
    "flag_irv": "answers that hardly vary",
    "flag_even_odd": "halves of subscales that disagree",
    "flag_synonyms": "other answers to items that others answer alike",
    "flag_antonyms": "like answers to items that others answer contrarily",
    "flag_mahalanobis": "an unlikely combination of answers",
    "flag_guttman": "harder steps passed and easier ones failed",
    "flag_person_total": "high answers where others answer low",
    "flag_repeated_row": "the very answers of another person",
    "flag_repeated_person": "a person who occurs more than once",
    "flag_attention": "failed attention checks",
    "flag_seconds": "too little time",
}
"""What each flag means; the last three only where their columns were named."""


def flagged(persons: pl.DataFrame, indices: Indices, cutoffs: Cutoffs, items: int) -> pl.DataFrame:
    """Return the persons with a column of each flag, and ``flags``, how many there are.

    Where an index has no value there is no flag.

    Parameters
    ----------
    persons : polars.DataFrame
        One row a person, with the columns of the indices and those around the items.
    indices : Indices
        What the indices were taken with.
    cutoffs : Cutoffs
        From where on a value is flagged.
    items : int
        Number of items of the scale.
    """
    column = pl.col
    enough = cutoffs.points
    rules: dict[str, pl.Expr | None] = {
        "impossible": column("impossible") > 0,
        "constant": (column("irv") == 0) & (column("answered") >= cutoffs.run),
        "longstring": _least(
            "longstring",
            None if cutoffs.longstring is None else max(cutoffs.longstring * items, cutoffs.run),
        ),
        "irv": _below("irv", cutoffs.irv),
        "even_odd": _below("even_odd", cutoffs.even_odd if indices.subscales >= enough else None),
        "synonyms": _below(
            "synonyms", cutoffs.synonyms if len(indices.synonym_pairs) >= enough else None
        ),
        "antonyms": _above(
            "antonyms", cutoffs.antonyms if len(indices.antonym_pairs) >= enough else None
        ),
        "mahalanobis": _below("mahalanobis_p", cutoffs.mahalanobis),
        "guttman": _above("guttman_normed", _fence(persons["guttman_normed"], cutoffs.guttman)),
        "person_total": None
        if cutoffs.person_total is None
        else (column("person_total") < cutoffs.person_total) & (column("answered") >= enough),
        "repeated_row": (column("repeated_row") > 1)
        & (column("irv") > 0)
        & (column("answered") >= cutoffs.repeated),
    }
    if "repeated_person" in persons.columns:
        rules["repeated_person"] = column("repeated_person") > 1
    if "attention_failed" in persons.columns:
        rules["attention"] = _least("attention_failed", cutoffs.failed)
    if "seconds_per_item" in persons.columns:
        rules["seconds"] = _below("seconds_per_item", cutoffs.seconds)
    flags = [
        (pl.lit(value=False) if rule is None else rule.fill_null(value=False)).alias(f"flag_{name}")
        for name, rule in rules.items()
    ]
    with_flags = persons.with_columns(flags)
    names = [f"flag_{name}" for name in rules]
    return with_flags.with_columns(
        flags=pl.sum_horizontal(pl.col(names).cast(pl.UInt32)).cast(pl.UInt32)
    )


def _below(name: str, limit: float | None) -> pl.Expr | None:
    return None if limit is None else pl.col(name) < limit


def _above(name: str, limit: float | None) -> pl.Expr | None:
    return None if limit is None else pl.col(name) > limit


def _least(name: str, limit: float | None) -> pl.Expr | None:
    return None if limit is None else pl.col(name) >= limit


def _fence(values: pl.Series, ranges: float | None) -> float | None:
    """Return Tukey's upper fence, or None where nobody has a value."""
    known = values.drop_nulls().to_numpy()
    if ranges is None or not known.size:
        return None
    lower, upper = np.quantile(known, [0.25, 0.75])
    return float(upper + ranges * (upper - lower))
