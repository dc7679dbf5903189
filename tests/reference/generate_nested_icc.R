# Makes values/nested_icc.json: variances of persons, teams and sites, and limits of what they come
# to, by restricted maximum likelihood. From the repository root:
#   Rscript tests/reference/generate_nested_icc.R
# Needs lme4 (r-cran-lme4).

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
suppressPackageStartupMessages(library(lme4))
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(9)

# Sites with 1 to 9 teams of 2 to 25 persons.
survey <- function(sites, sd_site, sd_team) {
  teams <- sample(1:9, sites, replace = TRUE)
  site <- rep(seq_len(sites), teams)
  size <- sample(2:25, length(site), replace = TRUE)
  team <- rep(seq_along(site), size)
  effects <- sd_site * rnorm(sites)[site] + sd_team * rnorm(length(site))
  data.frame(site = site[team], team = team, score = round(25 + effects[team] + 5 * rnorm(length(team))))
}

exact <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 1e-2, rhoend = 1e-12), calc.derivs = FALSE)

one <- function(data) {
  fit <- suppressMessages(lmer(score ~ 1 + (1 | site) + (1 | team), data, control = exact))
  parts <- as.data.frame(VarCorr(fit))
  variance <- function(group) parts$vcov[parts$grp == group]
  # lme4's own restricted deviance, as a function of its standard deviations over the error's.
  deviance <- lmer(score ~ 1 + (1 | site) + (1 | team), data, devFunOnly = TRUE)
  names <- c("team", "site")  # as lme4 orders them: the grouping with more levels first
  of <- function(site, team) deviance(sqrt(c(team = team, site = site)[names]))
  least <- function(f) {
    found <- optimize(f, c(0, 1), tol = 1e-10)$objective
    min(found, f(0), f(1 - 1e-9))
  }
  odds <- function(x) x / (1 - x)
  both <- function(share) least(function(split) of(odds(share) * split, odds(share) * (1 - split)))
  sites <- function(share) least(function(rest) of(odds(share) * (1 + odds(min(rest, .999))), odds(min(rest, .999))))
  limits <- function(profile, estimate) {
    beyond <- function(x) profile(x) - deviance(getME(fit, "theta")) - qchisq(.95, 1)
    low <- if (beyond(0) > 0) uniroot(beyond, c(0, estimate), tol = 1e-10)$root else 0
    c(low, uniroot(beyond, c(estimate, .9), tol = 1e-10)$root)
  }
  v <- c(site = variance("site"), team = variance("team"), person = variance("Residual"))
  share <- v / sum(v)
  list(site = data$site, team = data$team, score = data$score,
       variance_site = v[["site"]], variance_team = v[["team"]], variance_person = v[["person"]],
       deviance = deviance(getME(fit, "theta")),
       of_teams = limits(both, share[["site"]] + share[["team"]]), of_sites = limits(sites, share[["site"]]))
}

sets <- list(both = one(survey(25, 1, 1.2)), few = one(survey(12, 1.5, 1)), no_teams = one(survey(30, 1.5, 0)),
             no_sites = one(survey(15, 0, 1.5)))
values <- list(
  versions = list(R = paste(R.version$major, R.version$minor, sep = "."), lme4 = as.character(packageVersion("lme4"))),
  calls = list(sets = "lmer(score ~ 1 + (1 | site) + (1 | team)); limits where the profile of lmer(devFunOnly = TRUE) is qchisq(.95, 1) above its least"),
  sets = sets
)
write_json_file(values, file.path(root, "values", "nested_icc.json"))
