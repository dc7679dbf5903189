"""What comparing and turning the factors of two solutions gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.tables import to_html, to_text

Floats = npt.NDArray[np.float64]

_PHI = "Congruence (Tucker's phi): factors of the first (rows) and the second solution (columns)"
_MATCHED = "Matched factors: of the second solution, with those of the first"


@dataclass(frozen=True, eq=False, repr=False)
class Congruence:
    """Congruences of the factors of two solutions.

    Attributes
    ----------
    phi : polars.DataFrame
        One row a factor of the first solution: ``factor``, and Tucker's phi with each factor of
        the second.
    matches : polars.DataFrame
        One row a factor of the second solution: ``factor``, ``match`` (the factor of the first
        that it is matched with; null where the first has fewer), ``sign`` (-1 where that points
        the other way), ``phi`` (their congruence after turning).
    """

    phi: pl.DataFrame
    matches: pl.DataFrame

    def to_frame(self) -> pl.DataFrame:
        """Return the congruences."""
        return self.phi

    def __str__(self) -> str:
        """Return congruences and matches as text, rounded."""
        matches = to_text(self.matches, title=_MATCHED)
        return to_text(self.phi, title=_PHI) + "\n\n" + matches

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        matches = to_html(self.matches, title=_MATCHED)
        return to_html(self.phi, title=_PHI) + "\n" + matches


@dataclass(frozen=True, eq=False, repr=False)
class Procrustes:
    """Loadings that were turned towards a target.

    Attributes
    ----------
    loadings : polars.DataFrame
        One row an item: ``item``, and the loadings on factors named as those of the target.
    phi : numpy.ndarray, shape (factors, factors)
        Correlations of the factors, where those of the solution were uncorrelated.
    rotation : numpy.ndarray, shape (factors, factors)
        What loadings were multiplied by.
    distance : float
        The square root of the mean squared difference from the target.
    congruence : polars.DataFrame
        One row a factor: ``factor``, ``phi`` (Tucker's, with the target's factor).
    oblique : bool
        Whether factors were let correlate.
    """

    loadings: pl.DataFrame
    phi: Floats
    rotation: Floats
    distance: float
    congruence: pl.DataFrame
    oblique: bool

    def to_frame(self) -> pl.DataFrame:
        """Return the loadings."""
        return self.loadings

    def _shown(self) -> tuple[str, list[str]]:
        how = "oblique" if self.oblique else "orthogonal"
        phis = ", ".join(f"{factor} {phi:.3f}" for factor, phi in self.congruence.iter_rows())
        notes = [f"Congruence with the target: {phis}.", f"Distance {self.distance:.3f}."]
        return f"Loadings turned towards a target ({how})", notes

    def __str__(self) -> str:
        """Return the loadings as text, rounded."""
        title, notes = self._shown()
        return to_text(self.loadings, title=title, notes=notes)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the loadings for a notebook, rounded."""
        title, notes = self._shown()
        return to_html(self.loadings, title=title, notes=notes)
