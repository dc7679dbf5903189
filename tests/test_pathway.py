"""Path models: against lavaan, against brute force, and what is refused."""

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy import _core
from compassion_psy.distributions import normal_quantile
from reference_data import FOLDER, values

SHARED = Path(__file__).parents[2] / "shared" / "data"
PERCENTILE = cp.Bootstrap(400, method="percentile", seed=1)

# lavaan stops its search some 1e-7 short where residuals covary (generate_pathway.R says how
# tightly it searches); everything else agrees to rounding.
LAVAAN = 1e-6
BLOCKS = [name for name, block in values("pathway").items() if "model" in block]
# There lavaan lets the product of an explained variable covary with nothing: implied variances are
# wrong, and with them standardised values and, by the expected information, standard errors.
UNRELATED = ("second_stage", "second_stage_expected", "moderated_second", "moderated_both")


def frame_of(block: dict[str, Any]) -> pl.DataFrame:
    if block["data"] == "scores":
        scores = pl.read_csv(FOLDER / "data" / "scores.csv")
        return scores.with_columns(pl.col("^item.*$") / 16)
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/data")
    survey = pl.read_csv(SHARED / "scs_three_groups.csv")
    return cp.score(survey, list(SCALES.values())).select(
        (pl.col(f"{name}_total") / 16).alias(name) for name in SCALES
    )


def numbered(name: str, prefix: str, items: int, low: int, high: int, *against: int) -> cp.Scale:
    columns = [f"{prefix}_{number}" for number in range(1, items + 1)]
    reversed_items = [f"{prefix}_{number}" for number in against]
    return cp.Scale(name, items=columns, minimum=low, maximum=high, reversed=reversed_items)


SCALES = {
    "compassion": numbered(
        "compassion", "scs", 26, 1, 5, 1, 8, 11, 16, 21, 4, 13, 18, 25, 2, 6, 20, 24
    ),
    "support": numbered("support", "mspss", 12, 1, 7),
    "growth": numbered("growth", "ptgi", 21, 0, 5),
    "distress": numbered("distress", "ies", 22, 0, 4),
}


