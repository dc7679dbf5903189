"""Sites compared: faults found before figures, truths recovered, nobody lost without a count."""

import json
import math
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.sites.likeness import variance_table
from compassion_psy.sites.nested import features
from polars.testing import assert_frame_equal

DATA = Path(__file__).parents[2] / "shared" / "data"
FAST = cp.Bootstrap(200, seed=1)
SURVEY = cp.simulate_survey(persons=2400, items=5, sites=12, clusters_per_site=5, seed=3)


def compared(frame: pl.DataFrame = SURVEY.frame, **options: Any) -> cp.SiteComparison:
    given: dict[str, Any] = {"site": "site", "bootstrap": FAST} | options
    return cp.compare_sites(frame, SURVEY.scale, **given)


@pytest.fixture(scope="module")
def programme() -> cp.SimulatedProgramme:
    return cp.simulate_programme(hospitals=60, teams=400, staff=16_000, seed=5)


@pytest.fixture(scope="module")
def means(programme: cp.SimulatedProgramme) -> cp.SiteComparison:
    return cp.compare_sites(
        programme.frame, programme.scale, site="hospital", team="team", bootstrap=FAST
    )


def test_planted_faults_are_no_findings(
    programme: cp.SimulatedProgramme, means: cp.SiteComparison
) -> None:
    planted = dict(programme.faults.select("hospital", "fault").rows())
    by_audit = {site for site, fault in planted.items() if fault != "careless"}
    aside = means.sites.filter(status="audit")
    assert set(aside["hospital"]) == by_audit
    assert aside["estimate"].null_count() == len(by_audit)
    assert aside["note"].null_count() == 0
    assert means.pooled["sites"].to_list() == [60 - len(by_audit)] * 4
    lost = programme.frame.filter(pl.col("hospital").is_in(by_audit)).height
    assert means.excluded.filter(reason="set aside by the audit")["persons"].item() == lost
    # Of those who are compared nobody stands out in the mean: true means are normal.
    assert set(means.sites.filter(status="ok")["outside"]) == {"no"}


def test_careless_staff_stand_out_in_reliability(programme: cp.SimulatedProgramme) -> None:
    found = cp.compare_sites(
        programme.frame, programme.scale, site="hospital", team="team", statistic="alpha",
        bootstrap=FAST,
    )  # fmt: skip
    careless = programme.faults.filter(fault="careless")["hospital"].to_list()
    assert found.sites.filter(outside="below")["hospital"].to_list() == careless
    assert found.sites.filter(outside="above").height == 0


def test_truths_of_a_programme_lie_within_limits(
    programme: cp.SimulatedProgramme, means: cp.SiteComparison
) -> None:
    truth = dict(programme.truth.rows())
    pooled = means.pooled.filter(method="reml").row(0, named=True)
    assert pooled["lower_hk"] < truth["mean"] < pooled["upper_hk"]
    shares = {unit: limits for unit, *limits in means.variance.drop("variance", "share").rows()}
    assert shares["site"][0] < truth["icc_hospital"] < shares["site"][1]
    assert shares["team"][0] < truth["icc_team_within"] < shares["team"][1]
    of_team = means.icc.filter(unit="team", method="bootstrap").row(0, named=True)
    assert of_team["icc1_lower"] < truth["icc_team"] < of_team["icc1_upper"]
    ok = means.sites.filter(status="ok").join(programme.true_sites, on="hospital")
    for low, high in (("lower", "upper"), ("shrunk_lower", "shrunk_upper")):
        inside = ((ok[low] <= ok["mean"]) & (ok["mean"] <= ok[high])).mean()
        # Binomial of 56 sites at 95 %: fewer than 88 % has probability .004.
        assert inside > 0.88
    # Shrunk estimates are nearer to the truth than raw ones.
    raw, near = ((ok[name] - ok["mean"]) ** 2 for name in ("estimate", "shrunk"))
    assert near.mean() < raw.mean()


