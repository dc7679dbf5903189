"""Moments: their shapes, adding and taking away, and the files that sites share."""

from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest

# Sums of whole numbers below 2**53, and one division.
EXACT = 1e-14
# Weighted sums, and continuous answers.
ROUNDED = 1e-12

SCALE = cp.Scale("calm", items=["a", "b", "c"], minimum=1, maximum=5, reversed=["b"])
FRAME = pl.DataFrame(
    {
        "site": ["south", "north", "south", "north", "south", "north", "south"],
        "a": [1, 2, 5, 4, 3, None, 2],
        "b": [5, 3, 1, 2, 2, 4, None],
        "c": [2, 1, 4, 5, 3, 1, 2],
        "w": [1.5, 0.5, 1.0, 2.0, 1.0, 1.0, 0.25],
    }
)


def keyed(frame: pl.DataFrame = FRAME) -> np.ndarray:
    """Return answers with b turned, NaN where missing."""
    return frame.select("a", 6 - pl.col("b"), "c").cast(pl.Float64).to_numpy()


def complete(frame: pl.DataFrame = FRAME) -> np.ndarray:
    x = keyed(frame)
    return np.asarray(x[~np.isnan(x).any(axis=1)])


# What moments say


def test_shapes_and_values_without_groups() -> None:
    moments = cp.moments(FRAME, SCALE)
    x = complete()
    assert moments.n == 5
    assert moments.groups.shape == (1, 0)
    assert moments.mean.shape == (3,)
    assert moments.covariance.shape == moments.correlation.shape == (3, 3)
    np.testing.assert_allclose(moments.mean, x.mean(axis=0), rtol=EXACT)
    np.testing.assert_allclose(moments.covariance, np.cov(x.T), rtol=EXACT)
    np.testing.assert_allclose(moments.correlation, np.corrcoef(x.T), rtol=EXACT)
    np.testing.assert_array_equal(moments.products[0], x.T @ x)
    assert moments.products.dtype == np.int64


def test_shapes_and_values_by_group() -> None:
    moments = cp.moments(FRAME, SCALE, by="site")
    assert moments.groups["site"].to_list() == ["north", "south"]
    np.testing.assert_array_equal(moments.n, [2, 3])
    assert moments.mean.shape == (2, 3)
    assert moments.covariance.shape == moments.correlation.shape == (2, 3, 3)
    for place, site in enumerate(moments.groups["site"]):
        x = complete(FRAME.filter(site=site))
        np.testing.assert_allclose(moments.mean[place], x.mean(axis=0), rtol=EXACT)
        np.testing.assert_allclose(moments.covariance[place], np.cov(x.T), rtol=EXACT)


def test_pairwise_moments_take_who_answered_both() -> None:
    moments = cp.moments(FRAME, SCALE, missing="pairwise")
    x = keyed()
    answered = ~np.isnan(x)
    assert moments.n == 7
    np.testing.assert_array_equal(moments.counts[0], answered.astype(int).T @ answered.astype(int))
    for i in range(3):
        for j in range(3):
            both = answered[:, i] & answered[:, j]
            assert moments.sums[0, i, j] == x[both, i].sum()
            assert moments.squares[0, i, j] == (x[both, i] ** 2).sum()
            assert moments.products[0, i, j] == x[both, i] @ x[both, j]
            expected = np.cov(x[both, i], x[both, j])[0, 1]
            assert moments.covariance[i, j] == pytest.approx(expected, rel=EXACT)
            expected = np.corrcoef(x[both, i], x[both, j])[0, 1]
            assert moments.correlation[i, j] == pytest.approx(expected, rel=EXACT)


def test_weights_shape_the_average_alone() -> None:
    """C = sum w (x - m)(x - m)' / sum w * n/(n - 1)."""
    moments = cp.moments(FRAME, SCALE, weights="w")
    x = keyed()
    used = ~np.isnan(x).any(axis=1)
    x, w = x[used], FRAME["w"].to_numpy()[used]
    assert moments.n == 5
    assert moments.weight.tolist() == [w.sum()]
    np.testing.assert_allclose(moments.mean, w @ x / w.sum(), rtol=ROUNDED)
    expected = np.cov(x.T, aweights=w, bias=True) * 5 / 4
    np.testing.assert_allclose(moments.covariance, expected, rtol=ROUNDED)


