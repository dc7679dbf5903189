"""A recipe as plain tables, to be written to a file."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compassion_psy.errors import OptionError
from compassion_psy.harmonise.recipe import Recipe, Target, is_scale_file
from compassion_psy.harmonise.source import Kept, Source
from compassion_psy.scales import Scale


def document_of(recipe: Recipe, folder: Path) -> dict[str, Any]:
    """Return the recipe as tables, without what is as it is when left out.

    Parameters
    ----------
    recipe : Recipe
        What to write.
    folder : Path
        Where the file will be; relative paths begin there.

    Raises
    ------
    OptionError
        When a source holds a frame or a scale is an object.
    """
    origin = Path(recipe.folder)
    document = _table(recipe)
    document["scales"] = [
        _table(_moved_target(target, origin, folder))
        for target in recipe.scales
        if isinstance(target, Target)
    ]
    document["sources"] = [_table(_moved_source(each, origin, folder)) for each in recipe.sources]
    return document


def _moved_target(target: Target, origin: Path, folder: Path) -> Target:
    if isinstance(target.scale, Scale):
        raise OptionError(
            f"scale {target.scale.name!r} of the recipe is an object, which a file cannot hold; "
            "name a published scale, or a TOML file that describes it."
        )
    if not is_scale_file(target.scale):
        return target
    return dataclasses.replace(target, scale=_moved(target.scale, origin, folder))


def _moved_source(source: Source, origin: Path, folder: Path) -> Source:
    if source.frame is not None:
        raise OptionError(
            f"source {source.name!r} of the recipe is a frame, which a file cannot hold; write the "
            "frame to a file and name that."
        )
    files = [_moved(file, origin, folder) for file in source.files]
    return dataclasses.replace(source, files=files)


def _moved(file: str, origin: Path, folder: Path) -> str:
    """Return a path as it reads from another folder."""
    if Path(file).is_absolute() or origin.resolve() == folder.resolve():
        return file
    return Path(os.path.relpath(origin / file, folder)).as_posix()


def _table(declared: Any) -> dict[str, Any]:
    table = {}
    for field in dataclasses.fields(declared):
        value = getattr(declared, field.name)
        if field.metadata.get("in_files", True) and not _is_default(field, value):
            table[field.name.rstrip("_")] = _plain(value)
    return table


def _is_default(field: dataclasses.Field[Any], value: object) -> bool:
    made = field.default_factory
    default = field.default if made is dataclasses.MISSING else made()
    return bool(value == default)


def _plain(value: Any) -> Any:
    if isinstance(value, Kept) and not value.values and not value.missing_codes:
        return value.column
    if dataclasses.is_dataclass(value):
        return _table(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value