@pytest.mark.slow
def test_limits_cover_as_often_as_they_say() -> None:
    """Of 20 programmes of 80 hospitals, 93 to 97 %; surveys with a false alarm, at most 5 %."""
    inside, alarms = [], 0
    for seed in range(100, 120):
        made = cp.simulate_programme(hospitals=80, teams=500, staff=20_000, faults=False, seed=seed)
        found = cp.compare_sites(
            made.frame, made.scale, site="hospital", team="team", bootstrap=cp.Bootstrap(99, seed=1)
        )
        assert found.sites.filter(status="audit").height == 0
        alarms += found.sites.filter(pl.col("outside").is_in(["above", "below"])).height > 0
        ok = found.sites.filter(status="ok").join(made.true_sites, on="hospital")
        rank = pl.Series(np.argsort(np.argsort(-ok["mean"].to_numpy())) + 1)
        inside.append(
            [
                ((ok["lower"] <= ok["mean"]) & (ok["mean"] <= ok["upper"])).mean(),
                ((ok["shrunk_lower"] <= ok["mean"]) & (ok["mean"] <= ok["shrunk_upper"])).mean(),
                ((ok["rank_lower"] <= rank) & (rank <= ok["rank_upper"])).mean(),
            ]
        )
    shares = np.mean(inside, axis=0)
    assert (shares > 0.93).all()
    assert (shares < 0.97).all()
    # Binomial of 20 at 5 %: more than 4 has probability .003.
    assert alarms <= 4


@pytest.mark.slow
def test_limits_of_shares_cover_as_often_as_they_say() -> None:
    """Of 400 normal surveys of 60 very unequal sites, 95 % within 4 Monte-Carlo errors."""
    generator = np.random.default_rng(1)
    truth = {"site": 0.04, "team": 0.08, "person": 0.88}
    covered = dict.fromkeys(truth, 0)
    for _ in range(400):
        teams = np.maximum(1, generator.negative_binomial(2, 0.2, 60))
        site_of_team = np.repeat(np.arange(60), teams)
        sizes = np.maximum(4, generator.poisson(generator.gamma(3, 6, len(site_of_team))))
        team = np.repeat(np.arange(len(site_of_team)), sizes)
        scores = (
            math.sqrt(0.04) * generator.normal(size=60)[site_of_team[team]]
            + math.sqrt(0.08) * generator.normal(size=len(site_of_team))[team]
            + math.sqrt(0.88) * generator.normal(size=len(team))
        )
        table = variance_table(features(scores, site_of_team[team], team), teams=True, level=0.95)
        for unit, low, high in table.select("unit", "share_lower", "share_upper").rows():
            covered[unit] += low <= truth[unit] <= high
    for share in covered.values():
        assert abs(share / 400 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 400)


def test_means_of_sites_by_hand() -> None:
    found = compared().sites
    scores = cp.score(SURVEY.frame, SURVEY.scale)
    for name, group in scores.group_by("site"):
        row = found.filter(site=name[0]).row(0, named=True)
        total = group["simulated_total"].to_numpy()
        error = total.std(ddof=1) / math.sqrt(len(total))
        assert row["estimate"] == pytest.approx(total.mean(), abs=1e-12)
        assert row["se"] == pytest.approx(error, rel=1e-12)
        assert (row["n"], row["n_excluded"]) == (200, 0)
        # R's qt(.975, 199).
        assert row["upper"] - row["estimate"] == pytest.approx(1.971956544249395 * error, rel=1e-10)


def test_coefficients_are_those_of_reliability() -> None:
    found = compared(statistic="omega_u").sites
    ordered = SURVEY.frame.sort("site", *SURVEY.scale.items)
    expected = cp.reliability(
        ordered, SURVEY.scale, by="site", coefficients="omega_u", interval=FAST
    ).table
    adf = cp.reliability(
        SURVEY.frame, SURVEY.scale, by="site", coefficients="omega_u", interval="adf"
    ).table
    columns = ["site", "estimate", "lower", "upper", "n"]
    assert_frame_equal(found.select(columns), expected.select(columns), check_exact=True)
    assert found["se"].to_list() == pytest.approx(adf["se"].to_list(), rel=1e-14)


def test_pooled_is_what_pool_gives() -> None:
    found = compared(statistic="alpha", pool_scale="bonett")
    table = found.sites.with_columns(n_items=pl.lit(5))
    assert_frame_equal(found.pooled, cp.pool(table, scale="bonett"), check_exact=True)
    # 1 - alpha falls where alpha rises: shrunk estimates and limits are still the right way up.
    assert (table["shrunk_lower"] < table["shrunk"]).all()
    assert (table["funnel_lower"] < table["funnel_upper"]).all()
    # Expected ranks are of draws, so those of sites that are nearly alike may change places.
    assert np.corrcoef(table["rank"], table["estimate"])[0, 1] < -0.95


def test_same_seed_same_bits() -> None:
    first, second = (compared(team="ward", threads=threads) for threads in (1, 2))
    mixed = compared(SURVEY.frame.sample(fraction=1, shuffle=True, seed=1), team="ward")
    for name in ("sites", "funnel", "pooled", "icc", "variance", "levels", "agreement_summary"):
        assert_frame_equal(getattr(first, name), getattr(second, name), check_exact=True)
        # Items less their mean are summed in the order of rows.
        exact = name not in ("levels", "agreement_summary")
        assert_frame_equal(
            getattr(first, name), getattr(mixed, name), check_exact=exact, rel_tol=1e-9
        )


