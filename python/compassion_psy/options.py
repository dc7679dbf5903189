"""Frozen option objects that say how an interval is to be made."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import Literal, get_args

from compassion_psy.errors import OptionError, nearest

BootstrapMethod = Literal["bca", "percentile", "basic", "normal"]
BootstrapWeights = Literal["multinomial", "bayesian"]
QuantileRule = Literal["normal", "linear"]
ReplicatesUsed = Literal["all", "ok"]

BOOTSTRAP_METHODS: tuple[str, ...] = get_args(BootstrapMethod)

INSTRUCTION_SET = "COMPASSION_PSY_SIMD"
SEED_MAXIMUM = 2**64 - 1
REPLICATES_MAXIMUM = 10_000_000
THREADS_MAXIMUM = 512
MOST_ROWS = 2**32 - 1
"""Rows a Polars frame can have."""


@dataclass(frozen=True)
class Bootstrap:
    """How a bootstrap interval is made.

    Parameters
    ----------
    replicates : int
        Number of bootstrap replicates, 1 to 10 million. 2000 is enough for 95 % limits.
    method : {"bca", "percentile", "basic", "normal"}
        How limits are read off the replicates. "bca" corrects for bias and for a standard error
        that changes with the value (Efron 1987); its acceleration comes from influence values, so
        it works for any number of persons and replicates.
    seed : int or None
        0 to 2**64 - 1. The same seed gives the same bits on any machine and any number of threads.
        None draws one from the operating system at each call.
    weights : {"multinomial", "bayesian"}
        "multinomial" draws persons (or clusters) with replacement; "bayesian" gives them Dirichlet
        weights (Rubin 1981).
    quantile_rule : {"normal", "linear"}
        How a quantile between two ordered replicates is interpolated: on the scale of normal
        quantiles at (B + 1) p, as R's ``boot::boot.ci`` does, or linearly, as
        ``numpy.quantile`` does (R's type 7).
    replicates_used : {"all", "ok"}
        Of which replicates the standard error and the limits are: of all that have a value, or
        without those that are flagged (Heywood cases, switched factors). The result counts them
        either way.

    Raises
    ------
    OptionError
        When a value is outside its limits.

    References
    ----------
    Efron, B. (1987). Better bootstrap confidence intervals. *JASA*, 82, 171-185.
    Rubin, D. B. (1981). The Bayesian bootstrap. *Annals of Statistics*, 9, 130-134.

    Examples
    --------
    >>> Bootstrap(replicates=500, method="percentile", seed=1).replicates
    500
    """

    replicates: int = 2000
    _: KW_ONLY
    method: BootstrapMethod = "bca"
    seed: int | None = None
    weights: BootstrapWeights = "multinomial"
    quantile_rule: QuantileRule = "normal"
    replicates_used: ReplicatesUsed = "all"

    def __post_init__(self) -> None:
        replicates = whole_number(
            "replicates", self.replicates, minimum=1, maximum=REPLICATES_MAXIMUM
        )
        object.__setattr__(self, "replicates", replicates)
        if self.seed is not None:
            seed = whole_number("seed", self.seed, minimum=0, maximum=SEED_MAXIMUM)
            object.__setattr__(self, "seed", seed)
        one_of("method", self.method, BOOTSTRAP_METHODS)
        one_of("weights", self.weights, get_args(BootstrapWeights))
        one_of("quantile_rule", self.quantile_rule, get_args(QuantileRule))
        one_of("replicates_used", self.replicates_used, get_args(ReplicatesUsed))

    def resolved_seed(self) -> int:
        """Return the seed, or one drawn from the operating system when none was given."""
        return secrets.randbits(64) if self.seed is None else self.seed


def whole_number(name: str, value: object, *, minimum: int, maximum: int | None = None) -> int:
    """Return the option `value` as an int, or raise OptionError with its limits and a remedy."""
    # NumPy integers are welcome; True and 2.0 are more likely slips than counts.
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise OptionError(
            f"{name} is {value!r} ({type(value).__name__}), but it must be a whole number (int)."
        )
    number = int(value)
    if number < minimum:
        raise OptionError(f"{name} is {number}, but it must be at least {minimum}; raise it.")
    if maximum is not None and number > maximum:
        raise OptionError(f"{name} is {number}, but it must be at most {maximum}; lower it.")
    return number


def one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    """Raise OptionError unless `value` is one of the words the option `name` allows."""
    if not isinstance(value, str) or value not in allowed:
        raise OptionError(f"{name} is {value!r}, which is not known. {nearest(value, allowed)}")


def check_instruction_set(levels: Sequence[str]) -> None:
    """Raise OptionError where the environment asks for an instruction set this machine lacks."""
    level = os.environ.get(INSTRUCTION_SET)
    if level and level not in levels:
        raise OptionError(
            f"The environment variable {INSTRUCTION_SET} is {level!r}, but this machine has "
            f"{', '.join(levels)}; set it to one of these, or unset it."
        )


def thread_count(threads: int | None) -> int | None:
    """Return how many threads to use, None for all cores, or raise OptionError."""
    if threads is None:
        return None
    return whole_number("threads", threads, minimum=1, maximum=THREADS_MAXIMUM)
