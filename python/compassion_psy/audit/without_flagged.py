"""How reliable is the scale with and without the persons who were flagged?"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import polars as pl

from compassion_psy.audit.screening import Screened
from compassion_psy.data.columns import MISSING
from compassion_psy.errors import DataError, OptionError
from compassion_psy.reliability import Missing, reliability
from compassion_psy.scales import Scale

_SHOWN = ("estimate", "lower", "upper", "n", "note")


def with_and_without(
    screened: Screened,
    flagged: Any,
    *,
    interval: Literal["adf"] | None = None,
    missing: Missing = "listwise",
    threads: int | None = None,
) -> pl.DataFrame:
    """How reliable is the scale with and without the persons who were flagged?

    Persons who look careless are not taken out for being so: both numbers are reported.

    Parameters
    ----------
    screened : Screened
        The answers.
    flagged : polars.Series or array of bool, shape (rows,)
        Whom to leave out, in the order of the data, such as ``persons["flag_longstring"]`` or
        ``persons["flags"] > 1``.
    interval : "adf" or None
        Whether to add intervals.
    missing : {"listwise", "pairwise"}
        As in :func:`reliability`.
    threads : int, optional
        Threads to use.

    Returns
    -------
    polars.DataFrame
        One row for each group, scale (the total and each subscale of at least two items) and
        coefficient (alpha, omega_u): the `by` columns, ``scale``, ``coefficient``, and for all
        ``estimate``, ``lower``, ``upper``, ``n``, ``note``; the same with ``_without`` behind;
        ``difference`` (without less with).

    Raises
    ------
    DataError
        Where `flagged` is not one truth a person.

    Examples
    --------
    >>> from compassion_psy import simulate_survey
    >>> from compassion_psy.audit.screening import screen
    >>> survey = simulate_survey(persons=300, items=5, seed=1)
    >>> screened = screen(survey.frame, survey.scale)
    >>> table = with_and_without(screened, [row < 20 for row in range(300)])
    >>> table.select("coefficient", "n", "n_without").rows()
    [('alpha', 300, 280), ('omega_u', 300, 280)]
    """
    if interval not in (None, "adf"):
        raise OptionError(f"interval is {interval!r}, but it must be 'adf' or None.")
    out = np.asarray(flagged)
    if out.dtype != np.bool_ or out.shape != (screened.rows,):
        raise DataError(
            f"flagged has type {out.dtype} and shape {out.shape}, but it must be one true or "
            f"false for each of {screened.rows:,} rows, in the order of the data."
        )
    by = screened.groups.columns
    frame = _answers(screened)
    scales = answered_scores(screened, missing)
    if not scales:
        raise DataError(
            f"Scale {screened.scale.name!r} has no score of two items or more that anybody "
            "answered."
        )
    kept = frame.filter(~out[screened.order])
    options: dict[str, Any] = {
        "by": by or None, "interval": interval, "missing": missing, "threads": threads,
        "coefficients": ("alpha", "omega_u"), "progress": False,
    }  # fmt: skip
    keys = [*by, "scale", "coefficient"]
    table = reliability(frame, scales, **options).table.select(*keys, *_SHOWN)
    fewer = table.clear()
    of_others = [score for score in scales if _anybody(kept, missing, score.items)]
    if of_others:
        fewer = reliability(kept, of_others, **options).table.select(*keys, *_SHOWN)
    joined = table.join(
        fewer, on=keys, how="left", suffix="_without", nulls_equal=True, maintain_order="left"
    )
    return joined.with_columns(
        pl.col("n_without").fill_null(0),
        pl.when(pl.col("n_without").is_null())
        .then(pl.lit("everybody with answers is flagged"))
        .otherwise("note_without")
        .alias("note_without"),
        difference=pl.col("estimate_without") - pl.col("estimate"),
    )


def answered_scores(screened: Screened, missing: Missing = "listwise") -> list[Scale]:
    """Return the scores of two items or more for which somebody's answers can be used."""
    frame = _answers(screened)
    return [
        score
        for score in screened.scale.scores
        if score.n_items > 1 and _anybody(frame, missing, score.items)
    ]


def _anybody(frame: pl.DataFrame, missing: Missing, items: Any) -> bool:
    given = [pl.col(item).is_not_null() for item in items]
    used = pl.all_horizontal(given) if missing == "listwise" else pl.any_horizontal(given)
    return bool(frame.select(used.any()).item())


def _answers(screened: Screened) -> pl.DataFrame:
    """Return the possible answers as given, with the `by` columns, in order of groups."""
    lowest = int(screened.scale.minimum)
    answers = [
        pl.Series(item, codes.astype(np.int32) + lowest).set(pl.Series(codes == MISSING), None)
        for item, codes in zip(screened.scale.items, screened.codes, strict=True)
    ]
    named = [screened.frame[name][screened.order] for name in screened.groups.columns]
    return pl.DataFrame([*named, *answers])
