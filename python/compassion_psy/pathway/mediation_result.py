"""What mediates, how much, and what that depends on."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from compassion_psy import tables
from compassion_psy.pathway.result import PathwayResult


@dataclass(frozen=True, eq=False, repr=False)
class MediationResult:
    """Paths, indirect effects and what they depend on.

    Attributes
    ----------
    paths : polars.DataFrame
        The steps one by one: ``label`` ("a", "b", "c", "d21"; "a_w" is what the modulator w adds
        to a for each of its units), ``path`` ("x > m"), ``meaning`` (in words: a path that is
        modulated is the one where its modulators are 0), ``estimate``, ``se``, ``p``, ``lower``,
        ``upper``, ``std_all``. Covariates and the modulators themselves are in
        ``.pathway.table``.
    effects : polars.DataFrame
        ``effect`` ("indirect", "direct", "total"), ``through`` (the way), a column for each
        modulator (the value it is looked at; null where it does not matter), ``label``,
        ``estimate``, ``se``, ``lower``, ``upper``, ``std_all`` (standard deviations of y for one
        of x; at levels of modulators lavaan's ``std.all`` is something else).
    index : polars.DataFrame
        Indices of moderated mediation: ``kind`` ("index": the change of the indirect effect for
        one unit of the modulator; "contrast": its difference between two levels of a modulator of
        several steps), ``through``, ``modulator``, ``at`` (levels), ``label``, ``estimate``,
        ``se``, ``lower``, ``upper``.
    slopes : polars.DataFrame
        Simple slopes: the strength of each modulated path at levels of its modulators.
    johnson_neyman : polars.DataFrame
        ``path``, ``modulator``, ``lower_bound``, ``upper_bound``, ``differs_from_zero`` (the
        region: "between the bounds", "outside the bounds", "everywhere", "nowhere", or
        "not known" where there is no ``se``), ``in_the_data`` (for which of the values that occur:
        "everywhere", "nowhere", "in part", "not known"), ``observed_minimum``,
        ``observed_maximum``. Other modulators are at their median.
    curves : polars.DataFrame
        Indirect effects along each modulator, for a plot: ``through``, ``modulator``, ``value``,
        ``estimate``, ``lower``, ``upper``. Other modulators are at their median.
    sensitivity : polars.DataFrame
        Indirect effects were the residuals of mediator and outcome correlated: ``mediator``,
        ``rho``, ``path`` (from mediator to outcome), ``indirect``, ``lower``, ``upper`` (percentile
        bootstrap) and ``rho_of_zero``, the correlation at which nothing is left.
    levels : polars.DataFrame
        ``modulator``, ``level`` ("16 %", ...), ``value``.
    model : str
        The text of the model.
    pathway : PathwayResult
        The model with all its parameters.
    notes : tuple of str
        What to know about the numbers.
    """

    paths: pl.DataFrame
    effects: pl.DataFrame
    index: pl.DataFrame
    slopes: pl.DataFrame
    johnson_neyman: pl.DataFrame
    curves: pl.DataFrame
    sensitivity: pl.DataFrame
    levels: pl.DataFrame
    model: str
    pathway: PathwayResult
    notes: tuple[str, ...]

    def to_frame(self) -> pl.DataFrame:
        """Return the effects."""
        return self.effects

    def _parts(self) -> list[tuple[str, pl.DataFrame]]:
        clusters = self.pathway.n_clusters
        teams = "" if clusters is None else f" in {clusters:,} clusters"
        parts = [
            (f"Paths in {self.pathway.n:,} persons{teams}", self.paths.drop("p")),
            ("Effects", self.effects.drop("label", "std_all")),
            ("Index of moderated mediation", self.index.drop("label")),
            ("Simple slopes", self.slopes.drop("label")),
            (
                "Johnson-Neyman regions",
                self.johnson_neyman.drop("observed_minimum", "observed_maximum"),
            ),
        ]
        absent = ("lower", "upper") if self.pathway.interval is None else ()
        return [(title, frame.drop(absent, strict=False)) for title, frame in parts if frame.height]

    def __str__(self) -> str:
        """Return paths, effects, indices, slopes and regions as text, rounded."""
        return tables.parts_to_text(self._parts(), notes=self.notes)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        return tables.parts_to_html(self._parts(), notes=self.notes)