def test_continuous_answers() -> None:
    scale = cp.Scale(
        "slider", items=["a", "b", "c"], minimum=0, maximum=100, reversed=["b"], continuous=True
    )
    rng = np.random.default_rng(1)
    # Near the end of the range, where sums of squares lose the most.
    x = 99.9 + rng.uniform(0, 0.1, (200, 3))
    moments = cp.moments(pl.DataFrame(x, schema=["a", "b", "c"]), scale)
    x[:, 1] = 100 - x[:, 1]
    np.testing.assert_allclose(moments.mean, x.mean(axis=0), rtol=ROUNDED)
    # Sums of squares near 10,000 a person hold twelve digits after the point.
    np.testing.assert_allclose(moments.covariance, np.cov(x.T), rtol=0, atol=1e-11)


def test_the_widest_codes_and_more_than_a_byte() -> None:
    """Codes to 254 take a byte; answers beyond are taken as reals."""
    rng = np.random.default_rng(2)
    for maximum in (254, 255, 60_000):
        x = rng.integers(0, maximum, (1000, 2), endpoint=True)
        scale = cp.Scale("points", items=["a", "b"], minimum=0, maximum=maximum)
        moments = cp.moments(pl.DataFrame(x, schema=["a", "b"]), scale)
        np.testing.assert_allclose(moments.covariance, np.cov(x.T), rtol=ROUNDED)


def test_too_few_persons_have_no_covariance() -> None:
    moments = cp.moments(FRAME.head(1), SCALE)
    assert moments.n == 1
    np.testing.assert_array_equal(moments.mean, [1, 1, 2])
    assert np.isnan(moments.covariance).all()


def test_nobody_is_a_group_too() -> None:
    """A site where nobody answered every item still has its row, and adds nothing."""
    nobody = FRAME.with_columns(a=pl.when(pl.col("site") == "south").then("a"))
    moments = cp.moments(nobody, SCALE, by="site")
    np.testing.assert_array_equal(moments.n, [0, 3])
    assert np.isnan(moments.mean[0]).all()
    assert np.isnan(moments.covariance[0]).all()
    assert moments.pooled().n == 3


def test_moments_of_nobody_add_nothing() -> None:
    nobody = cp.moments(FRAME.with_columns(a=None), SCALE)
    assert nobody.n == 0
    some = cp.moments(FRAME, SCALE)
    np.testing.assert_array_equal((some + nobody).covariance, some.covariance)


def test_threads_and_a_checked_frame() -> None:
    responses = cp.Responses.from_frame(FRAME, SCALE, by="site")
    one = cp.moments(responses, threads=1)
    np.testing.assert_array_equal(one.products, cp.moments(FRAME, SCALE, by="site").products)
    with pytest.raises(cp.OptionError, match="Responses"):
        cp.moments(responses, SCALE, by="site")
    with pytest.raises(cp.OptionError, match="threads"):
        cp.moments(FRAME, SCALE, threads=0)
    with pytest.raises(cp.OptionError, match="scale"):
        cp.moments(FRAME)
    with pytest.raises(cp.OptionError, match="listwise"):
        cp.moments(FRAME, SCALE, missing="fiml")


def test_it_says_what_it_is() -> None:
    assert repr(cp.moments(FRAME, SCALE, by="site")) == (
        "Moments(listwise, 5 persons in 2 groups, 3 items of 'calm')"
    )


def test_they_are_frozen() -> None:
    with pytest.raises(AttributeError):
        cp.moments(FRAME, SCALE).missing = "pairwise"  # type: ignore[misc]


# Adding and taking away


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_parts_add_up(missing: Any) -> None:
    whole = cp.moments(FRAME, SCALE, by="site", missing=missing)
    first = cp.moments(FRAME[:3], SCALE, by="site", missing=missing)
    second = cp.moments(FRAME[3:], SCALE, by="site", missing=missing)
    total = first + second
    for name in ("n", "weight", "counts", "sums", "squares", "products"):
        np.testing.assert_array_equal(getattr(total, name), getattr(whole, name))
    back = total - second
    np.testing.assert_array_equal(back.products, first.products)


