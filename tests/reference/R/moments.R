# Means, covariances and correlations: listwise, pairwise, weighted.

# Rows that enter: complete ones, or (pairwise) those with at least one answer.
kept_rows <- function(x, missing) {
  if (missing == "listwise") stats::complete.cases(x) else rowSums(!is.na(x)) > 0
}

# Pairwise: c_ij and r_ij from the rows that answer both i and j, also for the variances in r_ij.
moments_of <- function(x, missing) {
  x <- x[kept_rows(x, missing), , drop = FALSE]
  use <- if (missing == "listwise") "complete.obs" else "pairwise.complete.obs"
  m <- list(n = nrow(x), mean = unname(colMeans(x, na.rm = TRUE)),
            covariance = unname(cov(x, use = use)), correlation = unname(cor(x, use = use)))
  if (missing == "pairwise") m$pair_n <- unname(crossprod(!is.na(x)))
  m
}

# Survey weights: C = sum w (x-m)(x-m)' / sum w * n/(n-1), n = number of rows.
weighted_moments <- function(x, weights) {
  n <- nrow(x)
  mean <- colSums(weights * x) / sum(weights)
  d <- sweep(x, 2, mean)
  C <- crossprod(d, weights * d) / sum(weights) * n / (n - 1)
  list(n = n, mean = unname(mean), covariance = unname(C), correlation = unname(cov2cor(C)))
}

# Moments when row i is taken counts[i] times.
counted_moments <- function(x, counts, missing = "listwise") {
  # cor() warns of a constant item; the replicate's status says so instead.
  suppressWarnings(moments_of(x[rep(seq_len(nrow(x)), counts), , drop = FALSE], missing))
}
