"""Did persons change at all, and arms alike: the tests, one row each."""

from __future__ import annotations

import math
from typing import Any

from compassion_psy.change.arm_permutation import DRAWN as DRAWN_ALLOTMENTS
from compassion_psy.change.arm_permutation import MOST as MOST_PERMUTED
from compassion_psy.change.arm_permutation import is_exact, permute_arms
from compassion_psy.change.limits import Sample, mean_change, welch
from compassion_psy.change.sign_flip import ALL_UP_TO, DRAWN, sign_flip
from compassion_psy.change.signed_rank import MOST, signed_rank


def rows_of_tests(sample: Sample, level: float, seed: int) -> list[dict[str, Any]]:
    """Return a row for each test that changes are about zero."""
    n, changes = sample.n, sample.post - sample.pre
    if n == 0:
        note = "nobody has a score at both waves"
        return [
            {"test": test, "of": of, "n": 0, "note": note}
            for test, of in (("t", "mean"), ("sign_flip", "mean"), ("wilcoxon", "pseudomedian"))
        ]
    t = mean_change(sample.moments, level)
    rows: list[dict[str, Any]] = [
        {"test": "t", "of": "mean", "n": n, "estimate": t.estimate, "lower": t.lower,
         "upper": t.upper, "p": t.p, "method": "normal changes", "note": t.note},
    ]  # fmt: skip
    p, low, high = sign_flip(changes, level, seed)
    how = f"exact, all {2**n:,} signs" if n <= ALL_UP_TO else f"{DRAWN:,} drawn signs, seed {seed}"
    rows.append(
        {"test": "sign_flip", "of": "mean", "n": n, "estimate": t.estimate, "lower": low,
         "upper": high, "p": p, "method": how, "note": _unbounded(low, n)},
    )  # fmt: skip
    ranks = signed_rank(changes, level)
    notes = [_unbounded(ranks.lower, n)]
    if ranks.zeros:
        notes.append(f"unchanged, and without part in p: {ranks.zeros:,}")
    if n > MOST:
        notes.append(f"more than {MOST:,} persons: no estimate by means of pairs")
    rows.append(
        {"test": "wilcoxon", "of": "pseudomedian", "n": n, "estimate": ranks.estimate,
         "lower": ranks.lower, "upper": ranks.upper, "p": ranks.p,
         "method": "exact" if ranks.exact else "normal approximation",
         "note": "; ".join(filter(None, notes)) or None},
    )  # fmt: skip
    return rows


def rows_of_comparison(
    treated: Sample, control: Sample, level: float, seed: int
) -> list[dict[str, Any]]:
    """Return a row for each test that two arms changed alike."""
    n, fewest = treated.n + control.n, min(treated.n, control.n)
    if fewest == 0:
        note = "in one arm nobody has a score at both waves"
        return [{"test": test, "of": "mean", "n": n, "note": note}
                for test in ("welch", "permutation")]  # fmt: skip
    found = welch(treated.moments, control.moments, level)
    rows = [
        {"test": "welch", "of": "mean", "n": n, "estimate": found.estimate, "lower": found.lower,
         "upper": found.upper, "p": found.p, "method": "normal changes", "note": found.note},
    ]  # fmt: skip
    permuted: dict[str, Any] = {
        "test": "permutation", "of": "mean", "n": n, "estimate": found.estimate,
    }  # fmt: skip
    exact = is_exact(treated.n, control.n)
    if n > MOST_PERMUTED and not exact:
        note = f"more than {MOST_PERMUTED:,} persons: means are normal, see welch"
        return [*rows, permuted | {"note": note}]
    p, low, high = permute_arms(treated.post - treated.pre, control.post - control.pre, level, seed)
    ways = math.comb(n, treated.n)
    how = f"exact, all {ways:,} allotments" if exact else (
        f"{DRAWN_ALLOTMENTS:,} drawn allotments, seed {seed}")  # fmt: skip
    permuted |= {"lower": low, "upper": high, "p": p, "method": how, "note": _unbounded(low, n)}
    return [*rows, permuted]


def _unbounded(limit: float, n: int) -> str | None:
    return f"{n} persons are too few to bound it at this level" if math.isinf(limit) else None
