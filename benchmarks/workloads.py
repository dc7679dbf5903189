"""The pieces of work, by the name that ``--only`` takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import agreement, analyses_agreement, chance, studies
from benchmarks.analyses import (
    FACTORS,
    everything,
    factors,
    hierarchical,
    item_analysis,
    lambdas,
    polychoric,
    retention,
)
from benchmarks.check import Check
from benchmarks.datasets import clusters_of_items, survey
from benchmarks.kernels import kernels
from benchmarks.one_sample import alpha, omega
from benchmarks.sizes import Sizes
from benchmarks.whole_surveys import clusters, file, million, sites
from benchmarks.workload import Workload

WORKLOADS: dict[str, Callable[[Sizes, int], Iterator[Workload]]] = {
    "alpha": alpha,
    "omega": omega,
    "million": million,
    "sites": sites,
    "clusters": clusters,
    "file": file,
    "items": item_analysis,
    "polychoric": polychoric,
    "factors": factors,
    "lambdas": lambdas,
    "hierarchical": hierarchical,
    "retention": retention,
    "everything": everything,
    "pathway": studies.pathway,
    "programme": studies.programme,
    "kernels": kernels,
}


def checks(sizes: Sizes, seed: int) -> Iterator[Check]:
    """Compare everybody's numbers with ours, before anybody is timed."""
    yield from agreement.rows(survey(sizes.persons, sizes.items, 1, seed), seed)
    persons = sizes.sites * sizes.site_persons
    yield from agreement.sites(survey(persons, sizes.site_items, sizes.sites, seed), seed)
    many = survey(sizes.many_persons, sizes.many_items, sizes.clusters, seed)
    yield from agreement.clusters(many, seed)
    small = survey(sizes.small_persons, sizes.small_items, 1, seed)
    yield from agreement.same_bits(small, seed)
    yield from chance.checks(small, sizes.small_replicates, seed)
    of_factors = clusters_of_items(sizes.small_persons, sizes.many_items, FACTORS, seed)
    yield from analyses_agreement.checks(small, of_factors)
    yield from studies.checks(sizes.persons // 10, sizes.small_replicates, seed)
