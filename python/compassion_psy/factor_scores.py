"""Where a person stands on each factor: factor scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.columns import code_list
from compassion_psy.data.responses import Responses
from compassion_psy.errors import DataError, OptionError
from compassion_psy.factors_result import FactorSolution
from compassion_psy.options import one_of
from compassion_psy.scales import Scale
from compassion_psy.tables import to_html, to_text

Floats = npt.NDArray[np.float64]

# The core's least pivot: a smaller eigenvalue is that of a singular matrix.
_LEAST_EIGENVALUE = 1e-12


@dataclass(frozen=True, eq=False, repr=False)
class FactorScores:
    """Scores of persons on factors.

    Attributes
    ----------
    scores : polars.DataFrame
        One row a person, in the order of the data: ``F1``, ``F2``, ... in standard deviations of
        the factor; null where an answer is missing.
    weights : polars.DataFrame
        One row an item: ``item``, ``F1``, ... What standardised answers are multiplied by.
    determinacy : polars.DataFrame
        One row a factor: ``factor``; ``determinacy``, the correlation of the factor with the best
        scores there are; ``least_correlation``, 2 determinacy² - 1, the least that two sets of
        equally good scores may correlate; ``validity``, the correlation of the factor with these
        scores.
    method : {"regression", "bartlett"}
        How weights were found.
    scale : str
        Name of the scale.
    n, n_missing : int
        Persons with scores, and persons without because answers are missing.
    notes : tuple of str
        What to know about them.
    """

    scores: pl.DataFrame
    weights: pl.DataFrame
    determinacy: pl.DataFrame
    method: str
    scale: str
    n: int
    n_missing: int
    notes: tuple[str, ...]

    def _title(self) -> str:
        return f"{self.scale}: factor scores by {self.method} for {self.n:,} persons"

    def __str__(self) -> str:
        """Return weights and determinacy as text, rounded."""
        weights = to_text(self.weights, title=self._title())
        return f"{weights}\n\n{to_text(self.determinacy, notes=self.notes)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        weights = to_html(self.weights, title=self._title())
        return f"{weights}\n{to_html(self.determinacy, notes=self.notes)}"


def factor_scores(
    solution: FactorSolution,
    data: Any,
    scale: Scale | None = None,
    *,
    method: Literal["regression", "bartlett"] = "regression",
    missing_codes: Sequence[float] = (),
) -> FactorScores:
    """Where does each person stand on the factors, and how sure is that?

    Parameters
    ----------
    solution : FactorSolution
        What :func:`efa` found.
    data : frame or Responses
        One row a person: those that the factors were found with, or others.
    scale : Scale
        The scale, with the items of the solution. Not given where `data` is a Responses.
    method : {"regression", "bartlett"}
        "regression" scores come nearest to the factor, but are drawn towards the mean; "bartlett"
        scores are not, and spread more.
    missing_codes : sequence of numbers
        Answers that mean no answer.

    Returns
    -------
    FactorScores
        Scores in the order of the data, weights and determinacy.

    Raises
    ------
    DataError
        Where items differ from those of the solution, an item is constant, or the weights cannot
        be computed: correlations without inverse, a uniqueness of zero.
    OptionError
        Where an option is not usable.

    Notes
    -----
    Answers are standardised with the means and standard deviations of the persons whom factors
    were found with, so that other persons and later waves are on the same footing; where the
    solution is of a given matrix, with their own. Weights, with correlations R, pattern Λ, factor
    correlations Φ and uniquenesses Ψ:

    - regression [1]_: R⁻¹ Λ Φ;
    - Bartlett [2]_: Ψ⁻¹ Λ (Λ'Ψ⁻¹Λ)⁻¹.

    Determinacy is sqrt(diag(Φ Λ' R⁻¹ Λ Φ)) [3]_. Below about 0.9 scores of one person from
    equally good weights may differ much; then use them to describe groups, not persons.

    R gives the same with ``factanal(x, factors, scores = "regression")`` or ``"Bartlett"``, and
    ``psych::factor.scores(x, f, Phi, method = "Thurstone")``.

    References
    ----------
    .. [1] Thurstone, L. L. (1935). *The vectors of mind*. University of Chicago Press.
    .. [2] Bartlett, M. S. (1937). The statistical conception of mental factors. *British Journal
       of Psychology*, 28, 97-104.
    .. [3] Grice, J. W. (2001). Computing and evaluating factor scores. *Psychological Methods*,
       6, 430-450.

    Examples
    --------
    >>> import compassion_psy as cp
    >>> survey = cp.simulate_survey(persons=400, items=6, seed=1)
    >>> solution = cp.efa(survey.frame, survey.scale, n_factors=1)
    >>> found = cp.factor_scores(solution, survey.frame, survey.scale)
    >>> found.scores.shape
    (400, 1)
    >>> found.n + found.n_missing
    400
    """
    one_of("method", method, ("regression", "bartlett"))
    if not isinstance(solution, FactorSolution):
        raise OptionError(
            f"solution is a {type(solution).__name__}, but it must be what efa returns."
        )
    if method == "bartlett" and solution.method == "components":
        raise OptionError(
            "method is 'bartlett', but components have no uniquenesses; use 'regression'."
        )
    responses = _responses(data, scale, code_list(missing_codes))
    items = tuple(solution.loadings["item"])
    _check_items(items, responses.scale, solution)
    factors = solution.loadings.columns[1:]
    weights = _weights(solution, method)
    complete = np.asarray(~responses.is_missing().any(axis=0))
    n = int(complete.sum())
    if solution.standardisation is None:
        means, deviations = _own_standards(responses, complete)
    else:
        means = solution.standardisation["mean"].to_numpy()
        deviations = solution.standardisation["sd"].to_numpy()
    scores = np.zeros((len(factors), responses.rows))
    # Item by item, in a fixed order: the same bits on every machine.
    for item in range(len(items)):
        standardised = (_answers(responses, item) - means[item]) / deviations[item]
        for factor, total in enumerate(scores):
            total += weights[item, factor] * standardised
    scores[:, ~complete] = np.nan
    columns = [
        pl.Series(name, row, nan_to_null=True) for name, row in zip(factors, scores, strict=True)
    ]
    return FactorScores(
        scores=pl.DataFrame(columns),
        weights=pl.DataFrame(weights, schema=factors).insert_column(
            0, pl.Series("item", items, dtype=pl.String)
        ),
        determinacy=_determinacy(solution, weights),
        method=method,
        scale=solution.scale,
        n=n,
        n_missing=responses.rows - n,
        notes=tuple(_notes(solution, responses.rows - n)),
    )


def _responses(data: Any, scale: Scale | None, missing_codes: Sequence[float]) -> Responses:
    if not isinstance(data, Responses):
        if scale is None:
            raise OptionError("scale is missing; give the Scale of the answers.")
        return Responses.from_frame(data, scale, missing_codes=missing_codes)
    data.refuse_options(scale, missing_codes=missing_codes)
    if data.groups.width or data.cluster or data.strata:
        raise OptionError(
            "The Responses are in groups, strata or clusters, which put rows in another order; "
            "give the frame and the scale."
        )
    return data


def _check_items(items: tuple[str, ...], scale: Scale, solution: FactorSolution) -> None:
    if tuple(scale.items) == items:
        return
    # A matrix that came without names has items of its own: item1, item2, ...
    unnamed = tuple(f"item{j + 1}" for j in range(scale.n_items))
    if solution.correlation_kind == "given" and items == unnamed:
        return
    raise DataError(
        f"The solution is of the items {_listed(items)}, but scale {scale.name!r} has "
        f"{_listed(tuple(scale.items))}; give the scale that the factors were found with."
    )


def _listed(items: tuple[str, ...]) -> str:
    shown = ", ".join(map(repr, items[:4]))
    return shown if len(items) <= 4 else f"{shown}, ... ({len(items)})"


def _answers(responses: Responses, item: int) -> Floats:
    """Return keyed answers to an item; what stands for a missing one is not told apart."""
    origins = responses.origins
    origin = responses.scale.minimum if origins is None else origins[0, item]
    return np.asarray(responses.answers[item].astype(np.float64) + origin)


def _own_standards(responses: Responses, complete: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    scale = responses.scale
    n = int(complete.sum())
    if n < 2:
        raise DataError(
            f"Scale {scale.name!r}: {n} persons answered every item, but to standardise answers "
            "takes at least 2; add persons, or fit factors to a frame."
        )
    means, deviations = np.empty(scale.n_items), np.empty(scale.n_items)
    for item, name in enumerate(scale.items):
        answers = _answers(responses, item)[complete]
        means[item], deviations[item] = answers.mean(), answers.std(ddof=1)
        if not deviations[item]:
            raise DataError(
                f"Item {name!r} of scale {scale.name!r} has the same answer from everybody, so it "
                "cannot be standardised; fit factors to a frame."
            )
    return means, deviations


def _weights(solution: FactorSolution, method: str) -> Floats:
    pattern = solution.loadings.drop("item").to_numpy()
    if method == "regression":
        inverse = _inverse(solution.correlation)
        if inverse is None:
            raise DataError(
                f"Scale {solution.scale!r}: the correlation matrix has no inverse, which "
                "regression scores need; use method='bartlett', or fit with smooth=True."
            )
        return np.asarray(inverse @ pattern @ solution.phi)
    unique = solution.uniquenesses["uniqueness"].to_numpy()
    if unique.min() <= 0:
        item = solution.uniquenesses["item"][int(unique.argmin())]
        raise DataError(
            f"Item {item!r} has the uniqueness {unique.min():.3g}, but Bartlett's scores divide "
            "by it; use method='regression', or extract with 'minres', which keeps it above 0."
        )
    scaled = pattern / unique[:, None]
    return np.asarray(scaled @ np.linalg.inv(pattern.T @ scaled))


def _inverse(matrix: Floats) -> Floats | None:
    if np.linalg.eigvalsh(matrix)[0] < _LEAST_EIGENVALUE:
        return None
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def _determinacy(solution: FactorSolution, weights: Floats) -> pl.DataFrame:
    factors = solution.loadings.columns[1:]
    structure = solution.loadings.drop("item").to_numpy() @ solution.phi
    inverse = _inverse(solution.correlation)
    square = np.full(len(factors), np.nan)
    if inverse is not None:
        square = np.einsum("if,ij,jf->f", structure, inverse, structure)
    spread = np.einsum("if,ij,jf->f", weights, solution.correlation, weights)
    validity = np.full(len(factors), np.nan)
    np.divide(
        (weights * structure).sum(axis=0), np.sqrt(np.abs(spread)), out=validity, where=spread > 0
    )
    return pl.DataFrame(
        [
            pl.Series("factor", factors),
            pl.Series("determinacy", np.sqrt(square), nan_to_null=True),
            pl.Series("least_correlation", 2 * square - 1, nan_to_null=True),
            pl.Series("validity", validity, nan_to_null=True),
        ]
    )


def _notes(solution: FactorSolution, n_missing: int) -> list[str]:
    notes = []
    if n_missing:
        notes.append(f"{n_missing:,} persons with missing answers have no scores.")
    if solution.standardisation is None:
        notes.append("Answers are standardised with the means of these persons.")
    if solution.correlation_kind == "polychoric":
        notes.append(
            "Weights are of polychoric correlations, for responses behind the answers; here they "
            "are put to the answers, so that determinacy is too high."
        )
    if solution.status != "ok":
        notes.append(f"The solution's status is {solution.status!r}.")
    return notes
