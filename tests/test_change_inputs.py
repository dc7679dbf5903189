"""How data come: long or wide, by arm and group; and what is refused, with a reason."""

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

SCALE = cp.Scale("calm", items=["q1", "q2", "q3"], minimum=1, maximum=5, reversed=["q3"])
FRAMES = ("table", "tests", "persons", "detectable", "dropout", "reliability", "trajectories")


def survey(n: int = 24, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for wave in ("before", "after"):
        codes = rng.integers(1, 6, (n, 3))
        parts.append(
            pl.DataFrame({
                "id": [f"p{i:02d}" for i in range(n)],
                "when": [wave] * n,
                "arm": ["control" if i % 2 else "training" for i in range(n)],
                "ward": ["w" if i < n // 2 else "v" for i in range(n)],
                "age": rng.normal(40, 8, n),
                **{f"q{k}": codes[:, k - 1] for k in (1, 2, 3)},
            })
        )  # fmt: skip
    return pl.concat(parts)


LONG = survey()


def changed(frame: Any = LONG, outcomes: Any = SCALE, **options: Any) -> cp.ChangeResult:
    given = {"id": "id", "wave": "when", "pre": "before", "post": "after"}
    return cp.change(frame, outcomes, **{**given, "interval": cp.Bootstrap(60, seed=1), **options})


def same(one: cp.ChangeResult, other: cp.ChangeResult) -> None:
    for name in FRAMES:
        assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


def test_the_order_of_rows_has_no_part() -> None:
    same(changed(), changed(LONG.sample(fraction=1, shuffle=True, seed=3)))


def test_the_same_seed_gives_the_same_bits() -> None:
    same(changed(arm="arm"), changed(arm="arm"))
    other = changed(interval=cp.Bootstrap(60, seed=2))
    assert not other.table["lower"].equals(changed().table["lower"])
    drawn = changed(interval=cp.Bootstrap(60))
    same(drawn, changed(interval=cp.Bootstrap(60, seed=drawn.seed)))


def test_waves_as_columns() -> None:
    parts = [
        LONG.filter(when=wave).select("id", pl.col("q1", "q2", "q3").name.suffix(f"_{wave}"))
        for wave in ("before", "after")
    ]
    wide = parts[0].join(parts[1], on="id")
    found = changed(wide, wave=None, pre="{}_before", post="{}_after")
    expected = changed()
    assert_frame_equal(found.table.drop("wave"), expected.table.drop("wave"), check_exact=True)
    assert found.table["wave"].unique().to_list() == ["{}_after"]


def test_scores_from_columns_are_those_of_the_scale() -> None:
    scored = cp.score(LONG, SCALE)
    found = changed(scored, "calm_total")
    columns = ["effect", "estimate", "lower", "upper", "p"]
    assert_frame_equal(found.table.select(columns), changed().table.select(columns))


def test_psych_reverses_by_what_was_observed_and_this_does_not() -> None:
    """Everybody rises by a point on one of three items; later nobody answers 1 (psych: 1.000)."""
    before = pl.DataFrame({"id": [1, 2, 3, 4], "a": [1, 2, 3, 4], "b": [3, 4, 3, 4],
                           "r": [5, 4, 3, 2], "when": ["t1"] * 4})  # fmt: skip
    after = before.with_columns(pl.col("a") + 1, when=pl.lit("t2"))
    scale = cp.Scale("waves", items=["a", "b", "r"], minimum=1, maximum=5, reversed=["r"],
                     total="mean")  # fmt: skip
    table = changed(pl.concat([before, after]), scale, pre="t1", post="t2").table
    assert table.filter(effect="mean_change")["estimate"].item() == pytest.approx(1 / 3, abs=1e-15)


def test_groups_are_analysed_one_by_one() -> None:
    both = changed(by="ward")
    for ward in ("v", "w"):
        alone = changed(LONG.filter(ward=ward))
        assert_frame_equal(both.table.filter(ward=ward).drop("ward"), alone.table, check_exact=True)
        assert_frame_equal(
            both.persons.filter(ward=ward).drop("ward"), alone.persons, check_exact=True
        )


def test_progress_counts_outcomes_of_groups() -> None:
    seen: list[tuple[int, int]] = []
    changed(outcomes=[SCALE, "age"], by="ward", progress=lambda *at: seen.append(at))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    with pytest.raises(cp.OptionError, match="progress is 'yes'"):
        changed(progress="yes")


def awkward_sites() -> pl.DataFrame:
    """Sites of a nightly job: one that can be analysed, and others that cannot."""
    sizes = {"ok": 12, "one": 1, "no later wave": 3, "unanswered": 3, "equal": 3, "flat": 2}
    sites = np.repeat(list(sizes), list(sizes.values()))
    frame = LONG.with_columns(site=pl.Series(np.tile(sites, 2)))
    of, later = pl.col("site"), pl.col("when") == "after"
    return frame.filter(~((of == "no later wave") & later)).with_columns(
        pl.when(of == "equal").then(pl.col(name).first().over("id"))
        .when((of == "flat") & ~later).then(3)
        .when((of == "unanswered") & later).then(None)
        .otherwise(pl.col(name)).alias(name)
        for name in SCALE.items
    )  # fmt: skip


@pytest.mark.parametrize("interval", [cp.Bootstrap(50, seed=1), "analytic"])
def test_no_group_stops_the_others(interval: Any) -> None:
    frame = awkward_sites()
    result = changed(frame, by="site", interval=interval)
    alone = changed(frame.filter(site="ok"), interval=interval)
    for name in FRAMES:
        found, expected = getattr(result, name), getattr(alone, name)
        own = found.filter(site="ok").drop("site")
        assert_frame_equal(own.select(expected.columns), expected, check_dtypes=False)
        assert found.columns[0] == "site", name
        if name != "persons":  # of whom there are none without a later score
            assert found["site"].n_unique() == 6, name
    table = result.table.filter(effect="d_av", analysis="completers")
    assert dict(table.select("site", "n").iter_rows()) == {
        "ok": 12, "one": 1, "no later wave": 0, "unanswered": 0, "equal": 3, "flat": 2}  # fmt: skip
    notes = dict(table.select("site", "note").iter_rows())
    assert "one person" in notes["one"]
    assert notes["no later wave"] == notes["unanswered"] == "nobody has a score at both waves"
    lost = dict(result.dropout.select("site", pl.struct("absent", "unscored")).iter_rows())
    assert lost["no later wave"] == {"absent": 3, "unscored": 0}
    assert lost["unanswered"] == {"absent": 0, "unscored": 3}
    mean = result.table.filter(effect="mean_change", analysis="completers", site="equal")
    assert mean["note"].item() == "all changes are 0: no standard error"
    for of in (result.table, result.detectable, result.reliability):
        absent = "mdc" if "mdc" in of.columns else "estimate"
        assert of.filter(pl.col(absent).is_null())["note"].null_count() == 0
    shown = str(result)
    assert all(site in shown for site in notes)


@pytest.mark.parametrize("interval", [cp.Bootstrap(50, seed=1), "analytic"])
def test_no_group_of_arms_stops_the_others(interval: Any) -> None:
    frame = awkward_sites()
    result = changed(frame, by="site", arm="arm", interval=interval)
    rows = result.table.filter(effect="d_ppc2", analysis="completers")
    assert rows["site"].n_unique() == 6
    assert rows.filter(site="ok")["lower"].null_count() == 0
    assert rows.filter(pl.col("lower").is_null())["note"].null_count() == 0
    str(result)


@pytest.mark.parametrize(
    ("values", "control", "expected"),
    [
        (["training", "control"], None, "training - control"),
        (["active", "waitlist"], None, "active - waitlist"),
        (["b", "a"], None, "b - a"),
        ([1, 0], None, "1 - 0"),
        ([True, False], None, "true - false"),
        (["training", "control"], "training", "control - training"),
        ([1, 0], 1, "0 - 1"),
    ],
)
def test_which_arm_is_the_control(values: list[Any], control: Any, expected: str) -> None:
    arm = pl.Series("arm", values * (LONG.height // 2))
    result = changed(LONG.with_columns(arm), arm="arm", control=control)
    assert result.table.filter(effect="d_ppc2")["arm"].to_list() == [expected]
    assert any(f"Control arm: {expected.split(' - ')[1]}." in note for note in result.notes)


def test_three_arms_are_each_compared_with_the_control() -> None:
    arm = pl.Series("arm", ["x", "control", "y"] * (LONG.height // 3))
    result = changed(LONG.with_columns(arm), arm="arm")
    assert result.table.filter(effect="d_ppc2")["arm"].to_list() == ["x - control", "y - control"]


def test_waves_that_pandas_wrote_as_decimals() -> None:
    number = pl.when(pl.col("when") == "before").then(1.0).otherwise(2.0)
    found = changed(LONG.with_columns(when=number), pre=1, post=2)
    assert_frame_equal(found.table.drop("wave"), changed().table.drop("wave"))


def test_waves_that_are_true_and_false() -> None:
    told = changed(LONG.with_columns(when=pl.col("when") == "after"), pre=False, post=True)
    assert_frame_equal(told.table.drop("wave"), changed().table.drop("wave"))


@pytest.mark.parametrize(("column", "counted"), [("id", "2 rows"), ("when", "2 rows"),
                                                 ("arm", "1 persons")])  # fmt: skip
def test_nan_is_no_id_no_wave_and_no_arm(column: str, counted: str) -> None:
    number = pl.col(column).rank("dense").cast(pl.Float64)
    absent = pl.when(pl.col("id") == "p01").then(float("nan")).otherwise(number)
    options = {"pre": 2, "post": 1} if column == "when" else {}
    with pytest.raises(cp.DataError, match=f"'{column}' has no value (in|for) {counted}"):
        changed(LONG.with_columns(absent.alias(column)), arm="arm", **options)


def test_groups_of_nan_are_those_without_a_value() -> None:
    ward = pl.col("ward").rank("dense").cast(pl.Float64)
    first = pl.col("id") == "p01"
    nan = LONG.with_columns(ward=pl.when(first).then(float("nan")).otherwise(ward))
    null = LONG.with_columns(ward=pl.when(first).then(None).otherwise(ward))
    assert_frame_equal(changed(nan, by="ward").table, changed(null, by="ward").table)


@pytest.mark.parametrize("role", ["id", "arm", "by"])
def test_lists_name_nobody(role: str) -> None:
    with pytest.raises(cp.DataError, match="'listed' holds List, but id, wave, arm and by"):
        changed(LONG.with_columns(listed=pl.concat_list("id")), **{role: "listed"})


def test_missing_codes_of_scores() -> None:
    frame = pl.DataFrame({"id": [1, 2, 3, 4], "y1": [1, 2, 3, 4], "y2": [2, 99, 5, 3]})
    result = cp.change(frame, "y", id="id", pre="{}1", post="{}2", missing_codes=[99],
                       interval="analytic")  # fmt: skip
    assert result.table["n"].to_list()[0] == 3


def refused(error: type[Exception], text: str, frame: Any = LONG, **options: Any) -> None:
    with pytest.raises(error, match=text):
        changed(frame, **options)


def test_a_person_twice_in_a_wave() -> None:
    twice = pl.concat([LONG, LONG.head(1)])
    refused(
        cp.DataError,
        r"Person 'p00' of column 'id' has several rows in wave 'before' \(1 persons have\); "
        "keep one row a person and wave",
        twice,
    )


def test_ids_that_do_not_match() -> None:
    other = pl.col("id").str.to_uppercase()
    frame = LONG.with_columns(id=pl.when(pl.col("when") == "after").then(other).otherwise("id"))
    refused(
        cp.DataError,
        r"Nobody has a score of 'calm' at both waves: 24 at 'before' \(such as 'p00'\) and 24 at "
        r"'after' \(such as 'P00'\) persons of column 'id' have one; write ids the same way",
        frame,
    )


def test_some_ids_that_do_not_match_are_counted() -> None:
    wrong = (pl.col("when") == "after") & (pl.col("id") == "p03")
    frame = LONG.with_columns(id=pl.when(wrong).then(pl.lit("p3")).otherwise("id"))
    row = changed(frame).dropout.row(0, named=True)
    assert (row["completed"], row["pre_only"], row["post_only"]) == (23, 1, 1)


def test_only_the_first_wave() -> None:
    refused(cp.DataError, "No row of column 'when' is of wave 'after'",
            LONG.filter(when="before"))  # fmt: skip
    nothing = LONG.with_columns(q1=pl.when(pl.col("when") == "before").then("q1"))
    refused(
        cp.DataError,
        "24 at 'before' .*0 at 'after' persons of column 'id' .*"
        "check the answers in 'q1', 'q2', 'q3'",
        nothing,
    )
    wide = LONG.filter(when="before").select("id", pl.col("q1", "q2", "q3").name.suffix("_a"))
    refused(cp.DataError, "no column 'q1_b'.*'q1_a'", wide, wave=None, pre="{}_a", post="{}_b")


def test_a_wave_that_does_not_exist() -> None:
    refused(
        cp.DataError, "No row of column 'when' is of wave 'aftr'. Did you mean 'after'", post="aftr"
    )
    refused(cp.OptionError, "name a wave twice", post="before")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"outcomes": "clm"}, "neither a column of the data nor the id of a published scale"),
        ({"outcomes": []}, "it must be scales"),
        ({"outcomes": [SCALE, SCALE]}, "names 'calm' twice"),
        ({"outcomes": [3]}, "each must be a Scale"),
        ({"wave": None, "pre": "t1", "post": "t2"}, "one pair of braces"),
        ({"post": []}, "post is empty"),
        ({"interval": "bca"}, "Bootstrap\\(method='bca'\\)"),
        ({"interval": "exact"}, "interval is 'exact'"),
        ({"level": 1.2}, "level is 1.2"),
        ({"reliability": 1.0}, "below 1"),
        ({"reliability": {"clam": 0.8}}, "reliability names the outcome 'clam'. Did you mean"),
        ({"outcomes": "age", "reliability": "alpha"}, "column of scores"),
        ({"norms": (1, 0)}, "above 0"),
        ({"norms": 3}, "a mean and an SD"),
        ({"norms": cp.Norms("n", percentiles={1: 5})}, "no mean and sd"),
        ({"outcomes": [SCALE, "age"], "norms": (1, 1)}, "a mapping from outcome to norms"),
        ({"cutoff": "c"}, "needs norms"),
        ({"cutoff": "d"}, "cutoff is 'd'"),
        ({"better": "up"}, "better is 'up'"),
        ({"control": "control"}, "control is given without arm"),
        ({"arm": "arm", "control": "contrl"}, "no such arm. Did you mean 'control'"),
        ({"by": "id"}, "two roles"),
        ({"by": "effect"}, "results have a column of that name"),
        ({"id": "q1"}, "outcome or item"),
        ({"outcomes": "age", "missing_codes": ["x"]}, "missing_codes holds 'x'"),
        ({"outcomes": "age", "missing_codes": 99}, "missing_codes is 99"),
    ],
)
def test_options_that_are_not_usable(options: dict[str, Any], text: str) -> None:
    with pytest.raises(cp.OptionError, match=text):
        changed(LONG.with_columns(effect=pl.lit(1)), **options)


def test_columns_that_are_not_usable() -> None:
    refused(cp.DataError, "no column 'person'", id="person")
    refused(cp.DataError, "no column 'q3'", LONG.drop("q3"))
    refused(cp.DataError, "no rows", LONG.head(0))
    absent = pl.when(pl.col("id") != "p01").then("id")
    refused(cp.DataError, "'id' has no value in 2 rows", LONG.with_columns(id=absent))
    absent = pl.when(pl.col("id") != "p01").then("when")
    refused(cp.DataError, "'when' has no value in 2 rows", LONG.with_columns(when=absent))
    moved = pl.when(pl.col("when") == "after").then(pl.lit("training")).otherwise("arm")
    refused(cp.DataError, "'control' and 'training' in column 'arm' \\(12 persons",
            LONG.with_columns(arm=moved), arm="arm")  # fmt: skip
    nobody = pl.when(pl.col("id") != "p01").then("arm")
    refused(cp.DataError, "'arm' has no value for 1 persons",
            LONG.with_columns(arm=nobody), arm="arm")  # fmt: skip
    refused(cp.DataError, "one arm only", LONG.with_columns(arm=pl.lit("a")), arm="arm")
    refused(cp.DataError, "must be numbers", outcomes="ward")
    refused(cp.DataError, "infinite", LONG.with_columns(age=pl.lit(float("inf"))), outcomes="age")
    with pytest.raises(cp.DataError, match=r"'q1'.*9"):
        changed(LONG.with_columns(q1=pl.lit(9)))


def test_a_scale_without_a_total() -> None:
    with pytest.raises(cp.OptionError, match="no total score"):
        changed(outcomes="iri")


def notes_of(frame: pl.DataFrame, **options: Any) -> dict[str, str | None]:
    table = cp.change(frame, "y", id="id", pre="{}1", post="{}2", reliability=0.8, **options).table
    return dict(table.select("effect", "note").iter_rows())


@pytest.mark.parametrize("interval", [cp.Bootstrap(50, seed=1), "analytic"])
def test_what_cannot_be_computed_says_why(interval: Any) -> None:
    ones = pl.DataFrame({"id": [1, 2], "y1": [3, 2], "y2": [4, 4], "ward": ["a", "b"]})
    reasons = set(notes_of(ones, interval=interval, by="ward").values())
    assert reasons == {"one person: a change, and no spread to measure it with"}
    with pytest.raises(cp.DataError, match="One person alone has a score of 'y'") as no:
        notes_of(ones.head(1), interval=interval)
    assert "at least two persons are needed" in str(no.value)
    equal = pl.DataFrame({"id": range(6), "y1": [1, 2, 3, 4, 5, 6], "y2": [2, 3, 4, 5, 6, 7]})
    found = notes_of(equal, interval=interval)
    assert "all changes are 1: there is no SD of changes, and d_av and smcr need" in str(
        found["d_z"]
    )
    assert found["mean_change"] == "all changes are 1: no standard error"
    flat = pl.DataFrame({"id": range(6), "y1": [3] * 6, "y2": [2, 3, 4, 5, 6, 7]})
    found = notes_of(flat, interval=interval)
    assert found["smcr"] == (
        "nobody differs from another at the first wave: not defined; d_z needs no SD of a wave"
    )
    assert found["d_z"] is None
    found = notes_of(flat.rename({"y1": "y2", "y2": "y1"}), interval=interval)
    assert found["d_rm"] == "nobody differs from another at the later wave: not defined"
    two = pl.DataFrame({"id": [1, 2], "y1": [3, 5], "y2": [4, 9]})
    assert "two persons" in str(notes_of(two, interval=interval)["g_z"])


def test_without_spread_of_changes_there_are_no_limits_by_it() -> None:
    equal = pl.DataFrame({"id": range(6), "y1": [1, 2, 3, 4, 5, 6], "y2": [2, 3, 4, 5, 6, 7]})
    expected = "all changes are 1: no interval from the SD of changes"
    assert notes_of(equal, interval="analytic")["d_av"] == expected


@pytest.mark.parametrize("interval", [cp.Bootstrap(50, seed=1), "analytic"])
def test_an_arm_of_one_person_has_no_spread_to_pool(interval: Any) -> None:
    one = LONG.with_columns(arm=pl.when(pl.col("id") == "p01").then(pl.lit("control"))
                            .otherwise(pl.lit("training")))  # fmt: skip
    found = changed(one, arm="arm", interval=interval).table.filter(effect="d_ppc2")
    assert found["note"].to_list() == ["one person in an arm: no SD of that arm to pool"]


@pytest.mark.parametrize("interval", [cp.Bootstrap(50, seed=1), "analytic"])
def test_no_number_is_missing_without_a_reason(interval: Any) -> None:
    rng = np.random.default_rng(1)
    for n in (2, 3, 4, 12):
        for pre in (np.zeros(n), rng.integers(0, 3, n), rng.normal(size=n)):
            for post in (pre, pre + 0.1, pre + rng.normal(size=n), np.zeros(n)):
                frame = pl.DataFrame({"id": range(n), "y1": pre, "y2": post}, strict=False)
                result = cp.change(frame, "y", id="id", pre="{}1", post="{}2", interval=interval)
                empty = result.table.filter(
                    pl.any_horizontal(pl.col("estimate", "lower", "upper").is_null())
                )
                assert empty["note"].null_count() == 0, (n, pre, post, empty)
                assert not result.table["estimate"].is_nan().any()
                str(result)


@pytest.mark.parametrize("interval", [cp.Bootstrap(50, seed=1), "analytic"])
def test_arms_without_spread_at_first_have_nothing_to_pool(interval: Any) -> None:
    flat = LONG.with_columns(age=pl.when(pl.col("when") == "before").then(40).otherwise("age"))
    found = changed(flat, "age", arm="arm", interval=interval).table.filter(effect="d_ppc2")
    assert found["estimate"].item() is None
    assert "does anybody differ from another at the first wave" in found["note"].item()


def test_an_arm_without_completers_has_rows_that_say_so() -> None:
    lost = (pl.col("when") == "after") & (pl.col("arm") == "control")
    result = changed(LONG.filter(~lost), arm="arm")
    part = result.table.filter(arm="control", analysis="completers")
    assert part["n"].unique().to_list() == [0]
    assert part["note"].unique().to_list() == ["nobody has a score at both waves"]
    both = result.table.filter(effect="d_ppc2", analysis="completers")
    assert both["note"].item() == "in one arm nobody has a score at both waves"
    assert "nobody" in str(result.tests.filter(arm="control")["note"][0])
    str(result)
