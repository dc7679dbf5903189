"""Option objects: limits, and messages that name value, limit and remedy."""

import dataclasses

import numpy as np
import pytest
from compassion_psy.errors import CompassionError, OptionError, missing_extra, nearest
from compassion_psy.options import Bootstrap


def test_defaults_and_positional_replicates() -> None:
    assert Bootstrap() == Bootstrap(
        2000, method="bca", seed=None, weights="multinomial", quantile_rule="normal"
    )
    with pytest.raises(TypeError):
        Bootstrap(2000, "bca")  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        Bootstrap().replicates = 1  # type: ignore[misc]


def test_numpy_integers_become_plain_ones() -> None:
    bootstrap = Bootstrap(np.int64(10), seed=np.uint64(2**64 - 1))
    assert (type(bootstrap.replicates), type(bootstrap.seed)) == (int, int)
    assert bootstrap.seed == 2**64 - 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"replicates": 0}, ["replicates is 0", "at least 1"]),
        ({"replicates": 100.0}, ["replicates is 100.0 (float)", "whole number"]),
        ({"replicates": True}, ["replicates is True"]),
        ({"seed": -1}, ["seed is -1", "at least 0"]),
        ({"seed": 2**64}, [f"seed is {2**64}", f"at most {2**64 - 1}"]),
        ({"seed": "1"}, ["seed is '1' (str)"]),
        ({"method": "BCa"}, ["method is 'BCa'", "Did you mean 'bca'?"]),
        ({"weights": "poisson"}, ["weights is 'poisson'", "'multinomial', 'bayesian'"]),
        ({"quantile_rule": 7}, ["quantile_rule is 7", "'normal', 'linear'"]),
        ({"method": ["bca"]}, ["method is ['bca']"]),
    ],
)
def test_values_outside_the_limits(options: dict[str, object], words: list[str]) -> None:
    with pytest.raises(OptionError) as caught:
        Bootstrap(**options)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, CompassionError)
    for word in words:
        assert word in str(caught.value)


def test_a_given_seed_is_kept_and_none_draws_another_each_time() -> None:
    assert Bootstrap(seed=7).resolved_seed() == 7
    drawn = {Bootstrap().resolved_seed() for _ in range(5)}
    assert len(drawn) == 5  # equal by chance once in 10**18
    assert all(0 <= seed < 2**64 for seed in drawn)


def test_nearest_suggests_near_names_and_lists_others() -> None:
    assert nearest("Sight", ["age", "site", "ward"]) == "Did you mean 'site'?"
    assert nearest("q1", ["Q1", "Q2", "zz"]).startswith("Did you mean 'Q1'")
    assert nearest("xyz", ["a", "b"]) == "Choose from 'a', 'b'."
    many = nearest("xyz", [f"a{number}" for number in range(30)])
    assert many.endswith("'a7', ... (30 in all).")
    assert nearest("x", []) == "There is nothing to choose from."


def test_a_missing_extra_says_how_to_install_it() -> None:
    error = missing_extra("click", "cli")
    assert isinstance(error, ImportError)
    assert 'pip install "compassion_psy[cli]"' in str(error)
