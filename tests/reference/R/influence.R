# Influence values L_i of a coefficient (infinitesimal jackknife), and what is made of them.
# A change of row i's weight moves c_jk by (n w_i / W_jk) [d_ij d_ik - c_jk] and r_jk by
# (n w_i / W_jk) [z_ij z_ik - r_jk (z_ij^2 + z_ik^2) / 2]; d and z are taken about the means of
# the rows that answer both j and k, whose weights sum to W_jk (all rows when none is missing),
# with divisor W_jk. L_i adds these up, each times the gradient G_jk.

influence_values <- function(x, G, weights = rep(1, nrow(x)), on = c("covariance", "correlation")) {
  on <- match.arg(on)
  n <- nrow(x)
  L <- numeric(n)
  for (j in seq_len(ncol(x))) {
    for (k in seq_len(ncol(x))) {
      w <- weights * (!is.na(x[, j]) & !is.na(x[, k]))
      a <- ifelse(w > 0, x[, j], 0)
      b <- ifelse(w > 0, x[, k], 0)
      a <- a - sum(w * a) / sum(w)
      b <- b - sum(w * b) / sum(w)
      if (on == "correlation") {
        a <- a / sqrt(sum(w * a^2) / sum(w))
        b <- b / sqrt(sum(w * b^2) / sum(w))
      }
      moment <- sum(w * a * b) / sum(w)
      change <- if (on == "covariance") a * b - moment else a * b - moment * (a^2 + b^2) / 2
      L <- L + G[j, k] * n * w / sum(w) * change
    }
  }
  L
}

# All six coefficients at once: a matrix of n rows, one column a coefficient.
# Columns of a coefficient that has no fit are NA.
influence_table <- function(x, moments, ml, minres, weights = rep(1, nrow(x))) {
  C <- moments$covariance
  R <- moments$correlation
  none <- rep(NA_real_, nrow(x))
  cbind(
    alpha = influence_values(x, alpha_gradient(C), weights),
    # alpha of R: its gradient is used off the diagonal only, the diagonal of R never moves.
    alpha_std = influence_values(x, alpha_gradient(R), weights, "correlation"),
    lambda2 = influence_values(x, lambda2_gradient(C), weights),
    lambda6 = if (positive_definite(R)) influence_values(x, lambda6_gradient(C), weights) else none,
    omega_u = if (is.null(ml$value)) none else influence_values(x, omega_u_gradient(ml), weights),
    omega_total = if (is.null(minres$value)) none else
      influence_values(x, omega_total_gradient(minres, R), weights, "correlation")
  )
}

# Distribution-free standard error: sqrt(sum L^2 / (n (n-1))).
influence_se <- function(L) {
  n <- nrow(L)
  sqrt(colSums(L^2) / (n * (n - 1)))
}

# Clusters: sqrt(G/(G-1) sum_c L_c^2) / n, L_c the sum of L_i in cluster c.
cluster_se <- function(L, cluster) {
  sums <- rowsum(L, cluster, reorder = FALSE)
  sqrt(nrow(sums) / (nrow(sums) - 1) * colSums(sums^2)) / nrow(L)
}

# BCa acceleration: sum L^3 / (6 (sum L^2)^1.5).
acceleration <- function(L) {
  colSums(L^3) / (6 * colSums(L^2)^1.5)
}
