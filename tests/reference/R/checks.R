# The generator stops when its own formulas and an independent route part.

agree <- function(a, b, relative) {
  stopifnot(length(a) == length(b), all(abs(a - b) <= relative * max(abs(b))))
}

# Numerical gradient by the distinct elements of a symmetric matrix, as a matrix over ordered pairs.
numerical_gradient <- function(f, S) {
  cells <- which(lower.tri(S, diag = TRUE), arr.ind = TRUE)
  rebuilt <- function(v) {
    S[cells] <- v
    S[cells[, 2:1]] <- v
    S
  }
  slope <- numDeriv::grad(function(v) f(rebuilt(v)), S[cells])
  slope <- ifelse(cells[, 1] == cells[, 2], slope, slope / 2)
  G <- matrix(0, nrow(S), ncol(S))
  G[cells] <- slope
  G[cells[, 2:1]] <- slope
  G
}

off_diagonal <- function(G) {
  diag(G) <- 0
  G
}

check_gradients <- function(data_sets) {
  for (x in data_sets) {
    C <- unname(cov(x))
    R <- unname(cor(x))
    agree(alpha_gradient(C), numerical_gradient(alpha_of, C), 1e-7)
    agree(lambda2_gradient(C), numerical_gradient(lambda2_of, C), 1e-7)
    agree(lambda6_gradient(C), numerical_gradient(lambda6_of, C), 1e-7)
    agree(omega_u_gradient(fit_ml(C)), numerical_gradient(function(S) fit_ml(S)$value, C), 1e-6)
    agree(omega_total_gradient(fit_minres(R), R),
          off_diagonal(numerical_gradient(function(S) fit_minres(S)$value, R)), 1e-6)
  }
}

# Numbers known to seven decimals from separate runs (attitude) and from vcmeta (Bonett).
printed_as <- function(a, printed) {
  stopifnot(all(abs(a - printed) <= 0.51e-7))
}

check_published_numbers <- function(x) {
  C <- unname(cov(x))
  se <- influence_se(cbind(alpha = influence_values(x, alpha_gradient(C))))
  shown <- alpha_intervals(C, nrow(x), se, 0.95)
  printed_as(alpha_of(C), 0.8431428)
  printed_as(shown$feldt, c(0.7393757, 0.9157731))
  printed_as(shown$bonett, c(0.7237990, 0.9109193))
  printed_as(shown$hakstian_whalen, c(0.7428282, 0.9172397))
  printed_as(sqrt(normal_theory_q(C) / c(30, 29)), c(0.0424357, 0.0431611))
  printed_as(unname(se), 0.0414476)
  printed_as(fit_ml(C)$value, 0.8563268)
  # A 10-item matrix with alpha exactly 0.91.
  r <- 0.91 / (10 - 9 * 0.91)
  parallel <- matrix(r, 10, 10) + diag(1 - r, 10)
  printed_as(alpha_intervals(parallel, 583, 0.01, 0.95)$bonett, c(0.8984020, 0.9202740))
}

# Clustered and weighted errors by survey and lavaan; n/(n-1) is the divisor of the covariance.
check_packages <- function(clustered, weighted) {
  for (block in list(clustered, weighted)) {
    ours <- if (is.null(block$cluster_se)) block$influence_se else block$cluster_se
    names <- names(block$survey$se)
    agree(unlist(block$survey$se), ours[names] * block$n / (block$n - 1), 1e-10)
  }
  agree(weighted$survey$covariance, weighted$covariance, 1e-12)
  n <- clustered$n
  agree(clustered$lavaan$cluster_ward$se, clustered$cluster_se[["omega_u"]] * n / (n - 1), 1e-6)
  agree(clustered$lavaan$default_mlr$se, clustered$omega_u$delta_se_robust, 1e-6)
}
