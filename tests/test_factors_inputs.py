"""What factors are extracted from: every kind of correlations, and what is wrong with some."""

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.nearest_correlation import LEAST_EIGENVALUE, nearest_correlation
from reference_data import survey, values

OPTIONS: dict[str, Any] = {"n_factors": 2, "seed": 1}
# Where the projections on both sets of matrices have settled, to rounding.
SETTLED = 1e-9


@pytest.fixture(scope="module")
def answered() -> tuple[pl.DataFrame, cp.Scale]:
    return survey("two_factor")


def test_polychoric_correlations_by_every_way(answered: tuple[pl.DataFrame, cp.Scale]) -> None:
    frame, scale = answered
    found = cp.efa(frame, scale, correlation="polychoric", **OPTIONS)
    latent = cp.polychoric(frame, scale)
    np.testing.assert_array_equal(found.correlation, latent.correlations)
    assert (found.correlation_kind, found.n, found.missing) == ("polychoric", 250, "listwise")
    for other in (
        cp.efa(cp.Responses.from_frame(frame, scale), correlation="polychoric", **OPTIONS),
        cp.efa(latent, **OPTIONS),
        cp.efa(latent.correlations, scale, n=250, correlation="polychoric", **OPTIONS),
    ):
        assert other.loadings.equals(found.loadings)
        assert other.fit == found.fit
        assert other.correlation_kind == "polychoric"
        assert other.notes == found.notes
    plain = cp.efa(latent.correlations, scale, n=250, **OPTIONS)
    assert (plain.correlation_kind, plain.fit) == ("given", found.fit)
    assert "polychoric correlations; n = 250" in str(found)
    assert any("suppose correlations of normal answers" in note for note in found.notes)
    pearson = cp.efa(frame, scale, **OPTIONS)
    assert pearson.correlation_kind == "pearson"
    # Answers in categories hide some of how their responses go together.
    gap = np.abs(found.correlation).sum() - np.abs(pearson.correlation).sum()
    assert gap > 1


def test_polychoric_pairs_of_different_persons() -> None:
    frame, scale = survey("congeneric_missing")
    options = {"n_factors": 1, "correlation": "polychoric"}
    pairwise = cp.efa(frame, scale, missing="pairwise", **options)
    assert (pairwise.n, pairwise.n_excluded, pairwise.missing) == (399, 1, "pairwise")
    latent = cp.polychoric(frame, scale)
    without = cp.efa(latent, n_factors=1)
    assert without.n is None
    assert "No chi-square: n is not known." in str(without)
    assert cp.efa(latent, n_factors=1, n=399).fit == pairwise.fit
    listwise = cp.efa(frame, scale, missing="listwise", **options)
    assert listwise.n == cp.efa(frame, scale, n_factors=1).n


def test_moments_are_no_tables(answered: tuple[pl.DataFrame, cp.Scale]) -> None:
    frame, scale = answered
    with pytest.raises(cp.OptionError, match="Moments hold no tables"):
        cp.efa(cp.moments(frame, scale), correlation="polychoric", **OPTIONS)
    with pytest.raises(cp.OptionError, match="correlation is 'spearman'"):
        cp.efa(frame, scale, correlation="spearman", **OPTIONS)  # type: ignore[arg-type]
    with pytest.raises(cp.OptionError, match="scale is given"):
        cp.efa(cp.polychoric(frame, scale), scale, **OPTIONS)
    by = cp.polychoric(frame.with_columns(site=pl.col("person") % 2), scale, by="site")
    with pytest.raises(cp.OptionError, match=r"2 groups.*result\.matrix\(group\)"):
        cp.efa(by, **OPTIONS)


def test_items_without_a_polychoric_correlation_are_named() -> None:
    scale = cp.Scale("calm", items=["a", "b", "c"], minimum=1, maximum=3)
    rng = np.random.default_rng(1)
    a = rng.integers(1, 4, 60)
    frame = pl.DataFrame({"a": a, "b": a, "c": rng.integers(1, 4, 60)})
    with pytest.raises(cp.DataError, match=r"'a' and 'b'.*"):
        cp.efa(frame, scale, n_factors=1, correlation="polychoric")
    latent = cp.polychoric(frame, scale)
    with pytest.raises(cp.DataError, match=r"'a' and 'b' .* is not told from -1 or 1"):
        cp.efa(latent, n_factors=1)
    constant = frame.with_columns(b=pl.lit(2))
    with pytest.raises(cp.DataError, match=r"'b' .* the same answer from everybody"):
        cp.efa(constant, scale, n_factors=1, correlation="polychoric")
    with pytest.raises(cp.DataError, match=r"'a' and 'b' .* gave one of them the same answer"):
        cp.efa(cp.polychoric(constant, scale), n_factors=1)