def test_groups_meet_by_name() -> None:
    """A site that only one of them has keeps its own; the rows come in order of the names."""
    south = cp.moments(FRAME.filter(site="south"), SCALE, by="site")
    rest = FRAME.with_columns(site=pl.col("site").replace({"south": "east"}))
    total = south + cp.moments(rest, SCALE, by="site")
    assert total.groups["site"].to_list() == ["east", "north", "south"]
    np.testing.assert_array_equal(total.n, [3, 2, 3])
    np.testing.assert_array_equal(total.products[2], south.products[0])


def test_weighted_and_continuous_parts_add_up_to_rounding() -> None:
    whole = cp.moments(FRAME, SCALE, weights="w")
    total = cp.moments(FRAME[:3], SCALE, weights="w") + cp.moments(FRAME[3:], SCALE, weights="w")
    np.testing.assert_allclose(total.covariance, whole.covariance, rtol=ROUNDED)


def test_pooled_groups_are_the_whole() -> None:
    pooled = cp.moments(FRAME, SCALE, by="site").pooled()
    whole = cp.moments(FRAME, SCALE)
    assert pooled.n == whole.n == 5
    np.testing.assert_array_equal(pooled.covariance, whole.covariance)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"scale": cp.Scale("calm", items=["a", "b", "c"], minimum=1, maximum=5)}, "scale"),
        ({"missing": "pairwise"}, "missing"),
        ({"by": "site"}, "by columns"),
    ],
)
def test_only_like_moments_are_added(other: dict[str, Any], message: str) -> None:
    own = cp.moments(FRAME, SCALE)
    theirs = cp.moments(FRAME, **{"scale": SCALE, **other})
    with pytest.raises(cp.OptionError, match=message):
        own + theirs
    with pytest.raises(cp.OptionError, match=message):
        own - theirs


def test_no_more_persons_can_be_taken_than_there_are() -> None:
    some, whole = cp.moments(FRAME[:3], SCALE), cp.moments(FRAME, SCALE)
    with pytest.raises(cp.OptionError, match="More would be taken away"):
        some - whole
    with pytest.raises(TypeError):
        some + 1  # type: ignore[operator]


def test_groups_of_other_kinds_do_not_meet() -> None:
    first = cp.moments(FRAME.with_columns(site=pl.col("site") == "north"), SCALE, by="site")
    second = cp.moments(FRAME.with_columns(site=pl.date(2025, 1, 1)), SCALE, by="site")
    with pytest.raises(cp.OptionError, match="different kinds"):
        first + second


# Files


@pytest.mark.parametrize("by", [None, "site", ["site", "year"]])
@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
@pytest.mark.parametrize("weights", [None, "w"])
def test_a_file_reads_as_it_was_written(
    tmp_path: Path, by: Any, missing: Any, weights: Any
) -> None:
    frame = FRAME.with_columns(year=pl.Series([2024, 2025, 2024, 2024, None, 2025, 2025]))
    written = cp.moments(frame, SCALE, by=by, missing=missing, weights=weights)
    written.write(tmp_path / "moments.parquet")
    read = cp.Moments.read(tmp_path / "moments.parquet")
    assert (read.scale, read.missing) == (SCALE, missing)
    assert read.groups.equals(written.groups)
    for name in ("persons", "weight", "counts", "sums", "squares", "products"):
        array = getattr(read, name)
        assert array.dtype == getattr(written, name).dtype
        np.testing.assert_array_equal(array, getattr(written, name))


def test_two_sites_share_files_and_no_rows(tmp_path: Path) -> None:
    """Each writes; somebody reads both, adds, and has what the rows together would have given."""
    for site in ("north", "south"):
        own = FRAME.filter(site=site)
        cp.moments(own, SCALE, by="site").write(tmp_path / f"{site}.parquet")
    total = cp.Moments.read(tmp_path / "north.parquet")
    total += cp.Moments.read(tmp_path / "south.parquet")
    whole = cp.moments(FRAME, SCALE, by="site")
    assert total.groups.equals(whole.groups)
    np.testing.assert_array_equal(total.covariance, whole.covariance)
    np.testing.assert_array_equal(total.pooled().covariance, cp.moments(FRAME, SCALE).covariance)


