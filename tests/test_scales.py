"""The registry of published scales, fact sheets, and scales made in other ways."""

import copy
import json
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import compassion_psy as cp
import polars as pl
import pytest
from compassion_psy.errors import ScaleError
from compassion_psy.scales.facts import FactSheet
from compassion_psy.scales.files import fact_sheet, scale_of_sheet
from compassion_psy.scales.sheet_rules import key_violations, provenance_violations

FOLDER = Path(str(resources.files("compassion_psy.scales"))) / "published"
IDS = sorted(path.stem for path in FOLDER.glob("*.toml"))


def document(scale_id: str = "scs-sf") -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{scale_id}.toml").read_text(encoding="utf-8"))


# The registry


def test_all_fact_sheets_are_there() -> None:
    assert len(IDS) == 34
    assert cp.scales.list()["id"].to_list() == IDS


@pytest.mark.parametrize("scale_id", IDS)
def test_published_fact_sheets_obey_their_rules(scale_id: str) -> None:
    sheet = fact_sheet(document(scale_id), scale_id)
    assert sheet.id == scale_id
    assert not list(key_violations(sheet))
    assert not list(provenance_violations(sheet))
    text = (FOLDER / f"{scale_id}.toml").read_text(encoding="utf-8")
    for forbidden in ("http://", "https://", "www.", "/home/", "/tmp/"):
        assert forbidden not in text
    for key, value in document(scale_id).get("parent", {}).items():
        if key == "id":
            assert value in IDS
    parent = sheet.parent
    if parent:
        size = fact_sheet(document(str(parent["id"])), "parent").n_items
        listed = [n for key, v in document(scale_id)["parent"].items() if key != "id" for n in v]
        assert len(set(listed)) == len(listed) == sheet.n_items
        assert all(1 <= number <= size for number in listed)


@pytest.mark.parametrize("scale_id", IDS)
def test_a_published_scale_says_what_its_sheet_says(scale_id: str) -> None:
    facts, scale = document(scale_id), cp.scales.get(scale_id)
    name = {number: f"{scale_id.replace('-', '_')}_{number}" for number in range(1, 60)}
    scored = [n for n in range(1, facts["n_items"] + 1) if n not in facts["unscored"]]
    assert scale.items == tuple(name[n] for n in scored)
    assert scale.reversed == tuple(name[n] for n in facts["reversed"])
    assert (scale.minimum, scale.maximum) == (facts["response_min"], facts["response_max"])
    assert (scale.total is not None) == facts["total"]["defined"]
    assert [part.key for part in scale.subscales] == [s["key"] for s in facts.get("subscales", [])]
    for part, own in zip(scale.subscales, facts.get("subscales", []), strict=True):
        assert part.items == tuple(name[n] for n in own["items"])
        assert part.reversed == tuple(name[n] for n in own["reversed"])
        assert part.rule == own["rule"]


def test_a_list_to_filter() -> None:
    table = cp.scales.list()
    found = table.filter(
        pl.col("construct").str.contains("compassion"),
        pl.col("items") <= 12,
        pl.col("licence") == "free",
        pl.col("confidence") == "verified",
    )
    assert "scs-sf" in found["id"]
    row = table.row(by_predicate=pl.col("id") == "scs-sf", named=True)
    assert (row["alpha"], row["alpha_confidence"]) == (0.86, "memory")
    assert row["subscales"][:2] == ["self_kindness", "self_judgment"]


def test_unknown_ids_suggest_near_ones() -> None:
    with pytest.raises(ScaleError, match="'scs-sf'"):
        cp.scales.get("scs-fs")
    with pytest.raises(ScaleError, match="published scale 7"):
        cp.scales.get(7)  # type: ignore[arg-type]
    assert cp.scales.get("SCS_SF") == cp.scales.get("scs-sf")


