"""Each group of persons on its own, with the rows that are theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from compassion_psy.change.waves import Waves

# No column of a survey is called so.
_GROUP = "\0group"


def groups_of(waves: Waves, id: str, by: Sequence[str]) -> Iterator[tuple[dict[str, Any], Waves]]:
    """Yield the values of each group, in their order, and the waves of its persons.

    Everything is parted once: many groups of many persons would else be searched again and again.
    """
    if not by:
        yield {}, waves
        return
    keys = waves.persons.select(by).unique().sort(by).with_row_index(_GROUP)
    numbered = waves.persons.join(keys, on=list(by), how="left", nulls_equal=True,
                                  maintain_order="left")  # fmt: skip
    group = numbered[_GROUP].to_numpy()
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(keys.height + 1))
    answers = {
        label: rows.join(
            numbered.select(id, _GROUP), on=id, how="left", maintain_order="left"
        ).partition_by(_GROUP, as_dict=True, include_key=False)
        for label, rows in waves.answers.items()
    }
    for number, key in enumerate(keys.drop(_GROUP).iter_rows(named=True)):
        own = order[starts[number] : starts[number + 1]]
        yield (
            key,
            Waves(
                persons=waves.persons[own],
                labels=waves.labels,
                answers={
                    label: parts.get((number,), waves.answers[label].clear())
                    for label, parts in answers.items()
                },
                scores={
                    label: {name: values[own] for name, values in scores.items()}
                    for label, scores in waves.scores.items()
                },
                present={label: mask[own] for label, mask in waves.present.items()},
            ),
        )