def test_the_file_is_a_tidy_table_of_whole_numbers(tmp_path: Path) -> None:
    """In units of the answers, reversed items turned: anybody can compute from it."""
    path = tmp_path / "moments.parquet"
    cp.moments(FRAME, SCALE, by="site").write(path)
    table = pl.read_parquet(path)
    assert table.height == 2 * 6
    names = ["persons", "weight", "n", "sum_i", "sum_j", "square_i", "square_j", "product"]
    assert set(table.select(names).dtypes) == {pl.Int64}
    row = table.row(
        by_predicate=(pl.col("site") == "north")
        & (pl.col("item_i") == "a")
        & (pl.col("item_j") == "b"),
        named=True,
    )
    x = complete(FRAME.filter(site="north"))
    assert row["n"] == 2
    assert row["sum_j"] == x[:, 1].sum()
    assert row["product"] == x[:, 0] @ x[:, 1]
    assert (row["reversed_i"], row["reversed_j"]) == (False, True)


def damaged(change: Any) -> pl.DataFrame:
    frame: pl.DataFrame = change(cp.moments(FRAME, SCALE, by="site").to_frame())
    return frame


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop("square_j"), "'square_j' is missing"),
        (lambda f: f.clear(), "no rows"),
        (lambda f: f[1:], "all pairs of items"),
        (lambda f: f.reverse(), "all pairs of items"),
        (lambda f: pl.concat([f, f]), "more than once"),
        (lambda f: f.with_columns(maximum=pl.int_range(pl.len()) + 5.0), "more than one scale"),
        (lambda f: f.with_columns(minimum=pl.lit(9.0)), "minimum"),
        (lambda f: f.with_columns(product=pl.lit("many")), "product"),
        (lambda f: f.with_columns(product=pl.lit(None, pl.Int64)), "product"),
        (lambda f: f.with_columns(missing=pl.lit("fiml")), "missing"),
        (lambda f: f.with_columns(persons=-pl.col("persons")), "persons"),
        (lambda f: f.with_columns(product=pl.lit(float("nan"))), "not finite"),
        (lambda f: f.with_columns(persons=pl.col("persons").cast(float)), "no whole number"),
        (lambda f: f.with_columns(n=pl.col("n") + 1), "more than there are persons"),
        (lambda f: f.with_columns(weight=pl.col("weight") + 1), "'weight' and 'persons' differ"),
        (
            lambda f: f.with_columns(pl.col("persons", "weight") + pl.int_range(pl.len())),
            "differ within a group",
        ),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, change: Any, message: str) -> None:
    path = tmp_path / "damaged.parquet"
    damaged(change).write_parquet(path)
    with pytest.raises(cp.DataError, match=message) as error:
        cp.Moments.read(path)
    assert "damaged.parquet" in str(error.value)


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "moments.csv"
    text.write_text("item,sum\na,1\n")
    foreign = tmp_path / "answers.parquet"
    FRAME.write_parquet(foreign)
    for path in (text, foreign, tmp_path / "absent.parquet"):
        with pytest.raises(cp.DataError, match=path.name):
            cp.Moments.read(path)


# Extremes


@pytest.mark.parametrize("small", [pl.Int8, pl.UInt16])
def test_narrow_columns_do_not_wrap_around(tmp_path: Path, small: Any) -> None:
    whole = cp.moments(FRAME, SCALE)
    frame = whole.to_frame()
    numbers = frame.columns[frame.columns.index("persons") :]
    frame.with_columns(pl.col(numbers).cast(small)).write_parquet(tmp_path / "narrow.parquet")
    read = cp.Moments.read(tmp_path / "narrow.parquet")
    total = sum([read] * 40)
    assert isinstance(total, cp.Moments)
    np.testing.assert_array_equal(total.products, 40 * whole.products)
    assert total.n == 40 * 5


def test_a_name_with_wildcards_is_one_file(tmp_path: Path) -> None:
    north = cp.moments(FRAME.head(3), SCALE)
    north.write(tmp_path / "m[1].parquet")
    cp.moments(FRAME, SCALE).write(tmp_path / "m1.parquet")
    assert cp.Moments.read(tmp_path / "m[1].parquet").n == north.n
    with pytest.raises(cp.DataError, match=r"absent.*cannot be written"):
        north.write(tmp_path / "absent" / "m.parquet")


def test_persons_who_are_not_among_those_of_the_whole_cannot_be_taken() -> None:
    scale = cp.Scale("calm", items=["a", "b"], minimum=1, maximum=5)
    alike = pl.DataFrame({"a": [3, 3, 3, 3], "b": [3, 3, 3, 3]})
    apart = pl.DataFrame({"a": [1, 5], "b": [1, 5]})
    with pytest.raises(cp.OptionError, match="variances that remain are negative"):
        cp.moments(alike, scale) - cp.moments(apart, scale)


