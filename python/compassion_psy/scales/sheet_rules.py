"""What a fact sheet must obey: a key that contradicts itself scores people wrongly."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from compassion_psy.scales.facts import FactSheet, SubscaleFacts

SCHEMA_VERSION = 1
_MOST_ITEMS = 1000
_LEVELS = {"memory": 0, "single": 1, "verified": 2}
_DETAIL = ("items", "reversed", "response_range", "total_rule", "missing_rule")


def key_violations(sheet: FactSheet) -> Iterator[str]:
    """Yield what is wrong with the key: items, reversals, ranges and rules.

    Each sentence begins with the field.
    """
    yield from _identity(sheet)
    if sheet.n_items > _MOST_ITEMS:
        return  # the other rules go through all items
    yield from _items(sheet)
    yield from _subscales(sheet)
    yield from _composites(sheet)
    yield from _total(sheet)
    yield from _conversion(sheet)
    yield from _missing(sheet)
    yield from _alphas(sheet)


def provenance_violations(sheet: FactSheet) -> Iterator[str]:
    """Yield where the confidence claimed is not backed by the sources listed."""
    if not sheet.sources:
        yield "sources: there is none"
    if sheet.citation is None or sheet.licence is None:
        yield "citation or licence: missing"
    elif bool(sheet.citation.doi) == (sheet.citation.doi_confidence == "none"):
        yield "citation: a doi needs a doi_confidence, no doi needs 'none'"
    detail = sheet.confidence_detail
    for name in _DETAIL:
        if name not in detail:
            yield f"confidence_detail: {name} is missing"
    for name, level in detail.items():
        if level == "disputed":
            if not sheet.disagreements:
                yield f"confidence_detail: {name} is disputed, but disagreements tells of none"
        elif level not in _LEVELS:
            yield f"confidence_detail: {name} is {level!r}"
        elif (backing := _backing(sheet, name)) < _LEVELS[level]:
            yield f"confidence_detail: {name} is {level!r}, but {backing} source(s) support it"
    key = [_LEVELS[detail[name]] for name in _DETAIL[:3] if detail.get(name) in _LEVELS]
    if key and _LEVELS[sheet.confidence] != min(key):
        yield "confidence: not the weakest of items, reversed and response_range"
    if sheet.confidence == "memory" and not sheet.confidence_note:
        yield "confidence_note: missing, though the confidence is 'memory'"


def _backing(sheet: FactSheet, name: str) -> int:
    names = {"missing"} if name == "missing_rule" else {name}
    if name == "reversed" and not sheet.reversed:
        # Who scores without reversing says that nothing is reversed.
        names |= {"total_rule", "subscale_rule"}
    if name == "total_rule" and not sheet.total.defined:
        names |= {"subscale_rule"}
    return sum(bool(names & set(source.supports)) for source in sheet.sources)


def _identity(sheet: FactSheet) -> Iterator[str]:
    if sheet.schema_version != SCHEMA_VERSION:
        yield f"schema_version: is {sheet.schema_version}, but must be {SCHEMA_VERSION}"
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", sheet.id):
        yield f"id: {sheet.id!r} must be of small letters, digits and single hyphens"
    if sheet.n_items < 1:
        yield f"n_items: is {sheet.n_items}, but must be at least 1"
    if sheet.n_items > _MOST_ITEMS:
        yield f"n_items: is {sheet.n_items}, but must be at most {_MOST_ITEMS}"
    low, high = sheet.response_min, sheet.response_max
    if low >= high:
        yield f"response_min, response_max: {low} is not below {high}"
    values = sheet.response_values
    if values is not None and (
        list(values) != sorted(set(values)) or not values or (values[0], values[-1]) != (low, high)
    ):
        yield f"response_values: must rise from {low} to {high}"


def _items(sheet: FactSheet) -> Iterator[str]:
    yield from _numbers(sheet, "reversed", sheet.reversed)
    yield from _numbers(sheet, "unscored", sheet.unscored)
    both = sorted(set(sheet.reversed) & set(sheet.unscored))
    if both:
        yield f"reversed: holds unscored items {both}"


def _numbers(sheet: FactSheet, field: str, items: Sequence[int]) -> Iterator[str]:
    if len(set(items)) < len(items):
        yield f"{field}: an item is given twice"
    outside = [item for item in items if not 1 <= item <= sheet.n_items]
    if outside:
        yield f"{field}: {outside} are outside 1 to {sheet.n_items}, the numbers of the items"


def _subscales(sheet: FactSheet) -> Iterator[str]:
    seen: set[str] = set()
    covered: set[int] = set()
    for subscale in sheet.subscales:
        place = f"subscale {subscale.key!r}"
        if subscale.key in seen or not re.fullmatch(r"[a-z][a-z0-9_]*", subscale.key):
            yield f"{place}: its key must be in snake case, and its own"
        seen.add(subscale.key)
        yield from _numbers(sheet, f"{place}, items", subscale.items)
        yield from _numbers(sheet, f"{place}, reversed", subscale.reversed)
        items = set(subscale.items)
        if not items:
            yield f"{place}, items: there is none"
        if items & set(sheet.unscored):
            yield f"{place}, items: holds unscored items {sorted(items & set(sheet.unscored))}"
        if items & covered and not sheet.subscales_overlap:
            yield f"{place}, items: shares {sorted(items & covered)} with another subscale"
        if not set(subscale.reversed) <= items & set(sheet.reversed):
            yield f"{place}, reversed: must be among its items and the scale's reversed items"
        yield from _range(place, subscale, _span(subscale.rule, len(items), sheet))
        covered |= items
    if sheet.subscales and covered != set(sheet.scored):
        yield f"subscales: leave out items {sorted(set(sheet.scored) - covered)}"


def _span(rule: str, items: int, sheet: FactSheet) -> tuple[float, float]:
    low, high = sheet.response_min, sheet.response_max
    return (items * low, items * high) if rule == "sum" else (low, high)


def _range(place: str, score: SubscaleFacts, span: tuple[float, float]) -> Iterator[str]:
    if not _same((score.min, score.max), span):
        yield f"{place}, min, max: {score.min:g} to {score.max:g}, but its rule gives {_text(span)}"


def _same(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return all(math.isclose(x, y, abs_tol=1e-9) for x, y in zip(a, b, strict=True))


def _text(span: tuple[float, float]) -> str:
    return f"{span[0]:g} to {span[1]:g}"


def _composites(sheet: FactSheet) -> Iterator[str]:
    ranges = {subscale.key: (subscale.min, subscale.max) for subscale in sheet.subscales}
    for composite in sheet.composites:
        place = f"composite {composite.key!r}"
        if composite.key in ranges:
            yield f"{place}: a subscale has its key"
        unknown = [key for key in composite.subscales if key not in ranges]
        if unknown:
            yield f"{place}, subscales: there is no subscale {unknown[0]!r}"
            continue
        parts = [ranges[key] for key in composite.subscales]
        span = (sum(low for low, _ in parts), sum(high for _, high in parts))
        if not _same((composite.min, composite.max), span):
            yield f"{place}, min, max: the sum of its subscales runs {_text(span)}"


def _total(sheet: FactSheet) -> Iterator[str]:
    total = sheet.total
    if not total.defined:
        if total.rule != "none" or not sheet.subscales:
            yield "total: without a total, the rule is 'none' and there are subscales"
        turned = {item for subscale in sheet.subscales for item in subscale.reversed}
        if turned != set(sheet.reversed):
            yield "reversed: without a total, these are the reversed items of the subscales"
        return
    if total.rule == "none":
        yield "total, rule: is 'none', but the total is defined"
        return
    low, high = _span(total.rule, len(sheet.scored), sheet)
    if total.rule == "sum_of_subscale_means":
        low, high = low * len(sheet.subscales), high * len(sheet.subscales)
    if total.rule.endswith("subscale_means") and not sheet.subscales:
        yield f"total, rule: {total.rule} needs subscales"
    raw = (total.raw_min, total.raw_max)
    if raw != (None, None) and raw != (low, high):
        yield f"total, raw_min, raw_max: its rule gives {_text((low, high))}"
    span = (low * total.multiplier, high * total.multiplier)
    if total.min is None or total.max is None or not _same((total.min, total.max), span):
        yield f"total, min, max: its rule gives {_text(span)}"


def _conversion(sheet: FactSheet) -> Iterator[str]:
    conversion, total = sheet.conversion, sheet.total
    if conversion is None:
        return
    if len(conversion.raw) != len(conversion.metric):
        yield "conversion: raw and metric are not of one length"
    if total.min is None or total.max is None:
        yield "conversion: there is no total to convert"
    elif conversion.raw != tuple(range(int(total.min), int(total.min) + len(conversion.raw))) or (
        len(conversion.raw) != int(total.max) - int(total.min) + 1
    ):
        yield "conversion, raw: must be every total from the lowest to the highest"
    if any(x >= y for x, y in zip(conversion.metric, conversion.metric[1:], strict=False)):
        yield "conversion, metric: must rise"


def _missing(sheet: FactSheet) -> Iterator[str]:
    missing = sheet.missing
    least = missing.min_answered_total
    if least is not None and not 1 <= least <= len(sheet.scored):
        yield f"missing, min_answered_total: {least} is not 1 to {len(sheet.scored)}"
    sizes = {subscale.key: len(subscale.items) for subscale in sheet.subscales}
    for key, least in missing.min_answered_by_subscale.items():
        if not 1 <= least <= sizes.get(key, 0):
            yield f"missing, min_answered_by_subscale: {key} = {least} is not possible"
    if missing.published and least is None and not missing.min_answered_by_subscale:
        yield "missing: published, but no limit is given"


def _alphas(sheet: FactSheet) -> Iterator[str]:
    keys = {"total", *(s.key for s in sheet.subscales), *(c.key for c in sheet.composites)}
    for alpha in sheet.published_alpha:
        if alpha.scale not in keys:
            yield f"published_alpha: there is no score {alpha.scale!r}"
        if not 0 < alpha.alpha < 1 or (alpha.n or 1) < 1 or not alpha.source:
            yield f"published_alpha of {alpha.scale!r}: alpha is 0 to 1, n 1 or more, with a source"
