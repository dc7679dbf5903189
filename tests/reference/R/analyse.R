# One block of reference values: moments, coefficients, errors, intervals, fits, packages.

LEVELS <- c(0.90, 0.95, 0.99)

# Six coefficients and the lambdas on the other matrix, from one set of moments.
coefficient_values <- function(moments, ml, minres) {
  C <- moments$covariance
  R <- moments$correlation
  safe_lambda6 <- function(S) if (positive_definite(S)) lambda6_of(S) else NA_real_
  values <- list(
    alpha = alpha_of(C), alpha_std = alpha_std_of(R), lambda2 = lambda2_of(C),
    lambda6 = safe_lambda6(C), omega_u = ml$value, omega_total = minres$value,
    lambda2_on_correlation = lambda2_of(R), lambda6_on_correlation = safe_lambda6(R)
  )
  if (!is.null(moments$pair_n)) {
    S <- cov2cor(C)
    values <- c(values, list(alpha_std_on_cov2cor = alpha_std_of(S),
                             lambda2_on_cov2cor = lambda2_of(S),
                             lambda6_on_cov2cor = safe_lambda6(S)))
  }
  values
}

printed_fit <- function(fit) {
  shown <- c("status", "value", "loadings", "uniquenesses", "on_bound", "objective", "max_gradient",
             "other_minima")
  lapply(fit[shown], function(x) if (inherits(x, "AsIs")) x else unname(x))
}

# Raykov's delta method, and two values that packages print beside omega_u.
omega_u_extras <- function(fit, moments, influence_se) {
  n <- moments$n
  list(
    delta_se_expected = omega_u_expected_se(fit, n),
    # lavaan's MLR divides covariances by n, which moves the gradient by n/(n-1).
    delta_se_robust = influence_se * sqrt(n / (n - 1)),
    value_observed_total = sum(fit$loadings)^2 / sum(moments$covariance)
  )
}

# x: keyed answers (NA = missing), with item names. cluster and weights: one value a row.
analyse <- function(x, missing = "listwise", cluster = NULL, weights = NULL, packages = TRUE,
                    keep_influence = FALSE) {
  keep <- kept_rows(x, missing)
  used <- x[keep, , drop = FALSE]
  moments <- if (is.null(weights)) moments_of(x, missing) else weighted_moments(used, weights)
  w <- if (is.null(weights)) rep(1, nrow(used)) else weights
  ml <- fit_ml(moments$covariance)
  minres <- fit_minres(moments$correlation)
  L <- influence_table(used, moments, ml, minres, w)
  se <- influence_se(L)
  block <- c(
    list(missing = missing, n_rows = nrow(x), n_excluded = sum(!keep)), moments,
    list(coefficients = coefficient_values(moments, ml, minres),
         influence_se = se, acceleration = acceleration(L))
  )
  if (!is.null(cluster)) {
    block$clusters <- length(unique(cluster))
    block$cluster_se <- cluster_se(L, cluster)
    block$cluster_acceleration <- acceleration(rowsum(L, cluster, reorder = FALSE))
  }
  if (is.null(weights)) {
    q <- normal_theory_q(moments$covariance)
    block$normal_theory_se <- list(n = sqrt(q / moments$n), n_minus_1 = sqrt(q / (moments$n - 1)))
    block$alpha_intervals <- setNames(lapply(LEVELS, function(level) {
      alpha_intervals(moments$covariance, moments$n, se["alpha"], level)
    }), LEVELS)
  }
  if (keep_influence) block$influence_values <- as.list(as.data.frame(L))
  block$omega_u <- c(printed_fit(ml), omega_u_extras(ml, moments, se[["omega_u"]]))
  block$omega_total <- printed_fit(minres)
  if (packages) block <- c(block, package_block(x, used, moments, missing, weights))
  block
}

package_block <- function(x, used, moments, missing, weights) {
  # With weights only the matrices are compared; psych has no weights of this kind.
  if (!is.null(weights)) {
    numbers <- lavaan_numbers(
      lavaan_fit(data.frame(used, weight = weights), items = colnames(used),
                 sampling.weights = "weight"),
      moments$covariance * (moments$n - 1) / moments$n)
    return(list(lavaan = list(sampling_weights = numbers)))
  }
  rows <- if (missing == "listwise") used else x
  list(
    lavaan = if (missing == "listwise") lavaan_block(used) else
      lavaan_from_matrix(moments$covariance, moments$n, colnames(x)),
    psych_alpha = psych_alpha(rows), psych_guttman = psych_guttman(rows),
    psych_omega = psych_omega(rows)
  )
}

# The gradients with respect to the covariance matrix, for survey_se.
covariance_gradients <- function(C) {
  list(alpha = alpha_gradient(C), lambda2 = lambda2_gradient(C), lambda6 = lambda6_gradient(C),
       omega_u = omega_u_gradient(fit_ml(C)))
}