def test_correlations_that_nobody_can_have() -> None:
    block = values("factor_scores")
    improper = np.array(block["improper"])
    with pytest.raises(cp.DataError, match=r"least eigenvalue is -0\.\d+.*smooth=True"):
        cp.efa(improper, n_factors=1, method="ml", n=200)
    as_it_is = cp.efa(improper, n_factors=1, n=200)
    np.testing.assert_array_equal(as_it_is.correlation, improper)
    least = np.linalg.eigvalsh(improper)[0]
    why = f"the correlations are not positive definite (least eigenvalue {least:.3g})"
    assert why in " ".join(as_it_is.notes)
    for method in ("minres", "ml"):
        found = cp.efa(improper, n_factors=1, method=method, n=200, smooth=True)  # type: ignore[arg-type]
        # The one way to smooth of the package, as cp.polychoric has it.
        np.testing.assert_array_equal(found.correlation, nearest_correlation(improper))
        assert np.linalg.eigvalsh(found.correlation)[0] > LEAST_EIGENVALUE - SETTLED
        # psych::cor.smooth also finds a correlation matrix, but moves further.
        further = np.sum((np.array(block["smoothed"]) - improper) ** 2)
        assert np.sum((found.correlation - improper) ** 2) < further
        moved = np.abs(found.correlation - improper).max()
        assert f"largest change of a correlation is {moved:.3g}" in found.notes[0]
        assert f"least eigenvalue was {least:.3g}" in found.notes[0]
    proper = np.array([[1, 0.5, 0.4], [0.5, 1, 0.3], [0.4, 0.3, 1]])
    assert cp.efa(proper, n_factors=1, smooth=True).correlation.tolist() == proper.tolist()
    with pytest.raises(cp.OptionError, match="smooth is 'yes'"):
        cp.efa(proper, n_factors=1, smooth="yes")  # type: ignore[arg-type]


def test_fewer_persons_than_items() -> None:
    scale = cp.Scale("calm", items=[f"q{j}" for j in range(8)], minimum=1, maximum=7)
    few = np.random.default_rng(3).integers(1, 8, (6, 8))
    frame = pl.DataFrame(few, schema=list(scale.items))
    with pytest.raises(cp.DataError, match="6 persons are too few for 8 items"):
        cp.efa(frame, scale, n_factors=1, method="ml")
    found = cp.efa(frame, scale, n_factors=1)
    assert found.fit.chi_square is None
    assert "No chi-square: 6 persons are too few for 8 items." in str(found)


def test_what_scores_take_is_kept(answered: tuple[pl.DataFrame, cp.Scale]) -> None:
    frame, scale = answered
    for options in ({}, {"correlation": "polychoric"}):
        kept = cp.efa(frame, scale, **OPTIONS, **options).standardisation
        assert kept["item"].to_list() == list(scale.items)
        x = frame.select(scale.items).to_numpy()
        np.testing.assert_allclose(kept["mean"], x.mean(axis=0), rtol=1e-14)
        np.testing.assert_allclose(kept["sd"], x.std(axis=0, ddof=1), rtol=1e-14)
    assert cp.efa(cp.moments(frame, scale).correlation, **OPTIONS).standardisation is None


def test_two_items_have_no_factor() -> None:
    with pytest.raises(cp.OptionError, match=r"2 items identify no factor.*at least 3"):
        cp.efa(np.array([[1, 0.5], [0.5, 1]]), n_factors=1)


def test_an_item_that_nobody_answered_is_named() -> None:
    survey = cp.simulate_survey(persons=50, items=5, seed=1)
    frame = survey.frame.with_columns(item_3=pl.lit(None, pl.Int64))
    with pytest.raises(cp.DataError, match=r"nobody can be used.*nobody answered 'item_3'"):
        cp.number_of_factors(frame, survey.scale)
    with pytest.raises(cp.DataError, match="one person can be used"):
        cp.efa(survey.frame.head(1), survey.scale, n_factors=1)


@pytest.mark.parametrize("call", [cp.efa, cp.number_of_factors])
def test_more_persons_than_there_are_do_not_hang(call: Any) -> None:
    options = {"n_factors": 1} if call is cp.efa else {}
    matrix = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
    with pytest.raises(cp.OptionError, match="n is 1000000000000, but it must be at most"):
        call(matrix, n=10**12, **options)
