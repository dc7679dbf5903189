"""Simulated pilots, programmes and pathways: the stated truth is the truth of what is drawn."""

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest

# One normal deviate lies beyond 4.5 with probability 7e-6; a test below looks at most at 40.
WIDEST_DEVIATE = 4.5


def sums(frame: pl.DataFrame, scale: cp.Scale) -> np.ndarray:
    answers = frame.select(scale.items).to_numpy().astype(float)
    turned = [scale.items.index(item) for item in scale.reversed]
    answers[:, turned] = scale.minimum + scale.maximum - answers[:, turned]
    return answers.sum(axis=1)


def test_effects_of_a_pilot_are_those_of_many_persons() -> None:
    pilot = cp.simulate_pilot(
        nurses=100_000, control=100_000, practice_effect=0.3, dropout=0.2, seed=3
    )
    both = pilot.frame.filter(pl.len().over("person") == 2)
    assert 0.7 < both.height / pilot.frame.height < 0.9
    for row in pilot.truth.iter_rows(named=True):
        arm = both.filter(pl.col("arm") == row["arm"])
        pre, post = (
            sums(arm.filter(pl.col("wave") == wave), pilot.scales[row["outcome"]])
            for wave in ("pre", "post")
        )
        n, change = pre.size, post - pre
        found = {
            "mean_pre": pre.mean(),
            "mean_post": post.mean(),
            "mean_change": change.mean(),
            "sd_pre": pre.std(),
            "sd_post": post.std(),
            "sd_change": change.std(),
        }
        for name, value in found.items():
            values = {"pre": pre, "post": post, "change": change}[name.split("_")[1]]
            centred = values - values.mean()
            # The standard error of an SD comes from the fourth moment.
            error = values.std() if "mean" in name else (centred**2).std() / (2 * values.std())
            assert abs(value - row[name]) < WIDEST_DEVIATE * error / np.sqrt(n), (row, name)
        # Correlations of answers are less spread than of normals; 1 / sqrt(n) bounds their error.
        assert abs(np.corrcoef(pre, post)[0, 1] - row["r"]) < WIDEST_DEVIATE / np.sqrt(n)
        assert row["d_z"] == pytest.approx(row["mean_change"] / row["sd_change"], rel=1e-14)
        assert row["smcr"] == pytest.approx(row["mean_change"] / row["sd_pre"], rel=1e-14)


def test_reliability_of_a_pilot_is_that_of_a_survey_of_the_same_items() -> None:
    pilot = cp.simulate_pilot(seed=1)
    control = cp.simulate_pilot(control=1, seed=1).truth.filter(arm="control")
    for row, (outcome, population) in zip(
        control.iter_rows(named=True), pilot.model.populations.items(), strict=True
    ):
        covariance, true = population.covariances()
        expected = true.sum() / covariance.sum()
        assert row["outcome"] == outcome
        assert row["reliability_pre"] == pytest.approx(expected, abs=1e-12)
        assert row["reliability_post"] == pytest.approx(expected, abs=1e-12)
        assert row["mean_change"] == pytest.approx(0, abs=1e-12)


def test_true_changes_average_to_the_true_effect() -> None:
    pilot = cp.simulate_pilot(nurses=50_000, waves=["t0", "t1", "t2"], seed=4)
    means = pilot.true_changes.group_by("outcome", "wave").agg(
        pl.col("true_change").mean(), (pl.col("true_change").std() / pl.len().sqrt()).alias("se")
    )
    joined = means.join(pilot.truth, on=["outcome", "wave"])
    assert joined.height == 6
    deviates = (joined["true_change"] - joined["mean_change"]) / joined["se"]
    assert deviates.abs().max() < WIDEST_DEVIATE
    helped = pilot.true_changes.group_by("responds").agg(pl.col("true_change").mean())
    assert abs(helped.filter(~pl.col("responds"))["true_change"].item()) < 0.2
    assert helped.filter(pl.col("responds"))["true_change"].item() > 3


