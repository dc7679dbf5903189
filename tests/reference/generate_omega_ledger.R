# Makes values/omega_ledger.json: what psych and semTools call omega, each by its own defaults.
# From the repository root, with the folder of real surveys beside it:
#   Rscript tests/reference/generate_omega_ledger.R

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
options(warn = 1)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
suppressMessages({
  library(psych)
  library(lavaan)
  library(semTools)
})
shared <- "../shared/data"

# items; range; items turned before any call; number of factors; whether they are categories.
surveys <- list(
  attitude = list(file = file.path(root, "data/attitude.csv"), items = paste0("item", 1:7),
                  range = c(0, 100), reversed = character(), factors = 3, ordered = FALSE),
  sites = list(file = file.path(root, "data/sites.csv"), items = paste0("item", 1:6),
               range = c(0, 4), reversed = character(), factors = 3, ordered = TRUE),
  bfi_A = list(file = file.path(shared, "bfi.csv"), items = paste0("A", 1:5),
               range = c(1, 6), reversed = "A1", factors = 2, ordered = TRUE),
  bfi_A_as_answered = list(file = file.path(shared, "bfi.csv"), items = paste0("A", 1:5),
                           range = c(1, 6), reversed = character(), factors = 2, ordered = TRUE),
  bfi_25 = list(file = file.path(shared, "bfi.csv"),
                items = paste0(rep(c("A", "C", "E", "N", "O"), each = 5), 1:5),
                range = c(1, 6), reversed = c("A1", "C4", "C5", "E1", "E2", "O2", "O5"),
                factors = 5, ordered = FALSE),
  scs_26 = list(file = file.path(shared, "scs_three_groups.csv"), items = paste0("scs_", 1:26),
                range = c(1, 5),
                reversed = paste0("scs_", c(1, 8, 11, 16, 21, 4, 13, 18, 25, 2, 6, 20, 24)),
                factors = 3, ordered = FALSE)
)

answers <- function(about) {
  x <- read.csv(about$file)[about$items]
  for (item in about$reversed) x[[item]] <- sum(about$range) - x[[item]]
  x
}

exploratory <- function(x, factors) {
  found <- suppressWarnings(suppressMessages(
    psych::omega(x, nfactors = factors, fm = "minres", rotate = "oblimin", plot = FALSE)))
  list(omega_h = found$omega_h, omega.tot = found$omega.tot, omega.lim = found$omega.lim,
       flipped = sum(found$key < 0))
}

confirmatory <- function(x, ordered) {
  model <- paste("f =~", paste(names(x), collapse = " + "))
  fit <- cfa(model, x, std.lv = TRUE)
  old <- suppressMessages(suppressWarnings(reliability(fit)))[, "f"]
  list(n = lavInspect(fit, "nobs"),
       compRelSEM = unname(unlist(compRelSEM(fit))),
       compRelSEM_obs.var_FALSE = unname(unlist(compRelSEM(fit, obs.var = FALSE))),
       reliability = as.list(old[c("omega", "omega2", "omega3")]),
       categorical = if (ordered) {
         fit <- cfa(model, x, std.lv = TRUE, ordered = names(x))
         list(compRelSEM = unname(unlist(compRelSEM(fit))),
              compRelSEM_obs.var_FALSE = unname(unlist(compRelSEM(fit, obs.var = FALSE))))
       })
}

values <- lapply(surveys, function(about) {
  x <- answers(about)
  list(about = list(file = sub(".*/", "", about$file), items = array_of(about$items),
                    minimum = about$range[1], maximum = about$range[2],
                    reversed = array_of(about$reversed), factors = about$factors),
       psych = exploratory(x, about$factors),
       psych_one_factor = exploratory(x, 1),
       semTools = confirmatory(x, about$ordered))
})
packages <- c("psych", "lavaan", "semTools", "GPArotation")
versions <- c(list(R = R.version.string),
              sapply(packages, function(p) as.character(packageVersion(p)), simplify = FALSE))
calls <- list(
  psych = "psych::omega(x, nfactors = factors, plot = FALSE), which flips items",
  psych_one_factor = "psych::omega(x, nfactors = 1, plot = FALSE)",
  semTools = paste("compRelSEM and reliability of cfa('f =~ ...', x, std.lv = TRUE);",
                   "categorical: with ordered = names(x)"))
write_json_file(list(versions = versions, calls = calls, surveys = values),
                file.path(root, "values", "omega_ledger.json"))
