"""Flags and findings of answers: simulated careless persons are found, others are left alone."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from compassion_psy import DataError, OptionError, Scale, Subscale
from compassion_psy.audit.answers import examine_answers
from compassion_psy.audit.chance import more_by_chance
from compassion_psy.audit.cutoffs import Cutoffs
from compassion_psy.audit.findings import Finding, findings_frame
from compassion_psy.audit.indices import careless_indices
from compassion_psy.audit.screening import Screened, screen
from scipy import stats

PERSONS, STRAIGHT, RANDOM = 2000, 60, 100


def survey(items: int = 30, subscales: int = 6) -> tuple[pl.DataFrame, Scale]:
    """Straight-liners first, then who answers at random, then careful persons."""
    rng = np.random.default_rng(3)
    between = np.full((subscales, subscales), 0.3) + 0.7 * np.eye(subscales)
    factors = rng.normal(size=(PERSONS, subscales)) @ np.linalg.cholesky(between).T
    part = np.arange(items) % subscales
    turned = (np.arange(items) // subscales) % 2 == 1
    noise = np.sqrt(1 - 0.75**2) * rng.normal(size=(PERSONS, items))
    response = 0.75 * factors[:, part] + noise + rng.uniform(-0.8, 0.8, items)
    x = np.clip(np.round(1.1 * response + 3), 1, 5).astype(int)
    x[:, turned] = 6 - x[:, turned]
    x[:STRAIGHT] = rng.integers(1, 6, (STRAIGHT, 1))
    x[STRAIGHT : STRAIGHT + RANDOM] = rng.integers(1, 6, (RANDOM, items))
    names = np.array([f"q{number}" for number in range(1, items + 1)])
    scale = Scale(
        "simulated",
        items=names.tolist(),
        minimum=1,
        maximum=5,
        reversed=names[turned].tolist(),
        subscales=[
            Subscale(
                key=f"s{number}",
                items=tuple(names[part == number].tolist()),
                reversed=tuple(names[turned & (part == number)].tolist()),
            )
            for number in range(subscales)
        ],
    )
    return pl.DataFrame(x, schema=names.tolist()), scale


def rates(persons: pl.DataFrame, flag: str) -> tuple[float, float, float]:
    """Shares flagged of straight-liners, of random answers, of careful persons."""
    marks = persons[flag].to_numpy()
    last = STRAIGHT + RANDOM
    return marks[:STRAIGHT].mean(), marks[STRAIGHT:last].mean(), marks[last:].mean()


def named(findings: list[Finding], finding: str) -> list[Finding]:
    return [each for each in findings if each.finding == finding]


def test_careless_persons_are_found() -> None:
    frame, scale = survey()
    persons, findings = examine_answers(screen(frame, scale))
    assert rates(persons, "flag_longstring")[0] == 1
    assert rates(persons, "flag_constant")[0] == 1
    # Measured: .95 and .89 of random answers, of careful persons none and .007.
    for flag, least, most in (("flag_mahalanobis", 0.85, 0.002), ("flag_guttman", 0.8, 0.015)):
        _, random, careful = rates(persons, flag)
        assert random > least, flag
        assert careful < most, flag
    assert rates(persons, "flag_longstring")[2] < 0.002
    evidence = named(findings, "constant")[0].evidence
    assert evidence.startswith(f"{STRAIGHT} of {PERSONS:,} (3.0%) persons")


def test_few_points_raise_no_flag() -> None:
    """Six subscales say too little of one person: the index is there, the flag is off."""
    frame, scale = survey()
    screened = screen(frame, scale)
    persons, _ = examine_answers(screened)
    assert persons["even_odd"].null_count() < PERSONS / 10
    assert not persons["flag_even_odd"].any()
    more, _ = examine_answers(screened, cutoffs=Cutoffs(points=6))
    _, random, careful = rates(more, "flag_even_odd")
    assert random > 0.4
    assert 0.05 < careful < 0.3


def test_flags_are_counted() -> None:
    frame, scale = survey()
    persons, _ = examine_answers(screen(frame, scale))
    flags = [name for name in persons.columns if name.startswith("flag_")]
    assert persons.select(flags).to_numpy().sum(axis=1).tolist() == persons["flags"].to_list()
    assert persons["row"].to_list() == list(range(1, PERSONS + 1))


def test_rows_are_in_the_order_of_the_data() -> None:
    frame, scale = survey()
    sites = np.random.default_rng(1).choice(["B", "A", "C"], PERSONS)
    alone, _ = examine_answers(screen(frame, scale))
    by_site, _ = examine_answers(screen(frame.with_columns(site=sites), scale, by="site"))
    assert by_site["site"].to_list() == sites.tolist()
    assert by_site.drop("site").equals(alone)


def test_a_site_with_more_flags_than_chance_allows_is_named() -> None:
    frame, scale = survey()
    sites = np.where(np.arange(PERSONS) < 200, "careless", "careful")
    sites[1000:] = "other"
    screened = screen(frame.with_columns(site=sites), scale, by="site")
    found = named(examine_answers(screened)[1], "longstring")
    table = findings_frame(found, screened.groups)
    assert table["site"].to_list() == [None, "careless"]
    assert "60 of 200 (30.0%) persons here, 0 of 1,800 (0.0%) elsewhere" in table["evidence"][1]
    # The same persons at random sites are nobody's fault.
    rng = np.random.default_rng(1)
    mixed = screen(frame.with_columns(site=rng.permutation(sites)), scale, by="site")
    assert [each.group for each in named(examine_answers(mixed)[1], "longstring")] == [None]


def test_probability_by_chance() -> None:
    cases = [(3, 10, 12, 80), (0, 5, 3, 9), (40, 900, 60, 5000), (5, 9, 3, 9), (4, 9, 7, 12)]
    cases += [(30, 900, 600, 5000), (200, 900, 600, 5000), (1, 100_000, 50_000, 200_000)]
    for found, drawn, marked, all_of in cases:
        expected = stats.hypergeom.sf(found - 1, all_of, marked, drawn)
        # Sums of logarithms of factorials of thousands.
        assert more_by_chance(found, drawn, marked, all_of) == pytest.approx(expected, rel=1e-9)


def small(**columns: Any) -> Screened:
    scale = Scale("calm", items=["a", "b", "c"], minimum=1, maximum=5)
    rest = tuple(name for name in columns if name not in ("a", "b", "c", "site"))
    return screen(columns, scale, by="site" if "site" in columns else None, others=rest)


def test_impossible_answers_are_counted_for_each_person() -> None:
    screened = small(a=[1, 9, 2, 0], b=[1, 2, 3, 4], c=[5, 5, 9, 5], site=["S", "T", "S", "T"])
    persons, _ = examine_answers(screened)
    assert persons["impossible"].to_list() == [0, 1, 1, 1]
    assert persons["flag_impossible"].to_list() == [False, True, True, True]


def test_attention_checks() -> None:
    screened = small(
        a=[1, 2, 3], b=[1, 2, 4], c=[2, 2, 5], check=[3, 1, None], word=["x", "y", "y"]
    )
    persons, findings = examine_answers(screened, attention={"check": 3, "word": "x"})
    assert persons["attention_failed"].to_list() == [0, 2, 1]
    assert persons["flag_attention"].to_list() == [False, True, True]
    assert named(findings, "attention")[0].evidence.startswith("2 of 3 (66.7%)")
    with pytest.raises(DataError, match="'word' holds String"):
        examine_answers(screened, attention={"word": 4})
    with pytest.raises(DataError, match="no column 'chek'"):
        examine_answers(screened, attention={"chek": 3})
    with pytest.raises(OptionError, match="must map columns"):
        examine_answers(screened, attention=["check"])  # type: ignore[arg-type]


def test_seconds() -> None:
    screened = small(
        a=[1, 2, 3, None], b=[1, None, 4, None], c=[2, 2, 5, None], time=[5.9, 4.0, None, 9.0]
    )
    persons, _ = examine_answers(screened, seconds="time")
    per_item = persons["seconds_per_item"].to_list()
    assert per_item[1:] == [2.0, None, None]
    assert per_item[0] == pytest.approx(5.9 / 3, rel=1e-15)
    assert persons["flag_seconds"].to_list() == [True, False, False, False]
    bad = small(a=[1, 2], b=[1, 2], c=[2, 3], time=[5.0, -1.0])
    with pytest.raises(DataError, match=r"1 values that are no durations \(row 2"):
        examine_answers(bad, seconds="time")


def test_repeated_persons_and_rows() -> None:
    screened = small(
        a=[1, 2, 1, 3], b=[1, 2, 2, 4], c=[2, 2, 2, 5], id=[7, 8, 7, None], year=[1, 1, 2, 1]
    )
    persons, findings = examine_answers(screened, person="id")
    assert persons["repeated_person"].to_list() == [2, 1, 2, None]
    assert persons["flag_repeated_person"].to_list() == [True, False, True, False]
    assert named(findings, "repeated_person")[0].kind == "duplicate"
    assert not examine_answers(screened, person=["id", "year"])[0]["flag_repeated_person"].any()

    frame, scale = survey()
    twice = pl.concat([frame, frame[500:503]])
    persons, findings = examine_answers(screen(twice, scale))
    rows = persons.filter("flag_repeated_row")["row"].to_list()
    assert rows == [501, 502, 503, 2001, 2002, 2003]
    assert "no probability is given" in named(findings, "repeated_row")[0].evidence
    # Straight-liners are alike, and are flagged as that.
    assert persons["repeated_row"][0] > 1


def test_an_item_that_repeats_another() -> None:
    frame, scale = survey()
    copied = screen(frame.with_columns(q7="q2"), scale)
    persons, findings = examine_answers(copied)
    found = named(findings, "same_as_other_item")
    assert [(each.item, each.kind) for each in found] == [("q7", "duplicate")]
    assert "'q2'" in found[0].evidence
    assert named(findings, "no_distances")
    assert persons["mahalanobis"].null_count() == PERSONS
    # Two items that nobody varies in are no copies of each other.
    same = small(a=[1, 1], b=[1, 1], c=[2, 3])
    assert not named(examine_answers(same)[1], "same_as_other_item")


def test_one_row_and_nobody() -> None:
    for one in (small(a=[1], b=[1], c=[2]), small(a=[None, None], b=[9, None], c=[None, None])):
        persons, _ = examine_answers(one)
        assert persons["mahalanobis"].null_count() == persons.height
        assert persons.select("flag_constant", "flag_guttman").sum().row(0) == (0, 0)


def test_a_column_of_the_persons_cannot_be_a_site() -> None:
    scale = Scale("calm", items=["a", "b"], minimum=1, maximum=5)
    screened = screen({"a": [1, 2], "b": [2, 3], "row": [1, 2]}, scale, by="row")
    with pytest.raises(OptionError, match="by names the column 'row'"):
        careless_indices(screened)
    with pytest.raises(OptionError, match="threads is 0"):
        careless_indices(screened, threads=0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"longstring": 2}, "longstring is 2, but it must be a number from 0 to 1"),
        ({"seconds": -1}, "at least 0"),
        ({"seconds": True}, "seconds is True"),
        ({"points": 2}, "points is 2"),
        ({"pair_correlation": None}, "pair_correlation is None"),
    ],
)
def test_cutoffs_are_checked(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Cutoffs(**wrong)


def test_cutoffs_are_obeyed() -> None:
    frame, scale = survey()
    screened = screen(frame, scale)
    off = Cutoffs(
        longstring=None, irv=1.0, even_odd=None, synonyms=None, antonyms=None, mahalanobis=None,
        guttman=None,
    )  # fmt: skip
    persons, _ = examine_answers(screened, cutoffs=off)
    for name in ("longstring", "mahalanobis", "guttman", "person_total"):
        assert not persons[f"flag_{name}"].any(), name
    assert persons["flag_irv"].to_list() == (persons["irv"] < 1).to_list()
    assert 0 < persons["flag_irv"].sum() < PERSONS
    persons, _ = examine_answers(screened, cutoffs=Cutoffs(person_total=0))
    assert (
        persons["flag_person_total"].to_list()
        == (persons["person_total"].fill_null(1) < 0).to_list()
    )
