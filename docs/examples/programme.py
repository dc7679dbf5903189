"""Does compassion differ between hospitals? A survey of 60,000 staff, simulated."""

import compassion_psy as cp
import polars as pl

programme = cp.simulate_programme(seed=2026)
scale = programme.scale
means = cp.compare_sites(
    programme.frame, scale, site="hospital", team="team", bootstrap=cp.Bootstrap(2000, seed=1)
)
alphas = cp.compare_sites(
    programme.frame, scale, site="hospital", team="team", statistic="alpha",
    bootstrap=cp.Bootstrap(2000, seed=1),
)  # fmt: skip

print("Not compared, for keys or ranges are wrong there:")
print(means.sites.filter(status="audit").select("hospital", "note"))
print("Hospitals outside of what the others lead to expect:")
for found in (means, alphas):
    outside = found.sites.filter(pl.col("outside").is_in(["above", "below"]))
    print(found.statistic, outside.select("hospital", "n", "estimate", "shrunk", "p_adjusted"))
print("Where differences lie:", means.variance, sep="\n")
print("How alike the members of a team are:", means.icc.filter(unit="team"), sep="\n")
print("Do teams agree?", means.agreement_summary, sep="\n")
print("Over all hospitals:", means.pooled.filter(method="reml"), sep="\n")
