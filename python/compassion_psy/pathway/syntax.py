"""The text of a model, in lavaan's syntax, as statements."""

from __future__ import annotations

from dataclasses import dataclass

from compassion_psy.errors import OptionError
from compassion_psy.pathway.expression import Expression, parse_expression
from compassion_psy.pathway.tokens import END, Token, Tokens, statements

_MEASUREMENT = "it declares a latent variable; score the scale instead, with scales="
_REFUSED = {
    "=~": _MEASUREMENT,
    "==": "constraints between parameters are not supported; leave it out",
    "<": "constraints between parameters are not supported; leave it out",
    ">": "constraints between parameters are not supported; leave it out",
    "|": "thresholds are not supported; leave it out",
}
_RESERVED = ("replicate", "status")


@dataclass(frozen=True)
class Regression:
    """One term of a regression."""

    outcome: str
    predictor: str
    label: str
    line: int


@dataclass(frozen=True)
class Covariance:
    """A variance or covariance; `fixed` where it was set to zero."""

    left: str
    right: str
    label: str
    fixed: bool
    line: int


@dataclass(frozen=True)
class Definition:
    """A defined effect."""

    name: str
    expression: Expression
    text: str
    line: int


@dataclass(frozen=True)
class Model:
    """The statements of a model text, in its order."""

    regressions: tuple[Regression, ...]
    covariances: tuple[Covariance, ...]
    definitions: tuple[Definition, ...]


def parse(text: str) -> Model:
    r"""Read the text of a model.

    Parameters
    ----------
    text : str
        One statement a line, or several with ``;`` between them: regressions ``y ~ a*x + m``,
        covariances ``m1 ~~ m2``, defined effects ``ab := a*b``, comments after ``#``. A line goes
        on where it ends, or the next begins, with an operator.

    Raises
    ------
    OptionError
        Where it is not understood, with line and sign.

    Examples
    --------
    >>> model = parse("m ~ a*x   # first stage\ny ~ b*m + x\nab := a*b")
    >>> [(r.outcome, r.predictor, r.label) for r in model.regressions]
    [('m', 'x', 'a'), ('y', 'm', 'b'), ('y', 'x', '')]
    """
    if not isinstance(text, str):
        raise OptionError(
            f"model is a {type(text).__name__}, but it must be a text such as 'y ~ x'."
        )
    regressions: list[Regression] = []
    covariances: list[Covariance] = []
    definitions: list[Definition] = []
    products: dict[frozenset[str], str] = {}
    for tokens in statements(text):
        operator = tokens.operator()
        if operator.text in _REFUSED:
            raise operator.error(_REFUSED[operator.text])
        if operator.text == ":=":
            definitions.append(_definition(tokens))
        elif operator.text == "~":
            regressions += _regressions(tokens, products)
        else:
            covariances += _covariances(tokens)
    if not regressions:
        raise OptionError("The model has no regression; write one, such as 'y ~ x'.")
    model = Model(tuple(regressions), tuple(covariances), tuple(definitions))
    _check_labels(model)
    _check_repeated(model)
    return model


def named_variables(model: Model) -> set[str]:
    """Return the columns that a model names, factors of products one by one."""
    names = {each.outcome for each in model.regressions}
    for each in model.regressions:
        names.update(each.predictor.split(":"))
    return names


def _regressions(tokens: Tokens, products: dict[frozenset[str], str]) -> list[Regression]:
    outcomes = _sides(tokens, "~")
    found = []
    while True:
        label = _modifier(tokens, "regression")
        first = tokens.peek()
        name = _variable(tokens)
        if tokens.peek().text == "*":
            raise tokens.peek().error(
                "one label at most stands before a variable; write a product with ':', such as "
                "'x + w + x:w'"
            )
        factors = [name]
        while tokens.take(":"):
            factors.append(_variable(tokens))
        if len(set(factors)) < len(factors):
            raise first.error(
                f"the product {':'.join(factors)} names a variable twice; make a column of it"
            )
        # a:b and b:a are one variable, named as it was first written.
        name = products.setdefault(frozenset(factors), ":".join(factors))
        found += [Regression(outcome, name, label, first.line) for outcome in outcomes]
        if not tokens.take("+"):
            break
    _refuse_other_terms(tokens.peek())
    if len(outcomes) > 1 and any(each.label for each in found):
        raise OptionError(
            f"Model line {found[0].line}: a label would name {len(outcomes)} coefficients; write a "
            "statement for each outcome."
        )
    return found


