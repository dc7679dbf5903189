"""The main call: which rows a result has, what is said of each, and how it looks."""

import html.parser
from typing import Any

import numpy as np
import polars as pl
import pytest
from compassion_psy import (
    Bootstrap,
    CompassionWarning,
    OptionError,
    ReliabilityResult,
    Responses,
    Scale,
    reliability,
    simulate_survey,
)
from compassion_psy.reliability_definitions import DEFINITIONS
from compassion_psy.reliability_factors import OF_GENERAL
from compassion_psy.results import STATUSES

ALL = ("alpha", "alpha_std", "lambda2", "lambda6", "omega_u", "omega_total")
COLUMNS = [
    *("scale", "coefficient", "estimate", "se", "lower", "upper", "level", "interval", "n"),
    *("n_items", "n_excluded", "replicates", "failed", "note"),
]
REPLICATES = 60
BOOTSTRAP = Bootstrap(REPLICATES, seed=1)

SURVEY = simulate_survey(sizes=[90, 60, 120], items=5, missing=0.02, reversed=1, seed=1)
FRAME, SCALE = SURVEY.frame, SURVEY.scale
ITEMS = list(SCALE.items)


def analyse(frame: Any = FRAME, scale: Any = SCALE, **options: Any) -> ReliabilityResult:
    return reliability(frame, scale, **{"interval": BOOTSTRAP, "factors": 1, **options})


def at_site(site: str, **changes: pl.Expr) -> pl.DataFrame:
    """Return the survey with columns changed at one site."""
    return FRAME.with_columns(
        pl.when(site=site).then(change).otherwise(name).alias(name)
        for name, change in changes.items()
    )


def rows(result: ReliabilityResult, **where: Any) -> list[dict[str, Any]]:
    return list(result.table.filter(**where).iter_rows(named=True))


def alpha_by_hand(answers: np.ndarray) -> float:
    """Cronbach's alpha of keyed answers, persons × items."""
    k = answers.shape[1]
    return k / (k - 1) * (1 - answers.var(axis=0, ddof=1).sum() / answers.sum(axis=1).var(ddof=1))


def keyed(frame: pl.DataFrame, scale: Scale = SCALE) -> np.ndarray:
    end = scale.minimum + scale.maximum
    turned = [(end - pl.col(item)).alias(item) for item in scale.reversed]
    complete = frame.with_columns(turned).select(scale.items).drop_nulls()
    return complete.to_numpy().astype(float)


def test_table_columns_and_types() -> None:
    table = analyse(by=["site", "ward"], interval="adf").table
    assert table.columns == ["site", "ward", *COLUMNS]
    reals = {"estimate", "se", "lower", "upper", "level"}
    counts = {"n", "n_items", "n_excluded", "replicates", "failed"}
    for name in COLUMNS:
        kind = pl.Float64 if name in reals else pl.Int64 if name in counts else pl.String
        assert table.schema[name] == kind, name
    for interval in (BOOTSTRAP, "feldt", None):
        assert analyse(by=["site", "ward"], interval=interval).table.schema == table.schema


def test_rows_are_in_order_of_scale_group_and_coefficient_as_asked() -> None:
    first = Scale("first", items=ITEMS[:3], minimum=1, maximum=5)
    last = Scale("last", items=ITEMS[2:], minimum=1, maximum=5)
    table = analyse(scale=[last, first], by="site", coefficients=["omega_u", "alpha"]).table
    assert table.select("scale", "site", "coefficient").rows() == [
        (scale, site, coefficient)
        for scale in ("last", "first")
        for site in ("S1", "S2", "S3")
        for coefficient in ("omega_u", "alpha")
    ]


def test_what_was_asked_and_what_was_used_stand_in_every_row() -> None:
    result = analyse(by="site", level=0.9)
    for site, part in FRAME.partition_by("site", as_dict=True).items():
        complete = part.select(ITEMS).drop_nulls().height
        assert 0 < complete < part.height
        for row in rows(result, site=site[0]):
            assert (row["n"], row["n_excluded"]) == (complete, part.height - complete)
            assert (row["n_items"], row["replicates"], row["failed"]) == (5, REPLICATES, 0)
            assert (row["level"], row["interval"], row["scale"]) == (0.9, "bca", SCALE.name)
            assert row["lower"] < row["estimate"] < row["upper"]


