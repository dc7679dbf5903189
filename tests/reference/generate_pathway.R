# Makes values/pathway.json: path models by lavaan, of stored data and of a survey of ../shared/data.
# From the repository root, with ../shared beside it, some seconds:
#   Rscript tests/reference/generate_pathway.R

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
options(warn = 1)
suppressMessages(library(lavaan))

scores <- read.csv(file.path(root, "data", "scores.csv"))
# The optimiser wants numbers near one; a sixteenth is exact.
scores[paste0("item", 1:6)] <- scores[paste0("item", 1:6)] / 16

# Sums of keyed answers of the survey, a sixteenth of them.
survey <- read.csv(file.path("..", "shared", "data", "scs_three_groups.csv"))
keyed <- as.matrix(survey[paste0("scs_", 1:26)])
against <- paste0("scs_", c(1, 8, 11, 16, 21, 4, 13, 18, 25, 2, 6, 20, 24))
keyed[, against] <- 6 - keyed[, against]
survey$compassion <- rowSums(keyed) / 16
survey$support <- rowSums(survey[paste0("mspss_", 1:12)]) / 16
survey$growth <- rowSums(survey[paste0("ptgi_", 1:21)]) / 16
survey$distress <- rowSums(survey[paste0("ies_", 1:22)]) / 16

# The tightest search that ends by itself: beyond, nlminb calls rounding a false convergence.
fitted_tightly <- function(model, data, ...) {
  for (tolerance in c(1e-14, 1e-13, 1e-12, 1e-11, 1e-10)) {
    control <- list(rel.tol = tolerance, iter.max = 1e4, eval.max = 1e4)
    fit <- suppressWarnings(sem(model, data, control = control, ...))
    if (lavInspect(fit, "converged")) return(fit)
  }
  stop(model)
}

block <- function(name, data, model, ...) {
  fit <- fitted_tightly(model, data, ...)
  found <- parameterEstimates(fit)
  list(data = name, model = model, options = list(...), n = lavInspect(fit, "nobs"),
       rows = array_of(paste(found$lhs, found$op, ifelse(found$op == ":=", "", found$rhs))),
       estimate = found$est, se = found$se, lower = found$ci.lower, upper = found$ci.upper,
       std_all = standardizedSolution(fit, type = "std.all")$est.std, r_squared = as.list(lavInspect(fit, "rsquare")))
}

simple <- "item3 ~ a*item1\nitem5 ~ b*item3 + c*item1\nab := a*b\ntotal := c + ab\nshare := ab/total"
parallel <- "item2 ~ a1*item1
item3 ~ a2*item1
item6 ~ b1*item2 + b2*item3 + c*item1 + item4
item2 ~~ item3
indirect := a1*b1 + a2*b2
ratio := (a1*b1)^2/(a2*b2 + 1.5) - -2"
apart <- "item2 ~ item1
item3 ~ item1
item6 ~ item2 + item3"
outcomes <- "item5 ~ item1 + item2
item6 ~ item1 + item3 + item4"
uncorrelated <- paste0(outcomes, "\nitem5 ~~ 0*item6")
several <- "item4 ~ item1
item5 ~ item2 + item1
item6 ~ item3 + item4
item4 ~~ p*item5
item5 ~~ item6
twice := 2*p"
first <- "item3 ~ a*item1 + item2 + aw*item1:item2
item5 ~ b*item3 + item1
index := aw*b"
second <- "item3 ~ a*item1
item5 ~ b*item3 + item1 + item2 + bw*item3:item2
index := a*bw"
real <- "distress ~ a*compassion + support + a_support*compassion:support
growth ~ b*distress + c*compassion
at := (a + a_support*3)*b
index := a_support*b"
both <- "growth ~ g*compassion + support + g_support*compassion:support
distress ~ d*compassion + support + d_support*compassion:support
slope := g + g_support*3"

# As cp.mediation writes them; the test holds it to that.
mediated <- "distress ~ a*compassion
growth ~ b*distress + c*compassion
indirect_1 := a*b
total := c + indirect_1"
in_series <- "distress ~ a1*compassion
support ~ a2*compassion + d21*distress
growth ~ b1*distress + b2*support + c*compassion
indirect_1 := a1*b1
indirect_2 := a2*b2
indirect_1_2 := a1*d21*b2
indirect_total := indirect_1 + indirect_2 + indirect_1_2
total := c + indirect_1 + indirect_2 + indirect_1_2"
moderated_first <- "distress ~ a*compassion + support + a_support*compassion:support
growth ~ b*distress + c*compassion + support + c_support*compassion:support
indirect_1_at_1 := (a + a_support*(2.0))*b
indirect_1_at_2 := (a + a_support*(3.0))*b
indirect_1_at_3 := (a + a_support*(4.0))*b
index_1_support := a_support*b
slope_a_at_1 := (a + a_support*(2.0))
slope_a_at_2 := (a + a_support*(3.0))
slope_a_at_3 := (a + a_support*(4.0))
slope_c_at_1 := (c + c_support*(2.0))
slope_c_at_2 := (c + c_support*(3.0))
slope_c_at_3 := (c + c_support*(4.0))"
moderated_second <- "distress ~ a*compassion
growth ~ b*distress + c*compassion + support + b_support*distress:support
indirect_1_at_1 := a*(b + b_support*(2.0))
indirect_1_at_2 := a*(b + b_support*(3.0))
indirect_1_at_3 := a*(b + b_support*(4.0))
index_1_support := b_support*a
slope_b_at_1 := (b + b_support*(2.0))
slope_b_at_2 := (b + b_support*(3.0))
slope_b_at_3 := (b + b_support*(4.0))"
moderated_both <- "distress ~ a*compassion + support + a_support*compassion:support
growth ~ b*distress + c*compassion + support + b_support*distress:support
indirect_1_at_1 := (a + a_support*(2.0))*(b + b_support*(2.0))
indirect_1_at_2 := (a + a_support*(4.0))*(b + b_support*(4.0))
contrast_1_support_1 := indirect_1_at_2 - indirect_1_at_1
slope_a_at_1 := (a + a_support*(2.0))
slope_a_at_2 := (a + a_support*(4.0))
slope_b_at_1 := (b + b_support*(2.0))
slope_b_at_2 := (b + b_support*(4.0))"

write_json_file(
  list(about = list(data = "data/<data>.csv; survey: ../shared/data/scs_three_groups.csv, sums of keyed answers; all / 16"),
       versions = list(R = R.version.string, lavaan = as.character(packageVersion("lavaan"))),
       calls = list(all = "lavaan::sem(model, data, ...)"),
       simple = block("scores", scores, simple),
       parallel = block("scores", scores, parallel),
       apart = block("scores", scores, apart),
       outcomes = block("scores", scores, outcomes),
       uncorrelated = block("scores", scores, uncorrelated),
       several = block("scores", scores, several),
       first_stage = block("scores", scores, first),
       second_stage = block("scores", scores, second, information = "observed"),
       second_stage_expected = block("scores", scores, second),
       survey = block("survey", survey, real),
       survey_outcomes = block("survey", survey, both),
       mediated = block("survey", survey, mediated),
       mediated_in_series = block("survey", survey, in_series),
       moderated_first = block("survey", survey, moderated_first),
       moderated_second = block("survey", survey, moderated_second, information = "observed"),
       moderated_both = block("survey", survey, moderated_both, information = "observed")),
  file.path(root, "values", "pathway.json"))
