"""Findings as corrections of a recipe."""

from dataclasses import replace

import polars as pl
import pytest
from compassion_psy import (
    Answers,
    CompassionWarning,
    DataError,
    OptionError,
    Recipe,
    Source,
    apply_findings,
    audit,
    harmonise,
    simulate_survey,
)

SURVEY = simulate_survey(persons=900, items=8, sites=3, reversed=3, seed=1)
SITES = ("S1", "S2", "S3")


def recipe(**turned: list[int]) -> Recipe:
    """The sites as sources of a recipe, each with the items it has turned already."""
    return Recipe(
        scales=[SURVEY.scale],
        sources=[
            Source(
                site,
                frame=SURVEY.frame.filter(site=site),
                answers=Answers("item_{}", already_turned=turned.get(site, [])),
            )
            for site in SITES
        ],
        source_column="site",
    )


RECIPE = recipe(S2=[4, 6])


def findings(*rows: tuple[str | None, str, str | None, str]) -> pl.DataFrame:
    columns = {"site": pl.String, "kind": pl.String, "item": pl.String, "finding": pl.String}
    return pl.DataFrame(rows, schema=columns, orient="row")


def turned(corrected: Recipe) -> list[tuple[int, ...]]:
    return [each.answers[0].turned_on(SURVEY.scale) for each in corrected.sources]


def test_an_audit_goes_into_the_recipe_and_its_correction_leaves_nothing_to_find() -> None:
    wrong = SURVEY.frame.with_columns(
        pl.when(site="S3").then(6 - pl.col("item_2")).otherwise("item_2").alias("item_2")
    )
    sources = [replace(each, frame=wrong.filter(site=each.name)) for each in recipe().sources]
    raw = replace(recipe(), sources=sources)
    frame = harmonise(raw).frame
    result = audit(frame, SURVEY.scale, by="site")
    assert result.findings.filter(kind="key").select("site", "item", "finding").rows() == [
        ("S3", "item_2", "turned_here")
    ]
    corrected = apply_findings(raw, result)
    assert turned(corrected) == [(), (), (2,)]
    assert turned(raw) == [(), (), ()]
    again = harmonise(corrected).frame
    assert audit(again, SURVEY.scale, by="site").findings.filter(kind="key").is_empty()
    items = list(SURVEY.scale.items)
    assert again.select(items).equals(SURVEY.frame.sort("site").select(pl.col(items)))


def test_an_item_turned_by_the_recipe_is_no_longer() -> None:
    found = findings(("S2", "key", "item_4", "turned_here"), ("S2", "key", "item_5", "not_turned"))
    assert turned(apply_findings(RECIPE, found, source="site"))[1] == (5, 6)


def test_items_of_all_become_a_list_and_items_not_asked_stay_so() -> None:
    answers = Answers("item_{}", already_turned="all", not_asked=[1])
    base = recipe()
    one = replace(base, sources=[replace(base.sources[0], answers=answers), *base.sources[1:]])
    key = set(answers.turned_on(SURVEY.scale))
    found = findings((None, "key", "item_1", "turned_twice"), (None, "key", "item_2", "not_turned"))
    first, second, _ = turned(apply_findings(one, found))
    assert set(first) == key ^ {2}
    assert second == (1, 2)


def test_an_item_that_no_scale_has_is_refused() -> None:
    with pytest.raises(DataError, match="item 'item_9', which no scale of the recipe has"):
        apply_findings(RECIPE, findings(("S1", "key", "item_9", "turned_here")))


def test_what_is_about_all_sources_goes_to_each() -> None:
    found = findings((None, "key", "item_6", "turned_twice"))
    assert turned(apply_findings(RECIPE, found, source="site")) == [
        (6,),
        (4,),
        (6,),
    ]


@pytest.mark.parametrize("finding", ["turned_everywhere", "labels_reversed"])
def test_what_no_recipe_can_mend_is_told(finding: str) -> None:
    with pytest.warns(CompassionWarning, match=finding):
        assert (
            apply_findings(RECIPE, findings(("S1", "key", None, finding)), source="site") == RECIPE
        )


def test_other_findings_change_nothing() -> None:
    found = findings(
        ("S1", "range", "item_1", "impossible_answer"), ("S1", "key", "item_1", "weak_item")
    )
    assert apply_findings(RECIPE, found, source="site") == RECIPE


def test_findings_that_do_not_fit() -> None:
    with pytest.raises(DataError, match=r"source 'S9', which the recipe has not.*'S1'"):
        apply_findings(RECIPE, findings(("S9", "key", "item_1", "turned_here")), source="site")
    with pytest.raises(DataError, match="no column 'source'; audit with by='source'"):
        apply_findings(RECIPE, findings(), source="source")
    with pytest.raises(OptionError, match="findings is a list"):
        apply_findings(RECIPE, [])  # type: ignore[arg-type]
