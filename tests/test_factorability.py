"""KMO and Bartlett's test against psych and closed forms."""

import json
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from reference_data import survey, values

# Closed forms: order of float operations.
CLOSED = 1e-10
SHARED = Path(__file__).parents[2] / "shared"


@pytest.mark.parametrize("name", ["two_factor", "attitude"])
def test_psych_gives_the_same(name: str) -> None:
    frame, scale = survey(name)
    expected = values("factor_scores")["adequacy"][name]
    found = cp.factorability(frame, scale)
    row = found.table.row(0, named=True)
    assert row["n"] == frame.height
    assert row["kmo"] == pytest.approx(expected["kmo"], abs=CLOSED)
    np.testing.assert_allclose(found.items["kmo"], expected["kmo_items"], atol=CLOSED)
    assert row["chi_square"] == pytest.approx(expected["bartlett"]["chisq"], rel=CLOSED)
    assert row["p_value"] == pytest.approx(expected["bartlett"]["p.value"], rel=1e-8)
    assert row["df"] == expected["bartlett"]["df"]
    assert row["determinant"] == pytest.approx(expected["determinant"], rel=CLOSED)
    assert row["note"] is None


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared")
@pytest.mark.parametrize("how", ["listwise", "pairwise"])
def test_a_real_survey(how: Any) -> None:
    expected = json.loads((SHARED / "reference/parallel" / f"bfi_25__{how}.json").read_text())
    meta = expected["meta"]
    scale = cp.Scale("bfi", items=meta["items"], minimum=1, maximum=6, reversed=meta["reversed"])
    frame = pl.read_csv(SHARED / "data" / "bfi.csv", infer_schema_length=None)
    found = cp.factorability(frame, scale, missing=how)
    row = found.table.row(0, named=True)
    assert row["kmo"] == pytest.approx(expected["KMO"]["MSA"], abs=CLOSED)
    np.testing.assert_allclose(
        found.items["kmo"], list(expected["KMO"]["MSAi"].values()), atol=CLOSED
    )
    assert row["n"] == meta["n_rows_passed"]
    assert row["chi_square"] == pytest.approx(expected["bartlett"]["chisq"], rel=CLOSED)
    assert row["determinant"] == pytest.approx(expected["determinant_R"], rel=CLOSED)
    assert row["adequacy"] == "meritorious"


def test_equal_correlations_by_their_closed_form() -> None:
    # Partial correlations of p equal correlations r are all r / (1 + (p - 2) r).
    for p, r in ((3, 0.3), (5, 0.6)):
        matrix = np.full((p, p), r)
        np.fill_diagonal(matrix, 1)
        partial = r / (1 + (p - 2) * r)
        expected = r**2 / (r**2 + partial**2)
        row = cp.factorability(matrix, n=100).table.row(0, named=True)
        assert row["kmo"] == pytest.approx(expected, abs=CLOSED)
        determinant = (1 - r) ** (p - 1) * (1 + (p - 1) * r)
        assert row["determinant"] == pytest.approx(determinant, abs=CLOSED)
        chi = -np.log(determinant) * (99 - (2 * p + 5) / 6)
        assert row["chi_square"] == pytest.approx(chi, rel=CLOSED)
    # Of two items nothing is left out of their correlation.
    assert cp.factorability(np.array([[1, 0.4], [0.4, 1]])).table["kmo"][0] == pytest.approx(0.5)


def test_every_input_gives_the_same() -> None:
    frame, scale = survey("two_factor")
    one = cp.factorability(frame, scale)
    matrix = cp.moments(frame, scale).correlation
    for other in (
        cp.factorability(frame.lazy(), scale),
        cp.factorability(cp.Responses.from_frame(frame, scale)),
        cp.factorability(cp.moments(frame, scale)),
        cp.factorability(matrix, scale, n=frame.height),
    ):
        assert other.table.equals(one.table)
        assert other.items.equals(one.items)
    latent = cp.factorability(frame, scale, correlation="polychoric")
    assert latent.correlation_kind == "polychoric"
    again = cp.factorability(cp.polychoric(frame, scale))
    assert again.table.equals(latent.table)
    assert latent.table["determinant"][0] < one.table["determinant"][0]


def test_sites_one_by_one() -> None:
    frame, scale = survey("sites")
    found = cp.factorability(frame, scale, by="site")
    for site in found.table["site"]:
        own = cp.factorability(frame.filter(site=site), scale)
        row = found.table.filter(site=site).drop("site")
        assert row.equals(own.table)
        assert found.items.filter(site=site).drop("site").equals(own.items)
    by = cp.moments(frame, scale, by="site")
    assert cp.factorability(by).table.equals(found.table)
    latent = cp.polychoric(frame, scale, by="site", missing="listwise")
    of_latent = cp.factorability(latent)
    assert of_latent.table["site"].to_list() == latent.groups["site"].to_list()
    assert of_latent.table.equals(
        cp.factorability(frame, scale, by="site", correlation="polychoric").table
    )


