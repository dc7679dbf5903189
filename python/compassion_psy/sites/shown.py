"""What a reader sees of a comparison of sites, and what must be said beside it."""

from __future__ import annotations

import polars as pl

# Of the table of sites; the whole is in .sites.
_SITES = (
    *("n", "teams", "estimate", "lower", "upper", "shrunk", "rank", "rank_lower", "rank_upper"),
    *("funnel_lower", "funnel_upper", "p_adjusted", "outside", "status", "note"),
)
_POOLED = (
    *("method", "sites", "estimate", "lower_hk", "upper_hk", "prediction_lower"),
    *("prediction_upper", "tau2", "tau2_lower", "tau2_upper", "i2", "p"),
)

NOTES_OF_ICC = (
    "icc1 is the correlation of two persons (pair says which), icc2 the reliability of a unit's "
    "mean score.",
)


def shown_sites(sites: pl.DataFrame, site: str) -> pl.DataFrame:
    """Return the columns that are shown, expected ranks as places."""
    columns = [name for name in _SITES if name in sites.columns]
    return sites.select(site, *columns).with_columns(pl.col("rank").round().cast(pl.Int64))


def shown_pooled(pooled: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that are shown; one true value for all leaves no tau²."""
    fixed = pl.col("method") == "fixed"
    return pooled.select(_POOLED).with_columns(
        pl.when(~fixed).then(name).alias(name) for name in ("tau2", "tau2_lower", "tau2_upper")
    )


def notes_of_sites(control: str, level: float) -> tuple[str, ...]:
    """Return how the table of sites is read."""
    return (
        "shrunk: drawn towards the whole as far as a site's own figure is uncertain. Rank 1 is the "
        "highest; rank is the expected place.",
        "funnel_lower, funnel_upper: between these lies a site of its size that differs from "
        "others no more than is usual (limits adjusted for overdispersion). Those of sites that "
        "do not differ at all are in .funnel.",
        f"p_adjusted is of the same question, over all sites by the method {control}; outside is "
        f"said where it is below {1 - level:.3g}.",
    )


def notes_of_pooled(pool_scale: str) -> tuple[str, ...]:
    """Return how the table of what is pooled is read."""
    scale = "the estimates' own" if pool_scale == "raw" else pool_scale
    turned = "" if pool_scale == "raw" else "; the other columns are turned back"
    return (
        "lower_hk, upper_hk: of the mean of sites, by Hartung and Knapp. prediction: where the "
        "true value of another site lies.",
        f"tau2, the variance of true values, is on the scale on which sites are pooled, {scale}"
        f"{turned}. p is of the hypothesis that it is zero.",
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
