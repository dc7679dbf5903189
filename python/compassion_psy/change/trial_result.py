"""What planning a trial from a pilot gives back."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from compassion_psy import tables


@dataclass(frozen=True, eq=False, repr=False)
class TrialSize:
    """The size of a full trial, by what of the pilot it is planned on.

    Attributes
    ----------
    table : polars.DataFrame
        The `by` columns, ``outcome``, where there are such ``wave`` and ``arm`` (what is compared),
        ``basis``, ``difference``, ``sd``, ``d`` (their ratio),
        ``n_arm`` (persons to analyse in an arm), ``clusters_arm`` (null without clusters),
        ``n_total`` (to analyse in all), ``n_recruited`` (in all, more by those who drop out),
        ``assurance`` (the power to expect from this size, over what the pilot leaves open),
        ``note``. By ``basis``:

        - "estimate": the difference and standard deviation as estimated (or declared);
        - "effect_upper", "effect_lower": the limits of d, so the interval of n;
        - "sd_upper": the upper confidence limit of the standard deviation (Browne);
        - "assurance": the size at which the expected power is what is asked for.
    design : str
        How the trial is to be analysed.
    power, alpha, level, sd_level, dropout : float
        As asked for.
    notes : tuple of str
        What to know about it.
    """

    table: pl.DataFrame
    design: str
    power: float
    alpha: float
    level: float
    sd_level: float
    dropout: float
    notes: tuple[str, ...]

    def to_frame(self) -> pl.DataFrame:
        """Return the table."""
        return self.table

    @property
    def _title(self) -> str:
        return f"Size of a trial: {self.design}, power {self.power:g}, alpha {self.alpha:g}"

    def _shown(self) -> pl.DataFrame:
        empty = self.table.get_column("clusters_arm").null_count() == self.table.height
        return self.table.drop("clusters_arm") if empty else self.table

    def __str__(self) -> str:
        """Return the table as text, rounded."""
        return tables.to_text(self._shown(), title=self._title, notes=self.notes)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table for a notebook, rounded."""
        return tables.to_html(self._shown(), title=self._title, notes=self.notes)