def test_sites_get_their_own_alpha() -> None:
    result = analyse(by="site", interval=None, coefficients="alpha")
    for row in rows(result):
        expected = alpha_by_hand(keyed(FRAME.filter(site=row["site"])))
        assert row["estimate"] == pytest.approx(expected, abs=1e-12)  # order of float sums


def test_a_wider_level_gives_a_wider_interval() -> None:
    narrow, wide = (rows(analyse(level=level))[0] for level in (0.8, 0.99))
    assert wide["lower"] < narrow["lower"] < narrow["upper"] < wide["upper"]


def test_checked_responses_give_what_the_frame_gives() -> None:
    responses = Responses.from_frame(FRAME, SCALE, by="site", cluster="ward")
    for options in ({"missing": "pairwise"}, {"interval": "adf"}):
        ours = analyse(responses, None, **options)
        assert ours.table.equals(analyse(by="site", cluster="ward", **options).table)


def test_without_a_seed_one_is_drawn_and_named() -> None:
    first, second = (analyse(interval=Bootstrap(REPLICATES)) for _ in range(2))
    assert first.seed != second.seed
    assert not first.table.equals(second.table)
    again = analyse(interval=Bootstrap(REPLICATES, seed=first.seed))
    assert again.table.equals(first.table)
    assert f"Seed {first.seed}." in str(first)


def test_one_call_for_several_scales_uses_one_seed() -> None:
    scales = [SCALE, Scale("again", items=ITEMS, minimum=1, maximum=5, reversed=SCALE.reversed)]
    table = analyse(scale=scales, interval=Bootstrap(REPLICATES)).table
    first, second = (table.filter(scale=scale.name).drop("scale") for scale in scales)
    assert first.equals(second)


def test_replicates_and_statuses_add_up_to_the_table() -> None:
    tiny = COMPLETE.head(6).with_columns(site=pl.lit("tiny"))
    empty = FRAME.head(3).with_columns(site=pl.lit("none"), item_1=pl.lit(None, pl.UInt8))
    result = analyse(pl.concat([FRAME, tiny, empty]), by="site", coefficients=ALL)
    keys = ["site", "scale", "coefficient"]
    assert result.replicates.columns == [*keys, "replicate", "value", "status"]
    assert result.statuses.columns == [*keys, "status", "count"]
    assert set(result.replicates["status"]) <= set(STATUSES)
    counted = result.replicates.group_by(keys).agg(
        numbers=pl.col("replicate").sort(), values=pl.col("value").count()
    )
    told = result.statuses.group_by(keys).agg(count=pl.col("count").sum())
    joined = result.table.join(counted, on=keys, how="left").join(told, on=keys, how="left")
    for row in joined.iter_rows(named=True):
        if row["site"] == "none":
            assert (row["n"], row["failed"], row["numbers"]) == (0, REPLICATES, None)
            continue
        assert row["numbers"] == list(range(1, REPLICATES + 1))
        assert row["failed"] == REPLICATES - row["values"]
        assert row["count"] == REPLICATES
    # A value is missing exactly where the status says why.
    has_value = pl.col("status").is_in(["ok", "heywood"])
    assert result.replicates.filter(has_value != pl.col("value").is_not_null()).is_empty()
    assert result.replicates["value"].is_finite().all()


def test_the_standard_error_is_that_of_the_replicates() -> None:
    result = analyse(coefficients="alpha")
    assert rows(result)[0]["se"] == pytest.approx(result.replicates["value"].std(), rel=1e-12)


@pytest.mark.parametrize("interval", ["adf", "feldt", None])
def test_without_a_bootstrap_replicates_are_empty_frames(interval: Any) -> None:
    bootstrapped, result = analyse(by="site"), analyse(by="site", interval=interval)
    assert result.seed is None
    assert result.replicates.is_empty()
    assert result.statuses.is_empty()
    assert result.replicates.schema == bootstrapped.replicates.schema
    assert result.statuses.schema == bootstrapped.statuses.schema


