"""Findings as corrections of a recipe."""

from dataclasses import dataclass

import polars as pl
import pytest
from compassion_psy import CompassionWarning, DataError, OptionError, simulate_survey
from compassion_psy.audit.auditing import audit
from compassion_psy.audit.corrections import apply_findings


@dataclass(frozen=True)
class Source:
    name: str
    already_turned: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    sources: tuple[Source, ...]
    other: str = "kept"


RECIPE = Recipe((Source("S1"), Source("S2", ("item_4", "item_6")), Source("S3")))


def findings(*rows: tuple[str | None, str, str | None, str]) -> pl.DataFrame:
    columns = {"site": pl.String, "kind": pl.String, "item": pl.String, "finding": pl.String}
    return pl.DataFrame(rows, schema=columns, orient="row")


def turned(recipe: Recipe) -> list[tuple[str, ...]]:
    return [source.already_turned for source in recipe.sources]


def test_an_audit_goes_into_the_recipe_and_its_correction_leaves_nothing_to_find() -> None:
    survey = simulate_survey(persons=900, items=8, sites=3, reversed=3, seed=1)
    at_site = pl.col("site") == "S3"
    frame = survey.frame.with_columns(
        pl.when(at_site).then(6 - pl.col("item_2")).otherwise("item_2").alias("item_2")
    )
    corrected = apply_findings(RECIPE, audit(frame, survey.scale, by="site"), source="site")
    assert turned(corrected) == [(), ("item_4", "item_6"), ("item_2",)]
    assert corrected.other == "kept"
    assert turned(RECIPE) == [(), ("item_4", "item_6"), ()]
    for source in corrected.sources:
        if source.name == "S3":
            frame = frame.with_columns(
                pl.when(at_site).then(6 - pl.col(i)).otherwise(i).alias(i)
                for i in source.already_turned
            )
    assert audit(frame, survey.scale, by="site").findings.height == 0


def test_an_item_turned_by_the_recipe_is_no_longer() -> None:
    found = findings(("S2", "key", "item_4", "turned_here"), ("S2", "key", "item_5", "not_turned"))
    assert turned(apply_findings(RECIPE, found, source="site"))[1] == ("item_6", "item_5")


def test_what_is_about_all_sources_goes_to_each() -> None:
    found = findings((None, "key", "item_6", "turned_twice"))
    assert turned(apply_findings(RECIPE, found, source="site")) == [
        ("item_6",),
        ("item_4",),
        ("item_6",),
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
        apply_findings(RECIPE, findings())
    with pytest.raises(OptionError, match="findings is a list"):
        apply_findings(RECIPE, [])  # type: ignore[arg-type]