def test_a_site_without_a_number_says_why() -> None:
    scale = cp.Scale("calm", items=["a", "b", "c"], minimum=1, maximum=5)
    rng = np.random.default_rng(1)
    frame = pl.DataFrame(rng.integers(1, 6, (90, 3)), schema=["a", "b", "c"])
    frame = frame.with_columns(site=pl.Series(np.repeat(["x", "y", "z"], 30)))
    at_y, at_z = pl.col("site") == "y", pl.col("site") == "z"
    frame = frame.with_columns(
        a=pl.when(at_y).then(3).otherwise("a"), b=pl.when(at_z).then("c").otherwise("b")
    )
    found = cp.factorability(frame, scale, by="site")
    assert found.table["kmo"].is_null().to_list() == [False, True, True]
    notes = found.table["note"].to_list()
    assert notes[0] is None
    assert "the same answer from everybody" in notes[1]
    assert "each of 'b', 'c' follows from the others" in notes[2]
    assert found.table["determinant"][2] == pytest.approx(0, abs=1e-12)
    assert found.table["df"].to_list() == [3, 3, 3]
    assert "fit for factor analysis?" in str(found)
    assert found._repr_html_().count("<table>") == 2


def test_what_is_refused_or_has_no_test() -> None:
    frame, scale = survey("two_factor")
    matrix = cp.moments(frame, scale).correlation
    assert cp.factorability(matrix).table["note"][0] == "no test: n is not known"
    few = cp.factorability(matrix, n=4).table.row(0, named=True)
    assert few["chi_square"] is None
    assert few["note"] == "no test: too few persons for so many items"
    nothing = cp.factorability(np.eye(3), n=50).table.row(0, named=True)
    assert (nothing["kmo"], nothing["chi_square"], nothing["p_value"]) == (None, 0, 1)
    assert "correlates with no other" in nothing["note"]
    with pytest.raises(cp.OptionError, match="scale is missing"):
        cp.factorability(frame)
    with pytest.raises(cp.OptionError, match="by is given, but data is a matrix"):
        cp.factorability(matrix, by="site")
    with pytest.raises(cp.OptionError, match="n is given"):
        cp.factorability(frame, scale, n=5)
    with pytest.raises(cp.OptionError, match="Moments hold no tables"):
        cp.factorability(cp.moments(frame, scale), correlation="polychoric")
    with pytest.raises(cp.OptionError, match="scale is given, but data is a Moments"):
        cp.factorability(cp.moments(frame, scale), scale)
    with pytest.raises(cp.OptionError, match="'kmo', but results have a column"):
        cp.factorability(frame.rename({"person": "kmo"}), scale, by="kmo")
    with pytest.raises(cp.DataError, match="one item"):
        cp.factorability(frame, cp.Scale("one", items=["item1"], minimum=1, maximum=7))


def test_an_item_that_nobody_at_a_site_answered() -> None:
    frame, scale = survey("sites")
    item = scale.items[0]
    at_north = pl.col("site") == "north"
    frame = frame.with_columns(pl.when(at_north).then(None).otherwise(item).alias(item))
    for correlation in ("pearson", "polychoric"):
        found = cp.factorability(
            frame, scale, by="site", missing="pairwise", correlation=correlation
        )
        north = found.table.row(by_predicate=at_north, named=True)
        assert north["kmo"] is None
        assert "too few persons answered" in north["note"]
        assert found.table["kmo"].null_count() == 1


def test_items_at_fault_are_named() -> None:
    frame, scale = survey("two_factor")
    first, last = scale.items[0], scale.items[-1]
    notes = [
        cp.factorability(frame.with_columns(at_fault), scale).table["note"][0]
        for at_fault in (
            pl.col(first).alias(last),
            pl.lit(scale.minimum, frame.schema[last]).alias(last),
        )
    ]
    assert f"each of {first!r}, {last!r} follows from the others" in notes[0]
    assert notes[1].startswith(f"{last!r}: the same answer from everybody")
    few = cp.factorability(frame.head(scale.n_items - 1), scale).table["note"][0]
    assert f"{scale.n_items - 1} persons are too few for {scale.n_items} items" in few


def test_two_items_that_nobody_answered_both_are_named() -> None:
    frame, scale = survey("two_factor")
    first, last = scale.items[0], scale.items[-1]
    half = pl.int_range(pl.len()) % 2 == 0
    apart = frame.with_columns(pl.when(half).then(pl.col(first)), pl.when(~half).then(pl.col(last)))
    note = cp.factorability(apart, scale, missing="pairwise").table["note"][0]
    assert note.startswith(f"{first!r} and {last!r} have no correlation")