def test_small_sites_and_teams_are_withheld() -> None:
    frame = SURVEY.frame.with_row_index("at").filter(
        (pl.col("site") != "S03") | (pl.col("at").rank().over("site") <= 7)
    )
    found = compared(frame, team="ward")
    small = found.sites.filter(status="small")
    assert small.rows()[0][1:-2] == (None,) * (small.width - 3)
    assert small["note"].item() == "withheld: fewer than 10 persons"
    assert found.excluded.filter(reason="too small a site")["persons"].item() == 7
    teams = compared(team="ward", minimum_cell=41).agreement
    assert teams["r_wg"].null_count() == teams.height == 60
    assert compared(team="ward", minimum_cell=41).agreement_summary["groups"].to_list() == [60] * 3


def test_everybody_is_counted() -> None:
    frame = SURVEY.frame.with_row_index("at").with_columns(
        pl.when(pl.col("at") % 100 != 0).then("site").alias("site"),
        pl.when(pl.col("at") % 50 != 1).then("ward").alias("ward"),
        pl.when(pl.col("at") % 25 != 2).then("item_1").alias("item_1"),
    )
    found = compared(frame, team="ward")
    lost = dict(found.excluded.rows())
    assert (lost["no site"], lost["no team"], lost["missing answers"]) == (24, 48, 96)
    assert found.sites["n"].sum() + sum(lost.values()) == frame.height
    assert found.sites["n_excluded"].sum() == 96


def test_faulty_sites_can_be_kept() -> None:
    item = SURVEY.scale.items[2]
    turned = pl.when(pl.col("site") == "S05").then(6 - pl.col(item)).otherwise(item).alias(item)
    frame = SURVEY.frame.with_columns(turned)
    assert compared(frame).sites.filter(status="audit")["site"].to_list() == ["S05"]
    kept = compared(frame, turned="keep").sites.filter(site="S05").row(0, named=True)
    assert kept["status"] == "ok"
    assert kept["note"].startswith("turned_here")
    assert kept["estimate"] is not None


def test_a_proportion_has_exact_limits() -> None:
    generator = np.random.default_rng(2)
    site = np.repeat([f"S{place}" for place in range(8)], 25)
    share = generator.binomial(1, 0.2, 200)
    share[:25] = 0
    scale = cp.Scale("started", items=["started"], minimum=0, maximum=1)
    frame = pl.DataFrame({"site": site, "started": share})
    found = cp.compare_sites(frame, scale, site="site", bootstrap=FAST)
    first = found.sites.row(0, named=True)
    # R's binom.test(0, 25): 1 - .025^(1/25).
    assert (first["estimate"], first["lower"]) == (0, 0)
    assert first["upper"] == pytest.approx(1 - 0.025 ** (1 / 25), abs=1e-12)
    assert found.funnel["lower"].min() >= 0
    assert found.levels.height == 0


def test_scores_that_are_there_are_compared() -> None:
    scores = cp.score(SURVEY.frame, SURVEY.scale)
    scale = cp.Scale("total", items=["simulated_total"], minimum=5, maximum=25, continuous=True)
    found = cp.compare_sites(scores, scale, site="site", bootstrap=FAST)
    assert found.audit is None
    assert any("Not audited" in note for note in found.notes)
    expected = compared()
    assert_frame_equal(found.pooled, expected.pooled, rel_tol=1e-9)
    assert_frame_equal(found.icc, expected.icc, rel_tol=1e-7)


