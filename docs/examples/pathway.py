"""How does compassion training work, and for whom? 4,000 staff in 200 teams, simulated."""

import compassion_psy as cp

simulated = cp.simulate_pathway(persons=4000, teams=200, seed=2026)
bootstrap = cp.Bootstrap(2000, method="percentile", seed=1)

# Whole teams were trained, so that teams are resampled.
whole = cp.pathway(simulated.frame, simulated.model, cluster="team", interval=bootstrap)
print("The pathway:", whole, sep="\n")
print("Explained variance:", whole.r_squared, sep="\n")
print("Found beside the truth:")
print(simulated.truth.join(whole.table, on="label").select("label", "value", "lower", "upper"))

# One step in more detail: who gains self-compassion, and what becomes of empathy under demands?
step = cp.mediation(
    simulated.frame, x="training", m=["self_compassion", "empathy"], y="wellbeing", serial=True,
    modulators={"a1": "support", "b2": "demands"}, cluster="team", interval=bootstrap,
)  # fmt: skip
through_both = "training > self_compassion > empathy > wellbeing"
print("Through self-compassion, then empathy:")
wordy = ("effect", "kind", "through", "label", "std_all")
print(step.effects.filter(through=through_both).drop(wordy, strict=False))
print("Does support, do demands change that?")
print(step.index.filter(through=through_both).drop(wordy, strict=False))
print("From which support on does training help?", step.johnson_neyman, sep="\n")
