"""What other programs get wrong, with the same input: here the answer is right.

One test for each verified defect that concerns reliability, keys, the bootstrap, polychoric
correlations or factors; where the other program is installed, it is run and shows the defect, so
that a test of something that was mended since says so by failing.

Tested elsewhere: acceleration by influence values against the full jackknife and ``boot``
(test_reference.py), a stream of its own for each replicate and site (test_reproducibility.py),
frames of every kind (test_reproducibility.py), the correction of empty cells (test_polychoric.py),
keys that were guessed (test_audit_keys.py), Feldt's limits beyond R's ``qf`` (docs/beside-r.md and
its test).
"""

import math
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from reference_data import survey, values


def numbers_of_r(folder: Path, code: str, frame: pl.DataFrame) -> list[float]:
    """Return the numbers that R prints for `code`, which finds the frame as `x`."""
    frame.write_csv(folder / "x.csv")
    head = "options(mc.cores = 1, warn = -1); suppressMessages(library(psych)); "
    done = subprocess.run(
        ["Rscript", "-e", f"{head} x <- read.csv('x.csv'); {code}"],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [float(word) for word in done.stdout.split()]


@cache
def has_r(*packages: str) -> bool:
    if shutil.which("Rscript") is None:
        return False
    asked = " && ".join(f"requireNamespace('{name}', quietly = TRUE)" for name in packages)
    done = subprocess.run(
        ["Rscript", "-e", f"quit(status = if ({asked}) 0 else 1)"], capture_output=True, check=False
    )
    return done.returncode == 0


def needs_r(*packages: str) -> None:
    if not has_r(*packages):
        pytest.skip(f"needs R with {', '.join(packages)}")


def congeneric(persons: int, seed: int) -> tuple[pl.DataFrame, cp.Scale]:
    made = cp.simulate_survey(persons=persons, items=9, sites=1, seed=seed)
    return made.frame.select(made.scale.items), made.scale


# psych::omega(n.iter = ) resamples what it resampled before


def test_replicates_are_of_the_data_not_of_each_other() -> None:
    frame, scale = congeneric(200, seed=1)
    result = cp.reliability(
        frame, scale, coefficients=["alpha", "omega_total"], interval=cp.Bootstrap(2000, seed=1)
    )
    for name in ("alpha", "omega_total"):
        drawn = result.replicates.filter(coefficient=name)["value"].to_numpy()
        assert len(np.unique(drawn)) > 1990
        early, late = drawn[:1000].std(), drawn[1000:].std()
        # The spread of 1000 is known to 1/sqrt(2000); four such errors of a difference of two.
        assert math.log(late / early) == pytest.approx(0, abs=4 * math.sqrt(2 / 2000))
        adf = cp.reliability(frame, scale, coefficients=name, interval="adf").table["se"][0]
        assert drawn.std() == pytest.approx(adf, rel=0.15)


def test_psych_resamples_replicates(tmp_path: Path) -> None:
    needs_r("psych", "GPArotation")
    frame, scale = congeneric(60, seed=1)
    code = (
        "set.seed(2); invisible(capture.output(found <- suppressMessages("
        "omega(x, nfactors = 3, n.iter = 30, plot = FALSE))));"
        "cat(sd(found$ci$replicates[, 2]))"  # the second is alpha, of standardised items
    )
    theirs = numbers_of_r(tmp_path, code, frame)[0]
    ours = cp.reliability(frame, scale, coefficients="alpha_std", interval="adf").table["se"][0]
    assert theirs > 1.5 * ours


def test_ordinal_coefficients_are_resampled() -> None:
    """psych::omega(poly = TRUE, n.iter = ) resamples rows of a correlation matrix, and fails."""
    frame, scale = congeneric(200, seed=1)
    table = cp.reliability(
        frame, scale, coefficients=["alpha_ordinal", "omega_ordinal"],
        interval=cp.Bootstrap(200, seed=1, method="percentile"),
    ).table  # fmt: skip
    for row in table.iter_rows(named=True):
        assert row["lower"] < row["estimate"] < row["upper"]
        assert row["failed"] == 0


def test_psych_cannot_resample_ordinal_omega(tmp_path: Path) -> None:
    needs_r("psych", "GPArotation")
    frame, _ = congeneric(100, seed=1)
    code = (
        "invisible(capture.output(found <- suppressMessages(try("
        "omega(x, nfactors = 1, poly = TRUE, n.iter = 3, plot = FALSE), silent = TRUE))));"
        "cat(as.integer(inherits(found, 'try-error')))"
    )
    assert numbers_of_r(tmp_path, code, frame) == [1]


# Reversed items turned by what was observed


def before_and_after() -> tuple[pl.DataFrame, pl.DataFrame, cp.Scale]:
    """Everybody's three answers rise by a point on the first item; later nobody answers 1."""
    before = pl.DataFrame({"a": [1, 2, 3, 4], "b": [3, 4, 3, 4], "r": [5, 4, 3, 2]})
    after = before.with_columns(pl.col("a") + 1)
    scale = cp.Scale("waves", items=["a", "b", "r"], minimum=1, maximum=5, reversed=["r"],
                     total="mean")  # fmt: skip
    return before, after, scale


def test_reversing_by_the_range_of_the_scale() -> None:
    before, after, scale = before_and_after()
    scores = [cp.score(frame, scale)["waves_total"] for frame in (before, after)]
    # Of three items one rose by one.
    assert (scores[1] - scores[0]).to_list() == pytest.approx([1 / 3] * 4, abs=1e-15)


def test_psych_reverses_by_what_was_observed(tmp_path: Path) -> None:
    needs_r("psych")
    changes = []
    before, after, _ = before_and_after()
    for frame in (before, after):
        code = "cat(mean(suppressMessages(scoreItems(list(s = c('a', 'b', '-r')), x))$scores))"
        changes += numbers_of_r(tmp_path, code, frame)
    # The reversed item, which nobody answered differently, is turned about another middle.
    assert changes[1] - changes[0] == pytest.approx(2 / 3, abs=1e-5)


# Absolute correlations hide a wrong key


def test_a_wrong_key_lowers_alpha() -> None:
    frame, right = congeneric(2000, seed=3)
    wrong = replace(right, reversed=[right.items[-1]])

    def alpha(of: cp.Scale) -> float:
        table = cp.reliability(frame, of, coefficients="alpha_std", interval=None).table
        return float(table["estimate"][0])

    def by_formula(matrix: np.ndarray) -> float:
        k = len(matrix)
        return k / (k - 1) * (1 - k / float(matrix.sum()))

    r = cp.moments(frame, wrong).correlation
    assert alpha(wrong) == pytest.approx(by_formula(r), abs=1e-12)
    assert alpha(wrong) < alpha(right) - 0.1
    # reliabilipy 0.0.36 takes these, and so tells the one from the other no more.
    assert by_formula(np.abs(r)) == pytest.approx(alpha(right), abs=1e-12)


# BCa with fewer replicates than persons


def test_bca_with_fewer_replicates_than_persons() -> None:
    frame, scale = congeneric(10_000, seed=4)
    row = cp.reliability(
        frame, scale, coefficients="alpha", interval=cp.Bootstrap(500, seed=1)
    ).table.row(0, named=True)
    assert row["lower"] < row["estimate"] < row["upper"]
    assert row["note"] is None
    # Limits of 500 scatter by 0.12 standard errors.
    for limit, z in ((row["lower"], -1.96), (row["upper"], 1.96)):
        assert limit == pytest.approx(row["estimate"] + z * row["se"], abs=0.5 * row["se"])


def test_boot_needs_more_replicates_than_persons(tmp_path: Path) -> None:
    needs_r("psych", "boot")
    frame, _ = congeneric(400, seed=4)
    code = (
        "set.seed(1);"
        "f <- function(d, i) { C <- cov(d[i, ]); 9 / 8 * (1 - sum(diag(C)) / sum(C)) };"
        "b <- boot::boot(x, f, R = 200); found <- try(boot::boot.ci(b, type = 'bca'), "
        "silent = TRUE); cat(as.integer(inherits(found, 'try-error')))"
    )
    assert numbers_of_r(tmp_path, code, frame) == [1]


def test_bca_of_very_many_persons() -> None:
    """scipy's BCa leaves out each person in turn, which is quadratic; influence values are not."""
    frame, scale = congeneric(200_000, seed=5)
    row = cp.reliability(
        frame, scale, coefficients="alpha", interval=cp.Bootstrap(100, seed=1)
    ).table.row(0, named=True)
    assert row["lower"] < row["estimate"] < row["upper"]


# MBESS::ci.reliability prints no interval unless asked, and mixes matrices


def test_there_is_an_interval_without_asking() -> None:
    frame, scale = survey("attitude")
    table = cp.reliability(frame, scale).table
    assert table["lower"].null_count() == table["upper"].null_count() == 0


def test_the_error_of_raw_alpha_is_of_covariances() -> None:
    frame, scale = survey("attitude")
    error = values("attitude")["listwise"]["normal_theory_se"]["n"]
    row = cp.reliability(frame, scale, coefficients="alpha", interval="normal_theory").table
    assert row["se"][0] == pytest.approx(error, rel=1e-10)
    # Of correlations, as MBESS 4.9.42 has it, it is another.
    x = frame.select(scale.items).to_numpy()
    standard = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    real = cp.Scale("z", items=scale.items, minimum=-9, maximum=9, continuous=True)
    z = pl.DataFrame(standard, schema=list(scale.items))
    of_z = cp.reliability(z, real, coefficients="alpha", interval="normal_theory").table
    assert abs(of_z["se"][0] / error - 1) > 0.01


# factor_analyzer: Polars frames, and scikit-learn


def test_factors_of_a_polars_frame() -> None:
    frame, scale = congeneric(300, seed=6)
    assert cp.efa(frame, scale, n_factors=1).status == "ok"


def test_factor_analyzer_refuses_a_polars_frame() -> None:
    module = pytest.importorskip("factor_analyzer")
    frame, _ = congeneric(300, seed=6)
    with pytest.raises(AttributeError):
        module.FactorAnalyzer(n_factors=1, rotation=None).fit(frame)


def test_factors_need_no_other_package() -> None:
    code = (
        "import sys, numpy as np, compassion_psy as cp; "
        "cp.efa(np.full((4, 4), .4) + .6 * np.eye(4), n_factors=1); "
        "assert not {'sklearn', 'factor_analyzer', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# One start of a rotation, and local minima

# Geomin of these loadings has several minima; the unrotated ones lead to one that is not least.
LOCAL = 24


def several_minima() -> np.ndarray:
    random = np.random.default_rng(LOCAL)
    pattern = random.choice([0, 0.3, 0.4, 0.5, 0.6, -0.3, -0.4], size=(9, 3))
    pattern /= np.maximum(1, np.sqrt((pattern**2).sum(axis=1)) / 0.85)[:, None]
    correlation = pattern @ pattern.T
    np.fill_diagonal(correlation, 1)
    return correlation


def test_many_starts_find_the_least_minimum() -> None:
    correlation = several_minima()
    options: dict[str, Any] = {"n_factors": 3, "rotation": "geomin", "seed": 1}
    one = cp.efa(correlation, **options, starts=0)
    many = cp.efa(correlation, **options)
    assert one.rotation_criterion is not None
    assert many.rotation_criterion is not None
    assert many.rotation_criterion < one.rotation_criterion - 0.01
    # The result says that there are others.
    assert many.share_of_starts is not None
    assert 0 < many.share_of_starts < 1


def test_one_start_of_gparotation_ends_higher(tmp_path: Path) -> None:
    needs_r("psych", "GPArotation")
    many = cp.efa(several_minima(), n_factors=3, rotation="geomin", seed=1)
    loadings = pl.DataFrame(many.unrotated, schema=["a", "b", "c"])
    code = (
        "found <- GPArotation::geominQ(as.matrix(x), delta = 0.01, eps = 1e-6, maxit = 5000);"
        "L <- found$loadings; cat(sum(exp(rowSums(log(L^2 + 0.01)) / 3)))"
    )
    theirs = numbers_of_r(tmp_path, code, loadings)[0]
    assert many.rotation_criterion is not None
    assert theirs > many.rotation_criterion + 0.01


# Bootstrap of groups with a seed, as in plain Polars


def test_groups_of_the_same_rows_are_resampled_on_their_own() -> None:
    frame, scale = congeneric(150, seed=7)
    twice = pl.concat([frame.with_columns(site=pl.lit(site)) for site in ("a", "b")])
    result = cp.reliability(
        twice, scale, by="site", coefficients="alpha", interval=cp.Bootstrap(300, seed=1)
    )
    a, b = (result.replicates.filter(site=site)["value"].to_numpy() for site in ("a", "b"))
    assert result.table["estimate"].n_unique() == 1
    assert not np.isin(a, b).any()
    # 300 pairs correlate by chance up to 4 / sqrt(300).
    assert abs(np.corrcoef(a, b)[0, 1]) < 4 / math.sqrt(300)
