"""Did persons change, by how much, and whose change is more than measurement error?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl

from compassion_psy.change.arms import arm_name, control_of
from compassion_psy.change.effects import DEFINITIONS
from compassion_psy.change.framing import RESERVED, framed
from compassion_psy.change.groups import groups_of
from compassion_psy.change.notes import design_notes
from compassion_psy.change.options import (
    Better,
    Cutoff,
    NormsOption,
    ReliabilityOption,
    change_options,
    outcome_options,
)
from compassion_psy.change.outcomes import Outcome, filled, listed_outcomes
from compassion_psy.change.result import ChangeResult
from compassion_psy.change.study import Frames, Mask, Study
from compassion_psy.change.waves import Layout, Waves, waves_of
from compassion_psy.data.design import Names, listed_columns
from compassion_psy.data.frames import as_frame
from compassion_psy.errors import DataError, OptionError
from compassion_psy.options import Bootstrap
from compassion_psy.progress import Progress, reporter
from compassion_psy.scales import Scale
from compassion_psy.scales.numbering import Columns


def change(
    data: Any,
    outcomes: Scale | str | Sequence[Scale | str],
    *,
    id: str,
    wave: str | None = None,
    pre: Any,
    post: Any,
    arm: str | None = None,
    control: Any = None,
    by: Names = None,
    columns: Columns | None = None,
    missing_codes: Sequence[float] = (),
    reliability: ReliabilityOption | Mapping[str, ReliabilityOption] | None = None,
    norms: NormsOption | Mapping[str, NormsOption] | None = None,
    cutoff: Cutoff | None = None,
    better: Better | Mapping[str, Better] = "higher",
    interval: Bootstrap | Literal["analytic"] = Bootstrap(),  # noqa: B008 (it is frozen)
    bootstrap: Bootstrap | None = None,
    level: float = 0.95,
    progress: Progress = None,
) -> ChangeResult:
    r"""Did persons change, by how much, and whose change is more than measurement error?

    Parameters
    ----------
    data : frame
        A row a person and wave, or a row a person with columns for each wave.
    outcomes : Scale, str, or sequence of them
        Scales, which are scored from their items by :func:`score` (their totals), ids of published
        ones, or columns of scores.
    id : str
        The column that names the person.
    wave : str, optional
        The column of the wave. None where each wave has columns of its own.
    pre, post : value or str
        The first wave and the later one, or a list of later ones, each compared with the first:
        values of `wave`; or, without it, the patterns of columns, such as "t1_{}" and "t2_{}",
        in which the braces stand for the name of an item or a score.
    arm : str, optional
        The column of the arm (training, control). Change is then shown by arm, with the difference
        in change between each arm and the control.
    control : optional
        The control arm. When not given: the arm called "control" or "waitlist", else the first in
        order (0 before 1, false before true); the result names it.
    by : str or list of str, optional
        Columns of groups; each is analysed on its own.
    columns : str, sequence or mapping, optional
        With one id, the columns of its items; see :func:`compassion_psy.scales.get`.
    missing_codes : sequence of numbers
        Answers and scores that mean no answer, such as 99.
    reliability : str, float, or mapping from outcome to them, optional
        A coefficient to be estimated on the first wave ("alpha" when not given; see
        :func:`reliability`), or a number. Columns of scores need a number for reliable change.
    norms : Norms or (mean, sd), or mapping from outcome to them, optional
        The functional population, for the cut-offs b and c.
    cutoff : {"a", "b", "c"}, optional
        Which cut-off makes "recovered"; c with norms and a without when not given.
    better : {"higher", "lower"}, or mapping from outcome to them
        Which scores are better: "lower" for distress.
    interval : Bootstrap or "analytic"
        How the intervals are made that have no exact form; "analytic" for fewer than 20 persons.
    bootstrap : Bootstrap, optional
        With interval="analytic": how persons are resampled for ``p_reliable`` and the limits of
        reliabilities, which otherwise are not there.
    level : float
        The coverage that intervals aim at, between 0 and 1. It also sets how large a change is
        reliable: 1.96 standard errors at 0.95.
    progress : bool or callable, optional
        None shows a bar where somebody looks and it takes more than a second, True always, False
        never; a function is called with (done, total), counting outcomes of groups.

    Returns
    -------
    ChangeResult
        ``table``, ``tests``, ``persons``, ``detectable``, ``dropout``, ``reliability``,
        ``reliability_tests``, ``trajectories``; ``print`` shows the one table a journal would
        print.

    Raises
    ------
    DataError
        Where a column or wave is absent, a person is in a wave twice, changes arm or has no id,
        or fewer than two have a score at both waves. A group or arm that cannot be analysed is no
        error: its rows say why.
    OptionError
        Where an option is not usable.

    Notes
    -----
    With n pairs, means M, standard deviations S, changes d:

    - mean_change = mean of d, with the interval of the paired t test, exact of normal changes.
    - d_z = mean d / S_d; g_z = J(n - 1) d_z = smcc [1]_; cles = Φ(d_z) [2]_. Exact limits, of
      normal changes: √n d_z is noncentral t [3]_.
    - d_av = mean d / ((S_1 + S_2) / 2), d_rm = d_z √(2 (1 - r)), g_av = (1 - 3/(8n - 9)) d_av
      [2]_; smcr = J(n - 1) mean d / S_1 [4]_.
    - d_ppc2 = (1 - 3/(4 (n_1 + n_2 - 2) - 1)) (difference in change) / S_1 pooled over arms [6]_.
    - J(m) = Γ(m/2) / (√(m/2) Γ((m - 1)/2)).

    The limits of d_av, g_av, d_rm, smcr and d_ppc2 are bootstrapped (persons, within arms), or
    with "analytic" made of the limits of the mean change, by t, and those of the SD that it is
    divided by, by chi-square ("mover" [5]_): a limit L is where (mean d - L S)² = e² + L² g², e
    and g being how far mean d and S may be off on that side. They exclude zero exactly where p
    does. Corrections for small samples are of the estimate; analytic and exact limits are those of
    what it estimates, so g_z has the limits of d_z. (R's effectsize multiplies them by J, too;
    those covered 92 to 94 % with 12 persons and d_z from 1 to 2.6.)

    Coverage of 95 % limits, simulated with normal scores of 8 to 40 persons, r from 0.3 to 0.9,
    SDs from 1 : 0.7 to 1 : 1.4 and effects from 0 to 1: "mover" 94 to 97 % (d_rm down to 91 with
    r = 0.9, SDs that differ and 12 persons or fewer). BCa, with effects to 2: 85 to 94 % with 8
    persons, 87 to 95 % with 12, 90 to 95 % with 20; with the skewed scores of `simulate_pilot`,
    93 to 95 % with 12, where "mover" has 95 to 96. The result says so below 20 persons.

    ``variance`` is what a meta-analysis weighs the estimate by: of mean_change its squared
    standard error, of smcc and g_z 1/n + smcc²/(2n), of smcr 2 (1 - r)/n + smcr²/(2n), of d_ppc2
    eq. 25 of [6]_; metafor's ``vi``.

    ``tests``: "sign_flip" looks at all 2ⁿ signs up to 20 persons, else at 9,999 drawn; its limits
    are the mean changes that it does not reject. "wilcoxon" is on ranks, with Hodges and Lehmann's
    estimate. Between arms, "permutation" looks at every allotment of persons to arms where there
    are at most 2²⁰ (arms of 11), else at 9,999 drawn, with up to 500 persons; p is twice the
    smaller tail, and its limits are the differences in mean change that it does not reject.

    Reliable change [7]_: rci = (post - pre) / S_diff, S_diff = √2 S_1 √(1 - reliability), S_1 and
    an estimated reliability being of all persons who answered every item at the first wave. With z
    the normal quantile (1.96): "deteriorated" where the change for the worse exceeds z S_diff;
    "improved" where that for the better does, and "recovered" where it also crosses the cut-off;
    else "unchanged". mdc = z S_diff. **p_reliable** is the share of bootstrap replicates of the
    persons at the first wave in which the person's change, as observed, exceeds z S_diff with the
    reliability and S_1 of the replicate: how surely the change counts as reliable, given that
    S_diff is itself estimated. It is not the probability that the true score changed. With a number
    as reliability only S_1 varies; with interval="analytic" it needs `bootstrap`.

    In R: ``t.test(post, pre, paired = TRUE)``, ``wilcox.test(post - pre, conf.int = TRUE)``,
    ``effsize::cohen.d(post, pre, paired = TRUE)``, ``metafor::escalc("SMCR" | "SMCC", ...)``,
    ``MBESS::conf.limits.nct``.

    References
    ----------
    .. [1] Gibbons, R. D., Hedeker, D. R., & Davis, J. M. (1993). Estimation of effect size from a
       series of experiments involving paired comparisons. *Journal of Educational Statistics*, 18,
       271-279.
    .. [2] Lakens, D. (2013). Calculating and reporting effect sizes to facilitate cumulative
       science. *Frontiers in Psychology*, 4, 863.
    .. [3] Steiger, J. H., & Fouladi, R. T. (1997). Noncentrality interval estimation and the
       evaluation of statistical models. In *What if there were no significance tests?* Erlbaum.
    .. [4] Becker, B. J. (1988). Synthesizing standardized mean-change measures. *British Journal
       of Mathematical and Statistical Psychology*, 41, 257-278.
    .. [5] Donner, A., & Zou, G. Y. (2012). Closed-form confidence intervals for functions of the
       normal mean and standard deviation. *Statistical Methods in Medical Research*, 21, 347-359.
    .. [6] Morris, S. B. (2008). Estimating effect sizes from pretest-posttest-control group
       designs. *Organizational Research Methods*, 11, 364-386.
    .. [7] Jacobson, N. S., & Truax, P. (1991). Clinical significance. *Journal of Consulting and
       Clinical Psychology*, 59, 12-19; with the correction of Christensen, L., & Mendoza, J. L.
       (1986), *Behavior Therapy*, 17, 305-308.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"nurse": range(8),
    ...                       "calm_pre": [131, 124, 130, 105, 102, 120, 101, 120],
    ...                       "calm_post": [133, 134, 129, 112, 106, 125, 106, 129]})
    >>> result = change(frame, "calm", id="nurse", pre="{}_pre", post="{}_post", reliability=0.9,
    ...                 interval=Bootstrap(seed=1))
    >>> result.table.select("effect", pl.col("estimate").round(3)).rows()[:3]
    [('mean_change', 5.125), ('d_z', 1.422), ('g_z', 1.263)]
    >>> result.persons["class"].to_list().count("unchanged")
    8
    """
    posts = tuple(post) if isinstance(post, (list, tuple)) else (post,)
    if not posts:
        raise OptionError("post is empty; name the later wave, or several.")
    layout = Layout(id, wave, pre, posts, arm, tuple(listed_columns("by", by)))
    layout.check()
    _refuse_reserved(layout)
    options = change_options(interval, bootstrap, level, cutoff, missing_codes)
    frame = as_frame(data, None)
    listed = listed_outcomes(outcomes, columns, frame.columns, layout.patterns)
    said = outcome_options(listed, reliability, norms, better, cutoff)
    waves = waves_of(frame, layout, listed, options.missing_codes)
    _refuse_unmatched(waves, listed, layout)
    arms = _arms(waves, layout, control)
    groups = list(groups_of(waves, id, layout.by))
    frames, total, done = Frames(), len(groups) * len(listed), 0
    with reporter(progress, "Comparing waves") as report:
        for group, own in groups:
            for outcome in listed:
                Study(
                    waves=own,
                    outcome=outcome,
                    group=group,
                    arms=_members(own, arm, arms),
                    id=id,
                    arm=arm,
                    said=said[outcome.name],
                    options=options,
                ).collect(frames)
                done += 1
                if report is not None:
                    report(done, total)
    found = framed(frames, waves, layout)
    reference = list(arms)[-1] if arms else None
    return ChangeResult(
        **found,
        definitions={name: DEFINITIONS[name] for name in found["table"]["effect"].unique(
            maintain_order=True)},
        notes=design_notes(found["table"], found["detectable"], listed, said, reference),
        seed=options.seed,
    )  # fmt: skip


def _refuse_reserved(layout: Layout) -> None:
    for role, names in (("id", (layout.id,)), ("by", layout.by)):
        for name in names:
            if name in RESERVED:
                raise OptionError(
                    f"{role} names the column {name!r}, but results have a column of that name; "
                    f"rename it in the data, for example to 'study_{name}'."
                )


_NAMED = 6


def _refuse_unmatched(waves: Waves, outcomes: Sequence[Outcome], layout: Layout) -> None:
    """Raise DataError where nobody can be compared, or one person alone."""
    first = waves.labels[0]
    for outcome in outcomes:
        before = np.isfinite(waves.scores[first][outcome.name])
        for label in waves.labels[1:]:
            after = np.isfinite(waves.scores[label][outcome.name])
            ids, both = waves.persons[layout.id], before & after
            if both.sum() == 1:
                raise DataError(
                    f"One person alone has a score of {outcome.name!r} at both waves, "
                    f"{first!r} and {label!r}: {ids.filter(pl.Series(both))[0]!r} of column "
                    f"{layout.id!r}. One change has no spread to measure it with; at least two "
                    "persons are needed."
                )
            if both.any():
                continue
            shown = " and ".join(
                f"{int(mask.sum()):,} at {wave!r}"
                + (f" (such as {ids.filter(pl.Series(mask))[0]!r})" if mask.any() else "")
                for wave, mask in ((first, before), (label, after))
            )
            remedy = (
                "write ids the same way at each wave"
                if before.any() and after.any()
                else f"check the answers in {_columns(outcome, layout)}"
            )
            raise DataError(
                f"Nobody has a score of {outcome.name!r} at both waves: {shown} persons of column "
                f"{layout.id!r} have one; {remedy}."
            )


def _columns(outcome: Outcome, layout: Layout) -> str:
    """Name the columns that an outcome is made of."""
    names = [filled(pattern, name) for pattern in layout.patterns for name in outcome.sources]
    return ", ".join(repr(name) for name in names[:_NAMED]) + (", ..." if names[_NAMED:] else "")


def _arms(waves: Waves, layout: Layout, control: Any) -> dict[str, Any]:
    """Return the value of each arm by its name, the control last."""
    if layout.arm is None:
        if control is not None:
            raise OptionError("control is given without arm; name the column of arms.")
        return {}
    column = waves.persons[layout.arm]
    levels = column.unique().sort().to_list()
    last = control_of(levels, control, layout.arm)
    ordered = [level for level in levels if level != last] + [last]
    arms = {arm_name(level): level for level in ordered}
    for name in arms:
        between = f"{name} - {arm_name(last)}"
        if between in arms:
            raise DataError(
                f"Column {layout.arm!r} has an arm {between!r}, as results call the difference "
                f"between the arms {name!r} and {arm_name(last)!r}; rename the arm."
            )
    return arms


def _members(waves: Waves, arm: str | None, arms: Mapping[str, Any]) -> dict[str, Mask]:
    """Return who is of each arm."""
    return (
        {}
        if arm is None
        else {name: (waves.persons[arm] == level).to_numpy() for name, level in arms.items()}
    )