def pathway_data(n: int = 240, seed: int = 3) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    x, w, e, f = random.normal(size=(4, n))
    team = np.arange(n) // 8
    x = x + random.normal(size=n // 8 + 1)[team] + 2
    m = 0.5 * x + 0.3 * x * w + e
    y = 0.4 * m + 0.2 * x + f
    return pl.DataFrame({"x": x, "w": w, "m": m, "y": y, "team": team, "ward": team // 5})


MODEL = "m ~ a*x + w + x:w\ny ~ b*m + c*x\nab := a*b"


@pytest.mark.parametrize("name", BLOCKS)
def test_numbers_are_those_of_lavaan(name: str) -> None:
    block = values("pathway")[name]
    result = cp.pathway(frame_of(block), block["model"], interval="wald")
    assert result.n == block["n"]
    table = {
        (row["lhs"], row["op"], "" if row["op"] == ":=" else row["rhs"]): row
        for row in result.table.iter_rows(named=True)
    }
    compared = 0
    for number, words in enumerate(block["rows"]):
        lhs, op, rhs = [*words.split(" "), ""][:3]
        row = table.get((lhs, op, rhs)) or table.get((rhs, op, lhs))
        if row is None:
            assert block["estimate"][number] == 0  # set to zero: no parameter
            continue
        assert row["estimate"] == pytest.approx(block["estimate"][number], abs=LAVAAN)
        if name not in UNRELATED:
            assert row["std_all"] == pytest.approx(block["std_all"][number], abs=LAVAAN)
        if row["se"] is None:
            continue
        compared += 1
        if name != "second_stage_expected":
            assert row["se"] == pytest.approx(block["se"][number], abs=LAVAAN)
            assert row["lower"] == pytest.approx(block["lower"][number], abs=LAVAAN)
            assert row["upper"] == pytest.approx(block["upper"][number], abs=LAVAAN)
    assert compared >= 4
    if name not in UNRELATED:
        for variable, explained in result.r_squared.select("variable", "r_squared").iter_rows():
            assert explained == pytest.approx(block["r_squared"][variable], abs=LAVAAN)


def test_scores_of_scales_are_variables() -> None:
    block = values("pathway")["survey"]
    frame_of(block)  # skips where there is no survey
    survey = pl.read_csv(SHARED / "scs_three_groups.csv")
    model = block["model"]
    result = cp.pathway(survey, model, scales=SCALES, interval=None)
    # The sums are sixteen times lavaan's: a path from a product is one sixteenth.
    rows = dict(zip(block["rows"], block["estimate"], strict=True))
    found = dict(result.table.select(pl.format("{} {} {}", "lhs", "op", "rhs"), "estimate").rows())
    assert found["growth ~ distress"] == pytest.approx(rows["growth ~ distress"], abs=LAVAAN)
    product = "distress ~ compassion:support"
    assert 16 * found[product] == pytest.approx(rows[product], abs=LAVAAN)


def test_standard_errors_of_products_with_an_explained_factor_are_those_of_the_regression() -> None:
    """lavaan's default is several times off here: the mean of the modulator is far from zero."""
    random = np.random.default_rng(2)
    x, e, f = random.normal(size=(3, 500))
    v = random.normal(size=500) + 5
    m = 0.5 * x + 1.5 + e
    y = 0.1 * m * v + 0.2 * x + f
    frame = pl.DataFrame({"x": x, "m": m, "v": v, "y": y})
    result = cp.pathway(frame, "m ~ x\ny ~ m + x + v + m:v", interval=None)
    design = np.column_stack([np.ones(500), m, x, v, m * v])
    b, (rss,), *_ = np.linalg.lstsq(design, y)
    se = np.sqrt(np.diagonal(np.linalg.inv(design.T @ design)) * rss / 500)
    own = result.table.filter(pl.col("lhs") == "y", pl.col("op") == "~")
    assert own["estimate"].to_list() == pytest.approx(b[1:], abs=1e-10)
    assert own["se"].to_list() == pytest.approx(se[1:], abs=1e-10)
    assert "observed information" in result.notes[0]
    total = np.var(y)
    assert result.r_squared["r_squared"][1] == pytest.approx(1 - rss / 500 / total, abs=1e-10)


def test_the_path_of_the_mediator_is_given_the_cause() -> None:
    """pingouin's mediation_analysis prints the slope of y on m alone in the row "Y ~ M"."""
    frame = pathway_data()
    x, m, y = (frame[name].to_numpy() for name in "xmy")
    result = cp.mediation(frame, x="x", m="m", y="y", interval=None)
    found = result.pathway.table.filter(pl.col("label") == "b")["estimate"][0]
    partial = np.linalg.lstsq(np.column_stack([np.ones(len(x)), m, x]), y)[0][1]
    alone = np.cov(m, y)[0, 1] / np.var(m, ddof=1)
    assert found == pytest.approx(partial, abs=1e-10)
    assert result.paths.filter(label="b")["estimate"].item() == found
    assert abs(alone - partial) > 0.05


@pytest.mark.parametrize(
    ("options", "units"),
    [({}, None), ({"cluster": "team"}, "team"), ({"cluster": "team", "strata": "ward"}, "team")],
)
def test_replicates_are_fits_to_the_persons_drawn(
    options: dict[str, Any], units: str | None
) -> None:
    frame = pathway_data()
    result = cp.pathway(
        frame, MODEL, interval=cp.Bootstrap(5, method="percentile", seed=4), **options
    )
    scale = cp.Scale("one", items=["x"], minimum=-100, maximum=100, continuous=True)
    responses = cp.Responses.from_frame(frame, scale, **options)
    design = responses.design
    for replicate in range(5):
        weights = _core.unit_weights(
            responses.answers, design, group=0, replicate=replicate, seed=4, weights="multinomial"
        )
        if units:
            weights = np.repeat(weights, np.diff(responses.cluster_starts))
        drawn = frame[np.repeat(np.arange(frame.height), weights.astype(int))]
        again = cp.pathway(drawn, MODEL, interval=None).table["estimate"].to_list()
        row = result.replicates.row(replicate)[2:]
        assert row == pytest.approx(again, abs=1e-9)


def test_same_seed_gives_the_same_bits_on_any_number_of_threads() -> None:
    frame = pathway_data()
    first, second = (
        cp.pathway(
            frame, MODEL, cluster="team", interval=cp.Bootstrap(300, seed=9), threads=threads
        )
        for threads in (1, 2)
    )
    assert first.table.equals(second.table)
    assert first.replicates.equals(second.replicates)
    other = cp.pathway(frame, MODEL, cluster="team", interval=cp.Bootstrap(300, seed=8))
    assert not first.table.equals(other.table)


def test_cluster_robust_errors_are_the_sandwich() -> None:
    frame = pathway_data()
    result = cp.pathway(frame, "y ~ m + x", cluster="team", interval="wald")
    x = np.column_stack([np.ones(frame.height), frame["m"], frame["x"]])
    y = frame["y"].to_numpy()
    bread = np.linalg.inv(x.T @ x)
    residual = y - x @ (bread @ x.T @ y)
    teams = frame["team"].to_numpy()
    parts = np.array([x[teams == t].T @ residual[teams == t] for t in np.unique(teams)])
    g = len(parts)
    sandwich = bread @ parts.T @ parts @ bread * g / (g - 1)
    # Derivatives by central differences of 1e-5: some 1e-10 of their size.
    assert result.table["se"][:2].to_list() == pytest.approx(
        np.sqrt(np.diagonal(sandwich))[1:], rel=1e-7
    )


def test_monte_carlo_limits_are_those_of_a_product_of_normals() -> None:
    frame = pathway_data()
    result = cp.pathway(frame, MODEL, interval=cp.MonteCarlo(200_000, seed=5))
    a, b, ab = (result.table.filter(label=label).row(0, named=True) for label in ("a", "b", "ab"))
    random = np.random.default_rng(1)
    draws = random.normal(a["estimate"], a["se"], 10**6) * random.normal(
        b["estimate"], b["se"], 10**6
    )
    # The standard error of a 2.5 % quantile of 200,000 draws is some 0.006 standard deviations.
    for end, share in (("lower", 0.025), ("upper", 0.975)):
        assert abs(ab[end] - np.quantile(draws, share)) < 0.03 * ab["se"]
    assert result.statuses.height == 0


def test_bca_takes_its_acceleration_from_influence() -> None:
    """The jackknife is the brute force: cubes of what leaving one person out changes."""
    frame = pathway_data(60)
    result = cp.pathway(frame, MODEL, interval=cp.Bootstrap(2000, seed=3))
    replicates = result.replicates["ab"].to_numpy()
    estimate = result.table.filter(label="ab")["estimate"][0]
    without = np.array(
        [
            cp.pathway(frame[[j for j in range(60) if j != i]], MODEL, interval=None)
            .table.filter(label="ab")["estimate"][0]
            for i in range(60)
        ]
    )  # fmt: skip
    change = without.mean() - without
    a = (change**3).sum() / (6 * (change**2).sum() ** 1.5)
    bias = normal_quantile((replicates < estimate).mean())
    z = bias + normal_quantile(0.975)
    share = 0.5 * math.erfc(-(bias + z / (1 - a * z)) / math.sqrt(2))
    # Jackknife and infinitesimal jackknife differ by the order of 1 / n.
    spread = replicates.std()
    assert result.table.filter(label="ab")["upper"][0] == pytest.approx(
        np.quantile(replicates, share), abs=0.1 * spread
    )


def test_known_reliabilities_give_back_the_paths_of_true_values() -> None:
    random = np.random.default_rng(8)
    n = 200_000
    x, w, e, f = random.normal(size=(4, n))
    w = w + 1
    m = 0.5 * x + 0.4 * w + 0.3 * x * w + e
    y = 0.5 * m + f
    noisy = {
        "x": x + random.normal(size=n) * 0.5,
        "w": w + random.normal(size=n) * 0.6,
        "m": m + random.normal(size=n) * 0.7,
        "y": y,
    }
    shares = {
        name: float(np.var(true) / np.var(noisy[name]))
        for name, true in (("x", x), ("w", w), ("m", m))
    }
    model = "m ~ x + w + x:w\ny ~ m + x"
    frame = pl.DataFrame(noisy)
    plain = cp.pathway(frame, model, interval=None).table["estimate"][:5].to_numpy()
    table = cp.pathway(frame, model, reliability=shares, interval="wald").table[:5]
    truth = np.array([0.5, 0.4, 0.3, 0.5, 0.0])
    gap = np.abs(table["estimate"].to_numpy() - truth)
    assert (gap < 4 * table["se"].to_numpy()).all()
    assert np.abs(plain - truth).max() > 0.08


def items_of(true: np.ndarray, name: str, random: np.random.Generator) -> dict[str, np.ndarray]:
    return {
        f"{name}{i}": np.clip(np.round(true + random.normal(size=len(true)) + 3), 1, 5).astype(int)
        for i in range(1, 7)
    }


def test_estimated_reliabilities_are_resampled_with_the_paths() -> None:
    random = np.random.default_rng(8)
    n = 300
    x, e, f = random.normal(size=(3, n))
    m = 0.6 * x + 0.8 * e
    y = 0.5 * m + f
    frame = pl.DataFrame({**items_of(x, "x", random), **items_of(m, "m", random), "y": y})
    frame = frame.with_columns(team=pl.int_range(n) // 5)
    scales = {
        name: cp.Scale(name, items=[f"{name}{i}" for i in range(1, 7)], minimum=1, maximum=5)
        for name in "xm"
    }
    result = cp.pathway(
        frame,
        "m ~ x\ny ~ m",
        scales=scales,
        reliability="omega_u",
        interval=PERCENTILE,
        cluster="team",
    )
    own = cp.reliability(frame, list(scales.values()), coefficients="omega_u", cluster="team",
                         interval=PERCENTILE)  # fmt: skip
    assert result.reliability["reliability"].to_list() == own.table["estimate"].to_list()
    plain = cp.pathway(frame, "m ~ x\ny ~ m", scales=scales, interval=PERCENTILE, cluster="team")
    # With one predictor the path is that of the scores over the predictor's reliability: in every
    # replicate too, for both draw the same teams.
    for number, path in enumerate(("m ~ x", "y ~ m")):
        shares = own.replicate_sets[number].values[0, 0]
        expected = plain.replicates[path].to_numpy() / shares
        assert result.replicates[path].to_numpy() == pytest.approx(expected, abs=1e-9)


def test_without_a_bootstrap_estimated_reliabilities_leave_no_standard_error() -> None:
    survey = cp.simulate_survey(sizes=[200], items=6, seed=1).frame
    scale = cp.Scale("care", items=[f"item_{n}" for n in (2, 3, 4)], minimum=1, maximum=5)
    frame = survey.with_columns(y=pl.col("item_1"), w=pl.col("item_5") + pl.col("item_6"))
    options: dict[str, Any] = {"scales": [scale], "reliability": "alpha"}
    result = cp.pathway(frame, "y ~ care + w", interval=None, **options)
    assert result.table["se"].null_count() == result.table.height
    assert result.notes[0].startswith("se: none")
    alpha = cp.reliability(frame, scale, coefficients="alpha", interval=None).table["estimate"][0]
    assert result.reliability.rows() == [("care", alpha)]
    for interval in (cp.MonteCarlo(200), "wald", cp.Bootstrap(50)):
        with pytest.raises(cp.OptionError, match="Bootstrap"):
            cp.pathway(frame, "y ~ care", interval=interval, **options)
    found = cp.mediation(frame, x="w", m="care", y="y", modulators={"a": "item_6"}, interval=None,
                         **options)  # fmt: skip
    assert found.johnson_neyman["differs_from_zero"].to_list() == ["not known"]


def test_parts_within_and_between_teams() -> None:
    frame = pathway_data()
    result = cp.pathway(
        frame, "y ~ x_within + x_between", center=["x"], cluster="team", interval=None
    )
    means = frame.select(pl.col("x").mean().over("team"))["x"]
    design = np.column_stack([np.ones(frame.height), frame["x"] - means, means])
    expected = np.linalg.lstsq(design, frame["y"].to_numpy())[0][1:]
    assert result.table["estimate"][:2].to_list() == pytest.approx(expected, abs=1e-10)


def test_missing_values_are_counted() -> None:
    frame = pathway_data().with_columns(
        m=pl.when(pl.int_range(240) < 7).then(None).otherwise("m"),
        w=pl.when(pl.int_range(240).is_between(5, 9)).then(float("nan")).otherwise("w"),
    )
    result = cp.pathway(frame, MODEL, interval=PERCENTILE)
    assert (result.n, result.n_excluded) == (230, 10)
    assert dict(result.missing.rows()) == {"m": 7, "y": 0, "x": 0, "w": 5}
    assert any("10 persons lack a variable" in note for note in result.notes)
    complete = cp.pathway(frame[10:], MODEL, interval=PERCENTILE)
    assert result.table.equals(complete.table)


def test_replicates_without_an_estimate_are_counted() -> None:
    """A rare group: a sample may draw nobody of it."""
    frame = pathway_data(40).with_columns(rare=(pl.int_range(40) < 2).cast(pl.Int8))
    result = cp.pathway(frame, "y ~ m + rare", interval=PERCENTILE)
    counts = dict(result.statuses.rows())
    # Nobody of two is drawn with probability (1 - 2/40)^40 = 0.129.
    assert counts["singular"] == pytest.approx(0.129 * 400, abs=4 * np.sqrt(400 * 0.129 * 0.871))
    assert counts["ok"] + counts["singular"] == 400
    assert result.replicates.filter(status="singular")["y ~ m"].null_count() == counts["singular"]
    assert any("singular" in note for note in result.notes)


def test_diagram_and_graphviz() -> None:
    result = cp.pathway(pathway_data(), MODEL, interval=PERCENTILE)
    kinds = dict(result.diagram.nodes.select("name", "kind").rows())
    assert kinds == {"m": "mediator", "y": "outcome", "x": "given", "w": "given", "x:w": "product"}
    edges = result.diagram.edges
    assert edges.select("source", "target").rows() == [
        ("x", "m"), ("w", "m"), ("x:w", "m"), ("m", "y"), ("x", "y"),
    ]  # fmt: skip
    assert edges["sign"].to_list() == ["+" if e > 0 else "-" for e in edges["estimate"]]
    text = result.to_graphviz()
    assert text.startswith("digraph pathway {")
    assert '"x:w" -> "m"' in text
    # An arrow for each path, and a dotted line from both factors of the product.
    assert text.count("->") == edges.height + 2
    assert '"w" -> "x:w" [style=dotted, arrowhead=none]' in text
    for label, estimate in edges.select("label", "estimate").iter_rows():
        number = f"{estimate:+.3f}"
        color = "firebrick" if estimate < 0 else "black"
        assert f'[label="{f"{label} {number}".strip()}", color={color}' in text
    assert "Pathway of 240 persons" in str(result)
    assert "<table" in result._repr_html_()


def test_reliabilities_that_the_data_rule_out_are_named() -> None:
    frame = pathway_data()
    with pytest.raises(cp.DataError, match=r"\(x 0\.010\).* too low for these data"):
        cp.pathway(frame, "y ~ x", reliability={"x": 0.01}, interval="wald")
    frame = frame.with_columns(copy=pl.col("y") + pl.col("x"))
    with pytest.raises(cp.DataError, match="without residual"):
        cp.pathway(frame, "copy ~ y + x", reliability={"x": 0.9}, interval="wald")


def test_too_few_persons_are_not_said_to_be_missing() -> None:
    with pytest.raises(cp.DataError, match=r"3 of 3 persons have all variables, but .* least 4"):
        cp.pathway(pathway_data().head(3), "y ~ x", interval="wald")


@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        ("y ~ mm", cp.DataError, "no column 'mm'"),
        ("m ~ y\ny ~ x\nx ~ m", cp.OptionError, "not recursive"),
        ("m ~ x\nx ~ m:w", cp.OptionError, "not recursive"),
        ("y ~ y", cp.OptionError, "explained by itself"),
        ("m ~ a*x\ny ~ a*m", cp.OptionError, "line 2, at 'a'.*lavaan would hold the two equal"),
        ("y ~ a*x\na := a + 1", cp.OptionError, "line 2, at 'a'"),
        ("y ~ x + x:w + w:x", cp.OptionError, "'y ~ x:w' stands on line 1 already"),
        ("y ~ x + w + sum", cp.DataError, "'sum' is determined by 'x', 'w'"),
        ("same ~ x", cp.DataError, "'same' is 3 for all 240 .* cannot be explained"),
        ("y ~ x_within", cp.DataError, "no column 'x_within'.* parts of 'x' .* in center"),
        ("y ~ wellbeing", cp.DataError, "Choose from 'x', 'w', 'm', 'y'"),
        ("y ~ x + x:ww", cp.DataError, "no column 'ww' in the data. Did you mean 'w'"),
        (" # only a comment", cp.OptionError, "no regression"),
        ("y ~ a*x\nq := a*d", cp.OptionError, "line 2, at 'd'"),
        ("y ~ x\ny ~ x", cp.OptionError, "line 1 already"),
        ("y =~ x + m", cp.OptionError, "latent"),
        ("y ~ x*w*m", cp.OptionError, r"at '\*': one label at most .*'x \+ w \+ x:w'"),
        ("y ~ two words", cp.OptionError, "at 'words': '\\+' is missing .* renamed"),
        ("y ~ `two words`", cp.OptionError, "at '`': .* must be renamed"),
        ("y ~ x - 1", cp.OptionError, "at '-': terms are columns and products"),
        ("y ~ I(x^2)", cp.OptionError, r"at '\(': .* make a column"),
        ("y ~ x^2", cp.OptionError, r"at '\^': .* make a column"),
        ("y ~ .", cp.OptionError, r"at '\.': this sign is not understood"),
        ("y ~ x + x_within + x_between", cp.DataError, "no column 'x_within'"),
        ("y ~ x +", cp.OptionError, "end of the statement"),
        ("y ~ x & m", cp.OptionError, "line 1, at '&'"),
        ("y ~ 1", cp.OptionError, "intercept"),
        ("y ~ 2*x", cp.OptionError, "fixed values"),
        ("y x", cp.OptionError, "no operator"),
        ("", cp.OptionError, "no regression"),
        ("y ~ a*x\nq := (a + 1", cp.OptionError, r"'\)' is expected"),
        ("y ~ a*x\nq := exp(a)", cp.OptionError, "functions"),
        ("y ~ x:x", cp.OptionError, "twice"),
        ("x:w ~ m", cp.OptionError, "only predictors"),
        ("m ~ x\ny ~ m\nm ~~ y", cp.OptionError, "cannot be told apart"),
        ("y ~ x\ny ~~ x", cp.OptionError, "is given"),
        ("y ~ x\nm ~~ w", cp.OptionError, "in no regression"),
        ("y ~ x\ny ~~ 0*y", cp.OptionError, "set to zero"),
        ("y + m ~ a*x", cp.OptionError, "2 coefficients"),
        ("y ~ x\n a == 1", cp.OptionError, "constraints"),
        ("y ~ text", cp.DataError, "must be numbers"),
        ("y ~ x + twice", cp.DataError, "determined by 'x'"),
        ("y ~ same", cp.DataError, "does not vary"),
        ("copy ~ y + x", cp.DataError, "without residual"),
        ("y ~ endless", cp.DataError, "infinity"),
        ("y ~ empty", cp.DataError, "0 of 240 persons"),
    ],
)
def test_what_is_refused(model: str, error: type[Exception], words: str) -> None:
    frame = pathway_data().with_columns(
        text=pl.lit("a"), twice=2 * pl.col("x"), same=pl.lit(3.0), copy=pl.col("y"),
        sum=pl.col("x") + pl.col("w"), endless=pl.lit(float("inf")),
        empty=pl.lit(None, dtype=pl.Float64),
    )  # fmt: skip
    with pytest.raises(error, match=words):
        cp.pathway(frame, model, interval=None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"interval": "bca"}, "interval is 'bca'"),
        ({"level": 1.5}, "level is 1.5"),
        ({"center": ["x"]}, "need cluster"),
        ({"strata": "team", "cluster": "team"}, "30 of 30 strata by 'team' hold one cluster"),
        ({"strata": "lone"}, "1 of 30 strata by 'lone' hold one person"),
        ({"cluster": "same"}, "one cluster by 'same'"),
        ({"cluster": "gap"}, "'gap', used as cluster, has no value in 7 rows"),
        ({"cluster": "tam"}, "no column 'tam' .* 'team'"),
        ({"reliability": {"q": 0.9}}, "no variable of the model"),
        ({"reliability": {"x": 1.2}}, "above 0 and at most 1"),
        ({"reliability": "omega_u"}, "no variable of the model is a scale"),
        ({"reliability": {"x:w": 0.9, "q": 1}}, "q"),
        ({"scales": 3}, "scales is 3"),
    ],
)
def test_options_that_are_refused(options: dict[str, Any], words: str) -> None:
    number = pl.int_range(240)
    frame = pathway_data().with_columns(
        same=1, gap=pl.when(number >= 7).then("team"), lone=pl.when(number > 0).then(number % 29)
        .otherwise(99),
    )  # fmt: skip
    with pytest.raises(cp.CompassionError, match=words):
        cp.pathway(frame, MODEL, **options)


