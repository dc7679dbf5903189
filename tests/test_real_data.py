"""Real surveys through the public call and the command line, where the folder with them is."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from compassion_psy import Bootstrap, ReliabilityResult, Scale, reliability

DATA = Path(__file__).parents[2] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")

BOOTSTRAP = Bootstrap(400, seed=1)

EMPATHIC_CONCERN = Scale(
    "empathic concern", items=[f"EC{n}" for n in (2, 4, 9, 14, 18, 20, 22)], minimum=0, maximum=4
)
# Self-judgement, isolation and over-identification count against self-compassion.
AGAINST = [1, 8, 11, 16, 21, 4, 13, 18, 25, 2, 6, 20, 24]
SELF_COMPASSION = Scale(
    "self-compassion",
    items=[f"scs_{n}" for n in range(1, 27)],
    minimum=1,
    maximum=5,
    reversed=[f"scs_{n}" for n in AGAINST],
)
SELF_ESTEEM = Scale(
    "self-esteem",
    items=[f"Q{n}" for n in range(1, 11)],
    minimum=1,
    maximum=4,
    reversed=["Q3", "Q5", "Q8", "Q9", "Q10"],
)


@pytest.fixture(autouse=True)
def _width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")  # of the table here and of that of the command


@pytest.fixture(scope="module")
def rse() -> pl.DataFrame:
    return pl.read_csv(DATA / "rse.csv.gz")


def command(cwd: Path, data: str, scale: Scale, *words: str) -> str:
    """Run the command on a file of the folder, write its table, and return what it says."""
    text = (
        f"name = {scale.name!r}\nitems = {list(scale.items)}\nreversed = {list(scale.reversed)}\n"
        f"minimum = {scale.minimum:g}\nmaximum = {scale.maximum:g}\n"
    )
    (cwd / "scale.toml").write_text(text)
    program = "from compassion_psy.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "reliability", str(DATA / data), "--scale", "scale.toml",
         "--replicates", str(BOOTSTRAP.replicates), "--seed", str(BOOTSTRAP.seed), *words],
        cwd=cwd, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_whole(result: ReliabilityResult) -> None:
    """Every row has its numbers, in order, and nothing to be said of it."""
    for row in result.table.iter_rows(named=True):
        assert 0 < row["lower"] < row["estimate"] < row["upper"] < 1
        assert row["se"] > 0
        assert row["failed"] == 0
        assert row["note"] is None


def test_empathic_concern(tmp_path: Path) -> None:
    frame = pl.read_csv(DATA / "iri_2023.csv")
    result = reliability(frame, EMPATHIC_CONCERN, interval=BOOTSTRAP)
    check_whole(result)
    assert result.table["n"].to_list() == [1110, 1110]
    assert command(tmp_path, "iri_2023.csv", EMPATHIC_CONCERN) == f"{result}\n"
    # The items are keyed already: to turn those of the manual once more must cost reliability.
    turned = Scale(
        "turned",
        items=EMPATHIC_CONCERN.items,
        minimum=0,
        maximum=4,
        reversed=["EC4", "EC14", "EC18"],
    )
    again = reliability(frame, turned, interval=None).table["estimate"]
    assert (again < result.table["estimate"] - 0.2).all()


def test_small_and_unnamed_groups_say_so_and_the_others_are_computed(tmp_path: Path) -> None:
    frame = pl.read_csv(DATA / "iri_2023.csv")
    result = reliability(frame, EMPATHIC_CONCERN, by="gender", interval=BOOTSTRAP)
    notes = dict(result.table.filter(coefficient="omega_u").select("gender", "note").rows())
    assert notes["Hombre"] is notes["Mujer"] is None
    assert notes["Otro"] == "only one person answered every item"
    assert notes["No binario"].startswith("no more persons than items")  # 6 of them, 7 items
    assert command(tmp_path, "iri_2023.csv", EMPATHIC_CONCERN, "--by", "gender") == f"{result}\n"


def test_self_compassion_by_group(tmp_path: Path) -> None:
    frame = pl.read_csv(DATA / "scs_three_groups.csv")
    result = reliability(frame, SELF_COMPASSION, by="group", interval=BOOTSTRAP)
    check_whole(result)
    sizes = dict(result.table.select("group", "n").rows())
    assert sizes == {"community_sample": 152, "rescue_workers": 746, "student_sample": 170}
    out = tmp_path / "table.parquet"
    command(tmp_path, "scs_three_groups.csv", SELF_COMPASSION, "--by", "group", "--out", str(out))
    assert pl.read_parquet(out).equals(result.table)


def test_self_esteem_in_forty_countries(rse: pl.DataFrame, tmp_path: Path) -> None:
    large = rse.filter(pl.len().over("country") >= 100)
    result = reliability(large, SELF_ESTEEM, by="country", missing_codes=[0], interval=BOOTSTRAP)
    table = result.table
    assert table["country"].n_unique() == 40
    us = table.filter(country="US", coefficient="alpha").row(0, named=True)
    assert us["n"] + us["n_excluded"] == 22451
    with_zero = large.filter(pl.any_horizontal(pl.col(SELF_ESTEEM.items) == 0))
    alpha = table.filter(coefficient="alpha")
    assert alpha["n_excluded"].sum() == with_zero.height
    for row in table.iter_rows(named=True):
        assert 0.6 < row["lower"] < row["estimate"] < row["upper"] < 0.95
    out = tmp_path / "table.csv"
    command(
        tmp_path, "rse.csv.gz", SELF_ESTEEM, "--by", "country", "--missing-code", "0",
        "--coefficients", "alpha", "--out", str(out),
    )  # fmt: skip
    # Estimates do not depend on which other countries are there. NA is Namibia, not null.
    written = pl.read_csv(out)
    assert written["country"].null_count() == 0
    assert "NA" in written["country"]
    both = written.join(alpha, on="country")
    assert both.height == 40
    assert both["estimate"].equals(both["estimate_right"], check_names=False)


def test_tiny_countries_do_not_break_anything(rse: pl.DataFrame) -> None:
    coefficients = ("alpha", "alpha_std", "lambda2", "lambda6", "omega_total")
    result = reliability(
        rse,
        SELF_ESTEEM,
        by="country",
        missing_codes=[0],
        coefficients=coefficients,
        factors=1,
        interval=BOOTSTRAP,
    )
    table = result.table
    assert table.height == 176 * len(coefficients)
    assert (table["n"] + table["n_excluded"]).sum() == 47974 * len(coefficients)
    for name in ("estimate", "se", "lower", "upper"):
        missing = table.filter(pl.col(name).is_null())
        assert missing["note"].null_count() == 0  # nothing is missing without a reason
        assert not table[name].is_nan().any()
    assert table.filter(pl.col("n") > 60)["note"].null_count() > 200
    one = table.filter(n=1)
    assert set(one["note"]) == {"only one person answered every item"}
    for text in (str(result), result._repr_html_()):
        assert "nan" not in text.replace("Guttman", "")
    assert len(str(result).splitlines()) < 80


def test_every_missing_answer_is_counted(rse: pl.DataFrame) -> None:
    listwise, pairwise = (
        reliability(rse, SELF_ESTEEM, missing_codes=[0], missing=missing, interval="adf").table
        for missing in ("listwise", "pairwise")
    )
    # 1,428 of 47,974 people lack an answer; 45 gave none.
    assert listwise.select("n", "n_excluded").row(0) == (46546, 1428)
    assert pairwise.select("n", "n_excluded").row(0) == (47929, 45)
    # With so few missing both say nearly the same: within one standard error.
    for ours, theirs in zip(listwise.rows(named=True), pairwise.rows(named=True), strict=True):
        assert abs(ours["estimate"] - theirs["estimate"]) < ours["se"]
