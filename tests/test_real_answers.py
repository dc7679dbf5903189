"""What the collectors say of their data is found in it, where the folder with them is."""

from pathlib import Path

import polars as pl
import pytest
from compassion_psy import Scale
from compassion_psy.audit.answers import examine_answers
from compassion_psy.audit.screening import screen

DATA = Path(__file__).parents[2] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")

SUBSCALES = ("FS", "EC", "PT", "PD")


def read(name: str, prefix: str) -> tuple[pl.DataFrame, Scale]:
    frame = pl.read_csv(DATA / name)
    starts = tuple(f"{prefix}{key}" for key in SUBSCALES)
    items = [c for c in frame.columns if c.startswith(starts) and c[-1].isdigit()]
    assert len(items) == 28
    return frame, Scale("iri", items=items, minimum=1, maximum=5)


def test_three_answered_twice_and_four_gave_one_answer_throughout() -> None:
    frame, scale = read("iri_2025.csv", "iri_")
    checks = {"iri_ac1_rta5": 5, "iri_ac2_rta1": 1}
    screened = screen(frame, scale, others=("person_code", *checks))
    persons, _ = examine_answers(screened, person="person_code", attention=checks)
    assert persons["flag_constant"].sum() == 4
    assert persons["repeated_person"].value_counts().sort("repeated_person").rows() == [
        (1, 235),
        (2, 6),
    ]
    failed = frame.select(sum(pl.col(name) != right for name, right in checks.items()))
    assert persons["attention_failed"].to_list() == failed.to_series().to_list()


def test_persons_who_failed_checks_give_one_answer_in_long_runs() -> None:
    frame, scale = read("iri_2024.csv", "E")
    screened = screen(frame, scale, others=("attention_check",))
    persons, findings = examine_answers(screened, attention={"attention_check": 1})
    # Their collectors say how many failed.
    assert persons["flag_attention"].sum() == 72
    assert "72 of 971 (7.4%)" in next(f.evidence for f in findings if f.finding == "attention")
    # 14 of these 72 persons, and 8 of the 899 others.
    runs = persons.group_by("flag_attention").agg(pl.col("flag_longstring").sum())
    assert runs.sort("flag_attention")["flag_longstring"].to_list() == [8, 14]
