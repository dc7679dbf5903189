"""What extractions and rotations are called, here and in other programs."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.errors import OptionError
from compassion_psy.options import one_of

Method = Literal["minres", "ml", "principal_axis", "components"]
Rotation = Literal[
    "oblimin",
    "geomin",
    "promax",
    "bifactor_oblique",
    "target",
    "varimax",
    "quartimax",
    "equamax",
    "geomin_orthogonal",
    "bifactor",
    "target_orthogonal",
]
Floats = npt.NDArray[np.float64]

# Whether each normalises rows as Kaiser did, when that is not said.
_KAISER = {
    "oblimin": False,
    "geomin": False,
    "promax": True,
    "bifactor_oblique": False,
    "target": False,
    "varimax": True,
    "quartimax": False,
    "equamax": False,
    "geomin_orthogonal": False,
    "bifactor": False,
    "target_orthogonal": False,
}
# The same thing by another name: factor_analyzer's, psych's, GPArotation's.
_METHODS_ELSEWHERE = {
    "uls": "minres",
    "mle": "ml",
    "pa": "principal_axis",
    "principal": "components",
}
_ROTATIONS_ELSEWHERE = {
    "quartimin": "oblimin",
    "geomin_obl": "geomin",
    "geominQ": "geomin",
    "geomin_ort": "geomin_orthogonal",
    "geominT": "geomin_orthogonal",
    "bifactorT": "bifactor",
    "bifactorQ": "bifactor_oblique",
    "targetQ": "target",
    "targetT": "target_orthogonal",
}
# What others have and we do not, or what means two things; and what to do.
_OTHER_METHODS = {
    "wls": "use 'minres', or 'ml', which weights residuals too",
    "gls": "use 'ml', which has the same limit in large samples",
    "minrank": "use 'minres'",
    "alpha": "use 'minres'",
    "pca": "principal components are method='components'",
}
_OTHER_ROTATIONS = {
    "oblimax": "its criterion has no bound where factors may correlate; use 'oblimin' or 'geomin'",
    "biquartimin": "it means oblimin with gamma=0.5 in some programs and rotation="
    "'bifactor_oblique' in others; name the one that you mean",
    "simplimax": "use 'geomin', or 'target' with the zeros that you expect",
    "cluster": "use 'target' with the clusters that you expect",
    "none": "no rotation is rotation=None",
}
_GAMMA_MAXIMUM = 1.0


def method_named(method: object) -> str:
    """Return our name of an extraction, or raise OptionError."""
    if isinstance(method, str):
        method = _METHODS_ELSEWHERE.get(method, method)
        _refuse_other("method", method, _OTHER_METHODS)
    one_of("method", method, ("minres", "ml", "principal_axis", "components"))
    return str(method)


def rotation_named(rotation: object) -> str | None:
    """Return our name of a rotation, or raise OptionError."""
    if rotation is None:
        return None
    if isinstance(rotation, str):
        rotation = _ROTATIONS_ELSEWHERE.get(rotation, rotation)
        _refuse_other("rotation", rotation, _OTHER_ROTATIONS)
    one_of("rotation", rotation, tuple(_KAISER))
    return str(rotation)


def _refuse_other(name: str, value: object, known: dict[str, str]) -> None:
    if value in known:
        raise OptionError(f"{name} is {value!r}, which is not offered: {known[str(value)]}.")


def kaiser_of(kaiser: bool | None, rotation: str | None) -> bool | None:
    """Return whether rows are normalised, None where nothing is rotated."""
    if kaiser is not None and not isinstance(kaiser, bool):
        raise OptionError(f"kaiser is {kaiser!r}, but it must be True, False or None.")
    if rotation is None:
        if kaiser:
            raise OptionError("kaiser is True, but rotation is None; name a rotation.")
        return None
    if kaiser and rotation in ("target", "target_orthogonal"):
        raise OptionError(
            "kaiser is True, but a target is of loadings as they are; leave kaiser out."
        )
    return _KAISER[rotation] if kaiser is None else kaiser


def gamma_of(gamma: object, rotation: str | None) -> float:
    """Return oblimin's gamma, checked."""
    if isinstance(gamma, bool) or not isinstance(gamma, Real) or not math.isfinite(float(gamma)):
        raise OptionError(f"gamma is {gamma!r}, but it must be a number.")
    value = float(gamma)
    if value and rotation != "oblimin":
        raise OptionError(
            f"gamma is {value:g}, but rotation is {rotation!r}; gamma is of rotation='oblimin'."
        )
    if value > _GAMMA_MAXIMUM:
        raise OptionError(
            f"gamma is {value:g}, but it must be at most {_GAMMA_MAXIMUM:g}, where factors "
            "coincide already; lower it."
        )
    return value


def target_of(target: Any, rotation: str | None, items: tuple[str, ...], factors: int) -> Any:
    """Return expected loadings as an array with NaN where nothing is expected, or None."""
    wanted = rotation in ("target", "target_orthogonal")
    if target is None:
        if wanted:
            raise OptionError(
                f"rotation is {rotation!r}, but target is missing; give the loadings you expect, "
                "NaN where you expect nothing."
            )
        return None
    if not wanted:
        raise OptionError(
            f"target is given, but rotation is {rotation!r}; use rotation='target' or "
            "'target_orthogonal'."
        )
    values = _target_values(target, items)
    if values.shape != (len(items), factors):
        raise OptionError(
            f"target has the shape {values.shape}, but there are {len(items)} items and {factors} "
            "factors; give a row an item and a column a factor."
        )
    if np.isinf(values).any():
        raise OptionError("target holds an infinite loading; give NaN where you expect nothing.")
    open_factors = np.isnan(values).all(axis=0)
    if open_factors.sum() > (factors > 1):
        raise OptionError(
            f"target expects nothing of {int(open_factors.sum())} factors, which nothing tells "
            "apart; expect some loadings of all factors but one."
        )
    return values


def _target_values(target: Any, items: tuple[str, ...]) -> Floats:
    if isinstance(target, pl.DataFrame):
        if "item" in target.columns:
            if tuple(target["item"]) != items:
                raise OptionError(
                    "The items of target are not those of the data in their order; sort its rows."
                )
            target = target.drop("item")
        if not all(kind.is_numeric() or kind == pl.Null for kind in target.dtypes):
            raise OptionError("target has columns that are no numbers; give expected loadings.")
        target = target.cast(pl.Float64).fill_null(math.nan).to_numpy()
    try:
        values = np.array(target, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise OptionError(f"target is no table of numbers: {error}.") from error
    return np.atleast_2d(values)