def _refuse_other_terms(token: Token) -> None:
    """Raise OptionError where a regression goes on with something else than '+'."""
    if token.kind == "name":
        raise token.error(
            "'+' is missing before it; a column whose name has a space must be renamed"
        )
    if token.kind != "end":
        raise token.error(
            "terms are columns and products such as 'x:w', joined by '+'; make a column of "
            "anything else"
        )


def _covariances(tokens: Tokens) -> list[Covariance]:
    lefts = _sides(tokens, "~~")
    found = []
    while True:
        line = tokens.peek().line
        fixed = tokens.fixed_zero()
        label = "" if fixed else _modifier(tokens, "covariance")
        right = _variable(tokens)
        found += [Covariance(left, right, label, fixed, line) for left in lefts]
        if not tokens.take("+"):
            break
    tokens.expect(END)
    return found


def _definition(tokens: Tokens) -> Definition:
    start = tokens.peek()
    name = _variable(tokens)
    tokens.expect(":=")
    return Definition(name, parse_expression(tokens), tokens.rest_text(":="), start.line)


def _sides(tokens: Tokens, operator: str) -> list[str]:
    names = [_variable(tokens)]
    while tokens.take("+"):
        names.append(_variable(tokens))
    if tokens.peek().text == ":":
        raise tokens.peek().error("a product cannot be explained; only predictors may be products")
    tokens.expect(operator)
    return names


def _modifier(tokens: Tokens, what: str) -> str:
    """Return the label before ``*``, if there is one."""
    token = tokens.peek()
    if token.kind == "number":
        if what == "regression" and not tokens.follows("*"):
            raise token.error("every equation has its intercept already; leave it out")
        raise token.error(f"fixed values of a {what} are not supported; leave the number out")
    if token.kind == "name" and tokens.follows("*"):
        tokens.next()
        tokens.next()
        return token.text
    return ""


def _variable(tokens: Tokens) -> str:
    token: Token = tokens.next()
    if token.kind != "name":
        raise token.error("a name of a variable is expected here")
    return token.text


def _check_labels(model: Model) -> None:
    lines: dict[str, int] = {}
    named = [(each.label, each.line) for each in model.regressions]
    named += [(each.label, each.line) for each in model.covariances]
    defined = [(each.name, each.line) for each in model.definitions]
    for label, line in [*named, *defined]:
        if label in _RESERVED:
            raise OptionError(
                f"Model line {line}, at {label!r}: replicates have a column of that name; give the "
                "label another name."
            )
    for label, line in [*named, *defined]:
        if label and label in lines:
            raise OptionError(
                f"Model line {line}, at {label!r}: the label was given on line {lines[label]} "
                "already; lavaan would hold the two equal, which is not supported: give "
                "it another name."
            )
        lines[label] = line
    known = {label for label, _ in named if label}
    for definition in model.definitions:
        definition.expression.check(known, definition.line)
        known.add(definition.name)


def _check_repeated(model: Model) -> None:
    seen: dict[object, int] = {}
    for each in model.regressions:
        _once(seen, (each.outcome, each.predictor), f"{each.outcome} ~ {each.predictor}", each.line)
    for pair in model.covariances:
        key = frozenset((pair.left, pair.right))
        _once(seen, key, f"{pair.left} ~~ {pair.right}", pair.line)


def _once(seen: dict[object, int], key: object, text: str, line: int) -> None:
    if key in seen:
        raise OptionError(
            f"Model line {line}: {text!r} stands on line {seen[key]} already; leave one out."
        )
    seen[key] = line
