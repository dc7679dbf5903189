"""A simulated pilot, and the truth behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from compassion_psy.scales import Scale
from compassion_psy.simulate.pilot_model import PilotModel
from compassion_psy.simulate.pilot_truth import true_changes, true_row


@dataclass(frozen=True, eq=False)
class SimulatedPilot:
    """A simulated pilot of a course and the truth behind it.

    Attributes
    ----------
    frame : polars.DataFrame
        One row a person and wave, of waves that the person took part in: ``person``, ``arm``
        ("training" or "control"), ``wave`` and the items of all scales, reversed items as a
        respondent would have answered them.
    persons : polars.DataFrame
        One row a person recruited: ``person``, ``arm``, ``started`` and ``completed`` (the course;
        in the control arm ``completed`` is that the person stayed to the last wave), ``sessions``
        attended, ``practice`` (minutes a week at home), ``satisfaction_1`` to ``satisfaction_3``
        (1 to 5; of those who completed the course). Null where nothing was asked.
    scales : mapping of str to Scale
        The scale of each outcome.
    model : PilotModel
        What the answers were drawn from.
    factors : polars.DataFrame
        True standing of each person, whether or not the answers were given: ``person``, ``arm``,
        ``outcome``, ``wave``, ``responds`` (the course works on this person), ``factor``.
    """

    frame: pl.DataFrame
    persons: pl.DataFrame
    scales: Mapping[str, Scale]
    model: PilotModel
    factors: pl.DataFrame

    @cached_property
    def truth(self) -> pl.DataFrame:
        """True effects on the sum of the answers, one row an arm, outcome and later wave.

        Columns ``arm``, ``outcome``, ``wave`` (against the first), ``mean_pre``, ``mean_post``,
        ``sd_pre``, ``sd_post``, ``r``, ``mean_change``, ``sd_change``, ``d_z``, ``d_av`` (over the
        root of the mean variance), ``smcr`` (over ``sd_pre``), ``reliability_pre`` and
        ``reliability_post`` (variance of the true part over the variance). They are those of the
        population of all persons who could be recruited, integrated numerically and exact to ten
        digits. Dropping out depends on nothing, so they hold for completers too.
        """
        rows = [
            {"arm": arm, "outcome": outcome, "wave": wave, **true_row(self.model, outcome, arm)}
            for arm in self.factors.get_column("arm").unique(maintain_order=True)
            for outcome in self.model.outcomes
            for wave in self.model.waves[1:]
        ]
        return pl.DataFrame(rows)

    @cached_property
    def true_changes(self) -> pl.DataFrame:
        """True change of each person, one row a person, outcome and later wave.

        Columns ``person``, ``arm``, ``outcome``, ``wave``, ``responds``, ``true_pre``,
        ``true_post`` and ``true_change``: the sums expected of this person's answers, free of
        measurement error. A person's true score also moves without the course (see `stability`);
        ``responds`` says on whom the course itself works.
        """
        return true_changes(self.model, self.factors)
