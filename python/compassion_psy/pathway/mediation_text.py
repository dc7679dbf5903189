"""A question of mediation as the text of a model, and what each of its defined effects is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product

from compassion_psy.errors import OptionError, nearest

_NAME = re.compile(r"[^\W\d][\w.]*")

# Results have a column for each modulator, beside these.
_RESERVED = (
    *("effect", "through", "path", "label", "estimate", "se", "lower", "upper", "std_all"),
    "note",
)

Levels = Mapping[str, Sequence[float]]
Place = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Edge:
    """A path from one variable to the next, with the modulators that change its strength."""

    source: str
    target: str
    label: str
    modulators: tuple[str, ...] = ()

    def by(self, modulator: str) -> str:
        """Return the label of what the modulator adds for each of its units."""
        return f"{self.label}_{modulator}"

    def slope(self, at: Mapping[str, float]) -> str:
        """Return the strength of the path at values of its modulators, as an expression."""
        terms = [f"{self.by(name)}*({at[name]!r})" for name in self.modulators]
        return f"({' + '.join([self.label, *terms])})" if terms else self.label


@dataclass(frozen=True)
class Effect:
    """A defined effect: its label and expression, and what it is."""

    label: str
    expression: str
    kind: str
    through: str
    modulator: str = ""
    at: Place = ()


@dataclass(frozen=True)
class Mediation:
    """What is mediated by what, and modulated by what."""

    x: str
    mediators: tuple[str, ...]
    y: str
    covariates: tuple[str, ...]
    modulators: Mapping[str, tuple[str, ...]]
    serial: bool

    @property
    def edges(self) -> tuple[Edge, ...]:
        """All paths that are of interest."""
        first, later, second = [], [], []
        many = len(self.mediators) > 1
        for number, name in enumerate(self.mediators, start=1):
            a, b = (f"a{number}", f"b{number}") if many else ("a", "b")
            first.append(Edge(self.x, name, a, self._of("a", a)))
            second.append(Edge(name, self.y, b, self._of("b", b)))
        if self.serial:
            for (i, source), (j, target) in combinations(enumerate(self.mediators, start=1), 2):
                label = f"d{j}{i}"
                later.append(Edge(source, target, label, self._of("d", label)))
        return (*first, *later, *second, Edge(self.x, self.y, "c", self._of("c", "c")))

    def _of(self, stage: str, label: str) -> tuple[str, ...]:
        own = (*self.modulators.get(stage, ()), *self.modulators.get(label, ()))
        return tuple(dict.fromkeys(own))

    @property
    def all_modulators(self) -> tuple[str, ...]:
        """Every modulator once."""
        return tuple(dict.fromkeys(name for edge in self.edges for name in edge.modulators))

    @property
    def ways(self) -> tuple[tuple[Edge, ...], ...]:
        """Each way from x to y by mediators, as its edges."""
        found = {(edge.source, edge.target): edge for edge in self.edges}
        chains: list[tuple[str, ...]] = [(name,) for name in self.mediators]
        if self.serial:
            lengths = range(2, len(self.mediators) + 1)
            chains += [chain for n in lengths for chain in combinations(self.mediators, n)]
        stops = [(self.x, *chain, self.y) for chain in chains]
        return tuple(tuple(found[pair] for pair in pairwise(s)) for s in stops)


def checked_mediation(
    x: str,
    m: str | Sequence[str],
    y: str,
    modulators: Mapping[str, str | Sequence[str]] | None,
    covariates: str | Sequence[str],
    serial: bool,
) -> Mediation:
    """Return the question, or raise OptionError where it is not one."""
    mediators, others = _names("m", m), _names("covariates", covariates)
    if modulators is not None and not isinstance(modulators, Mapping):
        raise OptionError(
            f"modulators is {modulators!r}, but it must be a mapping from paths to columns, such "
            "as {'a': 'support'}."
        )
    changing = {
        stage: _names(f"modulators[{stage!r}]", names)
        for stage, names in (modulators or {}).items()
    }
    if not mediators:
        raise OptionError("m names no mediator; give a column, or a list of them.")
    if serial and len(mediators) < 2:
        raise OptionError("serial mediation needs at least 2 mediators in m, in their order.")
    asked = Mediation(x, mediators, y, others, changing, serial)
    labels = [edge.label for edge in Mediation(x, mediators, y, (), {}, serial).edges]
    stages = sorted({label[0] for label in labels} | set(labels))
    for stage in changing:
        if stage not in stages:
            raise OptionError(
                f"modulators names the path {stage!r}, which is not there. {nearest(stage, stages)}"
            )
    roles = [("x", (x,)), ("m", mediators), ("y", (y,)), ("covariates", others)]
    seen: dict[str, str] = {}
    for role, names in roles:
        for name in names:
            _check_name(role, name)
            if name in seen:
                raise OptionError(
                    f"{name!r} is given as {seen[name]} and as {role}; it can have one role."
                )
            seen[name] = role
    for stage, names in changing.items():
        for name in names:
            _check_name(f"modulators[{stage!r}]", name)
            if name in _RESERVED:
                raise OptionError(
                    f"modulators[{stage!r}] is {name!r}, but results have a column of that name; "
                    f"rename it in the data, for example to 'study_{name}'."
                )
            if seen.get(name, "covariates") != "covariates":
                raise OptionError(
                    f"{name!r} modulates {stage!r} and is {seen[name]} as well; it can have one "
                    "role. For a curve give pathway a model with a column of squares."
                )
    return asked


def _names(role: str, given: str | Sequence[str]) -> tuple[str, ...]:
    if not isinstance(given, (str, Sequence)):
        raise OptionError(f"{role} is {given!r}, but it must be a column, or a list of columns.")
    return (given,) if isinstance(given, str) else tuple(given)


def _check_name(role: str, name: object) -> None:
    if not isinstance(name, str):
        raise OptionError(f"{role} is {name!r}, but it must be the name of a column.")
    if not _NAME.fullmatch(name):
        raise OptionError(
            f"{role} is {name!r}, but it must be a column whose name has letters, digits, '_' and "
            "'.' only; rename the column."
        )


def regressions(asked: Mediation) -> str:
    """Return the regressions and residual covariances as text."""
    lines = []
    for target in (*asked.mediators, asked.y):
        into = [edge for edge in asked.edges if edge.target == target]
        terms = [f"{edge.label}*{edge.source}" for edge in into]
        own = dict.fromkeys(name for edge in into for name in edge.modulators)
        terms += [name for name in own if name not in asked.covariates]
        terms += [
            f"{edge.by(name)}*{edge.source}:{name}" for edge in into for name in edge.modulators
        ]
        lines.append(f"{target} ~ {' + '.join([*terms, *asked.covariates])}")
    if not asked.serial:
        lines += [f"{left} ~~ {right}" for left, right in combinations(asked.mediators, 2)]
    return "\n".join(lines)


def effects_of(asked: Mediation, levels: Levels) -> list[Effect]:
    """Return the defined effects: indirect ones, slopes and indices at levels of modulators."""
    effects: list[Effect] = []
    for way in asked.ways:
        effects += _indirect(asked, way, levels)
    if not asked.all_modulators:
        indirect = " + ".join(effect.label for effect in effects)
        if len(effects) > 1:
            effects.append(Effect("indirect_total", indirect, "indirect", "all"))
        effects.append(Effect("total", f"c + {indirect}", "total", ""))
    for edge in asked.edges:
        for number, at in enumerate(_places(edge.modulators, levels), start=1):
            if at:
                through = f"{edge.source} > {edge.target}"
                label = f"slope_{edge.label}_at_{number}"
                effects.append(Effect(label, edge.slope(dict(at)), "slope", through, at=at))
    return effects


def curves_of(asked: Mediation, grids: Levels, middles: Mapping[str, float]) -> list[Effect]:
    """Return indirect effects along each modulator, the others at their middle."""
    curves = []
    for way in asked.ways:
        own = _modulators_of(way)
        for name in own:
            for number, value in enumerate(grids[name], start=1):
                at = {other: middles[other] for other in own} | {name: value}
                label = f"curve_{_stem(asked, way)}_{name}_{number}"
                place = tuple(at.items())
                curves.append(Effect(label, _product(way, at), "curve", _through(way), name, place))
    return curves


def text_of(base: str, effects: Sequence[Effect]) -> str:
    """Return a model text with defined effects."""
    return "\n".join([base, *(f"{each.label} := {each.expression}" for each in effects)])


def _indirect(asked: Mediation, way: tuple[Edge, ...], levels: Levels) -> Iterator[Effect]:
    stem, through, own = _stem(asked, way), _through(way), _modulators_of(way)
    labels = {}
    for number, at in enumerate(_places(own, levels), start=1):
        label = f"indirect_{stem}_at_{number}" if own else f"indirect_{stem}"
        labels[at] = label
        yield Effect(label, _product(way, dict(at)), "indirect", through, at=at)
    for name in own:
        changed = [edge for edge in way if name in edge.modulators]
        if len(changed) == 1:
            yield from _index(stem, way, changed[0], name, levels)
        else:
            yield from _contrasts(stem, through, own, name, levels, labels)
    for left, right in combinations(own, 2):
        yield from _second_index(stem, way, left, right)


def _index(
    stem: str, way: tuple[Edge, ...], edge: Edge, name: str, levels: Levels
) -> Iterator[Effect]:
    """The change of the indirect effect for a unit of a modulator (Hayes 2015)."""
    rest = tuple(other for other in way if other is not edge)
    for number, at in enumerate(_places(_modulators_of(rest), levels), start=1):
        label = f"index_{stem}_{name}" + (f"_at_{number}" if at else "")
        expression = f"{edge.by(name)}*{_product(rest, dict(at))}"
        yield Effect(label, expression, "index", _through(way), name, at)


def _contrasts(
    stem: str,
    through: str,
    own: tuple[str, ...],
    name: str,
    levels: Levels,
    labels: Mapping[Place, str],
) -> Iterator[Effect]:
    """Differences of indirect effects between levels of what modulates several of its steps."""
    others = tuple(other for other in own if other != name)
    number = 0
    for at in _places(others, levels):
        for low, high in combinations(levels[name], 2):
            number += 1
            places = [
                tuple((each, ({**dict(at), name: value})[each]) for each in own)
                for value in (low, high)
            ]
            expression = f"{labels[places[1]]} - {labels[places[0]]}"
            label = f"contrast_{stem}_{name}_{number}"
            place = (*at, (name, low), ("to", high))
            yield Effect(label, expression, "contrast", through, name, place)


def _second_index(stem: str, way: tuple[Edge, ...], left: str, right: str) -> Iterator[Effect]:
    """The change of the index of one modulator for a unit of another, on another step."""
    first = [edge for edge in way if left in edge.modulators]
    second = [edge for edge in way if right in edge.modulators]
    if len(first) == len(second) == 1 and first != second:
        rest = [edge for edge in way if edge not in (first[0], second[0])]
        if not _modulators_of(tuple(rest)):
            factors = [first[0].by(left), second[0].by(right), *(edge.label for edge in rest)]
            label = f"index_{stem}_{left}_by_{right}"
            yield Effect(label, "*".join(factors), "index", _through(way), f"{left} x {right}")


def _product(way: Sequence[Edge], at: Mapping[str, float]) -> str:
    return "*".join(edge.slope(at) for edge in way)


def _modulators_of(way: Sequence[Edge]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for edge in way for name in edge.modulators))


def _places(names: Sequence[str], levels: Levels) -> list[Place]:
    """Every combination of levels."""
    chosen = product(*(levels[name] for name in names))
    return [tuple(zip(names, values, strict=True)) for values in chosen]


def _stem(asked: Mediation, way: tuple[Edge, ...]) -> str:
    return "_".join(str(asked.mediators.index(edge.target) + 1) for edge in way[:-1])


def _through(way: tuple[Edge, ...]) -> str:
    return " > ".join([way[0].source, *(edge.target for edge in way)])