def test_persons_of_a_pilot_agree_with_their_answers() -> None:
    pilot = cp.simulate_pilot(
        nurses=400, control=100, dropout=0.3, starting=0.8, missing=0.05, seed=5
    )
    persons = pilot.persons
    assert persons.height == 500
    last = pilot.frame.filter(pl.col("wave") == "post")["person"]
    assert persons.filter("completed")["person"].to_list() == last.to_list()
    trained = persons.filter(pl.col("arm") == "training")
    assert (trained.filter(~pl.col("started"))["sessions"] == 0).all()
    assert (trained.filter("started")["sessions"] >= 1).all()
    assert trained["practice"].null_count() == (~trained["started"]).sum()
    assert trained["satisfaction_1"].null_count() == (~trained["completed"]).sum()
    assert persons.filter(pl.col("arm") == "control")["started"].null_count() == 100
    items = pilot.frame.select(pl.col("^wellbeing_.*$"))
    share = sum(items.null_count().row(0)) / (items.height * items.width)
    assert 0.03 < share < 0.07


def test_practice_moves_those_on_whom_the_course_works() -> None:
    pilot = cp.simulate_pilot(nurses=20_000, practice_effect=0.4, seed=6)
    joined = pilot.true_changes.filter(outcome="wellbeing").join(pilot.persons, on="person")
    joined = joined.filter(pl.col("practice").is_not_null())
    for responds, low, high in ((True, 0.3, 1), (False, -0.05, 0.05)):
        part = joined.filter(pl.col("responds") == responds)
        r = np.corrcoef(np.log(part["practice"] + 0.5), part["true_change"])[0, 1]
        assert low < r < high


@pytest.mark.parametrize(
    ("options", "text"),
    [({"waves": None}, "waves is None"), ({"waves": 5}, "waves is 5"),
     ({"effects": [1]}, "effects is \\[1\\], but it must be a mapping")],
)  # fmt: skip
def test_options_of_a_pilot_of_the_wrong_kind(options: dict[str, Any], text: str) -> None:
    with pytest.raises(cp.OptionError, match=text):
        cp.simulate_pilot(**options)


def test_variance_of_a_programme_lies_where_it_is_said() -> None:
    """Between teams and hospitals, by analysis of variance of many small ones."""
    made = cp.simulate_programme(
        hospitals=8_000, teams=24_000, staff=200_000, faults=False, hospital_icc=0.1, seed=2
    )
    truth = dict(made.truth.iter_rows())
    score = sums(made.frame, made.scale)
    assert abs(score.mean() - truth["mean"]) < WIDEST_DEVIATE * truth["sd"] * np.sqrt(
        truth["icc_hospital"] / 8_000 * 3 + 1 / 24_000
    )
    assert score.std() == pytest.approx(truth["sd"], rel=0.02)
    team = made.frame["team"].rank("dense").to_numpy().astype(int) - 1
    n = np.bincount(team)
    mean = np.bincount(team, score) / n
    within = ((score - mean[team]) ** 2).sum() / (score.size - n.size)
    # An error of a share of variance among 24,000 teams, and among 8,000 hospitals, is near 0.005.
    assert 1 - within / truth["sd"] ** 2 == pytest.approx(truth["icc_team"], abs=0.015)
    hospital = made.team_factors["hospital"].rank("dense").to_numpy().astype(int) - 1
    deviation = mean - truth["mean"]
    total, count = np.bincount(hospital, deviation), np.bincount(hospital)
    pairs = (total**2 - np.bincount(hospital, deviation**2)).sum() / (count * (count - 1)).sum()
    assert pairs / truth["sd"] ** 2 == pytest.approx(truth["icc_hospital"], abs=0.02)
    assert truth["icc_team_within"] == pytest.approx(
        truth["icc_team"] - truth["icc_hospital"], abs=1e-15
    )