def test_sheets_are_read_when_asked_for() -> None:
    """Importing the package reads no fact sheet; asking for one reads that one."""
    code = (
        "import compassion_psy as cp; from compassion_psy.scales import registry as r;"
        "before = r._sheet.cache_info().currsize; cp.scales.get('iri');"
        "print(before, r._sheet.cache_info().currsize)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["0", "1"]


# Confidence is shown wherever a fact is shown


def test_what_is_recalled_is_said_to_be() -> None:
    text = str(cp.scales.get("scs-sf"))
    alpha = next(line for line in text.splitlines() if line.startswith("alpha"))
    assert "0.86" in alpha
    assert "recalled, no source was read" in text[text.index(alpha) :][:200]
    assert "verified: two independent sources agree" in text
    disputed = str(cp.scales.get("scs"))
    total = next(line for line in disputed.splitlines() if line.startswith("total"))
    assert "sources disagree" in total


def test_descriptions_need_no_sheet() -> None:
    text = str(cp.Scale("calm", items=["a", "b"], minimum=1, maximum=5, reversed=["b"]))
    assert "a, b" in text
    assert "1 to 5" in text


# Fact sheets of users


def smallest() -> dict[str, Any]:
    return {
        "schema_version": 1,
        "id": "calm",
        "name": "Calm",
        "n_items": 3,
        "response_min": 1,
        "response_max": 5,
        "reversed": [2],
        "total": {"defined": True, "rule": "mean", "min": 1, "max": 5},
    }


def test_the_smallest_fact_sheet(tmp_path: Path) -> None:
    path = tmp_path / "calm.toml"
    lines = [f"{k} = {json.dumps(v)}" for k, v in smallest().items() if k != "total"]
    path.write_text("\n".join(lines) + '\n[total]\ndefined = true\nrule = "mean"\nmin = 1\nmax = 5')
    (scale,) = cp.Scale.read(path)
    assert scale.items == ("calm_1", "calm_2", "calm_3")
    assert scale.reversed == ("calm_2",)
    assert scale.total == cp.Total("mean")
    assert "recalled" in str(scale)  # nobody said that the key was verified


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"schema_version": 2}, "schema_version: is 2"),
    ({"id": "Calm Scale"}, "id: 'Calm Scale'"),
    ({"n_items": 0}, "n_items: is 0"),
    ({"n_items": 2.5}, "n_items is 2.5, but it must be a whole number"),
    ({"n_items": True}, "n_items is True, but it must be a whole number"),
    ({"response_min": 5}, "response_min, response_max: 5 is not below 5"),
    ({"response_values": [1, 2]}, "response_values: must rise from 1 to 5"),
    ({"reversed": [4]}, r"reversed: \[4\] are outside 1 to 3"),
    ({"reversed": [2, 2]}, "reversed: an item is given twice"),
    ({"reversed": ["2"]}, "reversed number 1 is '2', but it must be a whole number"),
    ({"reversed": 2}, "reversed is 2, but it must be a list"),
    ({"unscored": [2]}, r"reversed: holds unscored items \[2\]"),
    ({"reversd": [1]}, "key 'reversd' is unknown. Did you mean 'reversed'"),
    ({"total": {"defined": True, "rule": "mean"}}, "total, min, max: its rule gives 1 to 5"),
    ({"total": {"defined": True, "rule": "average"}}, "total: rule is 'average'"),
    ({"total": {"rule": "mean"}}, "total: key 'defined' is missing"),
    ({"total": {"defined": False}}, "without a total"),
    ({"total": 3}, "total: this must be a table"),
    ({"licence": {"class": "open"}}, "licence: class is 'open'"),
    ({"missing": {"min_answered_total": 4}}, "min_answered_total: 4 is not 1 to 3"),
    ({"missing": {"published": True}}, "published, but no limit is given"),
    ({"confidence": "sure"}, "confidence is 'sure'. Choose from 'verified'"),
    ({"conversion": {"name": "x", "raw": [1], "metric": [1, 2]}}, "not of one length"),
    (
        {"published_alpha": [{"scale": "x", "alpha": 1.2, "source": "s", "confidence": "single"}]},
        "there is no score 'x'",
    ),
]


@pytest.mark.parametrize(("changes", "words"), WRONG)
def test_wrong_fact_sheets_name_place_field_and_rule(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ScaleError, match=words) as caught:
        fact_sheet(smallest() | changes, "calm.toml")
    assert str(caught.value).startswith("calm.toml")


SUBSCALE = {"key": "a", "name": "A", "items": [1, 2], "reversed": [2], "rule": "sum"}
SUBSCALE |= {"min": 2, "max": 10}
OTHER = SUBSCALE | {"key": "b", "items": [3], "reversed": [], "min": 1, "max": 5}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": "B"}, "snake case"),
        ({"key": "b"}, "its own"),
        ({"items": [1, 4]}, "outside 1 to 3"),
        ({"items": [1, 2, 3], "max": 15, "min": 3}, r"shares \[3\]"),
        ({"items": [2], "min": 1, "max": 5}, r"leave out items \[1\]"),
        ({"reversed": [1]}, "must be among its items and the scale's reversed items"),
        ({"max": 9}, "2 to 9, but its rule gives 2 to 10"),
        ({"rule": "median"}, "rule is 'median'"),
    ],
)
def test_wrong_subscales(changes: dict[str, Any], words: str) -> None:
    right = smallest() | {"subscales": [SUBSCALE, OTHER]}
    fact_sheet(right, "calm.toml")
    wrong = copy.deepcopy(right)
    wrong["subscales"][0] |= changes
    with pytest.raises(ScaleError, match=words):
        fact_sheet(wrong, "calm.toml")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("sources", [], "sources: there is none"),
        ("confidence", "memory", "not the weakest"),
        ("disagreements", [], "disputed, but disagreements tells of none"),
        ("citation", None, "missing"),
    ],
)
def test_claims_without_backing(field: str, value: object, words: str) -> None:
    facts = document("scs")
    facts[field] = value
    if value is None:
        del facts[field]
    sheet = fact_sheet(facts, "scs")
    assert any(words in violation for violation in provenance_violations(sheet))


