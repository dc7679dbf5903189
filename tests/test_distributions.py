"""Tails against SciPy."""

import pytest
from compassion_psy.distributions import (
    chi_square_tail,
    f_tail,
    f_upper_quantile,
    normal_two_sided,
    t_two_sided,
)
from scipy import stats

# Two routes through SciPy: tails of its distributions, and the special functions behind ours.
RELATIVE = 1e-9


@pytest.mark.parametrize("df", [1, 2, 5, 30, 1000, 200_000])
@pytest.mark.parametrize("place", [0.001, 0.3, 0.9, 1.0, 1.1, 3.0, 20.0])
def test_chi_square(df: int, place: float) -> None:
    expected = float(stats.chi2.sf(df * place, df))
    # An upper tail near one is one less the lower tail.
    assert chi_square_tail(df * place, df) == pytest.approx(expected, rel=RELATIVE, abs=1e-300)


@pytest.mark.parametrize("df1", [1, 2, 29, 895, 100_000])
@pytest.mark.parametrize("df2", [1, 3, 40, 1812, 300_000])
@pytest.mark.parametrize("value", [0.0, 0.01, 0.8, 1.0, 1.02, 2.5, 40.0])
def test_f(df1: int, df2: int, value: float) -> None:
    expected = float(stats.f.sf(value, df1, df2))
    assert f_tail(value, df1, df2) == pytest.approx(expected, rel=1e-8, abs=1e-290)


@pytest.mark.parametrize("df", [1, 2, 10, 1066, 1_000_000])
@pytest.mark.parametrize("t", [0.0, 0.01, -1.0, 1.96, -8.86, 30.0])
def test_t(df: int, t: float) -> None:
    expected = 2 * float(stats.t.sf(abs(t), df))
    assert t_two_sided(t, df) == pytest.approx(expected, rel=1e-8, abs=1e-290)


@pytest.mark.parametrize("z", [0.0, 0.5, -1.96, 8.0, -30.0])
def test_normal(z: float) -> None:
    assert normal_two_sided(z) == pytest.approx(2 * float(stats.norm.sf(abs(z))), rel=1e-12)


@pytest.mark.parametrize("df1", [1, 29, 100_000])
@pytest.mark.parametrize("df2", [1, 40, 300_000])
@pytest.mark.parametrize("tail", [1e-10, 0.025, 0.5, 0.975])
def test_f_quantile_has_its_tail(tail: float, df1: float, df2: float) -> None:
    """Digits are lost where both degrees of freedom are many and the distribution is steep."""
    assert f_tail(f_upper_quantile(tail, df1, df2), df1, df2) == pytest.approx(tail, rel=1e-9)