def test_true_means_of_hospitals_are_those_of_their_staff() -> None:
    made = cp.simulate_programme(hospitals=20, teams=60, staff=200_000, faults=False, seed=3)
    score = made.frame.with_columns(pl.Series("score", sums(made.frame, made.scale)))
    means = score.group_by("hospital", maintain_order=True).agg(
        pl.col("score").mean(), (pl.col("score").std() / pl.len().sqrt()).alias("se")
    )
    sites = made.true_sites.join(means, on="hospital")
    assert ((sites["score"] - sites["mean_of_teams"]) / sites["se"]).abs().max() < WIDEST_DEVIATE
    assert sites["n"].sum() == 200_000
    assert sites["fault"].null_count() == 20
    # Without teams, a hospital's teams are what is expected of it.
    alike = cp.simulate_programme(hospitals=20, teams=60, staff=900, team_icc=0, seed=3).true_sites
    np.testing.assert_allclose(alike["mean"], alike["mean_of_teams"], rtol=0, atol=1e-12)


def test_faults_are_where_they_are_said_to_be() -> None:
    faulty = cp.simulate_programme(hospitals=30, teams=90, staff=3_000, seed=7)
    sound = cp.simulate_programme(hospitals=30, teams=90, staff=3_000, faults=False, seed=7)
    at = dict(faulty.faults.select("fault", "hospital").iter_rows())
    item = dict(faulty.faults.select("fault", "item").iter_rows())
    assert len(set(at.values())) == 5
    parts = {name: faulty.frame.filter(hospital=place) for name, place in at.items()}
    before = {name: sound.frame.filter(hospital=place) for name, place in at.items()}
    items = list(faulty.scale.items)

    def answers(of: dict[str, pl.DataFrame], fault: str) -> np.ndarray:
        return of[fault].select(items).to_numpy().astype(int)

    assert (answers(parts, "range_shifted") == answers(before, "range_shifted") + 1).all()
    assert (answers(parts, "labels_reversed") == 6 - answers(before, "labels_reversed")).all()
    for fault in ("turned_here", "no_variation"):
        others = [name for name in items if name != item[fault]]
        assert parts[fault].select(others).equals(before[fault].select(others))
    turned = item["turned_here"]
    assert (parts["turned_here"][turned] == 6 - before["turned_here"][turned]).all()
    assert parts["no_variation"][item["no_variation"]].n_unique() == 1
    differ = (answers(parts, "careless") != answers(before, "careless")).any(axis=1)
    careless = set(faulty.careless)
    assert set(parts["careless"]["person"].filter(pl.Series(differ))) <= careless
    assert len(careless) == parts["careless"].height // 2
    untouched = ~pl.col("hospital").is_in(list(at.values()))
    assert faulty.frame.filter(untouched).equals(sound.frame.filter(untouched))
    assert (answers(parts, "careless")[:, :1] == answers(parts, "careless")).all(axis=1).sum() >= (
        len(careless) // 2
    )


def audited(seed: int) -> tuple[set[Any], set[Any], set[Any]]:
    """What the audit finds of what is planted, what is planted, which hospitals it names."""
    made = cp.simulate_programme(seed=seed)
    findings = cp.audit(made.frame, made.scale, by="hospital").findings
    at = dict(made.faults.select("fault", "hospital").iter_rows())
    named = findings.filter(pl.col("hospital").is_not_null())
    found = named.filter(pl.col("finding").is_in(list(at))).select("hospital", "finding", "item")
    planted = made.faults.filter(pl.col("fault") != "careless")
    careless = set(named.filter(kind="careless")["hospital"])
    assert at["careless"] in careless
    return set(found.rows()), set(planted.rows()), set(named["hospital"]) - set(at.values())


def test_the_audit_finds_what_is_planted_and_nothing_else() -> None:
    found, planted, others = audited(1)
    assert found == planted
    assert not others


@pytest.mark.slow
def test_the_audit_finds_what_is_planted_in_many_programmes() -> None:
    """Of 20 programmes of 145 sound hospitals each; no more than 1 in 1,000 of these is named."""
    named = 0
    for seed in range(100, 120):
        found, planted, others = audited(seed)
        assert found >= planted, seed
        named += len(others)
    assert named <= 20 * 145 / 1_000


