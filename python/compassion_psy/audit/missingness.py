"""Which answers are missing: by item and site, in which patterns, and which were not asked for."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.audit.findings import Finding
from compassion_psy.audit.screening import Screened
from compassion_psy.data.columns import MISSING
from compassion_psy.data.frames import require_columns
from compassion_psy.errors import OptionError

# An item is taken as never asked where chance would leave it out less often than this.
_BY_CHANCE = 0.001
_FEWEST = 5  # persons: of fewer, nobody can tell


@dataclass(frozen=True, eq=False)
class Missingness:
    """Which answers are missing.

    Attributes
    ----------
    items : polars.DataFrame
        One row for each site, wave and item: the `by` columns, the wave, ``item``, ``n`` (persons),
        ``missing``, ``share``, and ``impossible``: how many of the missing are answers that the
        scale does not allow.
    patterns : polars.DataFrame
        The most frequent sets of missing items, over all: ``items`` (their names), ``n_missing``,
        ``persons``, ``share``. The empty set is that of the complete rows.
    findings : list of Finding
        Items never asked at a site.
    """

    items: pl.DataFrame
    patterns: pl.DataFrame
    findings: list[Finding]


def examine_missingness(
    screened: Screened, *, wave: str | None = None, patterns: int = 20
) -> Missingness:
    """Which answers are missing, where, and together with which others?

    Parameters
    ----------
    screened : Screened
        The answers; the column of the wave must be among those taken in.
    wave : str, optional
        Column of the wave.
    patterns : int
        How many patterns to list at most.

    Raises
    ------
    DataError, OptionError
        Where there is no such column, or one has a name that the tables need.

    Notes
    -----
    An item counts as never asked at a site (and wave) where nobody of it answered, though they
    answered others, while the item was answered elsewhere so often that so many missing in a row,
    at any site and item, would be chance less than once in a thousand audits. Cells of fewer than
    five persons are not judged.

    Examples
    --------
    >>> from compassion_psy import Scale
    >>> from compassion_psy.audit.screening import screen
    >>> frame = pl.DataFrame({"site": ["A", "A", "B"], "q1": [1, 2, None], "q2": [3, None, None]})
    >>> scale = Scale("calm", items=["q1", "q2"], minimum=1, maximum=5)
    >>> found = examine_missingness(screen(frame, scale, by="site"))
    >>> found.items.row(1)
    ('A', 'q2', 2, 1, 0.5, 0)
    >>> found.patterns["persons"].to_list()
    [1, 1, 1]
    """
    cells = _Cells(screened, wave)
    missing = screened.codes == MISSING
    counts = cells.count(missing)
    # Who gave an answer that is not possible was asked.
    silent = missing & ~screened.impossible
    return Missingness(
        items=cells.table(counts, cells.count(screened.impossible)),
        patterns=_patterns(screened, missing, patterns),
        findings=_never_asked(
            screened, cells, cells.count(silent), cells.count(silent.all(axis=0)[None])[0]
        ),
    )


class _Cells:
    """Sites, or sites and waves: runs of rows once these are in order."""

    def __init__(self, screened: Screened, wave: str | None) -> None:
        self.items = screened.scale.items
        group = np.repeat(np.arange(screened.groups.height), np.diff(screened.starts))
        self.names = screened.groups
        self.order = np.arange(screened.rows)
        self.starts = screened.starts[:-1]
        self.group = np.arange(screened.groups.height)
        self.wave: pl.Series | None = None
        if wave is not None and wave not in screened.groups.columns:
            require_columns(screened.frame.columns, [wave])
            rows = pl.DataFrame({"group": group, "wave": screened.frame[wave][screened.order]})
            ordered = rows.with_row_index("place").sort("group", "wave", nulls_last=True)
            change = pl.struct("group", "wave").ne_missing(pl.struct("group", "wave").shift(1))
            first = ordered.select(change.fill_null(value=True)).to_series().to_numpy().copy()
            first[0] = True
            self.order = ordered["place"].to_numpy()
            self.starts = np.flatnonzero(first)
            self.group = ordered["group"].to_numpy()[self.starts]
            self.wave = ordered["wave"][self.starts].alias(wave)
            self.names = self._named(screened.groups, wave)
        self.sizes = np.diff(np.append(self.starts, screened.rows))
        for name in self.names.columns:
            if name in ("item", "n", "missing", "share", "impossible"):
                raise OptionError(
                    f"The table of missing answers has a column {name!r} of its own; rename that "
                    f"in the data, for example to 'survey_{name}'."
                )

    def _named(self, groups: pl.DataFrame, wave: str) -> pl.DataFrame:
        assert self.wave is not None
        named = [*groups[self.group].get_columns(), self.wave] if groups.width else [self.wave]
        return pl.DataFrame(named)

    def count(self, marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Return the number of marks of each row of `marks` in each cell."""
        return np.array(
            [np.add.reduceat(row[self.order].astype(np.int64), self.starts) for row in marks]
        )

    def table(
        self, missing: npt.NDArray[np.int64], impossible: npt.NDArray[np.int64]
    ) -> pl.DataFrame:
        """Return one row for each cell and item."""
        cell = np.repeat(np.arange(len(self.sizes)), len(self.items))
        names = self.names[cell] if self.names.width else pl.DataFrame(height=len(cell))
        n = self.sizes[cell]
        return names.with_columns(
            pl.Series("item", list(self.items) * len(self.sizes)),
            pl.Series("n", n.astype(np.uint32)),
            pl.Series("missing", missing.T.ravel().astype(np.uint32)),
            pl.Series("share", missing.T.ravel() / n),
            pl.Series("impossible", impossible.T.ravel().astype(np.uint32)),
        )


