"""Many coefficients of a few groups are read in a line."""

import compassion_psy as cp
import polars as pl
import pytest
from compassion_psy.reliability_shown import FEW_GROUPS, MANY_COEFFICIENTS


@pytest.fixture(scope="module")
def survey() -> cp.SimulatedSurvey:
    return cp.simulate_survey(persons=900, items=6, sites=3, seed=1)


def test_groups_stand_beside_each_other(survey: cp.SimulatedSurvey) -> None:
    result = cp.reliability(
        survey.frame, survey.scale, by="site", coefficients="all", interval="adf"
    )
    first = result.table.row(0, named=True)
    lines = str(result).splitlines()
    heading = next(line for line in lines if line.startswith("coefficient"))
    for site, n in result.table.select("site", "n").unique().rows():
        assert f"{site} (n {n})" in heading
    cell = f"{first['estimate']:.3f} [{first['lower']:.3f}, {first['upper']:.3f}]"
    assert cell in next(line for line in lines if line.startswith("alpha "))
    rows = [line for line in lines if line.split(" ")[0] in result.definitions]
    assert len(rows) == len(result.definitions)
    assert cell in result._repr_html_()


def test_without_intervals_there_are_estimates_alone(survey: cp.SimulatedSurvey) -> None:
    result = cp.reliability(
        survey.frame, survey.scale, by="site", coefficients="all", interval=None
    )
    assert "[" not in str(result)


def test_what_is_true_of_one_group_is_said_of_it(survey: cp.SimulatedSurvey) -> None:
    frame = survey.frame.with_columns(
        pl.when(pl.col("site") == "S1").then(3).otherwise(pl.col("item_2")).alias("item_2")
    )
    result = cp.reliability(frame, survey.scale, by="site", coefficients="all", interval="adf")
    lines = str(result).splitlines()
    row = next(line for line in lines if line.startswith("omega_u "))
    assert "–" in row
    assert any("S1: " in line for line in lines)
    assert not any("S2: " in line for line in lines)


def test_few_coefficients_and_many_groups_stay_as_they_are() -> None:
    many = cp.simulate_survey(persons=70, items=4, sites=FEW_GROUPS + 1, seed=1)
    for frame, names in (
        (many.frame, "all"),
        (many.frame.filter(pl.col("site") < "S3"), ["alpha", "lambda2"]),
    ):
        result = cp.reliability(frame, many.scale, by="site", coefficients=names, interval=None)
        heading = next(line for line in str(result).splitlines() if line.startswith("site"))
        assert "estimate" in heading
    assert len(result.definitions) < MANY_COEFFICIENTS
