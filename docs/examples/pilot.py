"""A pilot of a mindfulness course for hospice nurses: accepted, effective, worth a trial?"""

import compassion_psy as cp

# Twelve nurses answered three scales before and after; simulated, so that the truth is known.
pilot = cp.simulate_pilot(nurses=12, seed=7)
scales = list(pilot.scales.values())

# Did wellbeing, self-compassion and clinical empathy change, and in whom more than by error?
change = cp.change(
    pilot.frame, scales, id="person", wave="wave", pre="pre", post="post",
    interval="analytic", bootstrap=cp.Bootstrap(seed=1),
)  # fmt: skip
print(change)
print(change.persons.select("person", "outcome", "change", "class", "p_reliable"))
print(change.dropout.select("outcome", "completed", "pre_only", "difference", "p"))

# Was the course taken up, and did those who practised more change more?
gained = change.persons.pivot("outcome", index="person", values="change")
course = cp.acceptability(
    pilot.persons.join(gained, on="person", how="left"), invited=20, started="started",
    completed="completed", sessions="sessions", practice="practice", change="self_compassion",
)  # fmt: skip
print(course)

# How large must a trial be, given how little a pilot can tell?
print(cp.trial_size(change, dropout=0.15))
