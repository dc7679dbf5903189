"""Coefficients with and without the flagged, side by side."""

import numpy as np
import polars as pl
import pytest
from compassion_psy import DataError, OptionError, reliability, simulate_survey
from compassion_psy.audit.answers import examine_answers
from compassion_psy.audit.screening import screen
from compassion_psy.audit.without_flagged import with_and_without


def test_numbers_are_those_of_reliability() -> None:
    survey = simulate_survey(persons=600, items=6, sites=3, reversed=2, missing=0.02, seed=1)
    out = np.random.default_rng(1).random(600) < 0.3
    frame = survey.frame.sample(fraction=1, shuffle=True, seed=1)
    table = with_and_without(screen(frame, survey.scale, by="site"), out, interval="adf")
    options = {"by": "site", "interval": "adf"}
    whole = reliability(frame, survey.scale, **options).table
    fewer = reliability(frame.filter(~out), survey.scale, **options).table
    for name in ("site", "coefficient", "estimate", "lower", "upper", "n"):
        assert table[name].to_list() == whole[name].to_list()
    for name in ("estimate", "lower", "upper", "n"):
        assert table[f"{name}_without"].to_list() == fewer[name].to_list()
    difference = table["estimate_without"].to_numpy() - table["estimate"].to_numpy()
    assert table["difference"].to_list() == difference.tolist()


def test_straight_liners_cost_reliability_where_items_are_turned() -> None:
    survey = simulate_survey(persons=1000, items=12, reversed=6, seed=2)
    straight = pl.when(pl.col("person") > 100).then(pl.col(survey.scale.items)).otherwise(5)
    screened = screen(survey.frame.with_columns(straight), survey.scale)
    persons, _ = examine_answers(screened)
    table = with_and_without(screened, persons["flag_longstring"])
    assert table["n_without"].to_list() == [900, 900]
    assert (table["difference"].to_numpy() > 0.003).all()


def test_sites_where_everybody_is_flagged() -> None:
    survey = simulate_survey(persons=200, items=4, sites=2, seed=1)
    screened = screen(survey.frame, survey.scale, by="site")
    first = survey.frame["site"] == "S1"
    table = with_and_without(screened, first)
    assert table["n_without"].to_list() == [0, 0, 100, 100]
    assert table["estimate_without"].null_count() == 2
    assert table["note_without"].to_list()[::2] == ["everybody with answers is flagged", None]
    nobody = with_and_without(screened, np.ones(200, bool))
    assert nobody["estimate_without"].null_count() == 4
    assert nobody["n_without"].to_list() == [0] * 4


def test_flags_must_be_one_truth_a_person() -> None:
    survey = simulate_survey(persons=20, items=4, seed=1)
    screened = screen(survey.frame, survey.scale)
    for wrong in ([True] * 19, [1] * 20, pl.Series([None] + [True] * 19)):
        with pytest.raises(DataError, match="one true or false for each of 20 rows"):
            with_and_without(screened, wrong)
    with pytest.raises(OptionError, match="must be 'adf' or None"):
        with_and_without(screened, [True] * 20, interval="feldt")  # type: ignore[arg-type]
