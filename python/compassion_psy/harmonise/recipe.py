"""The recipe: scales, sources, and nothing that has been done yet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from os import PathLike
from pathlib import Path

from compassion_psy import scales as registry
from compassion_psy.errors import OptionError
from compassion_psy.harmonise.declared import texts
from compassion_psy.harmonise.source import Source
from compassion_psy.harmonise.toml import toml_text
from compassion_psy.records import load_toml, record
from compassion_psy.scales import Scale


@dataclass(frozen=True)
class Target:
    """A scale that the harmonised frame holds.

    Parameters
    ----------
    scale : Scale or str
        The scale; the id of a published one; or a TOML file, relative to the recipe.
    columns : str
        A pattern for its columns in the frame; those of the scale when empty.

    Examples
    --------
    >>> Target("iri", columns="iri_{}").scale
    'iri'
    """

    scale: Scale | str
    _: KW_ONLY
    columns: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.scale, Scale) and not (isinstance(self.scale, str) and self.scale):
            raise OptionError(
                f"scale is {self.scale!r}, but it must be a Scale, the id of a published one, or "
                "the name of a file."
            )

    def resolved(self, folder: Path) -> Scale:
        """Return the scale, with the columns of the harmonised frame.

        Raises
        ------
        ScaleError, OptionError
            When there is no such scale, or the file holds several.
        """
        scale = self.scale if isinstance(self.scale, Scale) else _named_scale(self.scale, folder)
        return scale.with_columns(self.columns) if self.columns else scale


@dataclass(frozen=True)
class Recipe:
    """How raw exports of several sources become one frame.

    It is data that cannot be changed: :func:`dataclasses.replace` makes another one, and
    :meth:`write` a file.

    Parameters
    ----------
    scales : sequence of Scale, str or Target
        The scales of the harmonised frame: a Scale with its columns, the id of a published one, or
        a file that describes one.
    sources : sequence of Source
        In the order of the harmonised frame.
    source_column : str
        The column that will hold the names of the sources.
    folder : path-like
        Where relative paths begin: the folder of the file it was read from, else the current one.
        Recipes are compared without it.

    Raises
    ------
    OptionError
        When two sources have one name.

    Examples
    --------
    >>> import compassion_psy as cp
    >>> recipe = Recipe(
    ...     scales=[cp.scales.get("iri", columns="iri_{}")],
    ...     sources=[Source("2023", files="2023.csv"), Source("2024", files="2024.csv")],
    ...     source_column="year",
    ... )
    >>> [source.name for source in recipe.sources]
    ['2023', '2024']
    """

    _: KW_ONLY
    scales: Sequence[Scale | str | Target]
    sources: Sequence[Source]
    source_column: str = "source"
    folder: str | PathLike[str] = field(
        default=".", compare=False, repr=False, metadata={"in_files": False}
    )

    def __post_init__(self) -> None:
        texts(self.source_column, "source_column")
        one = isinstance(self.scales, (str, Scale, Target))
        listed = (self.scales,) if one else tuple(self.scales)
        if not listed or not self.sources:
            raise OptionError("a recipe needs at least one scale and one source.")
        names = [source.name for source in self.sources]
        for name in names:
            if names.count(name) > 1:
                raise OptionError(f"two sources have the name {name!r}; rename one.")
        object.__setattr__(self, "scales", tuple(map(_target, listed)))
        object.__setattr__(self, "sources", tuple(self.sources))

    def resolved_scales(self) -> dict[str, Scale]:
        """Return the scales by name, with the columns of the harmonised frame.

        Raises
        ------
        ScaleError, OptionError
            When a scale cannot be found, or two have one name.
        """
        scales: dict[str, Scale] = {}
        for target in map(_target, self.scales):
            scale = target.resolved(Path(self.folder))
            if scale.name in scales:
                raise OptionError(f"two scales have the name {scale.name!r}; rename one.")
            scales[scale.name] = scale
        return scales

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Recipe:
        """Read a recipe from a TOML file.

        Its tables and keys are those of :class:`Recipe`, :class:`Target`, :class:`Source`,
        :class:`Answers`, :class:`Kept`, :class:`DateWindow` and :class:`Duplicates`.

        Parameters
        ----------
        path : path-like
            The file.

        Raises
        ------
        OptionError
            When the file cannot be read, or a key is unknown, absent or of another type; the
            message names file, table and key, and a near key.

        Examples
        --------
        A file for :meth:`read`::

            source_column = "year"

            [[scales]]
            scale = "iri"
            columns = "iri_{}"

            [[sources]]
            name = "2024"
            files = "iri_2024.csv"
            keep = { age = "age" }

            [[sources.answers]]
            columns = "E??{}"
            minimum = 1
            already_turned = "all"
        """
        path = Path(path)
        read = record(cls, load_toml(path, OptionError), f"{path}", OptionError)
        return replace(read, folder=path.parent)

    def write(self, path: str | PathLike[str]) -> None:
        """Write the recipe to a TOML file that :meth:`read` reads back as an equal recipe.

        In another folder, relative paths are written so that they name the same files.

        Parameters
        ----------
        path : path-like
            The file; one that exists is replaced, whole or not at all.

        Raises
        ------
        OptionError
            When a source holds a frame or a scale is an object, which no file can name.
        """
        from compassion_psy.harmonise.document import document_of

        path = Path(path)
        text = toml_text(document_of(self, path.parent)).encode()
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
        try:
            unfinished.write_bytes(text)
            unfinished.replace(path)
        except OSError as error:
            raise OptionError(f"{path} cannot be written: {error.strerror}.") from error
        finally:
            with suppress(OSError):
                unfinished.unlink()


def is_scale_file(scale: object) -> bool:
    """Whether a scale of a recipe is the name of a file, and not an id or an object."""
    return isinstance(scale, str) and scale.lower().endswith(".toml")


def _target(scale: object) -> Target:
    if isinstance(scale, Target):
        return scale
    if isinstance(scale, (Scale, str)):
        return Target(scale)
    return record(Target, scale, "scales", OptionError)


def _named_scale(name: str, folder: Path) -> Scale:
    if not is_scale_file(name):
        return registry.get(name)
    described = Scale.read(folder / name)
    if len(described) > 1:
        raise OptionError(
            f"{folder / name} describes {len(described)} scales; name a file that describes one."
        )
    return described[0]
