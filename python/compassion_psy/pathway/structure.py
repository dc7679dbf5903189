"""What a model is made of: variables, equations, residual covariances, rows of a table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from compassion_psy.errors import OptionError
from compassion_psy.pathway.syntax import Covariance, Definition, Model, Regression

PRODUCT = ":"


@dataclass(frozen=True)
class Row:
    """A row of the table: a parameter, by its number, or a moment of two given variables."""

    lhs: str
    op: str
    rhs: str
    label: str
    parameter: int | None = None
    moment: tuple[int, int] | None = None


@dataclass(frozen=True)
class Structure:
    """A recursive model.

    Attributes
    ----------
    variables : tuple of str
        Outcomes in order of their equations, then those that are given.
    equations : tuple of (int, tuple of int)
        Each outcome and its predictors, by number of variable.
    covariances : tuple of (int, int)
        Equations whose residuals covary.
    rows : tuple of Row
        Parameters and moments in the order of the table.
    definitions : tuple of Definition
        Defined effects.
    """

    variables: tuple[str, ...]
    equations: tuple[tuple[int, tuple[int, ...]], ...]
    covariances: tuple[tuple[int, int], ...]
    rows: tuple[Row, ...]
    definitions: tuple[Definition, ...]

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The variables that are explained."""
        return self.variables[: len(self.equations)]

    @property
    def products(self) -> tuple[str, ...]:
        """The variables that are products of others."""
        return tuple(name for name in self.variables if PRODUCT in name)

    @property
    def n_coefficients(self) -> int:
        """Number of regression coefficients."""
        return sum(len(predictors) for _, predictors in self.equations)

    @property
    def n_parameters(self) -> int:
        """Number of coefficients, residual variances and residual covariances."""
        return self.n_coefficients + len(self.equations) + len(self.covariances)


def structure_of(model: Model) -> Structure:
    """Return what a model is made of, or raise OptionError where it is not recursive."""
    outcomes = list(dict.fromkeys(each.outcome for each in model.regressions))
    predictors = list(dict.fromkeys(each.predictor for each in model.regressions))
    given = [name for name in predictors if name not in outcomes]
    _check_recursive(model, outcomes)
    mentioned = {name for each in model.covariances for name in (each.left, each.right)}
    for name in sorted(mentioned - {*outcomes, *given}):
        raise OptionError(
            f"The model has a covariance of {name!r}, which is in no regression; leave it out."
        )
    variables = (*outcomes, *given)
    at = {name: number for number, name in enumerate(variables)}
    terms = {name: [r for r in model.regressions if r.outcome == name] for name in outcomes}
    equations = tuple((at[name], tuple(at[r.predictor] for r in terms[name])) for name in outcomes)
    free = _residual_covariances(model, outcomes, predictors, given)
    covariances = tuple((at[left], at[right]) for left, right in free)
    rows = _rows(model, outcomes, given, terms, free, at)
    return Structure(variables, equations, covariances, rows, model.definitions)


def _check_recursive(model: Model, outcomes: list[str]) -> None:
    causes: dict[str, list[str]] = {}
    for each in model.regressions:
        factors = each.predictor.split(PRODUCT)
        if each.outcome in factors:
            raise OptionError(
                f"Model line {each.line}: {each.outcome!r} is explained by itself; leave it out."
            )
        causes.setdefault(each.outcome, []).extend(f for f in factors if f in outcomes)
    done: set[str] = set()
    for start in outcomes:
        # The causes that are still to be followed of each variable on the way here.
        trail = {} if start in done else {start: iter(causes[start])}
        while trail:
            name, rest = next(reversed(trail.items()))
            cause = next(rest, None)
            if cause is None:
                done.add(name)
                del trail[name]
            elif cause in trail:
                names = [*trail]
                circle = " <- ".join([*names[names.index(cause) :], cause])
                raise OptionError(
                    f"The model is not recursive ({circle}): no variable may explain itself by "
                    "way of others; leave one of these paths out."
                )
            elif cause not in done:
                trail[cause] = iter(causes[cause])


def _residual_covariances(
    model: Model, outcomes: list[str], predictors: list[str], given: list[str]
) -> list[tuple[str, str]]:
    paths = {frozenset((each.outcome, each.predictor)) for each in model.regressions}
    asked: list[tuple[str, str]] = []
    fixed: set[frozenset[str]] = set()
    for each in model.covariances:
        pair = frozenset((each.left, each.right))
        if len(pair) == 1:
            _refuse_fixed(each)
            continue
        if each.left in given and each.right in given:
            _refuse_fixed(each)
            continue
        if each.left in given or each.right in given:
            outcome = each.left if each.right in given else each.right
            raise OptionError(
                f"Model line {each.line}: a residual of {outcome!r} that covaries with a variable "
                "that is given cannot be estimated; leave it out."
            )
        if each.fixed:
            fixed.add(pair)
            continue
        if pair in paths:
            raise OptionError(
                f"Model line {each.line}: {each.left!r} and {each.right!r} have both a path and a "
                "residual covariance, which cannot be told apart; leave one out."
            )
        asked.append((each.left, each.right))
    named = {frozenset(pair) for pair in asked} | fixed
    last = [name for name in outcomes if name not in predictors]
    return asked + [pair for pair in combinations(last, 2) if frozenset(pair) not in named]


def _refuse_fixed(each: Covariance) -> None:
    if each.fixed:
        raise OptionError(
            f"Model line {each.line}: only residual covariances of outcomes can be set to zero; "
            f"leave '{each.left} ~~ 0*{each.right}' out."
        )


def _rows(
    model: Model,
    outcomes: list[str],
    given: list[str],
    terms: dict[str, list[Regression]],
    free: list[tuple[str, str]],
    at: dict[str, int],
) -> tuple[Row, ...]:
    labels = {frozenset((c.left, c.right)): c.label for c in model.covariances}
    numbers = {
        (r.outcome, r.predictor): number
        for number, r in enumerate(r for name in outcomes for r in terms[name])
    }
    rows = [
        Row(r.outcome, "~", r.predictor, r.label, parameter=numbers[r.outcome, r.predictor])
        for r in model.regressions
    ]
    first = len(numbers)
    for number, name in enumerate(outcomes):
        label = labels.get(frozenset((name,)), "")
        rows.append(Row(name, "~~", name, label, parameter=first + number))
    first += len(outcomes)
    for number, (left, right) in enumerate(free):
        label = labels.get(frozenset((left, right)), "")
        rows.append(Row(left, "~~", right, label, parameter=first + number))
    for place, left in enumerate(given):
        for right in given[place:]:
            label = labels.get(frozenset((left, right)), "")
            rows.append(Row(left, "~~", right, label, moment=(at[left], at[right])))
    return tuple(rows)
