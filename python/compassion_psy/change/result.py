"""What a question about change gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from compassion_psy import tables
from compassion_psy.change.journal import journal_table, with_classes_together

_NOTED = 6
_SHOWN = ("mean_change", "g_av", "d_ppc2")
_METHODS = {"mover": "mover (Donner & Zou 2012)", "welch": "Welch", "bca": "BCa bootstrap"}
_TITLES = {
    "completers": "Change",
    "locf": "Change, with the last score carried forward (locf)",
}


@dataclass(frozen=True, eq=False, repr=False)
class ChangeResult:
    """How much persons changed, how sure that is, and whose change is reliable.

    Every frame begins with the `by` columns and ``outcome``; ``wave`` is the later wave of a
    comparison, ``arm`` is there where arms are.

    Attributes
    ----------
    table : polars.DataFrame
        One row an effect: ``outcome``, ``wave``, ``analysis`` ("completers"; "locf", with the last
        score carried forward, where that adds anybody), ``arm`` ("training - control" for what
        compares arms), ``n``, ``n_excluded``, ``mean_pre``, ``mean_post``, ``sd_pre``,
        ``sd_post``, ``r``, ``effect``, ``estimate``, ``lower``, ``upper``, ``level``,
        ``interval`` (how it was made), ``p`` (of no mean change: paired t, between arms Welch's
        t; the same for all effects of a comparison), ``p_holm`` (over outcomes),
        ``variance`` (for a meta-analysis, where there is a formula), ``failed`` (replicates without
        a value), ``note``.
    tests : polars.DataFrame
        One row a test: ``test`` ("t", "sign_flip", "wilcoxon"; between arms "welch",
        "permutation"), ``of`` (what it estimates), ``n``, ``n_excluded``, ``estimate``,
        ``lower``, ``upper``, ``level``, ``p``, ``p_holm``, ``method`` (exact or not), ``note``.
    persons : polars.DataFrame
        One row a person with both scores: ``pre``, ``post``, ``change``, ``rci``, ``class``,
        ``p_reliable``.
    detectable : polars.DataFrame
        What reliable change is made of: ``coefficient``, ``reliability``,
        ``mean_pre`` (of everybody with a first score), ``sd`` and ``n`` (of those whom the
        reliability is of), ``sem``, ``s_diff``, ``mdc`` (minimal detectable change) with
        limits from the replicates, the cut-offs ``cutoff_a``, ``cutoff_b``, ``cutoff_c``,
        ``cutoff`` (the one used), ``better``, ``failed``, ``note``.
    dropout : polars.DataFrame
        ``persons``, ``completed``, ``pre_only`` (of these ``absent``, without a row at the later
        wave, and ``unscored``), ``post_only``, ``neither``; how those with only the first wave
        began: ``mean_completed``, ``mean_pre_only``, ``difference``, ``lower``, ``upper``, ``p``
        (Welch).
    reliability : polars.DataFrame
        The reliability of each scale at each wave, in the columns of :func:`reliability`.
    reliability_tests : polars.DataFrame
        Whether it is the same at all waves, as in :func:`compare_reliability`.
    trajectories : polars.DataFrame
        Every score of every person, for a plot: ``wave``, ``occasion`` (0 for the first),
        ``score``.
    definitions : mapping of str to str
        Which effect each name is, and whose convention.
    notes : tuple of str
        What to know of the design: what else may have changed the scores.
    seed : int
        Of the bootstrap and of drawn signs: with it, the same call gives the same bits.
    """

    table: pl.DataFrame
    tests: pl.DataFrame
    persons: pl.DataFrame
    detectable: pl.DataFrame
    dropout: pl.DataFrame
    reliability: pl.DataFrame
    reliability_tests: pl.DataFrame
    trajectories: pl.DataFrame
    definitions: Mapping[str, str]
    notes: tuple[str, ...]
    seed: int

    @cached_property
    def journal(self) -> pl.DataFrame:
        """The one table a journal would print, as texts."""
        return journal_table(self.table, self.persons)

    def to_frame(self) -> pl.DataFrame:
        """Return the table."""
        return self.table

    def report(self) -> str:
        """Return the one table a journal would print, with what it stands for."""
        return "\n\n".join(
            tables.to_text(frame, title=title, notes=notes) for title, frame, notes in self._shown()
        )

    def _shown(self) -> list[tuple[str, pl.DataFrame, list[str]]]:
        """Return what is shown: completers, and apart from them those carried forward."""
        parts = (
            self.journal.partition_by("analysis", maintain_order=True, as_dict=True)
            if "analysis" in self.journal.columns
            else {("completers",): self.journal}
        )
        shown = [(_TITLES[str(key[0])], with_classes_together(part)) for key, part in parts.items()]
        last = len(shown) - 1
        return [
            (title, frame.drop("analysis", strict=False), self._notes() if at == last else [])
            for at, (title, frame) in enumerate(shown)
        ]

    def _notes(self) -> list[str]:
        level = self.table["level"].drop_nulls()
        percent = f"{100 * level[0]:.6g} %" if len(level) else "No"
        shown = [
            name
            for name in ("g_av", "d_ppc2")
            if self.journal["effect"].str.starts_with(name).any()
        ]
        return [
            f"pre, post: mean (SD). {percent} intervals: {self._intervals()}. p_holm: Holm over "
            "outcomes.",
            *self._who(),
            *(f"{name}: {self.definitions[name]}." for name in shown),
            *self._absent(),
            *self.notes,
            f"Seed {self.seed}.",
        ]

    def _absent(self) -> list[str]:
        """Say why an effect that is shown has no value or no interval."""
        shown = self.table.filter(pl.col("effect").is_in(_SHOWN), pl.col("note").is_not_null())
        grouped = shown.group_by("note", maintain_order=True).agg(
            pl.col("effect").unique(maintain_order=True), pl.len().alias("rows")
        )
        notes = [
            f"{', '.join(effects)}: {note}" + (f" ({rows:,} rows)." if rows > len(effects) else ".")
            for note, effects, rows in grouped[:_NOTED].iter_rows()
        ]
        more = grouped.height - len(notes)
        return [*notes, f"{more:,} more reasons are in the table's note."] if more else notes

    def _who(self) -> list[str]:
        """Say who is counted: of n, and of the reliable changes."""
        notes = []
        if (self.table["n_excluded"] > 0).any():
            notes.append(
                "n: persons with the scores compared; the others are counted in n_excluded and "
                "dropout."
            )
        if "improved" in self.journal.columns:
            notes.append(
                "reliable: how many persons improved (↑) and deteriorated (↓) by more than error "
                "(Jacobson & Truax 1991), and how many of the improved crossed the cut-off (✓)."
            )
        return notes

    def _intervals(self) -> str:
        """Say how the intervals that are shown were made."""
        shown = self.table.filter(pl.col("effect").is_in(_SHOWN))
        made = shown.drop_nulls("interval").unique(["effect", "interval"], maintain_order=True)
        return ", ".join(
            f"{row['effect']} {_METHODS.get(row['interval'], row['interval'])}"
            for row in made.iter_rows(named=True)
        )

    def __str__(self) -> str:
        """Return the table a journal would print."""
        return self.report()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table a journal would print, for a notebook."""
        return "\n".join(
            tables.to_html(frame, title=title, notes=notes) for title, frame, notes in self._shown()
        )
