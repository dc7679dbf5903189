"""Audits of real surveys: nothing is turned in them, and what is turned is found."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from compassion_psy import Scale, Subscale, scales
from compassion_psy.audit.auditing import audit as full_audit
from compassion_psy.audit.result import AuditResult


def audit(*data: Any, **options: Any) -> AuditResult:
    """Return an audit with its findings about keys and ranges alone."""
    result = full_audit(*data, **options)
    about = result.findings.filter(pl.col("kind").is_in(["key", "range"]))
    return replace(result, findings=about)


DATA = Path(__file__).parents[2] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")

TURNED = ("turned_here", "turned_everywhere", "turned_twice", "not_turned", "labels_reversed")

BFI_REVERSED = {"A1", "C4", "C5", "E1", "E2", "O2", "O5"}
BFI = [
    Scale(
        letter,
        items=[f"{letter}{n}" for n in range(1, 6)],
        minimum=1,
        maximum=6,
        reversed=sorted(item for item in BFI_REVERSED if item.startswith(letter)),
    )
    for letter in "ACENO"
]
KIMS_PARTS = {
    "observe": [1, 5, 9, 13, 17, 21, 25, 29, 30, 33, 37, 39],
    "describe": [2, 6, 10, 14, 18, 22, 26, 34],
    "act": [3, 7, 11, 15, 19, 23, 27, 31, 35, 38],
    "accept": [4, 8, 12, 16, 20, 24, 28, 32, 36],
}
KIMS_REVERSED = [3, 4, 8, 11, 12, 14, 16, 18, 20, 22, 23, 24, 27, 28, 31, 32, 35, 36]
KIMS = Scale(
    "kims",
    items=[f"Q{n}" for n in range(1, 40)],
    minimum=1,
    maximum=5,
    reversed=[f"Q{n}" for n in KIMS_REVERSED],
    total=None,
    subscales=[
        Subscale(
            key=key,
            items=tuple(f"Q{n}" for n in numbers),
            reversed=tuple(f"Q{n}" for n in numbers if n in KIMS_REVERSED),
        )
        for key, numbers in KIMS_PARTS.items()
    ],
)
SELF_ESTEEM = Scale(
    "rse",
    items=[f"Q{n}" for n in range(1, 11)],
    minimum=1,
    maximum=4,
    reversed=["Q3", "Q5", "Q8", "Q9", "Q10"],
)


def read(name: str) -> pl.DataFrame:
    return pl.read_csv(DATA / name, infer_schema_length=None)


def turned(frame: pl.DataFrame, scale: Scale, item: str, where: pl.Expr) -> pl.DataFrame:
    possible = pl.col(item).is_between(scale.minimum, scale.maximum)
    both = int(scale.minimum + scale.maximum)
    return frame.with_columns(
        pl.when(where & possible).then(both - pl.col(item)).otherwise(item).alias(item)
    )


def told(frame: pl.DataFrame, scale: Scale, **options: object) -> list[str]:
    findings = audit(frame, scale, **options).findings  # type: ignore[arg-type]
    return findings.filter(pl.col("finding").is_in(TURNED))["item"].to_list()


@pytest.mark.parametrize("by", [None, "gender", "education"])
@pytest.mark.parametrize("scale", BFI, ids=lambda scale: scale.name)
def test_personality(scale: Scale, by: str | None) -> None:
    assert told(read("bfi.csv"), scale, by=by) == []


@pytest.mark.parametrize("scale", BFI, ids=lambda scale: scale.name)
def test_personality_with_an_item_turned(scale: Scale) -> None:
    frame = read("bfi.csv")
    for item in scale.items:
        # Its item-rest correlation of .2 is too weak to be sure of its direction.
        expected = [] if item == "O4" else [item]
        women = turned(frame, scale, item, pl.col("gender") == 2)
        assert told(women, scale, by="gender") == expected, item
        assert told(turned(frame, scale, item, pl.lit(value=True)), scale) == expected, item


@pytest.mark.parametrize("by", [None, "gender"])
def test_mindfulness(by: str | None) -> None:
    frame = read("kims.csv")
    assert told(frame, KIMS, by=by, missing_codes=[0]) == []
    # Two of the items hardly go with their scale.
    missed = [
        item
        for item in KIMS.items
        if told(turned(frame, KIMS, item, pl.col("gender") == 1 if by else pl.lit(value=True)),
                KIMS, by=by, missing_codes=[0]) != [item]
    ]  # fmt: skip
    assert missed == ["Q8", "Q11"]


def test_zeros_of_the_website_are_found() -> None:
    findings = audit(read("kims.csv"), KIMS).findings
    assert set(findings["finding"]) == {"impossible_answer"}
    assert findings["remedy"].str.contains("missing_codes=[0]", literal=True).all()
    # 139 zeros, as the notes on the data say.
    counts = findings["evidence"].str.extract(r"(\d+) of 601 answers").cast(pl.Int64)
    assert counts.sum() == 139


@pytest.mark.parametrize("by", [None, "country", "source"])
def test_self_esteem(by: str | None) -> None:
    assert told(read("rse.csv.gz"), SELF_ESTEEM, by=by, missing_codes=[0]) == []


@pytest.mark.slow
@pytest.mark.parametrize("country", ["US", "NZ"])
def test_self_esteem_with_an_item_turned(country: str) -> None:
    frame = read("rse.csv.gz")
    for item in SELF_ESTEEM.items:
        wrong = turned(frame, SELF_ESTEEM, item, pl.col("country") == country)
        assert told(wrong, SELF_ESTEEM, by="country", missing_codes=[0]) == [item]


@pytest.mark.parametrize("by", [None, "group"])
def test_self_compassion(by: str | None) -> None:
    scale = scales.get("scs").with_columns("scs_{}")
    frame = read("scs_three_groups.csv")
    assert audit(frame, scale, by=by).findings.height == 0
    where = pl.col("group") == "student_sample" if by else pl.lit(value=True)
    for item in scale.items:
        assert told(turned(frame, scale, item, where), scale, by=by) == [item]


@pytest.fixture(scope="module")
def iri() -> pl.DataFrame:
    """All three years from 0 to 4, under the names of the published scale."""
    years = []
    for year, prefix in ((2023, ""), (2024, "E"), (2025, "iri_")):
        frame = read(f"iri_{year}.csv")
        found = {
            name: re.fullmatch(rf"{prefix}(?:FS|PT|EC|PD)(\d+)", name) for name in frame.columns
        }
        names = {name: f"iri_{match[1]}" for name, match in found.items() if match}
        assert len(names) == 28
        answers = frame.select(pl.col(list(names)).cast(pl.Int64) - (year > 2023)).rename(names)
        years.append(answers.with_columns(year=year))
    return pl.concat(years, how="diagonal")


def test_empathy_as_it_is_stored(iri: pl.DataFrame) -> None:
    """The files have the reversed items turned already: FS7 is weak, and PD13 is in 2025."""
    published = scales.get("iri")
    parts = tuple(replace(part, reversed=()) for part in published.subscales)
    stored = replace(published, reversed=(), subscales=parts)
    rows = audit(iri, stored, by="year").findings.select("year", "item", "finding").rows()
    assert rows == [(None, "iri_7", "weak_item"), (2025, "iri_13", "weak_item")]


@pytest.mark.parametrize("years", [[2023, 2024, 2025], [2023], [2024], [2025]])
def test_empathy_with_the_published_key(iri: pl.DataFrame, years: list[int]) -> None:
    frame = iri.filter(pl.col("year").is_in(years))
    findings = audit(frame, scales.get("iri"), by="year").findings
    twice = findings.filter(pl.col("finding").is_in(TURNED))
    assert set(twice["finding"]) == {"turned_twice"}
    assert set(twice["item"]) == set(scales.get("iri").reversed)
    assert twice["year"].null_count() == twice.height