def test_weighted_moments_may_leave_the_rounding_of_what_was_there() -> None:
    whole = cp.moments(FRAME, SCALE, by="site", weights="w", missing="pairwise")
    north = cp.moments(
        FRAME.filter(site="north"), SCALE, by="site", weights="w", missing="pairwise"
    )
    left = whole - north
    expected = cp.moments(FRAME.filter(site="south"), SCALE, weights="w", missing="pairwise")
    np.testing.assert_allclose(left.covariance[1], expected.covariance, rtol=ROUNDED)
    assert left.n.tolist() == [0, 4]  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["place", "place number", "number"])
def test_groups_may_have_any_name(name: str) -> None:
    moments = cp.moments(FRAME.rename({"site": name}), SCALE, by=name)
    np.testing.assert_array_equal((moments + moments).n, 2 * np.asarray(moments.n))


def test_answers_far_from_zero_fit_or_are_refused() -> None:
    items = ["a", "b", "c"]

    def shifted(by: float) -> cp.Moments:
        scale = cp.Scale("far", items=items, minimum=1 + by, maximum=5 + by, reversed=["b"])
        frame = FRAME.select(pl.col("a", "c").cast(pl.Int64) + int(by), pl.col("b") + int(by))
        return cp.moments(frame, scale)

    near = cp.moments(FRAME, SCALE)
    np.testing.assert_array_equal(shifted(1e9).covariance, near.covariance)
    # 5 persons: 5 x² fits while x is below 1.36e9.
    for far in (1.5e9, 3e9, 4e15):
        with pytest.raises(cp.DataError, match=r"'far' .*do not fit .*count the answers from 0"):
            shifted(far)
    once = shifted(1e9)
    with pytest.raises(cp.DataError, match="do not fit"):
        once + once


def test_an_origin_for_each_site_is_undone() -> None:
    draw = np.random.default_rng(3)
    frame = pl.DataFrame(draw.normal(300, 40, (60, 3)).round(1), schema=["a", "b", "c"])
    frame = frame.with_columns(
        site=pl.int_range(60) % 2, a=pl.col("a") + 100 * (pl.int_range(60) % 2)
    )
    scale = cp.Scale(
        "wide", items=["a", "b", "c"], minimum=0, maximum=900, reversed=["b"], continuous=True
    )
    x = frame.select("a", 900 - pl.col("b"), "c").to_numpy()
    for missing in ("listwise", "pairwise"):
        both = cp.moments(frame, scale, by="site", missing=missing)
        # 60 sums of squares near 2e5.
        np.testing.assert_allclose(both.pooled().products[0], x.T @ x, rtol=1e-13)
        np.testing.assert_allclose(both.pooled().covariance, np.cov(x.T), rtol=1e-9)
        parts = [cp.moments(frame.filter(site=site), scale, missing=missing) for site in (0, 1)]
        np.testing.assert_allclose((parts[0] + parts[1]).mean, x.mean(axis=0), rtol=ROUNDED)


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_extreme_weights_give_what_others_give(missing: str, factor: float) -> None:
    plain = cp.moments(FRAME, SCALE, weights="w", missing=missing)
    extreme = cp.moments(
        FRAME.with_columns(w=pl.col("w") * factor), SCALE, weights="w", missing=missing
    )
    assert extreme.weight[0] == pytest.approx(plain.weight[0] * factor, rel=ROUNDED)
    np.testing.assert_allclose(extreme.covariance, plain.covariance, rtol=ROUNDED)
    np.testing.assert_allclose(extreme.correlation, plain.correlation, rtol=ROUNDED)


def test_checked_responses_have_their_own_options() -> None:
    responses = cp.Responses.from_frame(FRAME, SCALE)
    for name, value in (
        ("missing_codes", [99]), ("missing_codes", np.array([99, 98])),
        ("by", np.array(["site", "x"])), ("weights", "w"),
    ):  # fmt: skip
        with pytest.raises(cp.OptionError, match=f"{name} is given, but data is a Responses"):
            cp.moments(responses, **{name: value})  # type: ignore[arg-type]
