# Replicate values under given resampling counts. A replicate's counts are one string of digits,
# one digit a row (or a cluster), in file order.

count_string <- function(counts) {
  stopifnot(counts <= 9)
  paste(counts, collapse = "")
}

count_matrix <- function(strings) {
  do.call(rbind, lapply(strsplit(strings, ""), as.integer))
}

# Draws n out of n within each stratum; element i is how often unit i was drawn.
draw_counts <- function(strata) {
  counts <- integer(length(strata))
  for (stratum in unique(strata)) {
    units <- which(strata == stratum)
    counts[units] <- tabulate(sample.int(length(units), replace = TRUE), length(units))
  }
  counts
}

# counts: replicates x rows. One list of columns: six values, and how the two fits ended.
replicate_values <- function(x, counts, missing = "listwise", weights = NULL) {
  rows <- lapply(seq_len(nrow(counts)), function(b) {
    c_b <- counts[b, ]
    moments <- if (is.null(weights)) counted_moments(x, c_b, missing) else
      weighted_moments(x[c_b > 0, , drop = FALSE], (weights * c_b)[c_b > 0])
    ml <- fit_ml(moments$covariance)
    minres <- fit_minres(moments$correlation)
    constant <- any(diag(moments$covariance) == 0)
    values <- coefficient_values(moments, list(value = NA_real_), list(value = NA_real_))
    data.frame(alpha = values$alpha, alpha_std = values$alpha_std, lambda2 = values$lambda2,
               lambda6 = values$lambda6,
               omega_u = if (is.null(ml$value)) NA else ml$value,
               omega_total = if (is.null(minres$value)) NA else minres$value,
               lambda6_status = if (constant) "constant_item" else
                 if (is.na(values$lambda6)) "not_positive_definite" else "ok",
               omega_u_status = ml$status, omega_total_status = minres$status,
               omega_u_minima = 1 + length(ml$other_minima),
               omega_total_minima = 1 + length(minres$other_minima))
  })
  as.list(do.call(rbind, rows))
}
