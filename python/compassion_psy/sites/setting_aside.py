"""Which sites are not compared: those whose keys or ranges the audit finds wrong."""

from __future__ import annotations

from typing import Any

import polars as pl

# A weak item tells little; nothing says that its key is wrong.
_HARMLESS = ("weak_item",)


def faults_by_site(findings: pl.DataFrame, site: str) -> dict[Any, str]:
    """Return for each site with a fault of keys or ranges what was found, and what to do.

    Findings about all sites together set none aside: they make all alike.
    """
    faults = findings.filter(
        pl.col(site).is_not_null()
        & pl.col("kind").is_in(["key", "range"])
        & ~pl.col("finding").is_in(_HARMLESS)
    )
    told: dict[Any, list[str]] = {}
    for name, item, finding, evidence, remedy in faults.select(
        site, "item", "finding", "evidence", "remedy"
    ).iter_rows():
        what = finding if item is None else f"{finding} ({item})"
        told.setdefault(name, []).append(f"{what}: {evidence} {remedy}")
    return {
        name: texts[0] if len(texts) == 1 else f"{texts[0]} And {len(texts) - 1} more; see .audit."
        for name, texts in told.items()
    }


def faults_of_all(findings: pl.DataFrame, site: str) -> list[str]:
    """Return what was found about keys and ranges of all sites together."""
    return [
        f"{finding}{f' ({item})' if item else ''}: {evidence} {remedy}"
        for item, finding, evidence, remedy in findings.filter(
            pl.col(site).is_null()
            & pl.col("kind").is_in(["key", "range"])
            & ~pl.col("finding").is_in(_HARMLESS)
        )
        .select("item", "finding", "evidence", "remedy")
        .iter_rows()
    ]
