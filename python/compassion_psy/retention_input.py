"""What the number of factors is asked of: correlations, and the answers they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from compassion_psy.data.responses import Responses
from compassion_psy.errors import DataError, OptionError
from compassion_psy.factors_input import correlations, refuse_singular
from compassion_psy.moments import Moments
from compassion_psy.polychoric import polychoric
from compassion_psy.scales import Scale


@dataclass(frozen=True, eq=False)
class Taken:
    """Correlations of items with the answers, where there are some.

    Attributes
    ----------
    name : str
        Of the scale.
    items : tuple of str
        Names of the items.
    matrix : numpy.ndarray, shape (items, items)
        The correlations.
    correlation : {"pearson", "polychoric"}
        Which they are.
    n : int or None
        Persons they are of; None where that is not known.
    n_excluded : int
        Persons left out because of missing answers.
    missing : str or None
        How missing answers were treated.
    responses : Responses or None
        The answers that were used; None where there are only correlations.
    """

    name: str
    items: tuple[str, ...]
    matrix: npt.NDArray[np.float64]
    correlation: str
    n: int | None
    n_excluded: int
    missing: str | None
    responses: Responses | None


def taken_from(
    data: Any,
    scale: Scale | None,
    *,
    correlation: str,
    n: int | None,
    missing: str,
    missing_codes: Sequence[float],
    method: str,
    threads: int | None,
) -> Taken:
    """Return what is in the data, or raise an error that says what is wrong with them."""
    has_rows = not isinstance(data, np.ndarray | Moments)
    if has_rows:
        data, scale, missing_codes = _responses(data, scale, missing_codes), None, ()
    elif correlation == "polychoric":
        raise OptionError(
            "correlation is 'polychoric', but data hold no answers; give a frame, or "
            "correlation='pearson' for a matrix of polychoric correlations."
        )
    # Also of answers whose polychoric correlations are asked for: constant items are named.
    found = correlations(
        data, scale, n=n, missing=missing, missing_codes=missing_codes, threads=threads
    )
    if correlation == "pearson" and method == "ml":
        refuse_singular(found)
    matrix = found.matrix
    if correlation == "polychoric":
        matrix = _polychoric(data, missing, threads)
    return Taken(
        name=found.name,
        items=found.items,
        matrix=matrix,
        correlation=correlation,
        n=found.n,
        n_excluded=found.n_excluded,
        missing=found.missing,
        responses=data.usable(missing)[0] if has_rows else None,
    )


def _responses(data: Any, scale: Scale | None, missing_codes: Sequence[float]) -> Responses:
    if isinstance(data, Responses):
        data.refuse_options(scale, missing_codes=missing_codes)
        responses = data
    elif isinstance(scale, Scale):
        responses = Responses.from_frame(data, scale, missing_codes=missing_codes)
    else:
        raise OptionError(f"scale is {scale!r}, but it must be a Scale.")
    if responses.weights is not None:
        raise OptionError(
            "The Responses have survey weights, but random data have none; make them without "
            "weights."
        )
    return responses


def _polychoric(responses: Responses, missing: str, threads: int | None) -> npt.NDArray[np.float64]:
    found = polychoric(responses, missing=missing, threads=threads)  # type: ignore[arg-type]
    without = found.pairs.filter(found.pairs["rho"].is_null())
    if without.height:
        first, second, status = without.select("item_1", "item_2", "status").row(0)
        raise DataError(
            f"Items {first!r} and {second!r} of scale {found.scale!r} have no polychoric "
            f"correlation ({status}), as {without.height:,} of {found.pairs.height:,} pairs; leave "
            "one out, or use correlation='pearson'."
        )
    return np.ascontiguousarray(found.matrix(found.groups.row(0) if found.groups.width else None))
