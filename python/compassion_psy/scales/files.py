"""Scales from TOML files, and scales from fact sheets."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from compassion_psy.errors import ScaleError, nearest
from compassion_psy.records import load_toml, record
from compassion_psy.scales.checks import refuse_repeats
from compassion_psy.scales.facts import ConversionFacts, FactSheet, MissingFacts, SubscaleFacts
from compassion_psy.scales.rules import (
    Composite,
    Conversion,
    MissingRule,
    Subscale,
    Total,
    TotalRuleName,
)
from compassion_psy.scales.scale import Scale, snake_case
from compassion_psy.scales.sheet_rules import SCHEMA_VERSION, key_violations

_KEYS = ("name", "items", "minimum", "maximum", "reversed", "continuous")
_REQUIRED = _KEYS[:4]


def read_scales(path: str | PathLike[str]) -> tuple[Scale, ...]:
    """Return the scales described in a TOML file; see :meth:`Scale.read`."""
    path = Path(path)
    document = load_toml(path, ScaleError)
    if "schema_version" in document:
        return (scale_of_sheet(fact_sheet(document, f"{path}")),)
    if "scales" not in document:
        return (_scale(document, f"{path}"),)
    _refuse_unknown(document, ("scales",), f"{path}")
    tables = document["scales"]
    if not isinstance(tables, list) or not tables:
        raise ScaleError(f"{path}: key 'scales' must hold tables; begin each with [[scales]].")
    scales = tuple(
        _scale(table, f"{path}, [[scales]] number {number}")
        for number, table in enumerate(tables, start=1)
    )
    refuse_repeats([scale.name for scale in scales], f"{path}: scale name")
    return scales


def _scale(table: object, place: str) -> Scale:
    if not isinstance(table, Mapping):
        raise ScaleError(f"{place}: a scale must be a table with the keys {', '.join(_KEYS)}.")
    _refuse_unknown(table, _KEYS, place)
    absent = [key for key in _REQUIRED if key not in table]
    if absent:
        raise ScaleError(
            f"{place}: key {absent[0]!r} is missing; add it. (A fact sheet of numbered items "
            f"begins with schema_version = {SCHEMA_VERSION}.)"
        )
    try:
        return Scale(**table)
    except ScaleError as error:
        raise ScaleError(f"{place}: {error}") from None


def _refuse_unknown(table: Mapping[str, object], known: tuple[str, ...], place: str) -> None:
    for key in table:
        if key not in known:
            raise ScaleError(f"{place}: key {key!r} is unknown. {nearest(key, known)}")


def fact_sheet(document: Mapping[str, object], place: str) -> FactSheet:
    """Return a TOML document as a fact sheet whose key does not contradict itself.

    Raises
    ------
    ScaleError
        Naming place, field and rule.
    """
    sheet = record(FactSheet, document, place, ScaleError)
    violations = list(key_violations(sheet))
    if violations:
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        raise ScaleError(f"{place}: {violations[0]}{more}.")
    return sheet


def scale_of_sheet(sheet: FactSheet) -> Scale:
    """Return the scale of a fact sheet, its columns named ``<id>_1, <id>_2, ...``."""
    stem = snake_case(sheet.id)
    column = {number: f"{stem}_{number}" for number in range(1, sheet.n_items + 1)}

    def names(numbers: tuple[int, ...]) -> tuple[str, ...]:
        return tuple(column[number] for number in numbers)

    def subscale(facts: SubscaleFacts) -> Subscale:
        return Subscale(
            key=facts.key,
            items=names(facts.items),
            reversed=names(facts.reversed),
            rule=facts.rule,
            minimum_answered=sheet.missing.min_answered_by_subscale.get(facts.key),
            name=facts.name,
        )

    return Scale(
        sheet.id,
        items=names(sheet.scored),
        minimum=sheet.response_min,
        maximum=sheet.response_max,
        reversed=names(sheet.reversed),
        values=sheet.response_values,
        total=_total(sheet),
        subscales=tuple(subscale(facts) for facts in sheet.subscales),
        composites=tuple(
            Composite(key=facts.key, subscales=facts.subscales, name=facts.name)
            for facts in sheet.composites
        ),
        missing=_missing(sheet.missing),
        conversion=_conversion(sheet.conversion),
        numbers=sheet.scored,
        sheet=sheet,
    )


def _total(sheet: FactSheet) -> Total | None:
    if not sheet.total.defined:
        return None
    names: dict[str, TotalRuleName] = {
        "sum": "sum",
        "mean": "mean",
        "mean_of_items": "mean",
        "mean_of_subscale_means": "mean_of_subscale_means",
        "sum_of_subscale_means": "sum_of_subscale_means",
    }
    return Total(names[sheet.total.rule], sheet.total.multiplier)


def _conversion(facts: ConversionFacts | None) -> Conversion | None:
    if facts is None:
        return None
    return Conversion(name=facts.name, raw=facts.raw, metric=facts.metric)


def _missing(facts: MissingFacts) -> MissingRule | None:
    if not facts.published:
        return None
    return MissingRule(
        minimum_answered=facts.min_answered_total, fill=facts.fill, confidence=facts.confidence
    )