def test_intervals_by_formula() -> None:
    for name in ("feldt", "bonett", "hakstian_whalen", "normal_theory"):
        alpha, omega = rows(analyse(interval=name))
        assert alpha["lower"] < alpha["estimate"] < alpha["upper"]
        assert omega["lower"] is omega["upper"] is None
        assert omega["note"] == f"the {name} interval is for alpha alone"
        assert omega["se"] > 0
    alpha, omega = rows(analyse(interval="adf"))
    for row in (alpha, omega):
        assert row["upper"] - row["estimate"] == pytest.approx(1.959963984540054 * row["se"])
    alpha, omega = rows(analyse(interval=None))
    assert alpha["se"] > 0
    assert [alpha[name] for name in ("lower", "upper", "level", "interval")] == [None] * 4


@pytest.mark.parametrize("option", [{"cluster": "ward"}, {"weights": "w"}])
def test_a_formula_that_ignores_the_design_warns(option: dict[str, str]) -> None:
    frame = FRAME.with_columns(w=pl.lit(1.5))
    with pytest.warns(CompassionWarning, match="'feldt' takes persons as independent"):
        analyse(frame, interval="feldt", **option)


def test_equal_weights_change_nothing_but_rounding() -> None:
    frame = FRAME.with_columns(w=pl.lit(2.5))
    plain, weighted = (analyse(frame, weights=w, coefficients=ALL) for w in (None, "w"))
    for ours, theirs in zip(rows(plain), rows(weighted), strict=True):
        for name in ("estimate", "lower", "upper"):
            # The same persons are drawn. Weighted sums are rounded, and fits pass that on.
            assert ours[name] == pytest.approx(theirs[name], abs=1e-8)


def test_shifting_the_range_changes_no_bit() -> None:
    shifted = FRAME.with_columns(pl.col(ITEMS).cast(pl.Int8) - 3)
    scale = Scale(SCALE.name, items=ITEMS, minimum=-2, maximum=2, reversed=SCALE.reversed)
    for missing in ("listwise", "pairwise"):
        ours = analyse(coefficients=ALL, missing=missing).table
        assert ours.equals(analyse(shifted, scale, coefficients=ALL, missing=missing).table)


def test_a_slider_from_0_to_100_and_its_reversed_items() -> None:
    draw = np.random.default_rng(5)
    answers = draw.normal(50, 12, (300, 1)) + draw.normal(0, 9, (300, 4))
    answers[:, 3] = 100 - answers[:, 3]
    names = ["a", "b", "c", "d"]
    frame = pl.DataFrame(np.clip(answers, 0, 100), schema=names)
    for data, continuous in ((frame, True), (frame.select(pl.all().round().cast(int)), False)):
        scale = Scale(
            "slider", items=names, minimum=0, maximum=100, reversed=["d"], continuous=continuous
        )
        row = rows(analyse(data, scale, coefficients="alpha"))[0]
        assert row["estimate"] == pytest.approx(alpha_by_hand(keyed(data, scale)), abs=1e-12)
        assert 0.8 < row["lower"] < row["upper"] < 0.95


def test_codes_and_reals_agree_beyond_a_byte() -> None:
    frame = pl.DataFrame(np.random.default_rng(2).integers(0, 255, (200, 3)), schema=list("abc"))
    codes, reals = (
        analyse(frame, Scale("s", items=list("abc"), minimum=0, maximum=top), coefficients="alpha")
        for top in (254, 255)
    )
    assert rows(codes)[0]["estimate"] == pytest.approx(rows(reals)[0]["estimate"], abs=1e-12)


# Sites that cannot be analysed: their rows say so, and the others are as without them.


def check_others(result: ReliabilityResult, site: str, options: dict[str, Any]) -> None:
    plain = analyse(by="site", **{"interval": None, **options})
    ours = result.table.filter(pl.col("site") != site).select("site", "coefficient", "estimate")
    assert ours.equals(
        plain.table.filter(pl.col("site") != site).select("site", "coefficient", "estimate")
    )


ONE = pl.int_range(pl.len()).over("site") == 0
FIVE = pl.int_range(pl.len()).over("site") < 5
COMPLETE = FRAME.drop_nulls()