# Columns


def test_columns_by_pattern_list_and_mapping() -> None:
    scale = cp.scales.get("ceas-self", columns="q{:02d}")  # items 3, 7 and 11 are not scored
    assert scale.items == tuple(f"q{n:02d}" for n in (1, 2, 4, 5, 6, 8, 9, 10, 12, 13))
    assert scale.subscales[0].items == tuple(f"q{n:02d}" for n in (1, 2, 4, 5, 6, 8))
    every = [f"x{n}" for n in range(1, 14)]
    assert scale.with_columns(every).items[2] == "x4"
    assert scale.with_columns(every[:10]).items[2] == "x3"  # only those that are scored
    by_number = {str(n): f"y{n}" for n in range(1, 14)}
    assert scale.with_columns(by_number).items[2] == "y4"


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("scs", "one pair of braces"),
        ("scs_{}_{}", "one pair of braces"),
        ("scs_{x}", "one pair of braces"),
        ("scs_{:s}", "one pair of braces"),
        ("scs_{", "one pair of braces"),
        (["a", "b"], "12 items, but columns lists 2 names"),
        ({13: "a"}, "names item 13, but its items are numbered 1 to 12"),
        ({1: "a"}, "does not name item 2"),
        (["a"] * 12, "more than once"),
        (7, "columns is 7"),
    ],
)
def test_columns_that_do_not_fit(columns: Any, words: str) -> None:
    with pytest.raises(ScaleError, match=words):
        cp.scales.get("scs-sf", columns=columns)


def test_near_columns_are_suggested() -> None:
    frame = pl.DataFrame({f"SCS_{n}": [1, 2, 3] for n in range(1, 13)})
    with pytest.raises(cp.DataError, match="Did you mean 'SCS_1'"):
        cp.reliability(frame, cp.scales.get("scs-sf", columns="scs_{}"), interval=None)


# Parts as scales of their own


def test_subscales_keep_their_own_reversals() -> None:
    scale = cp.scales.get("scs", columns="s{}")
    judgment = scale.subscale("self_judgment")
    assert judgment.name == "scs_self_judgment"
    assert judgment.reversed == ()
    assert set(judgment.items) < set(scale.reversed)
    with pytest.raises(ScaleError, match="Did you mean 'self_judgment'"):
        scale.subscale("self_judgement")
    with pytest.raises(ScaleError, match="no subscales"):
        cp.scales.get("who-5").subscale("joy")


def test_one_table_of_total_and_subscales() -> None:
    survey = cp.simulate_survey(persons=300, items=28, seed=1)
    items = survey.scale.items
    iri = cp.scales.get("iri", columns=list(items))
    assert [score.name for score in iri.scores] == [f"iri_{part.key}" for part in iri.subscales]
    scs = cp.scales.get("scs")
    assert scs.scores[0].name == "scs"
    assert len(scs.scores) == 7
    frame = survey.frame.with_columns(pl.col(items) - 1)
    table = cp.reliability(frame, iri.scores, coefficients="alpha", interval=None).table
    assert table["scale"].to_list() == [score.name for score in iri.scores]
    assert table["n_items"].to_list() == [7] * 4


def test_a_scale_without_a_total_has_no_reliability_of_it() -> None:
    frame = pl.DataFrame({f"iri_{n}": [0, 1, 2, 3] for n in range(1, 29)})
    with pytest.raises(cp.OptionError, match=r"iri.*no total.*scores"):
        cp.reliability(frame, cp.scales.get("iri"), interval=None)


def test_answers_between_the_possible_ones_are_refused() -> None:
    work = cp.scales.get("cbi", columns="c{}").subscale("work")
    frame = pl.DataFrame({item: [0, 25, 50, 75, 100, 30] for item in work.items})
    with pytest.raises(cp.DataError, match=r"0, 25, 50, 75, 100.*row 6: 30"):
        cp.reliability(frame, work, interval=None)
    assert cp.Responses.from_frame(frame.head(5), work).rows == 5


# Scales from elsewhere


def test_psych_keys() -> None:
    scale = cp.Scale.from_psych_keys(["-A1", "A2", "A3"], name="agree", minimum=1, maximum=6)
    expected = cp.Scale("agree", items=["A1", "A2", "A3"], minimum=1, maximum=6, reversed=["A1"])
    assert scale == expected
    with pytest.raises(ScaleError, match="keys is '-A1'"):
        cp.Scale.from_psych_keys("-A1", name="agree", minimum=1, maximum=6)
    with pytest.raises(ScaleError, match="more than once"):
        cp.Scale.from_psych_keys(["-A1", "A1"], name="agree", minimum=1, maximum=6)


