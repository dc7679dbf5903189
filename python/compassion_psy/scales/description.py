"""A scale in words: what it asks for, how it is scored, and how surely that is known."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from compassion_psy.scales.facts import MEANING_OF_CONFIDENCE, FactSheet
from compassion_psy.scales.scale import Scale

_WIDTH = 100
_LABEL = 14


def describe(scale: Scale) -> str:
    """Return what a reader should know of a scale, confidence shown wherever it matters."""
    sheet = scale.sheet
    title = f"{sheet.name} ({sheet.abbreviation})" if sheet else scale.name
    lines = [title, "─" * min(len(title), _WIDTH)]
    for label, text in _facts(scale):
        lines += textwrap.wrap(
            text, _WIDTH, initial_indent=label.ljust(_LABEL), subsequent_indent=" " * _LABEL
        )
    return "\n".join(lines)


def _facts(scale: Scale) -> Iterator[tuple[str, str]]:
    sheet = scale.sheet
    if sheet:
        yield "id", sheet.id
        yield "construct", f"{sheet.construct} (rated by: {sheet.rater}; {sheet.direction})"
    yield "items", f"{scale.n_items}: {_listed(scale.items)}"
    yield "answers", _answers(scale)
    turned = [number for item, number in _numbered(scale) if item in scale.reversed]
    yield "reversed", _listed(turned) if turned else "none"
    yield "total", _total(scale)
    for part in scale.subscales:
        number = dict(_numbered(scale))
        own = f"; turned: {_listed([number[i] for i in part.reversed])}" if part.reversed else ""
        items = _listed([number[item] for item in part.items])
        yield "subscale", f"{part.key}: {part.rule} of {items}{own}"
    for composite in scale.composites:
        yield "composite", f"{composite.key}: sum of {_listed(composite.subscales)}"
    yield "missing", _missing(scale)
    if sheet:
        yield from _known(sheet)


def _numbered(scale: Scale) -> list[tuple[str, int]]:
    return list(zip(scale.items, scale.numbers, strict=True))


def _listed(parts: Sequence[object]) -> str:
    texts = [str(part) for part in parts]
    if len(texts) > 8 and all(isinstance(part, str) for part in parts):
        return f"{', '.join(texts[:3])}, ..., {texts[-1]}"
    return ", ".join(texts)


def _answers(scale: Scale) -> str:
    text = f"{scale.minimum:g} to {scale.maximum:g}"
    if scale.values:
        text = _listed([f"{value:g}" for value in scale.values])
    note = scale.sheet.response_note if scale.sheet else ""
    return f"{text} ({note})" if note else text


def _total(scale: Scale) -> str:
    if scale.total is None:
        return "none is defined; use the subscales"
    rule = {
        "sum": "sum of the items",
        "mean": "mean of the items",
        "mean_of_subscale_means": "mean of the subscale means",
        "sum_of_subscale_means": "sum of the subscale means",
    }[scale.total.rule]
    times = "" if scale.total.multiplier == 1 else f", times {scale.total.multiplier:g}"
    level = scale.sheet.confidence_detail.get("total_rule") if scale.sheet else None
    return f"{rule}{times}{_sure(level)}"


def _missing(scale: Scale) -> str:
    if scale.missing is None:
        return "no rule published: every item must be answered, or state a rule"
    rule = scale.missing
    least = f"at least {rule.minimum_answered} answered" if rule.minimum_answered else "by subscale"
    fill = ", missing answers count as the person's mean" if rule.fill == "person_mean" else ""
    return f"{least}{fill}{_sure(rule.confidence)}"


def _known(sheet: FactSheet) -> Iterator[tuple[str, str]]:
    for alpha in sheet.published_alpha:
        size = f", n = {alpha.n:,}" if alpha.n else ""
        sample = f", {alpha.sample}" if alpha.sample else ""
        yield "alpha", f"{alpha.scale}: {alpha.alpha:g}{size}{sample}{_sure(alpha.confidence)}"
    yield "key is", f"{sheet.confidence}: {MEANING_OF_CONFIDENCE[sheet.confidence]}"
    if sheet.confidence_note:
        yield "", sheet.confidence_note
    if sheet.numbering_note:
        yield "numbering", sheet.numbering_note
    for text in sheet.disagreements:
        yield "sources say", text
    if sheet.licence:
        yield (
            "licence",
            (f"{sheet.licence.class_}: {sheet.licence.note}{_sure(sheet.licence.confidence)}"),
        )
    if sheet.citation:
        doi = f" doi:{sheet.citation.doi}" if sheet.citation.doi else ""
        yield "citation", f"{sheet.citation.text}{doi}{_sure(sheet.citation.doi_confidence)}"


def _sure(level: str | None) -> str:
    """Return how surely something is known, in brackets; nothing where two sources agree."""
    if level in (None, "verified", "none"):
        return ""
    return f" [{MEANING_OF_CONFIDENCE[level]}]"