@pytest.mark.parametrize(
    "options", [{"reliability": {"care": 0.8}}, {"reliability": "alpha", "interval": PERCENTILE}]
)
@pytest.mark.parametrize("model", ["y ~ care_within + care_between", "y ~ care + care_between"])
def test_parts_of_a_score_have_reliabilities_of_their_own(
    model: str, options: dict[str, Any]
) -> None:
    care = cp.Scale("care", items=["x", "m"], minimum=-99, maximum=99, continuous=True)
    with pytest.raises(cp.OptionError, match=r"parts of 'care'.* reliability={'care_") as caught:
        cp.pathway(pathway_data(), model, scales=[care], center=["care"], cluster="team", **options)
    assert "care_between" in str(caught.value) or "care_within" in str(caught.value)


@pytest.mark.parametrize(
    ("model", "where", "remedy"),
    [
        ("m ~ x\ny ~ x*w", "line 2, at 'x*w'", "'x + w + x:w'"),
        ("y ~ m + w*x:m", "line 1, at 'w*x:m'", "'w + x:m + w:x:m'"),
        ("y ~ w*x:w", "line 1, at 'w*x:w'", "'w + x:w'"),
        ("y ~ x_within*w", "'x_within' is a column", "'x_within + w + x_within:w'"),
        ("y ~ care*w", "'care' is a column", "'care + w + care:w'"),
    ],
)
@pytest.mark.parametrize("as_read", [pl.DataFrame.lazy, pl.DataFrame.to_pandas, pl.DataFrame])
def test_a_label_that_is_a_column_is_refused(
    model: str, where: str, remedy: str, as_read: Any
) -> None:
    """R's x*w, which is x + w + x:w there."""
    care = cp.Scale("care", items=["m", "w"], minimum=-100, maximum=100, continuous=True)
    with pytest.raises(cp.OptionError) as caught:
        cp.pathway(as_read(pathway_data()), model, interval=None, cluster="team", center=["x"],
                   scales=[care])  # fmt: skip
    assert where in str(caught.value)
    assert f"write {remedy}" in str(caught.value)


