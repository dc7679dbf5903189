"""What a factor analysis gives back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import _core
from compassion_psy.errors import OptionError
from compassion_psy.factor_analyzer_exchange import fitted, taken
from compassion_psy.options import whole_number
from compassion_psy.tables import to_html, to_text

Floats = npt.NDArray[np.float64]

EXTRACTIONS = {
    "minres": "minimum residuals",
    "ml": "maximum likelihood",
    "principal_axis": "principal axes, iterated",
    "components": "principal components",
}
"""What the name of a method stands for."""

LEAST_UNIQUENESS = 0.005
"""The bound of uniquenesses."""

OBLIQUE = ("oblimin", "geomin", "promax", "bifactor_oblique", "target")
"""Rotations whose factors may correlate."""


@dataclass(frozen=True)
class FactorFit:
    """How well factors reproduce correlations; None where there is no such number.

    Attributes
    ----------
    objective : float or None
        The discrepancy F = ln det M + tr(R M⁻¹) - ln det R - p of the model's correlations M.
    chi_square, df, p_value : float, int, float or None
        F (n - 1 - (2p + 5)/6 - 2m/3), its degrees of freedom, and the probability of as much.
    null_chi_square, null_df : float, int or None
        The same without factors: -ln det R (n - 1 - (2p + 5)/6).
    rmsea, rmsea_lower, rmsea_upper : float or None
        Root mean square error of approximation, with its 90 % interval.
    cfi : float or None
        Comparative fit index, of the chi-squares.
    tli : float or None
        Tucker-Lewis index, of the discrepancies: (F0 / df0 - F / df) / (F0 / df0 - 1 / b), with
        b = n - 1 - (2p + 5)/6 - 2m/3.
    srmr : float
        Root mean square of residual correlations, the diagonal included.
    bic : float or None
        chi_square - df ln n.
    """

    objective: float | None
    chi_square: float | None
    df: int | None
    p_value: float | None
    null_chi_square: float | None
    null_df: int | None
    rmsea: float | None
    rmsea_lower: float | None
    rmsea_upper: float | None
    cfi: float | None
    tli: float | None
    srmr: float
    bic: float | None


@dataclass(frozen=True, eq=False, repr=False)
class FactorSolution:
    """Factors of a scale.

    Attributes
    ----------
    loadings : polars.DataFrame
        One row an item: ``item``, ``F1``, ``F2``, ... Regression weights of items on factors (the
        pattern), factors by variance explained, columns with positive sums.
    uniquenesses : polars.DataFrame
        ``item``, ``uniqueness``: the part of its variance that is its own.
    communalities : polars.DataFrame
        ``item``, ``communality``: the part that factors explain. With its uniqueness it makes 1,
        but where that is on its bound.
    phi : numpy.ndarray, shape (factors, factors)
        Correlations of the factors.
    variance : polars.DataFrame
        One row a factor: ``factor``, ``variance`` (diagonal of Φ Λ'Λ), ``proportion`` (of the
        variance of all items), ``cumulative``.
    unrotated : numpy.ndarray, shape (items, factors)
        Loadings before rotation.
    correlation : numpy.ndarray, shape (items, items)
        What was analysed.
    fit : FactorFit
        Fit indices.
    status : {"ok", "heywood", "not_converged"}
        How it came out; "heywood" where a uniqueness is on its bound of 0.005, or below it with
        principal axes.
    criterion : float
        What method made small, at its end: half the squared residuals, or the likelihood's
        discrepancy.
    rotation_criterion : float or None
        What rotation made small, at its end; that of varimax with promax.
    starts, starts_found : int or None
        From how many places rotation started (one unrotated), and how many led to the best.
    seed : int or None
        Of the random starts.
    scale, method, rotation, kaiser, n, n_excluded, missing
        What was asked and what was used; ``n`` is None where it is not known.
    notes : tuple of str
        What to know about it.
    correlation_kind : {"pearson", "polychoric", "given"}
        What correlations were analysed.
    gamma : float or None
        Of oblimin.
    standardisation : polars.DataFrame or None
        ``item``, ``mean``, ``sd`` of the keyed answers (divisor n - 1), which scores of persons
        take; None where the data held no answers.
    """

    loadings: pl.DataFrame
    uniquenesses: pl.DataFrame
    communalities: pl.DataFrame
    phi: Floats
    variance: pl.DataFrame
    unrotated: Floats
    correlation: Floats
    fit: FactorFit
    status: str
    criterion: float
    rotation_criterion: float | None
    starts: int | None
    starts_found: int | None
    seed: int | None
    scale: str
    method: str
    rotation: str | None
    kaiser: bool | None
    n: int | None
    n_excluded: int
    missing: str | None
    notes: tuple[str, ...]
    correlation_kind: str = "given"
    gamma: float | None = None
    standardisation: pl.DataFrame | None = None

    @property
    def share_of_starts(self) -> float | None:
        """The share of starts that found the best rotation; None where nothing was rotated."""
        if self.starts is None or self.starts_found is None:
            return None
        return self.starts_found / self.starts

    def to_frame(self) -> pl.DataFrame:
        """Return one row for each item and factor.

        Columns ``scale``, ``item``, ``factor``, ``loading``, ``communality``, ``uniqueness``.
        """
        factors = self.loadings.columns[1:]
        values = self.loadings.select(factors).to_numpy()
        each = len(factors)

        def repeated(frame: pl.DataFrame, name: str) -> pl.Series:
            return frame[name].gather(np.repeat(np.arange(frame.height), each))

        return pl.DataFrame(
            {
                "scale": [self.scale] * values.size,
                "item": repeated(self.loadings, "item"),
                "factor": factors * len(values),
                "loading": values.ravel(),
                "communality": repeated(self.communalities, "communality"),
                "uniqueness": repeated(self.uniquenesses, "uniqueness"),
            }
        )

    def to_factor_analyzer(self) -> Any:
        """Return a fitted ``factor_analyzer.FactorAnalyzer`` that holds this solution.

        Its ``loadings_``, ``corr_``, ``phi_``, ``structure_``, ``get_uniquenesses()`` and
        ``transform()`` (regression scores, standardised with the divisor n) are those of the
        solution. ``transform`` takes keyed answers: reversed items turned.

        Raises
        ------
        MissingExtraError
            Where factor_analyzer is not installed.
        """
        return fitted(self)

    @classmethod
    def from_factor_analyzer(
        cls, found: Any, *, n: int | None = None, items: Sequence[str] | None = None
    ) -> FactorSolution:
        """Return what a fitted ``factor_analyzer.FactorAnalyzer`` found, with its fit.

        Factors keep its order and signs. Uniquenesses count that factors correlate, which its own
        ``get_uniquenesses()`` does not; correlations of factors come in the order of the loadings,
        in which its ``phi_`` may not be.

        Parameters
        ----------
        found : factor_analyzer.FactorAnalyzer
            After ``fit``.
        n : int, optional
            Persons; without it there is no chi-square, nor means and standard deviations.
        items : sequence of str, optional
            Names of the items.

        Raises
        ------
        OptionError
            Where it is not fitted, or the names are not as many as the items.
        """
        got = taken(found)
        size, factors = got.loadings.shape
        names = [f"item{j + 1}" for j in range(size)] if items is None else list(items)
        if len(names) != size:
            raise OptionError(
                f"items names {len(names)}, but the FactorAnalyzer has {size}; name each."
            )
        n = None if n is None else whole_number("n", n, minimum=3)
        fit = _core.factor_fit(
            got.correlation,
            got.unrotated,
            got.uniquenesses,
            persons=None if n is None else float(n),
        )
        columns = [f"F{j + 1}" for j in range(factors)]
        item = pl.Series("item", names, dtype=pl.String)
        variances = np.diag(got.phi @ got.loadings.T @ got.loadings)
        left = got.correlation - got.unrotated @ got.unrotated.T
        if got.method != "components":
            np.fill_diagonal(left, 0)
        spread = None
        if got.mean is not None and got.std is not None and n is not None:
            spread = standardisation(tuple(names), got.mean, got.std * np.sqrt(n / (n - 1)))
        return cls(
            loadings=pl.DataFrame(got.loadings, schema=columns).insert_column(0, item),
            uniquenesses=pl.DataFrame([item, pl.Series("uniqueness", got.uniquenesses)]),
            communalities=pl.DataFrame([item, pl.Series("communality", got.communalities)]),
            phi=got.phi,
            variance=variance_explained(columns, variances, size),
            unrotated=got.unrotated,
            correlation=got.correlation,
            fit=fit_of(fit, got.method),
            status="heywood" if got.uniquenesses.min() <= LEAST_UNIQUENESS else "ok",
            criterion=fit["objective"] if got.method == "ml" else 0.5 * float((left**2).sum()),
            rotation_criterion=None,
            starts=None,
            starts_found=None,
            seed=None,
            scale="factor_analyzer",
            method=got.method,
            rotation=got.rotation if factors > 1 else None,
            kaiser=None,
            n=n,
            n_excluded=0,
            missing=None,
            notes=got.notes,
            standardisation=spread,
        )

    def __str__(self) -> str:
        """Return loadings, variances and correlations of factors as text, rounded."""
        return "\n\n".join(self._parts(to_text))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        return "\n".join(self._parts(to_html))

    def _parts(self, render: Callable[..., str]) -> list[str]:
        items = self.loadings.with_columns(
            self.communalities["communality"], self.uniquenesses["uniqueness"]
        )
        factors = self.loadings.columns[1:]
        parts = [render(items, title=self._title())]
        if self.rotation in OBLIQUE:
            phi = pl.DataFrame(self.phi, schema=factors)
            phi = phi.insert_column(0, pl.Series("factor", factors))
            parts.append(render(phi, title="Correlations of factors"))
        notes = [self._fit_line(), *self.notes]
        parts.append(render(self.variance, title="Variance explained", notes=notes))
        return parts

    def _title(self) -> str:
        factors = len(self.phi)
        what = "component" if self.method == "components" else "factor"
        named = (self.rotation or "unrotated").replace("_", " ")
        how = f"Kaiser-normalised {named}" if self.kaiser else named
        if self.gamma:
            how += f" (gamma {self.gamma:g})"
        if self.correlation_kind == "polychoric":
            how += ", polychoric correlations"
        persons = "" if self.n is None else f"; n = {self.n:,}"
        return (
            f"{self.scale}: {factors} {what}{'s' * (factors > 1)} by "
            f"{EXTRACTIONS[self.method]}, {how}{persons}"
        )

    def _fit_line(self) -> str:
        fit = self.fit
        parts = []
        if fit.chi_square is not None and fit.p_value is not None:
            p = f"p = {fit.p_value:.3f}" if fit.p_value >= 0.001 else "p < 0.001"
            parts.append(f"chi-square({fit.df}) = {fit.chi_square:,.2f}, {p}")
        if fit.rmsea is not None:
            limits = f" [{fit.rmsea_lower:.3f}, {fit.rmsea_upper:.3f}]"
            parts.append(f"RMSEA {fit.rmsea:.3f}{limits}")
        named = (("CFI", fit.cfi), ("TLI", fit.tli), ("SRMR", fit.srmr))
        parts += [f"{name} {value:.3f}" for name, value in named if value is not None]
        if fit.bic is not None:
            parts.append(f"BIC {fit.bic:,.1f}")
        return f"Fit: {', '.join(parts)}."


def standardisation(
    items: tuple[str, ...], means: Floats | None, deviations: Floats | None
) -> pl.DataFrame | None:
    """Return means and standard deviations of items as a frame, if there are any."""
    if means is None or deviations is None:
        return None
    return pl.DataFrame(
        [
            pl.Series("item", items, dtype=pl.String),
            pl.Series("mean", means),
            pl.Series("sd", deviations),
        ]
    )


def variance_explained(factors: list[str], variances: Floats, items: int) -> pl.DataFrame:
    """Return what factors explain, of all and one after the other."""
    proportion = variances / items
    return pl.DataFrame(
        {
            "factor": factors,
            "variance": variances,
            "proportion": proportion,
            "cumulative": np.cumsum(proportion),
        }
    )


def fit_of(fit: Mapping[str, Any], method: str) -> FactorFit:
    """Return the core's fit, with None for what is no number."""
    values: dict[str, Any] = {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in fit.items()
    }
    if method == "components":
        # Components are no model of the correlations.
        values = dict.fromkeys(values) | {"srmr": values["srmr"]}
    return FactorFit(**values)
