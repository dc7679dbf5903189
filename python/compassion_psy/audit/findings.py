"""What an audit finds: one row a finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

Kind = Literal["key", "range", "careless", "missing", "duplicate"]

FINDING_COLUMNS = ("kind", "item", "finding", "evidence", "probability", "remedy")
"""Columns of the findings, behind the `by` columns."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something odd, with its evidence.

    Attributes
    ----------
    kind : {"key", "range", "careless", "missing", "duplicate"}
        Which audit found it.
    finding : str
        What it is, in one or two words joined by underscores, such as "turned_here".
    evidence : str
        A sentence with the figures.
    remedy : str
        A sentence that says what to do.
    item : str or None
        The column it is about; None where it is about no single one.
    probability : float or None
        How probable the finding is, where the audit can say.
    group : int or None
        The place of the site in the groups of the audit; None where it is about all of them.
    """

    kind: Kind
    finding: str
    evidence: str
    remedy: str
    item: str | None = None
    probability: float | None = None
    group: int | None = None


def findings_frame(findings: Sequence[Finding], groups: pl.DataFrame) -> pl.DataFrame:
    """Return one row a finding: the `by` columns (null where it is about all), then the rest."""
    place = [finding.group for finding in findings]
    columns = [
        pl.Series("kind", [f.kind for f in findings], pl.String),
        pl.Series("item", [f.item for f in findings], pl.String),
        pl.Series("finding", [f.finding for f in findings], pl.String),
        pl.Series("evidence", [f.evidence for f in findings], pl.String),
        pl.Series("probability", [f.probability for f in findings], pl.Float64),
        pl.Series("remedy", [f.remedy for f in findings], pl.String),
    ]
    named = [
        pl.Series(column.name, [None if g is None else column[g] for g in place], column.dtype)
        for column in groups.get_columns()
    ]
    return pl.DataFrame([*named, *columns])