def test_labels_that_cannot_be_meant_as_products_are_kept() -> None:
    frame = pathway_data().with_columns(a=pl.col("x") + 1, b=pl.col("w"))
    # R takes x*x as x; mediation writes the labels a and b itself.
    table = cp.pathway(frame, "y ~ x*x + w", interval=None).table
    assert table["label"][0] == "x"
    found = cp.mediation(frame, x="x", m="m", y="y", interval=None)
    assert found.paths["label"].to_list() == ["a", "b", "c"]
    with pytest.raises(cp.OptionError, match="'a' is a column"):
        cp.pathway(frame, found.model, interval=None)


def test_statements_may_go_on_and_be_commented() -> None:
    frame = pathway_data()
    text = "  m ~ a*x +   # first\n w + x:w ! and more\n\ny ~ b*m\n + c*x; ab :=\n a*b"
    first = cp.pathway(frame, text, interval=None).table
    assert first.equals(cp.pathway(frame, MODEL, interval=None).table)


@pytest.mark.slow
def test_intervals_of_an_indirect_effect_cover() -> None:
    """Teams of 6 whose members resemble each other; the true indirect effect is 0.2."""
    runs, covered, estimates = 1000, 0, []
    for seed in range(runs):
        random = np.random.default_rng(seed)
        team = np.repeat(np.arange(50), 6)
        shared = random.normal(size=(3, 50))[:, team]
        x, e, f = random.normal(size=(3, 300)) + 0.5 * shared
        m = 0.5 * x + e
        y = 0.4 * m + 0.1 * x + f
        frame = pl.DataFrame({"x": x, "m": m, "y": y, "team": team})
        how = cp.Bootstrap(500, method="percentile", seed=seed)
        result = cp.mediation(frame, x="x", m="m", y="y", cluster="team", interval=how)
        row = result.effects.row(0, named=True)
        covered += row["lower"] <= 0.2 <= row["upper"]
        estimates.append(row["estimate"])
    assert 0.93 <= covered / runs <= 0.97
    spread = np.std(estimates) / np.sqrt(runs)
    assert abs(np.mean(estimates) - 0.2) < 4 * spread


