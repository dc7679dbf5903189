# What the published packages print for the same data: the cross-check of our own formulas.

quietly <- function(expr) {
  sink(tempfile())
  on.exit(sink())
  suppressWarnings(suppressMessages(expr))
}

psych_alpha <- function(x) {
  total <- quietly(psych::alpha(x, check.keys = FALSE, warnings = FALSE))$total
  feldt <- psych::alpha.ci(total$raw_alpha, n.obs = nrow(x), n.var = ncol(x), p.val = 0.05)
  list(raw_alpha = total$raw_alpha, std_alpha = total$std.alpha, lambda6_smc = total$`G6(smc)`,
       ase = total$ase, feldt_95 = c(feldt$lower.ci, feldt$upper.ci))
}

psych_guttman <- function(x) {
  p <- quietly(psych::guttman(x))
  list(lambda2 = p$lambda.2, lambda6 = p$lambda.6)
}

# Residual gradients put psych's stopping point on the scale of our own.
psych_omega <- function(x) {
  p <- quietly(psych::omega(x, nfactors = 1, fm = "minres", flip = FALSE, plot = FALSE))
  R <- cor(x, use = "pairwise.complete.obs")
  f <- quietly(psych::fa(R, nfactors = 1, fm = "minres"))
  loadings <- as.vector(f$loadings)
  list(omega_total = p$omega.tot, loadings = loadings,
       uniquenesses = unname(f$uniquenesses),
       max_gradient = max(abs(residual_gradient(loadings, R, rep(FALSE, ncol(R))))))
}

LAVAAN_TIGHT <- list(rel.tol = 1e-15, eval.max = 10000L, iter.max = 10000L)

one_factor_model <- function(items, lower = NULL) {
  k <- length(items)
  errors <- if (is.null(lower)) paste0(items, " ~~ t", 1:k, " * ", items) else
    paste0(items, " ~~ t", 1:k, " * ", items, " + lower(", sprintf("%.17g", lower), ") * ", items)
  common <- paste0("(", paste0("l", 1:k, collapse = " + "), ")^2")
  paste(c(
    paste0("f =~ ", paste0("l", 1:k, " * ", items, collapse = " + ")), errors,
    paste0("omega := ", common, " / (", common, " + ", paste0("t", 1:k, collapse = " + "), ")")
  ), collapse = "\n")
}

# lavaan's estimates, their place on our gradient scale, and omega_u with its printed error.
# C has divisor n, as in lavaan's likelihood. Without convergence lavaan prints a standard error of
# zero; that is recorded as missing.
lavaan_numbers <- function(fit, C) {
  estimates <- lavaan::parameterEstimates(fit)
  k <- ncol(C)
  loadings <- estimates$est[match(paste0("l", 1:k), estimates$label)]
  uniquenesses <- estimates$est[match(paste0("t", 1:k), estimates$label)]
  omega <- estimates[estimates$label == "omega", ]
  converged <- lavaan::lavInspect(fit, "converged")
  sd <- sqrt(diag(C))
  list(omega_u = omega$est, se = if (converged) omega$se else NA_real_,
       loadings = loadings, uniquenesses = uniquenesses, converged = converged,
       max_gradient = max(abs(ml_gradient(c(loadings / sd, uniquenesses / sd^2), cov2cor(C)))))
}

lavaan_fit <- function(x, ..., items = colnames(x), lower = NULL) {
  model <- one_factor_model(items, lower)
  quietly(lavaan::cfa(model, data = as.data.frame(x), std.lv = TRUE, ...))
}

lavaan_tight <- function(x, ...) {
  lavaan_fit(x, control = LAVAAN_TIGHT, optim.gradient = "analytic", ...)
}

semtools_reliability <- function(fit, obs.var) {
  as.numeric(quietly(semTools::compRelSEM(fit, obs.var = obs.var)))
}

# The lavaan and semTools block for complete rows.
lavaan_block <- function(x) {
  C <- cov(x) * (nrow(x) - 1) / nrow(x)
  default <- lavaan_fit(x)
  list(
    default = lavaan_numbers(default, C),
    tight_control = lavaan_numbers(lavaan_tight(x), C),
    default_mlr = lavaan_numbers(lavaan_fit(x, estimator = "MLR"), C),
    bounded = lavaan_numbers(lavaan_fit(x, lower = LOWEST_UNIQUENESS * diag(C)), C),
    semtools_obs_var_false = semtools_reliability(default, FALSE),
    semtools_obs_var_true = semtools_reliability(default, TRUE)
  )
}

# The same model fitted to a given covariance matrix (pairwise moments).
lavaan_from_matrix <- function(C, n, items) {
  dimnames(C) <- list(items, items)
  fit <- function(...) {
    quietly(lavaan::cfa(one_factor_model(items), sample.cov = C, sample.nobs = n, std.lv = TRUE,
                        sample.cov.rescale = FALSE, ...))
  }
  list(default = lavaan_numbers(fit(), C),
       tight_control = lavaan_numbers(fit(control = LAVAAN_TIGHT, optim.gradient = "analytic"), C))
}

# Standard errors by survey::svyvar (linearisation) with our gradients: an independent route to the
# influence standard errors with weights and clusters. svyvar differentiates n/(n-1) C_n, we
# evaluate at C, so its number is n/(n-1) times ours.
survey_se <- function(x, gradients, weights = NULL, cluster = NULL) {
  frame <- data.frame(x, w = if (is.null(weights)) 1 else weights,
                      c = if (is.null(cluster)) seq_len(nrow(x)) else cluster)
  design <- survey::svydesign(ids = ~c, weights = ~w, data = frame)
  moments <- survey::svyvar(reformulate(colnames(x)), design)
  V <- vcov(moments)
  list(covariance = unname(matrix(coef(moments), ncol(x))),
       se = lapply(gradients, function(G) sqrt(sum(as.vector(G) * (V %*% as.vector(G))))))
}