def _patterns(screened: Screened, missing: npt.NDArray[np.bool_], most: int) -> pl.DataFrame:
    # Sixty-four items in a word, so that patterns are compared word by word.
    packed = np.packbits(missing, axis=0, bitorder="little")
    words = np.zeros((-(-len(packed) // 8) * 8, screened.rows), np.uint8)
    words[: len(packed)] = packed
    columns = np.ascontiguousarray(words.T).view("<u8")
    frame = pl.DataFrame({f"word_{number}": word for number, word in enumerate(columns.T)})
    counted = (
        frame.with_row_index("row")
        .group_by(pl.exclude("row"))
        .agg(pl.len().alias("persons"), pl.col("row").min())
        .sort("persons", "row", descending=[True, False])
        .head(most)
    )
    sets = [
        [item for item, gone in zip(screened.scale.items, missing[:, row], strict=True) if gone]
        for row in counted["row"]
    ]
    return pl.DataFrame(
        {
            "items": pl.Series(sets, dtype=pl.List(pl.String)),
            "n_missing": pl.Series([len(each) for each in sets], dtype=pl.UInt32),
            "persons": counted["persons"],
            "share": counted["persons"].to_numpy() / screened.rows,
        }
    )


def _never_asked(
    screened: Screened,
    cells: _Cells,
    missing: npt.NDArray[np.int64],
    empty: npt.NDArray[np.int64],
) -> list[Finding]:
    """Find items that nobody of a cell answered; rows without any answer do not count."""
    sizes = cells.sizes - empty
    gone = missing - empty
    examined = sizes.size * len(gone)
    findings = []
    for (place, item), cell in itertools.product(
        enumerate(screened.scale.items), range(len(sizes))
    ):
        size = int(sizes[cell])
        elsewhere = int(sizes.sum()) - size
        if size < _FEWEST or gone[place, cell] < size or not elsewhere:
            continue
        absent = int(gone[place].sum()) - size
        # As if one more person had answered and one not: no share is surely 0.
        if ((absent + 1) / (elsewhere + 2)) ** size * examined >= _BY_CHANCE:
            continue
        share = absent / elsewhere
        when = "" if cells.wave is None else f" in {cells.wave.name} {cells.wave[cell]!r}"
        findings.append(
            Finding(
                kind="missing",
                item=item,
                finding="never_asked",
                group=int(cells.group[cell]) if screened.groups.width else None,
                evidence=f"None of {size:,} persons here{when} answered it, though they answered "
                f"other items; elsewhere {share:.1%} of {elsewhere:,} did not.",
                remedy="See whether the item was on the form, or its column has another name "
                "here; if it was not asked, compare sites on the items that all had.",
            )
        )
    return findings