@pytest.mark.slow
def test_intervals_of_corrected_paths_cover() -> None:
    """Reliabilities near 0.8, estimated on the same 200 persons; the true path is 0.5."""
    runs, covered, estimates = 600, 0, []
    scale = cp.Scale(
        "x", items=[f"x{i}" for i in range(1, 5)], minimum=-50, maximum=50, continuous=True
    )
    for seed in range(runs):
        random = np.random.default_rng(seed)
        x, f = random.normal(size=(2, 200))
        answers = {f"x{i}": x + random.normal(size=200) for i in range(1, 5)}
        # The score is the sum of four items: the path from it is a quarter of that from x.
        frame = pl.DataFrame({**answers, "y": 2 * x + f})
        how = cp.Bootstrap(500, method="percentile", seed=seed)
        result = cp.pathway(frame, "y ~ x", scales=[scale], reliability="alpha", interval=how)
        row = result.table.row(0, named=True)
        covered += row["lower"] <= 0.5 <= row["upper"]
        estimates.append(row["estimate"])
    assert 0.93 <= covered / runs <= 0.97
    # The ratio of two estimates is biased by the order of 1/n.
    assert abs(np.mean(estimates) - 0.5) < 4 * np.std(estimates) / np.sqrt(runs) + 1 / 200


def test_lines_of_the_model_keep_their_order() -> None:
    table = cp.pathway(pathway_data(), "y ~ m + x\nm ~ x", interval=None).table
    assert table["lhs"].to_list()[:3] == ["y", "y", "m"]
    order = [("~", "~~", ":=").index(op) for op in table["op"]]
    assert all(left <= right for left, right in pairwise(order))
