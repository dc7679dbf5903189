"""What else than a training changes scores: notes on the design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from compassion_psy.change.options import OutcomeOptions
from compassion_psy.change.outcomes import Outcome
from compassion_psy.options import BOOTSTRAP_METHODS

_FEW = 20
"""Persons below which bootstrap limits were seen to cover clearly less than they say."""


def design_notes(
    table: pl.DataFrame,
    detectable: pl.DataFrame,
    outcomes: Sequence[Outcome],
    said: Mapping[str, OutcomeOptions],
    control: str | None,
) -> tuple[str, ...]:
    """Return the notes on controls, regression to the mean, practice and carried scores."""
    notes = []
    if control is None:
        notes.append(
            "There is no control arm: practice with the questionnaire, time and regression to the "
            "mean are in the change."
        )
    else:
        notes.append(
            f"Control arm: {control}. Practice and time are in the change of both arms, and out of "
            "the difference in change, where arms were alike at the start."
        )
    notes += _few_resampled(table)
    notes += _regression(detectable, outcomes, said)
    worse = [name for name, each in said.items() if each.better < 0]
    if worse:
        notes.append(f"Lower is better: {', '.join(worse)}.")
    if (table["analysis"] == "locf").any():
        notes.append(
            "locf: persons without the later score count with their last one, as if nothing had "
            "changed since; that is an assumption, not an observation."
        )
    unscaled = [
        each.name for each in outcomes
        if each.scale is not None and each.scale.total is not None
        and each.scale.total.rule not in ("sum", "mean")
    ]  # fmt: skip
    if unscaled:
        notes.append(
            f"The reliability is that of the sum of the items, which is not the total of "
            f"{', '.join(unscaled)}."
        )
    return tuple(notes)


def _few_resampled(table: pl.DataFrame) -> list[str]:
    """Say where resampled limits are of so few persons that they are too narrow."""
    few = table.filter(
        pl.col("interval").is_in(BOOTSTRAP_METHODS),
        pl.col("effect") != "d_ppc2",
        pl.col("n") < _FEW,
        pl.col("lower").is_not_null(),
    )
    if few.is_empty():
        return []
    names = ", ".join(few["effect"].unique(maintain_order=True))
    return [
        f"{names}: bootstrap limits of fewer than {_FEW} persons are too narrow. In simulations "
        "95 % BCa limits covered 85 to 94 % with 8 persons and 87 to 95 % with 12; "
        'interval="analytic" (with bootstrap=... for p_reliable) covered 94 to 97 %.'
    ]


def _regression(
    detectable: pl.DataFrame, outcomes: Sequence[Outcome], said: Mapping[str, OutcomeOptions]
) -> list[str]:
    """Say how much of a change regression to the norms' mean would make (Kelley 1947)."""
    notes = []
    for row in detectable.iter_rows(named=True):
        norms = said[row["outcome"]].norms
        if norms is None or row["reliability"] is None or row["mean_pre"] is None:
            continue
        shift = (1 - row["reliability"]) * (norms[0] - row["mean_pre"])
        group = ", ".join(str(row[name]) for name in detectable.columns
                          [: detectable.columns.index("outcome")])  # fmt: skip
        where = f" ({group})" if group else ""
        notes.append(
            f"{row['outcome']}{where}: had persons been chosen from the norm population for their "
            f"first score, regression to the mean alone would change it by {shift:.3g}."
        )
    return notes
