"""How often an audit finds a turned item, and how often it cries wolf, by simulation.

Twenty sites answer a scale of five-point items, a third of them reversed. Loadings differ between
items (by up to 30 % either way) and, at random, between sites; so do the thresholds of the items,
and sites have levels of their own. Each survey is audited twice: with right keys, and with one item
turned at one site. Print the table of docs/auditing.md::

    python benchmarks/audit_rates.py --surveys 200
"""

import argparse
import itertools
from dataclasses import dataclass

import numpy as np
import polars as pl
from compassion_psy import Scale
from compassion_psy.audit.auditing import audit

SITES = 20
ROWS = (50, 100, 500)
ITEMS = (10, 26)
ALPHAS = (0.6, 0.7, 0.8, 0.9)
TURNED = ("turned_here", "turned_everywhere", "turned_twice", "not_turned", "labels_reversed")
# Cutting a response into five answers costs correlation; this much gives the alphas asked for.
CUTTING = 0.84


@dataclass(frozen=True)
class Rates:
    """What came of some surveys: shares, but for alpha."""

    alpha: float
    hits: float
    wrong: float
    alarms: float


def survey(
    rng: np.random.Generator, rows: int, items: int, alpha: float
) -> tuple[pl.DataFrame, Scale]:
    """Return answers of all sites, and their scale."""
    relation = min(alpha / (items - alpha * (items - 1)) / CUTTING, 0.9)
    loading = np.sqrt(relation) * rng.uniform(0.7, 1.3, items)
    loadings = np.clip(loading + rng.normal(0, 0.05, (SITES, items)), 0.05, 0.95)
    middle = rng.normal(0, 0.5, items)
    level = rng.normal(0, 0.25, SITES)
    site = np.repeat(np.arange(SITES), rows)
    factor = rng.normal(0, 1, len(site)) + level[site]
    noise = rng.normal(0, 1, (len(site), items)) * np.sqrt(1 - loadings[site] ** 2)
    response = loadings[site] * factor[:, None] + noise
    answers = 1 + sum((response > middle + cut).astype(np.uint8) for cut in (-1.2, -0.4, 0.4, 1.2))
    names = [f"item_{number}" for number in range(1, items + 1)]
    reverse = names[::3]
    columns = {
        name: 6 - column if name in reverse else column
        for name, column in zip(names, answers.T, strict=True)
    }
    scale = Scale("simulated", items=names, minimum=1, maximum=5, reversed=reverse)
    return pl.DataFrame({"site": site, **columns}), scale


def alarms(frame: pl.DataFrame, scale: Scale) -> set[tuple[int | None, str | None]]:
    """Return where an audit finds anything turned."""
    found = audit(frame, scale, by="site").findings.filter(pl.col("finding").is_in(TURNED))
    return set(found.select("site", "item").iter_rows())


def rates(rows: int, items: int, alpha: float, surveys: int, seed: int) -> Rates:
    """Return what comes of so many surveys."""
    rng = np.random.default_rng([seed, rows, items, int(100 * alpha)])
    alphas, hits, wrong, cried = [], 0, 0, 0
    for _ in range(surveys):
        frame, scale = survey(rng, rows, items, alpha)
        alphas.append(observed_alpha(frame, scale))
        cried += bool(alarms(frame, scale))
        site, item = int(rng.integers(SITES)), str(rng.choice(list(scale.items)))
        turned = pl.when(pl.col("site") == site).then(6 - pl.col(item)).otherwise(item)
        found = alarms(frame.with_columns(turned.alias(item)), scale)
        hits += (site, item) in found
        wrong += bool(found - {(site, item)})
    return Rates(float(np.mean(alphas)), hits / surveys, wrong / surveys, cried / surveys)


def observed_alpha(frame: pl.DataFrame, scale: Scale) -> float:
    """Return alpha at the first site."""
    answers = frame.filter(site=0).select(scale.items).to_numpy().astype(float)
    answers *= [-1 if item in scale.reversed else 1 for item in scale.items]
    covariance = np.cov(answers.T)
    items = len(covariance)
    return float(items / (items - 1) * (1 - np.trace(covariance) / covariance.sum()))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--surveys", type=int, default=200, help="surveys in each cell")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("| Items | Alpha | Persons a site | Found | Another | False alarms |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    cried = []
    for items, alpha, rows in itertools.product(ITEMS, ALPHAS, ROWS):
        found = rates(rows, items, alpha, options.surveys, options.seed)
        cried.append(found.alarms)
        print(
            f"| {items} | {found.alpha:.2f} | {rows} | {found.hits:.0%} | {found.wrong:.1%} | "
            f"{found.alarms:.1%} |",
            flush=True,
        )
    total = options.surveys * len(cried)
    print(f"\nFalse alarms: {np.mean(cried):.2%} of {total:,} surveys with right keys.")


if __name__ == "__main__":
    main()
