"""The fact sheet of a scale: what is known of it, and how surely, by item number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Confidence = Literal["verified", "single", "memory"]
"""Two independent sources agree; one source; recalled, no source was read."""

MEANING_OF_CONFIDENCE = {
    "verified": "two independent sources agree",
    "single": "one source",
    "memory": "recalled, no source was read: check it before relying on it",
    "disputed": "sources disagree",
}

LicenceClass = Literal[
    "free",
    "free-conditions",
    "free-noncommercial",
    "register",
    "permission",
    "licence",
    "proprietary",
    "open-access",
]
"""Who may use the questionnaire: credit and no change; not for profit; after registration; ask the
owner; agreement needed; for a fee; printed under an open licence."""

SourceKind = Literal["paper", "scoring-sheet", "scoring-code", "measure-catalogue"]

Rule = Literal["sum", "mean", "mean_of_items", "mean_of_subscale_means", "sum_of_subscale_means"]


@dataclass(frozen=True, kw_only=True)
class TotalFacts:
    """How the answers make a total; `min` and `max` are after the multiplier."""

    defined: bool
    rule: Literal[Rule, "none"] = "none"
    multiplier: float = 1
    min: float | None = None
    max: float | None = None
    raw_min: float | None = None
    raw_max: float | None = None
    alternatives: tuple[Rule, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class SubscaleFacts:
    """Items of a subscale; `reversed` are those turned in its own score."""

    key: str
    name: str
    items: tuple[int, ...]
    reversed: tuple[int, ...]
    rule: Literal["sum", "mean"]
    min: float
    max: float
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class CompositeFacts:
    """A sum of subscales."""

    key: str
    name: str
    subscales: tuple[str, ...]
    rule: Literal["sum"]
    min: float
    max: float


@dataclass(frozen=True, kw_only=True)
class ConversionFacts:
    """A table from a raw total to a metric score."""

    name: str
    raw: tuple[int, ...]
    metric: tuple[float, ...]
    confidence: Confidence = "memory"


@dataclass(frozen=True, kw_only=True)
class MissingFacts:
    """What the authors say of missing answers."""

    published: bool = False
    min_answered_total: int | None = None
    min_answered_by_subscale: Mapping[str, int] = field(default_factory=dict)
    fill: Literal["person_mean", "none"] = "none"
    confidence: Confidence = "memory"
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class LicenceFacts:
    """Who may use the questionnaire; no legal advice."""

    class_: LicenceClass
    note: str = ""
    confidence: Confidence = "memory"


@dataclass(frozen=True, kw_only=True)
class CitationFacts:
    """Where the scale was published."""

    text: str
    doi: str = ""
    doi_confidence: Literal[Confidence, "none"] = "none"
    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PublishedAlpha:
    """An alpha somebody published, of the total or a subscale."""

    scale: str
    alpha: float
    source: str
    confidence: Confidence
    n: int | None = None
    sample: str = ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """What was read, and which fields it supports."""

    name: str
    kind: SourceKind
    supports: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class FactSheet:
    """What is known of a published scale; items are numbered from 1 in the order of the form."""

    schema_version: int
    id: str
    name: str
    n_items: int
    response_min: int
    response_max: int
    reversed: tuple[int, ...]
    total: TotalFacts
    abbreviation: str = ""
    construct: str = ""
    rater: str = ""
    direction: str = ""
    response_values: tuple[int, ...] | None = None
    response_note: str = ""
    unscored: tuple[int, ...] = ()
    numbering_note: str = ""
    subscales_overlap: bool = False
    subscales: tuple[SubscaleFacts, ...] = ()
    composites: tuple[CompositeFacts, ...] = ()
    conversion: ConversionFacts | None = None
    parent: Mapping[str, object] = field(default_factory=dict)
    missing: MissingFacts = field(default_factory=MissingFacts)
    licence: LicenceFacts | None = None
    citation: CitationFacts | None = None
    published_alpha: tuple[PublishedAlpha, ...] = ()
    sources: tuple[Source, ...] = ()
    confidence: Confidence = "memory"
    confidence_note: str = ""
    confidence_detail: Mapping[str, str] = field(default_factory=dict)
    disagreements: tuple[str, ...] = ()
    not_verified: tuple[str, ...] = ()

    @property
    def scored(self) -> tuple[int, ...]:
        """The numbers of the items that count."""
        return tuple(n for n in range(1, self.n_items + 1) if n not in self.unscored)
