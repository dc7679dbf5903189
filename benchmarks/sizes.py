"""How large the workloads are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Persons, items, sites and replicates of the workloads; rounds are how often each is timed."""

    persons: int = 100_000
    items: int = 20
    many_persons: int = 1_000_000
    many_items: int = 26
    sites: int = 1000
    site_persons: int = 100
    site_items: int = 12
    clusters: int = 500
    replicates: int = 2000
    cluster_replicates: int = 10_000
    rounds: int = 7
    slow_rounds: int = 3
    # To compare intervals on; R's BCa needs more replicates than persons.
    small_persons: int = 1000
    small_items: int = 8
    small_replicates: int = 2000


FULL = Sizes()
QUICK = Sizes(
    persons=5000,
    many_persons=20_000,
    sites=50,
    clusters=50,
    replicates=200,
    cluster_replicates=1000,
    rounds=2,
    slow_rounds=1,
    small_persons=200,
    small_replicates=400,
)
