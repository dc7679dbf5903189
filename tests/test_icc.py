"""Intraclass correlations against R, the published example and alpha."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from compassion_psy import DataError, OptionError, pure
from compassion_psy.icc import icc

REFERENCE = Path(__file__).parents[2] / "shared" / "reference" / "icc"

# psych::ICC(x, lmer = FALSE), psych 2.2.9, of the example of Shrout & Fleiss (1979): estimate,
# F, p, lower, upper.
SHROUT_FLEISS = pl.DataFrame(
    {"a": [9, 6, 8, 7, 10, 6], "b": [2, 1, 4, 1, 5, 2], "c": [5, 3, 6, 2, 6, 4],
     "d": [8, 2, 8, 6, 9, 7]}
)  # fmt: skip
EXPECTED = {
    "icc1": (
        0.16574176840547555,
        1.794678492239469,
        0.1647688083446396,
        -0.13293232487475087,
        0.7225600623281211,
    ),
    "icc2": (
        0.2897637795275592,
        11.027247956403272,
        0.00013456651648433693,
        0.018786513374712047,
        0.7610843696489531,
    ),
    "icc3": (
        0.7148407148407149,
        11.027247956403272,
        0.00013456651648433693,
        0.34246476503392537,
        0.9458582599553595,
    ),
    "icc1k": (
        0.44279713367926893,
        1.794678492239469,
        0.1647688083446396,
        -0.884442155238119,
        0.9124154203407756,
    ),
    "icc2k": (
        0.6200505475989893,
        11.027247956403272,
        0.00013456651648433693,
        0.07113681530250349,
        0.927232040167722,
    ),
    "icc3k": (
        0.9093155423770695,
        11.027247956403272,
        0.00013456651648433693,
        0.6756747138163047,
        0.9858916781690623,
    ),
}
# R's qf and ours solve for a quantile.
QUANTILE = 1e-9


def test_the_published_example() -> None:
    table = icc(SHROUT_FLEISS, raters=list("abcd"))
    assert table["icc"].to_list() == list(EXPECTED)
    for row in table.iter_rows(named=True):
        found = [row[name] for name in ("estimate", "f", "p", "lower", "upper")]
        assert found == pytest.approx(EXPECTED[row["icc"]], abs=QUANTILE)
    assert table["df2"].to_list() == [18, 15, 15, 18, 15, 15]


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs ../shared")
def test_a_real_survey() -> None:
    found = json.loads((REFERENCE / "iri_2023_EC_items_as_judges.json").read_text())
    meta = found["meta"]
    data = pl.read_csv(
        REFERENCE.parents[1] / "data" / f"{meta['dataset']}.csv", infer_schema_length=None
    )
    turned = [
        4 - pl.col(item) if item in meta["reversed"] else pl.col(item) for item in meta["items"]
    ]
    table = icc(data.select(turned), raters=meta["items"])
    results = found["lmer_FALSE_aov"]["results"]["values"]
    for row, (_, estimate, f, _, _, _, lower, upper) in zip(
        table.iter_rows(named=True), results, strict=True
    ):
        assert row["estimate"] == pytest.approx(estimate, abs=QUANTILE)
        assert row["f"] == pytest.approx(f, rel=QUANTILE)
        assert (row["lower"], row["upper"]) == pytest.approx((lower, upper), abs=QUANTILE)


def test_consistency_of_means_is_alpha() -> None:
    x = np.random.default_rng(1).normal(size=(40, 1)) + np.random.default_rng(2).normal(
        size=(40, 5)
    )
    frame = pl.DataFrame(x, schema=list("abcde"))
    value = icc(frame, raters=list("abcde")).filter(icc="icc3k")["estimate"][0]
    assert value == pytest.approx(pure.alpha(np.cov(x.T)), abs=1e-12)


def test_subjects_not_rated_by_all_are_left_out_and_counted() -> None:
    more = pl.concat(
        [
            SHROUT_FLEISS,
            pl.DataFrame({"a": [1], "b": [None], "c": [2], "d": [3]}, schema=SHROUT_FLEISS.schema),
        ]
    )
    table = icc(more, raters=list("abcd"))
    assert table["n_excluded"].unique().to_list() == [1]
    assert table["estimate"].equals(icc(SHROUT_FLEISS, raters=list("abcd"))["estimate"])


def test_what_is_not_usable_is_refused() -> None:
    with pytest.raises(OptionError, match="at least two columns"):
        icc(SHROUT_FLEISS, raters=["a"])
    with pytest.raises(OptionError, match="a column twice"):
        icc(SHROUT_FLEISS, raters=["a", "b", "a"])
    with pytest.raises(OptionError, match="level is 95"):
        icc(SHROUT_FLEISS, raters=["a", "b"], level=95)
    with pytest.raises(DataError, match="rated by all"):
        icc(SHROUT_FLEISS.head(1), raters=["a", "b"])
    with pytest.raises(DataError, match="do not differ between raters"):
        icc(SHROUT_FLEISS.with_columns(b="a"), raters=["a", "b"])
    with pytest.raises(DataError, match="do not differ between subjects"):
        icc(pl.DataFrame({"a": [1, 2, 3], "b": [3, 2, 1]}), raters=["a", "b"])
    with pytest.raises(DataError, match="must be numbers"):
        icc(pl.DataFrame({"a": ["x"], "b": [1]}), raters=["a", "b"])