@pytest.mark.parametrize(
    ("frame", "n", "options", "note"),
    [
        (at_site("S2", item_1=pl.lit(None)), 0, {}, "nobody answered every item"),
        (
            at_site("S2", **{item: pl.lit(None) for item in ITEMS}),
            0,
            {"missing": "pairwise"},
            "nobody answered any item",
        ),
        (
            at_site("S2", item_1=pl.lit(None)),
            60,
            {"missing": "pairwise"},
            "nobody answered 'item_1'",
        ),
        (
            COMPLETE.filter((pl.col("site") != "S2") | ONE),
            1,
            {},
            "only one person answered every item",
        ),
    ],
)
def test_a_site_without_enough_answers(
    frame: pl.DataFrame, n: int, options: dict[str, Any], note: str
) -> None:
    for interval in (BOOTSTRAP, "adf", "feldt", None):
        result = analyse(frame, by="site", interval=interval, **options)
        for row in rows(result, site="S2"):
            assert row["note"] == note
            assert row["n"] == n
            assert [row[name] for name in ("estimate", "se", "lower", "upper")] == [None] * 4
            assert row["failed"] == (REPLICATES if interval is BOOTSTRAP else None)
        check_others(result, "S2", options)


def test_a_site_with_no_more_persons_than_items() -> None:
    frame = COMPLETE.filter((pl.col("site") != "S2") | FIVE)
    result = analyse(frame, by="site", coefficients=["alpha", "lambda6"])
    alpha, lambda6 = rows(result, site="S2")
    assert alpha["note"].startswith("no more persons than items, too few to rely on")
    assert lambda6["estimate"] is None
    assert lambda6["note"].endswith("use more persons or fewer items")
    check_others(result, "S2", {"coefficients": ["alpha", "lambda6"]})


def test_an_item_that_does_not_vary_at_one_site() -> None:
    result = analyse(at_site("S2", item_2=pl.lit(3)), by="site", coefficients=ALL)
    for row in rows(result, site="S2"):
        assert row["note"] == "'item_2' does not vary here"
        # Alpha and lambda 2 are defined; those of correlations or factors are not.
        has_value = row["coefficient"] in ("alpha", "lambda2")
        assert (row["estimate"] is not None) == has_value
        assert row["failed"] == (0 if has_value else REPLICATES)
    check_others(result, "S2", {"coefficients": ALL})


def test_an_item_that_does_not_vary_where_it_is_answered() -> None:
    three = pl.when(pl.col("item_2").is_not_null()).then(3)
    assert at_site("S2", item_2=three).filter(site="S2")["item_2"].null_count() > 0
    frame = at_site("S2", item_2=three)
    result = analyse(frame, by="site", missing="pairwise", interval=Bootstrap(400, seed=1))
    assert rows(result, site="S2")[0]["note"] == "'item_2' does not vary here"
    assert rows(result, site="S1")[0]["note"] is None


def test_many_items_that_do_not_vary_are_not_all_named() -> None:
    constant = at_site("S2", **{item: pl.lit(3) for item in ITEMS})
    scale = Scale("wide", items=[*ITEMS, "same", "also"], minimum=1, maximum=5)
    frame = constant.with_columns(same=pl.col("item_1"), also=pl.col("item_2"))
    note = rows(analyse(frame, scale, by="site"), site="S2")[0]["note"]
    assert "'item_5' and 2 more do not vary here | the total score does not vary" in note


def test_one_cluster_at_a_site_leaves_the_estimate() -> None:
    result = analyse(at_site("S2", ward=pl.lit("only")), by="site", cluster="ward")
    for row in rows(result, site="S2"):
        assert row["estimate"] is not None
        assert row["se"] is row["lower"] is row["upper"] is None
        assert row["note"].startswith("only one cluster (ward), but")
    assert all(row["lower"] is not None for row in rows(result, site="S1"))
    check_others(result, "S2", {})


def test_one_person_in_a_stratum_at_a_site_leaves_the_estimate() -> None:
    frame = COMPLETE.with_columns(kind=(pl.col("site") == "S2") & ONE)
    row = rows(analyse(frame, by="site", strata="kind"), site="S2")[0]
    assert row["estimate"] is not None
    assert row["lower"] is None
    assert row["note"].startswith("only one person in a stratum (kind), but")


