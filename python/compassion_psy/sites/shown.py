"""What a reader sees of a comparison of sites, and what must be said beside it."""

from __future__ import annotations

import polars as pl

from compassion_psy.sites.agreement_tables import USUAL
from compassion_psy.tables import rounded

# The whole tables are in the result; these columns fit on a line.
_SITES = (
    *("n", "teams", "estimate", "lower", "upper", "shrunk", "rank", "rank_lower", "rank_upper"),
    *("p_adjusted", "outside"),
)
_POOLED = (
    *("method", "estimate", "lower_hk", "upper_hk", "prediction_lower", "prediction_upper", "tau2"),
)
_ICC = (
    *("unit", "method", "pair", "icc1", "icc1_lower", "icc1_upper"),
    *("icc2", "icc2_lower", "icc2_upper", "design_effect", "note"),
)
_AGREEMENT = (
    *("index", "groups", "mean", "lower", "upper", "median"),
    *("share", "share_lower", "share_upper"),
)


def shown_sites(sites: pl.DataFrame, site: str) -> pl.DataFrame:
    """Return the sites that are compared, expected ranks as places."""
    columns = [name for name in _SITES if name in sites.columns]
    compared = sites.filter(pl.col("estimate").is_not_null() & (pl.col("status") == "ok"))
    return compared.select(site, *columns).with_columns(pl.col("rank").round().cast(pl.Int64))


def shown_left_out(sites: pl.DataFrame, site: str) -> pl.DataFrame:
    """Return the sites that are not compared; of small ones it is enough how many they are."""
    left = sites.filter(~pl.col("status").is_in(["ok", "small"]))
    return left.select(site, "estimate", "status", "note")


def shown_pooled(pooled: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that are shown; one true value for all leaves no tau²."""
    random = pl.when(pl.col("method") != "fixed")
    return pooled.select(_POOLED).with_columns(random.then("tau2").alias("tau2"))


def shown_icc(icc: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that are shown."""
    return icc.select(name for name in _ICC if name in icc.columns)


def shown_agreement(summary: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that are shown."""
    return summary.select(_AGREEMENT)


def notes_of_sites(sites: pl.DataFrame, control: str, level: float) -> tuple[str, ...]:
    """Return how the table of sites is read."""
    small = sites.filter(status="small").height
    which = "1 small site is" if small == 1 else f"{small:,} small sites are"
    withheld = (f"Figures of {which} withheld.",) if small else ()
    return (
        *withheld,
        "shrunk: drawn towards the whole as far as a site's own figure is uncertain. Rank 1 is the "
        "highest; rank is the expected place.",
        "outside: above or below where sites of its size lie that differ no more than is usual "
        f"(funnel limits adjusted for overdispersion, in .funnel), with p below {1 - level:.3g} "
        f"over all sites ({control}).",
    )


def notes_of_pooled(pooled: pl.DataFrame, pool_scale: str) -> tuple[str, ...]:
    """Return how the table of what is pooled is read, and what is the same for each row."""
    row = pooled.row(0, named=True)
    scale = "" if pool_scale == "raw" else f", on the scale {pool_scale}"
    limits = ""
    if row["tau2_lower"] is not None and row["tau2_upper"] is not None:
        limits = f", limits {rounded(row['tau2_lower'])} to {rounded(row['tau2_upper'])}"
    same = ""
    if row["i2"] is not None and row["p"] is not None:
        p = "below 0.001" if row["p"] < 0.001 else rounded(row["p"])
        same = f" I² {rounded(row['i2'])}; p of no differences {p}."
    return (
        f"{row['sites']:,} sites. tau2: variance of their true values{scale}{limits}.{same}",
        "lower_hk, upper_hk: of the mean of sites, by Hartung and Knapp. prediction: where the "
        "true value of another site lies.",
    )


def notes_of_icc(icc: pl.DataFrame) -> tuple[str, ...]:
    """Return how the intraclass correlations are read."""
    sized = icc.filter(pl.col("size").is_not_null()).unique("unit", maintain_order=True)
    sizes = [
        f"{row['groups']:,} {row['unit']}s of usually {row['size']:.3g} persons"
        for row in sized.iter_rows(named=True)
    ]
    made = icc.drop_nulls("interval").unique("method", maintain_order=True)
    limits = [f"{row['method']} {row['interval']}" for row in made.iter_rows(named=True)]
    return (
        "icc1 is the correlation of two persons (pair says which), icc2 the reliability of a "
        "unit's mean score.",
        *((f"{'; '.join(sizes)}. Limits: {', '.join(limits)}.",) if sizes and limits else ()),
    )


def notes_of_agreement(summary: pl.DataFrame) -> tuple[str, ...]:
    """Return what agreement is beside, and what counts as agreement."""
    beside = summary.drop_nulls("expected_variance")
    if beside.is_empty():
        return ()
    row = beside.row(0, named=True)
    return (
        f"Beside answers without agreement: {row['expected_answers']}, variance "
        f"{rounded(row['expected_variance'])}. share: of groups at {USUAL:g} or above.",
    )


def notes_of_levels(covariances: pl.DataFrame) -> tuple[str, ...]:
    """Return what is odd in the correlations between groups."""
    if covariances.height == 0:
        return ()
    pairs = covariances.filter(pl.col("item_i") != pl.col("item_j"))
    none = pairs["r_between"].null_count()
    beyond = pairs["note"].is_not_null().sum() - none
    if none + beyond == 0:
        return ()
    return (
        f"Of {pairs.height:,} correlations of items between groups {beyond:,} are beyond 1 and "
        f"{none:,} have no value, for variances between groups are differences of estimates; "
        "see .covariances.",
    )