def codebook(**columns: list[object]) -> pl.DataFrame:
    default: dict[str, list[object]] = {
        "scale": ["a", "a", "b", "b"],
        "item": ["q1", "q2", "q3", "q4"],
        "minimum": [1, 1, 0, 0],
        "maximum": [5, 5, 4, 4],
    }
    return pl.DataFrame(default | columns)


@pytest.mark.parametrize(
    "reverse",
    [[False, True, None, False], [0, 1, 0, None], [1, -1, 1, 1], ["0", "1", None, "0"]],
)
def test_codebooks(reverse: list[object]) -> None:
    first, second = cp.Scale.from_codebook(
        codebook(reversed=reverse, subscale=["x", "y", None, None])
    )
    assert (first.items, first.reversed) == (("q1", "q2"), ("q2",))
    assert [(part.key, part.items, part.reversed) for part in first.subscales] == [
        ("x", ("q1",), ()),
        ("y", ("q2",), ("q2",)),
    ]
    assert (second.minimum, second.maximum, second.reversed) == (0, 4, ())


@pytest.mark.parametrize(
    ("book", "words"),
    [
        (codebook().drop("maximum"), "no column 'maximum'"),
        (codebook(item=["q1", None, "q3", "q4"]), "'item' is empty in row 2"),
        (codebook(minimum=[1, 0, 0, 0]), r"ranges \(1, 5\) and \(0, 5\)"),
        (codebook(reversed=["no", "yes", "no", "no"]), "holds 'no'; write true or false"),
        (codebook(reversed=[0, 2, 0, 0]), "holds 2; write true or false"),
        (codebook().clear(), "no rows"),
        (codebook(item=["q1", "q1", "q3", "q4"]), "more than once"),
    ],
)
def test_codebooks_that_do_not_fit(book: pl.DataFrame, words: str) -> None:
    with pytest.raises(ScaleError, match=words):
        cp.Scale.from_codebook(book)


# What a scale is declared with


GOOD: dict[str, Any] = {"items": ["a", "b"], "minimum": 1, "maximum": 5}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"values": [1, 3]}, "values must rise from the minimum 1 to the maximum 5"),
        ({"values": [1, 3, 3, 5]}, "values must rise"),
        ({"numbers": [1]}, "numbers must name each"),
        ({"subscales": ["x"]}, "each must be a Subscale"),
        ({"subscales": [cp.Subscale(key="x", items=("c",))]}, "item 'c' is not among"),
        (
            {"subscales": [cp.Subscale(key="x", items=("a",), reversed=("b",))]},
            "reversed item 'b' is not among",
        ),
        ({"subscales": [cp.Subscale(key="x", items=("a",))] * 2}, "key 'x' is given more than"),
        ({"composites": [cp.scales.Composite(key="y", subscales=("z",))]}, "'z' is not among"),
        ({"total": None}, "neither a total nor subscales"),
        ({"total": cp.Total("mean_of_subscale_means")}, "needs subscales"),
    ],
)
def test_parts_that_do_not_fit(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ScaleError, match=words):
        cp.Scale("calm", **(GOOD | changes))


def test_sheets_are_plain_data() -> None:
    sheet = fact_sheet(smallest(), "calm")
    assert isinstance(sheet, FactSheet)
    assert scale_of_sheet(sheet).sheet is sheet
    assert sheet.scored == (1, 2, 3)


def test_the_fact_sheet_of_the_documentation(tmp_path: Path) -> None:
    page = Path(__file__).parents[1] / "docs" / "scales.md"
    blocks = page.read_text(encoding="utf-8").split("```toml\n")[1:]
    short, full = (block.split("```")[0] for block in blocks)
    (tmp_path / "short.toml").write_text(short)
    (tmp_path / "full.toml").write_text(full)
    (scale,) = cp.Scale.read(tmp_path / "short.toml")
    assert scale.reversed == ("c2",)
    (scale,) = cp.Scale.read(tmp_path / "full.toml")
    assert [score.name for score in scale.scores] == ["calm", "calm_body", "calm_mind"]
    assert scale.missing == cp.scales.MissingRule(minimum_answered=3, fill="person_mean")


def test_a_codebook_of_ones_is_not_guessed_at() -> None:
    with pytest.raises(ScaleError, match=r"nothing but 1.*write true or false"):
        cp.Scale.from_codebook(codebook(reversed=[1, 1, 1, 1]))
    with pytest.raises(ScaleError, match=r"holds 0\.6; write true or false"):
        cp.Scale.from_codebook(codebook(reversed=[0.0, 0.6, 1.0, 0.0]))