def test_two_items_have_an_alpha_and_no_omega() -> None:
    two = Scale("two", items=ITEMS[:2], minimum=1, maximum=5)
    for row in rows(analyse(scale=two, coefficients=ALL)):
        omega = row["coefficient"].startswith("omega")
        assert (row["estimate"] is None) == omega
        assert row["note"] == ("one factor needs at least 3 items" if omega else None)


def test_items_that_repeat_each_other() -> None:
    scale = Scale("twice", items=[*ITEMS, "copy"], minimum=1, maximum=5, reversed=SCALE.reversed)
    result = analyse(FRAME.with_columns(copy="item_1"), scale, coefficients=ALL)
    for row in rows(result):
        singular = row["coefficient"] in ("lambda6", "omega_u")
        assert (row["estimate"] is None) == singular
        if singular:
            assert row["note"].startswith("'copy' has the answers of 'item_1'")


def test_heywood_cases_and_failures_are_noted_where_they_are_many() -> None:
    few = simulate_survey(sizes=[14, 400], items=8, loadings=[0.75] * 8, seed=3)
    enough = Bootstrap(400, seed=1)
    result = analyse(few.frame, few.scale, by="site", coefficients="omega_u", interval=enough)
    small, large = rows(result, coefficient="omega_u")
    counts = result.statuses.filter(site="S1", coefficient="omega_u")
    heywood = counts.filter(status="heywood")["count"].sum()
    assert small["failed"] >= 0.05 * enough.replicates
    assert heywood >= 0.05 * enough.replicates
    assert "5% or more of the replicates have no value" in small["note"]
    assert "5% or more of the replicates are Heywood cases" in small["note"]
    assert large["note"] is None


def test_an_estimate_none_of_whose_replicates_has_a_value() -> None:
    # Nine persons drawn with replacement are almost never nine: eight items are then singular.
    nine = simulate_survey(persons=9, items=8, seed=1)
    row = rows(analyse(nine.frame, nine.scale, interval=Bootstrap(20, seed=1)))[1]
    assert row["coefficient"] == "omega_u"
    assert row["estimate"] is not None
    assert row["failed"] == 20
    assert row["se"] is row["lower"] is row["upper"] is None
    assert row["note"].startswith("no interval: too few replicates have a value")


def test_too_few_replicates_have_no_interval() -> None:
    row = rows(analyse(interval=Bootstrap(1, seed=1)))[0]
    assert row["se"] is row["lower"] is row["upper"] is None
    assert row["note"] == "no interval: too few replicates have a value"


def test_thousands_of_tiny_sites() -> None:
    draw = np.random.default_rng(4)
    sites, names = 5000, ["a", "b", "c", "d"]
    frame = pl.DataFrame(draw.integers(1, 6, (3 * sites, 4)), schema=names).with_columns(
        site=pl.int_range(3 * sites) // 3
    )
    scale = Scale("tiny", items=names, minimum=1, maximum=5)
    result = analyse(frame, scale, by="site", coefficients=ALL)
    table = result.table
    assert table.height == sites * len(ALL)
    assert table["note"].null_count() == 0
    assert table["site"].to_list() == [site for site in range(sites) for _ in ALL]
    for name in ("estimate", "se", "lower", "upper"):
        assert not table[name].is_nan().any()
    # The three persons of a site, by hand.
    for site in (0, 17, sites - 1):
        alpha = table.filter(site=site, coefficient="alpha")["estimate"].item()
        expected = alpha_by_hand(frame.filter(site=site).select(names).to_numpy().astype(float))
        assert alpha == pytest.approx(expected, abs=1e-12)
    shown = str(result).splitlines()
    assert len(shown) < 200
    assert "⋮ 29,960 of 30,000 rows are left out" in shown


def test_progress_of_several_scales_is_that_of_the_whole_call() -> None:
    told: list[tuple[int, int]] = []
    scales = [SCALE, Scale("first", items=ITEMS[:3], minimum=1, maximum=5)]
    frame = pl.concat(
        [FRAME, FRAME.head(2).with_columns(site=pl.lit("S4"), item_1=pl.lit(None, pl.UInt8))]
    )
    analyse(frame, scales, by="site", progress=lambda *it: told.append(it))
    total = 2 * 4 * REPLICATES
    assert told[-1] == (total, total)
    assert {of for _, of in told} == {total}
    assert [done for done, _ in told] == sorted(done for done, _ in told)