def test_paths_are_recovered_by_least_squares() -> None:
    made = cp.simulate_pathway(
        persons=60_000, teams=3_000, paths={"b": 0.5, "a_support": -0.1}, seed=2
    )
    frame = made.frame
    teams = frame["team"].rank("dense").to_numpy().astype(int) - 1
    paths = made.truth.filter(op="~")
    for outcome in paths["lhs"].unique(maintain_order=True):
        rows = paths.filter(lhs=outcome)
        products = [
            frame.select(predictor.split(":")).to_numpy().astype(float).prod(axis=1)
            for predictor in rows["rhs"]
        ]
        x, y = np.column_stack([np.ones(frame.height), *products]), frame[outcome].to_numpy()
        bread = np.linalg.inv(x.T @ x)
        slopes = bread @ x.T @ y
        residual = (y - x @ slopes)[:, None] * x
        meat = np.stack([np.bincount(teams, column) for column in residual.T])
        error = np.sqrt(np.diag(bread @ meat @ meat.T @ bread))
        assert (np.abs(slopes[1:] - rows["value"].to_numpy()) / error[1:]).max() < WIDEST_DEVIATE
        assert (y - x @ slopes).std() == pytest.approx(1, abs=0.02)
        assert made.model.count(f"\n{outcome} ~") + made.model.startswith(f"{outcome} ~") == 1


def test_index_of_moderated_mediation_is_the_slope_of_the_indirect_effect() -> None:
    truth = cp.simulate_pathway(persons=10, teams=2, seed=1).truth
    value = dict(truth.select("label", "value").iter_rows())

    def indirect(support: float, demands: float) -> float:
        first = value["a"] + value["a_support"] * support
        return first * value["d"] * (value["b"] + value["b_demands"] * demands)

    assert indirect(0, 0) == pytest.approx(value["indirect_wellbeing"], abs=1e-15)
    assert indirect(1, 0) - indirect(0, 0) == pytest.approx(value["index_support_wellbeing"])
    assert indirect(0, 1) - indirect(0, 0) == pytest.approx(value["index_demands_wellbeing"])
    assert value["index_support_wellbeing"] > 0 > value["index_demands_wellbeing"]


@pytest.mark.parametrize(
    ("simulate", "options"),
    [
        (cp.simulate_pilot, {"missing": 0.1}),
        (cp.simulate_programme, {"hospitals": 12, "teams": 40, "staff": 400, "missing": 0.1}),
        (cp.simulate_pathway, {"persons": 100, "teams": 10}),
    ],
)
def test_same_seed_same_data(simulate: Any, options: dict[str, Any]) -> None:
    first = simulate(**options, seed=9).frame
    assert first.equals(simulate(**options, seed=9).frame)
    assert not first.equals(simulate(**options, seed=10).frame)
    assert not simulate(**options).frame.equals(simulate(**options).frame)


@pytest.mark.parametrize(
    ("simulate", "options", "message"),
    [
        (cp.simulate_pilot, {"nurses": 0}, "nurses"),
        (cp.simulate_pilot, {"waves": ["pre"]}, "waves"),
        (cp.simulate_pilot, {"waves": "pre"}, "waves"),
        (cp.simulate_pilot, {"waves": ["pre", "pre"]}, "waves"),
        (cp.simulate_pilot, {"effects": {"empathy": 1}}, "'empathy'"),
        (cp.simulate_pilot, {"effects": {"wellbeing": "much"}}, "wellbeing"),
        (cp.simulate_pilot, {"responders": 0}, "responders"),
        (cp.simulate_pilot, {"dropout": 1.0}, "dropout"),
        (cp.simulate_pilot, {"seed": -1}, "seed"),
        (cp.simulate_programme, {"hospitals": 9}, "hospitals"),
        (cp.simulate_programme, {"teams": 149}, "teams"),
        (cp.simulate_programme, {"staff": 4_799}, "staff"),
        (cp.simulate_programme, {"hospital_icc": 0.5, "team_icc": 0.5}, "between persons"),
        (cp.simulate_pathway, {"teams": 1}, "teams"),
        (cp.simulate_pathway, {"persons": 99}, "persons"),
        (cp.simulate_pathway, {"paths": {"bb": 1}}, "Did you mean 'b'"),
        (cp.simulate_pathway, {"paths": {"b": float("inf")}}, "finite"),
        (cp.simulate_pathway, {"paths": {"b": "1"}}, "number"),
    ],
)
def test_options_that_are_not(simulate: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(cp.OptionError, match=message):
        simulate(**options)