def test_it_is_shown_as_text_and_html() -> None:
    found = compared(team="ward")
    for shown in (str(found), found._repr_html_()):
        for title in ("Sites: mean of simulated", "What holds over all", "Where differences lie"):
            assert title in shown
        assert "Seed 1." in shown


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"site": "hospital"}, cp.DataError, "no column 'hospital'"),
        ({"site": None}, cp.OptionError, "site is None"),
        ({"team": "site"}, cp.OptionError, "leave out team"),
        ({"statistic": "median"}, cp.OptionError, "statistic is 'median'"),
        ({"pool_scale": "bonett"}, cp.OptionError, "which is for alpha"),
        ({"turned": "drop"}, cp.OptionError, "turned is 'drop'"),
        ({"control": "bonferroni"}, cp.OptionError, "control is 'bonferroni'"),
        ({"level": 95}, cp.OptionError, "level is 95"),
        ({"minimum_cell": 1}, cp.OptionError, "minimum_cell is 1"),
        ({"minimum_cell": 500}, cp.DataError, "0 of 12 sites have 500 or more"),
        ({"bootstrap": None}, cp.OptionError, "bootstrap is None"),
        ({"site": "person"}, cp.DataError, "names sites"),
    ],
)
def test_what_cannot_be_asked(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        compared(**options)


def test_data_that_cannot_be_compared() -> None:
    items = SURVEY.scale.items
    with pytest.raises(cp.DataError, match="sets aside every site"):
        compared(SURVEY.frame.with_columns(pl.col(items[0]).cast(pl.Int16) * 0 + 99))
    with pytest.raises(cp.DataError, match="No row has a value in 'site'"):
        compared(SURVEY.frame.with_columns(site=pl.lit(None, pl.String)))
    with pytest.raises(cp.OptionError, match="column 'n' of their own"):
        compared(SURVEY.frame.rename({"site": "n"}), site="n")


def test_sites_of_one_mean_have_no_icc_of_means() -> None:
    first = SURVEY.frame.filter(pl.col("site") == SURVEY.frame["site"][0])
    found = compared(pl.concat(first.with_columns(site=pl.lit(name)) for name in "abcd"))
    row = found.icc.row(0, named=True)
    assert (row["icc2"], row["icc2_lower"]) == (None, None)
    assert "same mean" in row["note"]


def test_teams_of_one_name_at_several_sites_are_said() -> None:
    frame = SURVEY.frame.with_columns(ward=pl.int_range(pl.len()) % 3)
    assert "at several sites: 3;" in " ".join(compared(frame, team="ward").notes)
    assert "at several sites" not in " ".join(compared(team="ward").notes)


def test_agreement_is_that_of_the_groups_there_are() -> None:
    assert "Agreement within sites" in str(compared())
    assert "Agreement within teams" in str(compared(team="ward"))
    assert "Rank 1 is the highest" in str(compared())


def test_reliability_above_one_is_remarked_on() -> None:
    survey = cp.simulate_survey(persons=600, items=5, sites=8, seed=1)
    levels = cp.compare_sites(
        survey.frame, survey.scale, site="site", team="ward", bootstrap=FAST
    ).levels.filter(coefficient="alpha")
    within, between = levels.rows(named=True)
    assert within["estimate"] < 1 < between["estimate"]
    assert within["note"] is None
    assert between["note"].startswith("above 1")


def test_what_is_shown_says_how_it_is_read() -> None:
    found = compared(team="ward", statistic="alpha")
    shown = " ".join(str(found).split())
    for said in (
        "limits of 95 %",
        "adjusted for overdispersion",
        "on the scale logit",
        "with p below 0.05 over all sites (holm)",
        "correlation of two persons",
    ):
        assert said in shown, said
    # Expected ranks are shown as places, and are raw in the table.
    line = next(line for line in str(found).splitlines() if line.startswith("S01 "))
    place = str(round(found.sites["rank"][0]))
    assert place in line.split()
    assert found.sites["rank"].dtype == pl.Float64
    # One true value for all sites has no variance, and no limits of it.
    fixed = next(line for line in str(found).splitlines() if line.startswith("fixed "))
    assert fixed.split()[-3:] == ["–"] * 3


def test_correlations_between_groups_beyond_one_are_remarked_on() -> None:
    survey = cp.simulate_survey(persons=600, items=5, sites=8, seed=1)
    found = cp.compare_sites(survey.frame, survey.scale, site="site", team="ward", bootstrap=FAST)
    pairs = found.covariances.filter(pl.col("item_i") != pl.col("item_j"))
    beyond = pairs.filter(pl.col("r_between").abs() > 1)
    assert beyond.height > 0
    assert beyond["note"].str.starts_with("r_between is beyond 1").all()
    none = pairs.filter(pl.col("r_between").is_null())
    assert none["note"].str.starts_with("no r_between").all()
    assert pairs["note"].drop_nulls().len() == beyond.height + none.height
    own = found.covariances.filter(pl.col("item_i") == pl.col("item_j"))
    assert (
        own.filter(pl.col("r_between").is_not_null())["note"].null_count()
        == own.height - own["r_between"].null_count()
    )
    said = f"Of 10 correlations of items between groups {beyond.height} are beyond 1 and"
    assert said in " ".join(str(found).split())


def test_few_sites_have_no_limits_of_shares() -> None:
    names = sorted(set(SURVEY.frame["site"]))[:4]
    few = compared(SURVEY.frame.filter(pl.col("site").is_in(names)), team="ward")
    assert few.variance["share_lower"].null_count() == few.variance.height == 3
    assert "to leave each out" in " ".join(few.notes)


def test_persons_who_do_not_count_are_shown_with_thousands() -> None:
    half = pl.int_range(pl.len()) % 2 == 0
    frame = SURVEY.frame.with_columns(pl.when(half).then("item_1").alias("item_1"))
    assert "1,200" in str(compared(frame)).split("Who does not count")[1]


def empathic_concern() -> tuple[pl.DataFrame, cp.Scale]:
    items = [f"EC{n}" for n in (2, 4, 9, 14, 18, 20, 22)]
    frames = []
    for year, stem in ((2023, ""), (2024, "E"), (2025, "iri_")):
        frame = pl.read_csv(DATA / f"iri_{year}.csv", infer_schema_length=None)
        columns = [pl.col(f"{stem}{item}").cast(pl.Int64).alias(item) for item in items]
        frames.append(frame.select(*columns, pl.lit(year).alias("year")))
    return pl.concat(frames), cp.Scale("empathic concern", items=items, minimum=1, maximum=5)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_a_year_that_was_coded_from_zero_is_no_finding() -> None:
    frame, scale = empathic_concern()
    found = cp.compare_sites(frame, scale, site="year", bootstrap=FAST)
    first = found.sites.row(0, named=True)
    assert (first["year"], first["status"]) == (2023, "audit")
    assert first["note"].startswith("range_shifted")
    assert found.sites["status"].to_list() == ["audit", "ok", "ok"]


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_years_of_empathic_concern_as_sites() -> None:
    expected = json.loads((DATA.parent / "reference/compare/alpha_iri_EC_years.json").read_text())
    frame, scale = empathic_concern()
    first = pl.col("year") == 2023
    frame = frame.with_columns(pl.when(first).then(pl.col(i) + 1).otherwise(i) for i in scale.items)
    found = cp.compare_sites(
        frame, scale, site="year", statistic="alpha", pool_scale="hakstian_whalen", bootstrap=FAST
    )
    alphas = found.sites["estimate"].to_list()
    assert alphas == pytest.approx(list(expected["alpha"].values()), abs=1e-10)
    # Their test that all alphas are equal is Q on their scale.
    of_r = expected["hakstian_whalen_1976"]
    assert found.pooled["q"].to_list() == pytest.approx([of_r["chisq"]] * 4, rel=1e-9)
    assert found.pooled["p"].to_list() == pytest.approx([of_r["p"]] * 4, rel=1e-9)
    assert found.sites["status"].to_list() == ["ok"] * 3
    assert set(found.sites["outside"]) == {"no"}
    assert any("Fewer than 10 sites" in note for note in found.notes)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_three_groups_of_self_compassion_as_sites() -> None:
    frame = pl.read_csv(DATA / "scs_three_groups.csv")
    scale = cp.scales.get("scs", "scs_{}")
    found = cp.compare_sites(frame, scale, site="group", bootstrap=FAST)
    scores = cp.score(frame, scale)
    for row in found.sites.iter_rows(named=True):
        total = scores.filter(group=row["group"])["scs_total"].drop_nulls().to_numpy()
        assert row["n"] == len(total)
        assert row["estimate"] == pytest.approx(total.mean(), rel=1e-12)
        assert row["se"] == pytest.approx(total.std(ddof=1) / math.sqrt(len(total)), rel=1e-10)
    counts = found.excluded["persons"].sum()
    assert found.sites["n"].sum() + counts == frame.height


def test_sites_that_are_not_compared_are_shown_apart() -> None:
    programme = cp.simulate_programme(hospitals=40, teams=240, staff=9000, seed=2)
    found = cp.compare_sites(
        programme.frame, programme.scale, site="hospital", team="team", minimum_cell=30,
        bootstrap=cp.Bootstrap(50, seed=1),
    )  # fmt: skip
    by_status = {
        status: found.sites.filter(status=status)["hospital"].to_list()
        for status in ("ok", "audit", "small")
    }
    compared, rest = str(found).split("Sites that are not compared")
    left_out = rest.split("What holds over all")[0]
    for status, hospitals in by_status.items():
        assert hospitals, status
        for hospital in hospitals:
            assert (f"\n{hospital} " in compared) == (status == "ok")
            assert (f"\n{hospital} " in left_out) == (status == "audit")
    small = len(by_status["small"])
    which = "1 small site is" if small == 1 else f"{small} small sites are"
    assert f"Figures of {which} withheld." in compared
