# Makes values/factors.json: factors by stats::factanal, psych::fa and GPArotation, run until they stand still.
# From the repository root:
#   Rscript tests/reference/generate_factors.R

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
options(warn = 1)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
suppressMessages(library(GPArotation))

BOUND <- 0.005
STARTS <- 30

# Half the squared residuals with the loadings at their best, by eigenvalues, and its slopes.
left <- function(u, R, m) {
  e <- eigen(R - diag(u), symmetric = TRUE)
  list(values = e$values[-(1:m)], vectors = e$vectors[, -(1:m), drop = FALSE])
}
minres <- function(R, m) {
  value <- function(u) 0.5 * sum(left(u, R, m)$values^2)
  slopes <- function(u) with(left(u, R, m), -as.vector(vectors^2 %*% values))
  fits <- lapply(list(1 / diag(solve(R)), rep(0.5, nrow(R))), function(start) {
    nlminb(pmax(start, BOUND), value, slopes, lower = BOUND, upper = 1,
           control = list(rel.tol = 1e-15, x.tol = 1e-15, abs.tol = 0, eval.max = 1e5, iter.max = 1e5))
  })
  best <- fits[[which.min(sapply(fits, `[[`, "objective"))]]
  u <- best$par
  e <- eigen(R - diag(u), symmetric = TRUE)
  L <- e$vectors[, 1:m, drop = FALSE] %*% diag(sqrt(e$values[1:m]), m)
  slope <- slopes(u)
  list(uniquenesses = u, objective = best$objective, loadings = turned_up(L),
       max_gradient = max(abs(slope[u > BOUND])))
}
turned_up <- function(L) L %*% diag(ifelse(colSums(L) < 0, -1, 1), ncol(L))

ml <- function(R, m, n) {
  f <- factanal(covmat = R, factors = m, n.obs = n, rotation = "none",
                control = list(nstart = 10, lower = BOUND, opt = list(factr = 10, maxit = 1e5)))
  list(uniquenesses = unname(f$uniquenesses), objective = unname(f$criteria["objective"]),
       loadings = turned_up(unname(unclass(f$loadings))), chi_square = unname(f$STATISTIC), df = f$dof)
}

# The lowest value of a criterion over many starts, and the loadings there.
best_of <- function(L, rotate, method, methodArgs, normalize) {
  runs <- lapply(0:STARTS, function(i) {
    start <- if (i == 0) diag(ncol(L)) else Random.Start(ncol(L))
    suppressWarnings(rotate(L, Tmat = start, method = method, methodArgs = methodArgs,
                            normalize = normalize, eps = 1e-7, maxit = 1000))
  })
  values <- sapply(runs, function(r) r$Table[nrow(r$Table), 2])
  best <- runs[[which.min(values)]]
  list(value = min(values), loadings = unname(best$loadings),
       phi = if (is.null(best$Phi)) diag(ncol(L)) else unname(best$Phi),
       share = mean(values < min(values) + 1e-6))
}
rotations <- function(L) {
  weights <- sqrt(rowSums(L^2))
  unit <- varimax(L / weights, normalize = FALSE, eps = 1e-15)$loadings
  turned <- stats::promax(unit, m = 4)
  list(oblimin = best_of(L, GPFoblq, "oblimin", list(gam = 0), FALSE),
       oblimin_kaiser = best_of(L, GPFoblq, "oblimin", list(gam = 0), TRUE),
       geomin = best_of(L, GPFoblq, "geomin", list(delta = 0.01), FALSE),
       quartimax = best_of(L, GPForth, "quartimax", NULL, FALSE),
       varimax = best_of(L, GPForth, "varimax", NULL, TRUE),
       promax = list(loadings = unname(unclass(turned$loadings)) * weights,
                     phi = unname(solve(crossprod(turned$rotmat)))))
}

