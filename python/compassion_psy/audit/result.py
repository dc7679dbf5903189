"""What an audit gives back."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from compassion_psy.tables import to_html, to_text

_TURNED = ("turned_here", "turned_everywhere", "turned_twice", "not_turned")


@dataclass(frozen=True, eq=False, repr=False)
class AuditResult:
    """What was looked at, and what is odd; nothing was changed.

    Attributes
    ----------
    findings : polars.DataFrame
        One row a finding: the `by` columns (null where it is about all sites), ``kind``,
        ``item``, ``finding``, ``evidence``, ``probability``, ``remedy``.
    persons : polars.DataFrame
        One row a person, in the order of the data: ``row`` (counted from 1), the `by` columns,
        ``answered`` and the indices of careless answers.
    items : polars.DataFrame
        One row for each site, score and item, turned as declared: the `by` columns, ``scale``,
        ``item``, ``reversed``, ``n``, ``missing``, ``mean``, ``item_rest`` (correlation with the
        sum of the others) with its 95 % interval ``lower`` to ``upper``, ``loading`` on the first
        component with ``loading_lower`` and ``loading_upper``, ``power`` (probability that a
        turned item would be reported here) and ``note``.
    patterns : polars.DataFrame
        The most frequent sets of missing items: ``items``, ``n_missing``, ``persons``, ``share``.
    coefficients : polars.DataFrame
        Alpha and omega of each site and score, of all persons and without those who have any flag:
        ``estimate``, ``estimate_without``, ``difference``, and what goes with them.
    scale : str
        Name of the scale.
    groups : polars.DataFrame
        The sites.
    """

    findings: pl.DataFrame
    persons: pl.DataFrame
    items: pl.DataFrame
    patterns: pl.DataFrame
    coefficients: pl.DataFrame
    scale: str
    groups: pl.DataFrame

    def __str__(self) -> str:
        return to_text(self._shown(), title=self._title(), notes=self._notes())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return to_html(self._shown(), title=self._title(), notes=self._notes())

    def _shown(self) -> pl.DataFrame:
        said = pl.concat_str("evidence", pl.lit(" "), "remedy").alias("note")
        return self.findings.drop("evidence", "remedy").with_columns(
            self.findings.select(said).to_series()
        )

    def _title(self) -> str:
        count = self.findings.filter(pl.col("kind") != "careless").height
        found = f"{count:,} finding{'s' * (count > 1)}" if count else "nothing odd found"
        # Some persons of every survey are flagged: that alone is nothing odd.
        flagged = int((self.persons["flags"] > 0).sum())
        persons = f"; {flagged:,} of {self.persons.height:,} persons have a flag" if flagged else ""
        return f"Audit of {self.scale}: {found}{persons}"

    def _notes(self) -> list[str]:
        sites = f" at {self.groups.height:,} sites" if self.groups.width else ""
        cells = self.items.height
        examined = int(self.items["item_rest"].is_not_null().sum())
        told = int((self.items["power"] >= 0.8).sum())
        where = " (items × sites)" if self.groups.width else ""
        notes = [
            f"Looked at: {self.persons.height:,} rows{sites}. Keys: {examined:,} of {cells:,} "
            f"items{where} could be examined; at {told:,} a turned item would be found with a "
            "probability of at least 80%. That nothing is said of the others does not show that "
            "they are right: there are too few answers, or too little is known of the item."
        ]
        if self.findings["finding"].is_in(_TURNED).any():
            notes.append(
                "Probabilities rest on the expectation that one survey in two holds a turned "
                "item. Nothing was changed; ask the source before you correct."
            )
        return notes