# What a reader sees.


@pytest.fixture
def _width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


class Text(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.feed(text)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.usefixtures("_width")
def test_printing() -> None:
    frame = pl.concat([FRAME, FRAME.head(1).with_columns(site=pl.lit("S4"))])
    result = analyse(frame, by="site", coefficients=["alpha", "lambda6"])
    text = str(result)
    assert repr(result) == text
    words = Text(result._repr_html_()).words
    for shown in ("S1", "S4", "lambda6", "only one person answered every item"):
        assert shown in text
        assert any(shown in word for word in words)
    for line in ("lambda6: Guttman's lambda 6 of the covariance matrix.", "Seed 1."):
        assert line in text.splitlines()
        assert line in words
    assert max(map(len, text.splitlines())) <= 120
    for raw in ("nan", "null", "None"):
        assert raw not in text
        assert raw not in "".join(words)


@pytest.mark.usefixtures("_width")
def test_printing_leaves_out_what_was_not_asked_for() -> None:
    shown = {
        interval: str(analyse(COMPLETE, interval=interval)).splitlines()
        for interval in ("adf", None)
    }
    assert shown[None][1] == f"scale: {SCALE.name}; n_items: 5; n_excluded: 0"
    assert shown[None][3].split() == ["coefficient", "estimate", "se", "n"]
    assert shown["adf"][3].split() == ["coefficient", "estimate", "se", "lower", "upper", "n"]


@pytest.mark.usefixtures("_width")
@pytest.mark.parametrize(
    ("site", "shown"), [(2023.0, "2023"), (1.5, "1.5"), (-1.0, "-1"), (float("nan"), "nan")]
)
def test_a_site_that_is_a_number_is_not_rounded(site: float, shown: str) -> None:
    frame = COMPLETE.with_columns(site=pl.lit(site))
    result = analyse(frame, by="site", interval=None)
    assert str(result).splitlines()[5].split()[:2] == [shown, "alpha"]


def test_a_result_is_frozen_and_gives_its_table() -> None:
    result = analyse(interval=None)
    assert result.to_frame() is result.table
    with pytest.raises(AttributeError):
        result.table = None  # type: ignore[misc]


AT_THE_END = "a limit is the most extreme of them"


@pytest.mark.parametrize("method", ["percentile", "basic"])
@pytest.mark.parametrize(("replicates", "noted"), [(18, True), (19, False), (200, False)])
def test_too_few_replicates_for_the_level_are_noted(
    method: Any, replicates: int, noted: bool
) -> None:
    # 90 % limits are at 1/20 and 19/20: of 19 replicates the first and the last, of 18 none.
    result = analyse(interval=Bootstrap(replicates, method=method, seed=1), level=0.9)
    for row in rows(result):
        assert (AT_THE_END in (row["note"] or "")) is noted


def test_a_bca_limit_that_is_the_most_extreme_replicate_is_noted() -> None:
    for replicates in (20, 45, 60, 500):
        result = analyse(interval=Bootstrap(replicates, seed=1))
        for row in rows(result):
            values = result.replicates.filter(coefficient=row["coefficient"])["value"]
            beyond = row["lower"] == values.min() or row["upper"] == values.max()
            assert (AT_THE_END in (row["note"] or "")) is beyond
            assert beyond or replicates > 20


def test_a_bootstrap_of_the_normal_kind_needs_no_extreme_replicate() -> None:
    result = analyse(interval=Bootstrap(20, method="normal", seed=1))
    assert result.table["note"].to_list() == [None, None]


@pytest.mark.parametrize("interval", [BOOTSTRAP, Bootstrap(20, method="normal", seed=1), "adf"])
def test_a_level_whose_limits_would_be_infinite_is_refused(interval: Any) -> None:
    with pytest.raises(OptionError, match=r"so near to 1 .* lower it"):
        analyse(interval=interval, level=1 - 1e-16)
    result = analyse(interval=interval, level=1 - 2.5e-16)
    assert result.table.select(pl.col("lower", "upper").is_finite().all()).row(0) == (True, True)


def test_two_persons_have_no_standard_error() -> None:
    two = pl.DataFrame({"a": [1, 3], "b": [2, 5], "c": [1, 4]})
    scale = Scale("two", items=two.columns, minimum=1, maximum=5)
    row = rows(analyse(two, scale, coefficients="alpha"))[0]
    assert (row["se"], row["lower"], row["upper"]) == (None, None, None)
    assert "the standard error is not defined" in row["note"]


def test_few_persons_are_not_told_that_their_items_repeat_each_other() -> None:
    answers = pl.DataFrame({"a": [1, 2, 3, 4, 5], "b": [1, 2, 3, 4, 5], "c": [2, 1, 4, 3, 5]})
    scale = Scale("few", items=["a", "b", "c"], minimum=1, maximum=5)
    row = rows(analyse(answers, scale, interval=None, coefficients=["alpha", "lambda6"]))[1]
    assert row["estimate"] is None
    assert "by chance among so few persons" in row["note"]


def test_progress_is_silent_where_nothing_is_resampled() -> None:
    def report(done: int, total: int) -> None:
        raise AssertionError((done, total))

    for interval in (None, "adf", "feldt"):
        analyse(interval=interval, progress=report, coefficients="alpha")


@pytest.mark.parametrize("factor", [2.0**-600, 1.0, 2.0**900])
@pytest.mark.parametrize("interval", [BOOTSTRAP, "adf"])
def test_the_unit_of_weights_changes_no_bit(factor: float, interval: Any) -> None:
    draw = np.random.default_rng(4)
    frame = FRAME.with_columns(w=pl.Series(draw.uniform(0.2, 3, FRAME.height)))
    options: dict[str, Any] = {"by": "site", "weights": "w", "interval": interval}
    ours = analyse(frame, **options).table
    assert ours["lower"].null_count() == 0
    assert ours.equals(analyse(frame.with_columns(pl.col("w") * factor), **options).table)


@pytest.mark.parametrize(("maximum", "continuous"), [(2e9, False), (1e15, True)])
def test_a_wide_scale_loses_no_digits_where_answers_lie_close(
    maximum: float, continuous: bool
) -> None:
    scale = Scale("wide", items=ITEMS, minimum=0, maximum=maximum, continuous=continuous)
    wide = FRAME.with_columns(pl.col(ITEMS).cast(pl.Int64) + 1_000_000)
    near = Scale("wide", items=ITEMS, minimum=1, maximum=5)
    expected = analyse(FRAME, near, interval="adf", coefficients=ALL).table
    found = analyse(wide, scale, interval="adf", coefficients=ALL).table
    for name in ("estimate", "se"):
        # Differences of small whole numbers are exact; sums of squares lie in another order.
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12)