# Fit indices from their definitions, on the objective of a tight fit.
fit <- function(R, m, n, objective) {
  p <- nrow(R)
  df <- ((p - m)^2 - p - m) / 2
  chi <- objective * (n - 1 - (2 * p + 5) / 6 - 2 * m / 3)
  null <- -log(det(R)) * (n - 1 - (2 * p + 5) / 6)
  null_df <- p * (p - 1) / 2
  limit <- function(probability) {
    if (pchisq(chi, df) <= probability) return(0)
    ncp <- uniroot(function(x) pchisq(chi, df, x) - probability, c(0, 10 * chi + 100), tol = 1e-13)$root
    sqrt(ncp / df / (n - 1))
  }
  list(chi_square = chi, df = df, p_value = pchisq(chi, df, lower.tail = FALSE), null_chi_square = null,
       null_df = null_df, rmsea = sqrt(max(chi - df, 0) / df / (n - 1)), rmsea_lower = limit(0.95),
       rmsea_upper = limit(0.05), cfi = 1 - max(chi - df, 0) / max(chi - df, null - null_df, 0),
       tli = tli(R, n, objective, df, null_df, m), bic = chi - df * log(n))
}

# Tucker & Lewis (1973): discrepancies by their degrees of freedom; of a true model one over Bartlett's number.
tli <- function(R, n, objective, df, null_df, m) {
  null <- -log(det(R)) / null_df
  (null - objective / df) / (null - 1 / (n - 1 - (2 * nrow(R) + 5) / 6 - 2 * m / 3))
}

psych_fit <- function(R, m, n) {
  f <- suppressWarnings(suppressMessages(psych::fa(R, nfactors = m, n.obs = n, fm = "ml", rotate = "none")))
  list(chi_square = f$STATISTIC, tli = f$TLI, null_chi_square = f$null.chisq, df = f$dof, bic = f$BIC,
       rmsea_lower = unname(f$RMSEA["lower"]), rmsea_upper = unname(f$RMSEA["upper"]), rms = f$rms)
}

block <- function(R, m, n) {
  R <- unname(R)
  likely <- ml(R, m, n)
  least <- minres(R, m)
  c(list(factors = m, n = n, correlation = R, ml = likely, minres = least,
         fit_ml = fit(R, m, n, likely$objective), psych_ml = psych_fit(R, m, n),
         components = turned_up(with(eigen(R), vectors[, 1:m, drop = FALSE] %*% diag(sqrt(values[1:m]), m))),
         kmo = unname(psych::KMO(R)$MSA), kmo_items = unname(psych::KMO(R)$MSAi),
         bartlett = psych::cortest.bartlett(R, n = n)),
    if (m > 1) list(rotations_of_ml = rotations(likely$loadings)))
}

answers <- function(name) {
  x <- read.csv(file.path(root, "data", paste0(name, ".csv")))
  x[grepl("^item", names(x))]
}
# Twelve items on three correlated factors, with cross-loadings.
set.seed(20)
pattern <- matrix(runif(36, -0.2, 0.35), 12) + kronecker(diag(3), matrix(0.55, 4))
three <- local({
  f <- matrix(rnorm(900), 300) %*% chol(matrix(c(1, 0.4, 0.2, 0.4, 1, 0.3, 0.2, 0.3, 1), 3))
  cor(f %*% t(pattern) + matrix(rnorm(3600, sd = 0.7), 300))
})
set.seed(21)

write_json_file(
  list(about = list(three = "simulated in generate_factors.R", others = "data/<name>.csv"),
       versions = list(R = R.version.string, psych = as.character(packageVersion("psych")),
                       GPArotation = as.character(packageVersion("GPArotation"))),
       calls = list(
         ml = "stats::factanal, 10 starts, lower = 0.005, factr = 10",
         minres = "our own eigenvalue form by nlminb with exact slopes, rel.tol 1e-15",
         fit_ml = "definitions on the objective of ml; interval by uniroot of pchisq",
         psych_ml = "psych::fa(R, n.obs = n, fm = 'ml', rotate = 'none')",
         rotations_of_ml = "GPArotation, eps 1e-7 and at most 1000 steps, the best of the unrotated and 30 random starts; promax: rows to unit length, stats::varimax eps 1e-15, stats::promax m = 4, back",
         kmo = "psych::KMO", bartlett = "psych::cortest.bartlett"),
       three = block(three, 3, 300),
       two_factor = block(cor(answers("two_factor")), 2, 250),
       congeneric = block(cor(answers("congeneric")), 2, 400),
       attitude = block(cor(answers("attitude")), 2, 30),
       heywood = block(cor(answers("heywood")), 1, 40)),
  file.path(root, "values", "factors.json"))
