"""The registry of published scales: fact sheets that come with the package, read when asked for."""

from __future__ import annotations

import builtins
import functools
import tomllib
from importlib import resources
from importlib.resources.abc import Traversable

import polars as pl

from compassion_psy.errors import ScaleError, nearest
from compassion_psy.scales.facts import FactSheet
from compassion_psy.scales.files import fact_sheet, scale_of_sheet
from compassion_psy.scales.numbering import Columns
from compassion_psy.scales.scale import Scale


def get(scale_id: str, columns: Columns | None = None) -> Scale:
    """Return a published scale.

    Parameters
    ----------
    scale_id : str
        Its id, such as "scs-sf"; see :func:`list`.
    columns : str, sequence or mapping, optional
        The columns of its items; see :meth:`Scale.with_columns`. ``<id>_1, <id>_2, ...`` in snake
        case when not given.

    Returns
    -------
    Scale
        With subscales, total and missing rule, conversion, and in its ``sheet`` citation, licence
        and published alphas, each with how surely it is known. Print it to read it.

    Raises
    ------
    ScaleError
        When there is no such scale; near ids are suggested.

    Examples
    --------
    >>> from compassion_psy import scales
    >>> scale = scales.get("who-5", columns="w{}")
    >>> scale.items, scale.total.multiplier
    (('w1', 'w2', 'w3', 'w4', 'w5'), 4)
    """
    ids = _ids()
    known = scale_id.lower().replace("_", "-") if isinstance(scale_id, str) else scale_id
    if known not in ids:
        raise ScaleError(f"There is no published scale {scale_id!r}. {nearest(scale_id, ids)}")
    scale = scale_of_sheet(_sheet(known))
    return scale if columns is None else scale.with_columns(columns)


def list() -> pl.DataFrame:
    """Return the published scales, one row each, to be filtered.

    Returns
    -------
    polars.DataFrame
        ``id``, ``name``, ``abbreviation``, ``construct``, ``rater``, ``items`` (that count),
        ``reversed`` (how many), ``minimum``, ``maximum``, ``total`` (its rule, null where there is
        none), ``subscales`` (their keys), ``alpha`` (published, of the total),
        ``alpha_confidence``, ``confidence`` (of items, reversed items and range), ``licence``,
        ``licence_confidence``, ``citation``.

    Examples
    --------
    >>> from compassion_psy import scales
    >>> import polars as pl
    >>> found = scales.list().filter(pl.col("construct").str.contains("empathy"))
    >>> "iri" in found["id"]
    True
    """
    return pl.DataFrame([_row(_sheet(each)) for each in _ids()], infer_schema_length=None)


def _row(sheet: FactSheet) -> dict[str, object]:
    alpha = next((a for a in sheet.published_alpha if a.scale == "total"), None)
    return {
        "id": sheet.id,
        "name": sheet.name,
        "abbreviation": sheet.abbreviation,
        "construct": sheet.construct,
        "rater": sheet.rater,
        "items": len(sheet.scored),
        "reversed": len(sheet.reversed),
        "minimum": sheet.response_min,
        "maximum": sheet.response_max,
        "total": sheet.total.rule if sheet.total.defined else None,
        "subscales": [subscale.key for subscale in sheet.subscales],
        "alpha": alpha and alpha.alpha,
        "alpha_confidence": alpha and alpha.confidence,
        "confidence": sheet.confidence,
        "licence": sheet.licence and sheet.licence.class_,
        "licence_confidence": sheet.licence and sheet.licence.confidence,
        "citation": sheet.citation and sheet.citation.text,
    }


def _folder() -> Traversable:
    return resources.files("compassion_psy.scales") / "published"


@functools.cache
def _ids() -> builtins.list[str]:
    names = (entry.name for entry in _folder().iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


@functools.cache
def _sheet(scale_id: str) -> FactSheet:
    text = (_folder() / f"{scale_id}.toml").read_text(encoding="utf-8")
    return fact_sheet(tomllib.loads(text), f"{scale_id}.toml")