def test_missing_codes_may_be_given_once() -> None:
    frame = FRAME.with_columns(pl.col("item_1").fill_null(9))
    twin = Scale("twin", items=ITEMS, minimum=1, maximum=5)
    table = analyse(frame, [SCALE, twin], interval=None, missing_codes=(c for c in [0, 9])).table
    assert table["n"].unique().to_list() == [FRAME.select(ITEMS).drop_nulls().height]


def test_help_has_formula_and_citation_of_every_interval() -> None:
    text = reliability.__doc__ or ""
    notes, references = text.split("References\n")
    for number, (name, author) in enumerate(
        {
            "feldt": "Feldt, L. S.",
            "bonett": "Bonett, D. G.",
            "hakstian_whalen": "Hakstian, A. R.",
            "normal_theory": "van Zyl, J. M.",
            "adf": "Maydeu-Olivares, A.",
        }.items(),
        start=5,
    ):
        formula = notes.partition(f"- {name}:")[2].partition("\n    - ")[0]
        assert f"[{number}]_" in formula
        assert f".. [{number}] {author}" in references


def test_all_coefficients_by_one_word() -> None:
    result = analyse(coefficients="all", interval=None)
    # This scale has no subscales.
    defined = {name: text for name, text in DEFINITIONS.items() if name != "alpha_stratified"}
    assert result.table["coefficient"].to_list() == [*defined, *OF_GENERAL]
    assert {name: result.definitions[name] for name in defined} == defined
    assert set(ALL) < set(DEFINITIONS)
    with pytest.raises(OptionError, match="'all'"):
        analyse(coefficients=["all"])
