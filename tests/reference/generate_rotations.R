# Makes values/rotations.json: rotations by GPArotation, the best of many starts, run until they stand still.
# From the repository root:
#   Rscript tests/reference/generate_rotations.R

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
options(warn = 1)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
suppressMessages(library(GPArotation))

STARTS <- 60
EPS <- 1e-10

# Many searches that stop early, and on from where the best stopped.
best_of <- function(L, rotate, method, methodArgs = NULL) {
  search <- function(start, eps, maxit) {
    suppressWarnings(rotate(L, Tmat = start, method = method, methodArgs = methodArgs, eps = eps, maxit = maxit))
  }
  end <- function(run) run$Table[nrow(run$Table), 2]
  starts <- c(list(diag(ncol(L))), lapply(1:STARTS, function(i) Random.Start(ncol(L))))
  runs <- lapply(starts, search, eps = 1e-5, maxit = 500)
  values <- sapply(runs, end)
  best <- search(runs[[which.min(values)]]$Th, EPS, 5000)
  list(value = end(best), loadings = unname(best$loadings),
       phi = if (is.null(best$Phi)) diag(ncol(L)) else unname(best$Phi),
       slope = 10^min(best$Table[, 3]), share = mean(values < min(values) + 1e-6))
}

# Correlations that these loadings reproduce, so that extraction has no error, and their rotations.
block <- function(L, target) {
  R <- L %*% t(L)
  diag(R) <- 1
  equamax <- list(kappa = ncol(L) / (2 * nrow(L)))
  list(factors = ncol(L), correlation = R, expected = target,
       oblimin_minus_2 = best_of(L, GPFoblq, "oblimin", list(gam = -2)),
       oblimin_half = best_of(L, GPFoblq, "oblimin", list(gam = -0.5)),
       oblimin_positive = best_of(L, GPFoblq, "oblimin", list(gam = 0.2)),
       equamax = best_of(L, GPForth, "cf", equamax),
       geomin_orthogonal = best_of(L, GPForth, "geomin", list(delta = 0.01)),
       bifactor = best_of(L, GPForth, "bifactor"),
       bifactor_oblique = best_of(L, GPFoblq, "bifactor"),
       target = best_of(L, GPFoblq, "target", list(Target = target)),
       target_orthogonal = best_of(L, GPForth, "target", list(Target = target)))
}

set.seed(31)
groups <- kronecker(diag(3), matrix(1, 4))
three <- 0.6 * groups + matrix(runif(36, -0.15, 0.2), 12)
# Half of the zeros are expected, and two loadings.
open <- groups + NA
open[groups == 0 & row(groups) %% 2 == 0] <- 0
open[1, 1] <- 0.7
open[5, 2] <- 0.6
general <- cbind(runif(12, 0.4, 0.7), 0.45 * groups) + matrix(runif(48, -0.08, 0.08), 12)
expected <- cbind(NA, ifelse(groups == 0, 0, NA))

write_json_file(
  list(about = list(three = "three group factors with cross-loadings",
                    general = "a general and three group factors, with noise"),
       versions = list(R = R.version.string, GPArotation = as.character(packageVersion("GPArotation"))),
       calls = "GPFoblq or GPForth with vgQ.<method>, best of 61 starts, then eps 1e-10, at most 5000 steps",
       three = block(three, open), general = block(general, expected)),
  file.path(root, "values", "rotations.json"))
