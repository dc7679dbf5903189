# Makes values/hierarchy.json: general and group factors by psych::omega, and by the same criteria run until they
# stand still. From the repository root:
#   Rscript tests/reference/generate_hierarchy.R

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
options(warn = 1)
suppressMessages(library(GPArotation))

BOUND <- 0.005

left <- function(u, R, m) {
  e <- eigen(R - diag(u), symmetric = TRUE)
  list(values = e$values[-(1:m)], vectors = e$vectors[, -(1:m), drop = FALSE])
}
minres <- function(R, m) {
  value <- function(u) 0.5 * sum(left(u, R, m)$values^2)
  slopes <- function(u) with(left(u, R, m), -as.vector(vectors^2 %*% values))
  u <- nlminb(1 / diag(solve(R)), value, slopes, lower = BOUND, upper = 1,
              control = list(rel.tol = 1e-15, x.tol = 1e-15, abs.tol = 0, eval.max = 1e5, iter.max = 1e5))$par
  e <- eigen(R - diag(u), symmetric = TRUE)
  L <- e$vectors[, 1:m, drop = FALSE] %*% diag(sqrt(e$values[1:m]), m)
  list(loadings = L %*% diag(ifelse(colSums(L) < 0, -1, 1), m), max_gradient = max(abs(slopes(u)[u > BOUND])))
}
# Three factors: the one factor behind them reproduces their correlations.
gamma_of <- function(phi, two) {
  if (nrow(phi) == 2) {
    r <- phi[1, 2]
    return(switch(two, equal = sqrt(abs(r)) * c(1, sign(r)), first = c(1, r), second = c(r, 1)))
  }
  sqrt(c(phi[1, 2] * phi[1, 3] / phi[2, 3], phi[1, 2] * phi[2, 3] / phi[1, 3], phi[1, 3] * phi[2, 3] / phi[1, 2]))
}
tight <- function(R, m, two) {
  fit <- minres(R, m)
  turned <- GPFoblq(fit$loadings, method = "quartimin", eps = 1e-8, maxit = 3000)
  L <- turned$loadings
  phi <- turned$Phi
  order <- order(diag(phi %*% crossprod(L)), decreasing = TRUE)
  signs <- diag(ifelse(colSums(L) < 0, -1, 1))
  L <- (L %*% signs)[, order]
  phi <- (signs %*% phi %*% signs)[order, order]
  gamma <- gamma_of(phi, two)
  g <- as.vector(L %*% gamma)
  s <- L %*% diag(sqrt(pmax(0, 1 - gamma^2)))
  u2 <- 1 - rowSums(fit$loadings^2)
  group <- apply(abs(s), 1, which.max)
  of_group <- function(k, general) {
    inside <- group == k
    (sum(s[inside, k])^2 + general * sum(g[inside])^2) / sum(R[inside, inside])
  }
  list(omega_total = 1 - sum(u2) / sum(R), omega_h = sum(g)^2 / sum(R), omega_limit = sum(g)^2 / (sum(R) - sum(u2)),
       ecv = sum(g^2) / (sum(g^2) + sum(s^2)),
       puc = 1 - sum(choose(table(group), 2)) / choose(nrow(R), 2),
       omega_groups = sapply(1:m, of_group, general = 0), omega_groups_total = sapply(1:m, of_group, general = 1),
       loadings = unname(L), phi = unname(phi), gamma = gamma, general = g, groups = unname(s), uniquenesses = unname(u2),
       max_gradient = fit$max_gradient, steepness = turned$Table[nrow(turned$Table), 3])
}
of_psych <- function(R, m, two) {
  o <- suppressMessages(psych::omega(R, m, flip = FALSE, option = two, plot = FALSE))
  list(omega_total = o$omega.tot, omega_h = o$omega_h, omega_limit = o$omega.lim, ecv = unname(o$ECV),
       omega_groups = sort(o$omega.group$group[-1]), omega_groups_total = sort(o$omega.group$total[-1]))
}
block <- function(R, m, two = "equal") {
  R <- unname(R)
  dimnames(R) <- list(paste0("x", seq_len(nrow(R))), paste0("x", seq_len(nrow(R))))
  list(factors = m, two_factors = two, correlation = unname(R), psych = of_psych(R, m, two), tight = tight(R, m, two))
}

# Twelve items in three groups, of which the first lean on the others.
pattern <- matrix(0.1, 12, 3) + kronecker(diag(3), matrix(c(0.7, 0.5, 0.6, 0.4), 4))
set.seed(4)
three <- local({
  f <- matrix(rnorm(1200), 400) %*% chol(matrix(c(1, 0.5, 0.3, 0.5, 1, 0.4, 0.3, 0.4, 1), 3))
  cor(f %*% t(pattern) + matrix(rnorm(4800, sd = 0.8), 400))
})
write_json_file(
  list(about = list(thurstone = "psych::Thurstone, 9 tests (Thurstone & Thurstone 1941)",
                    three = "simulated in generate_hierarchy.R"),
       versions = list(R = R.version.string, psych = as.character(packageVersion("psych")),
                       GPArotation = as.character(packageVersion("GPArotation"))),
       calls = list(psych = "psych::omega(R, m, flip = FALSE, option = two)",
                    tight = "eigenvalue form of minres by nlminb, GPFoblq quartimin eps 1e-8, at most 3000 steps, Schmid-Leiman by hand"),
       thurstone = block(psych::Thurstone, 3),
       thurstone_equal = block(psych::Thurstone, 2, "equal"),
       thurstone_first = block(psych::Thurstone, 2, "first"),
       thurstone_second = block(psych::Thurstone, 2, "second"),
       three = block(three, 3)),
  file.path(root, "values", "hierarchy.json"))
