# One-factor fits converged to rounding error: maximum likelihood on C and minres on R.
# Both work on the correlation metric: uniquenesses there are shares of the item variance,
# so one lower bound and one gradient tolerance serve every data set.

LOWEST_UNIQUENESS <- 0.005
CONVERGED <- 1e-13

positive_definite <- function(S) {
  if (anyNA(S)) return(FALSE)
  spectrum <- eigen(S, symmetric = TRUE, only.values = TRUE)$values
  min(spectrum) > 1e-10 * max(spectrum)
}

first_factor <- function(S) {
  e <- eigen(S, symmetric = TRUE)
  e$vectors[, 1] * sqrt(max(e$values[1], 0))
}

# Start values: smc, half, and one near-Heywood start for each item, so that a second
# minimum does not go unseen.
starting_uniquenesses <- function(R) {
  k <- ncol(R)
  precision <- tryCatch(1 / diag(solve(R)), error = function(e) rep(0.5, k))
  starts <- list(pmin(pmax(precision, 0.02), 1), rep(0.5, k))
  for (j in seq_len(k)) {
    corner <- pmax(1 - R[, j]^2, 0.02)
    corner[j] <- 0.01
    starts <- c(starts, list(corner))
  }
  starts
}

# ---- maximum likelihood -------------------------------------------------------------

# F = log|Sigma| + tr(R Sigma^-1) - log|R| - k, Sigma = l l' + diag(t), theta = (l, t).
ml_objective <- function(theta, R) {
  k <- ncol(R)
  Sigma <- tcrossprod(theta[1:k]) + diag(theta[k + 1:k])
  as.numeric(determinant(Sigma)$modulus - determinant(R)$modulus) + sum(R * solve(Sigma)) - k
}

# Derivatives of Sigma by every parameter: l_j gives e_j l' + l e_j', t_j gives e_j e_j'.
sigma_derivatives <- function(loadings) {
  k <- length(loadings)
  lapply(seq_len(2 * k), function(a) {
    D <- matrix(0, k, k)
    if (a <= k) {
      D[a, ] <- loadings
      D[, a] <- D[, a] + loadings
    } else {
      D[a - k, a - k] <- 1
    }
    D
  })
}

ml_gradient <- function(theta, R) {
  k <- ncol(R)
  loadings <- theta[1:k]
  inverse <- solve(tcrossprod(loadings) + diag(theta[k + 1:k]))
  W <- inverse %*% (tcrossprod(loadings) + diag(theta[k + 1:k]) - R) %*% inverse
  c(2 * W %*% loadings, diag(W))
}

# The exact Hessian, and the expected one (at Sigma = R) for the information matrix.
ml_hessian <- function(theta, R, expected = FALSE) {
  k <- ncol(R)
  Sigma <- tcrossprod(theta[1:k]) + diag(theta[k + 1:k])
  inverse <- solve(Sigma)
  W <- if (expected) matrix(0, k, k) else inverse %*% (Sigma - R) %*% inverse
  D <- sigma_derivatives(theta[1:k])
  H <- matrix(0, 2 * k, 2 * k)
  for (a in seq_len(2 * k)) {
    for (b in seq_len(a)) {
      H[a, b] <- sum((inverse %*% D[[a]] %*% inverse) * D[[b]]) -
        2 * sum((W %*% D[[a]] %*% inverse) * D[[b]])
      if (a <= k && b <= k) H[a, b] <- H[a, b] + 2 * W[a, b]
      H[b, a] <- H[a, b]
    }
  }
  H
}

# Newton on the free parameters, keeping the iterate with the smallest gradient.
newton <- function(theta, free, gradient, hessian) {
  best <- theta
  smallest <- max(abs(gradient(theta)[free]))
  for (round in 1:50) {
    step <- solve(hessian(theta)[free, free], gradient(theta)[free])
    theta[free] <- theta[free] - step
    size <- max(abs(gradient(theta)[free]))
    if (!is.finite(size) || round > 8 && size >= smallest) break
    if (size < smallest) {
      smallest <- size
      best <- theta
    }
  }
  list(theta = best, max_gradient = smallest)
}

# One-factor ML of C with uniquenesses of at least 0.005 of the item variance.
fit_ml <- function(C) {
  k <- ncol(C)
  if (anyNA(C) || any(diag(C) <= 0)) return(list(status = "constant_item"))
  sd <- sqrt(diag(C))
  R <- C / tcrossprod(sd)
  if (!positive_definite(R)) return(list(status = "not_positive_definite"))
  lower <- c(rep(-Inf, k), rep(LOWEST_UNIQUENESS, k))
  attempts <- lapply(starting_uniquenesses(R), function(t) {
    optim(c(first_factor(R - diag(t)), t), ml_objective, ml_gradient, R = R,
          method = "L-BFGS-B", lower = lower, control = list(factr = 1, maxit = 5000))
  })
  objectives <- vapply(attempts, `[[`, 0, "value")
  theta <- attempts[[which.min(objectives)]]$par
  on_bound <- c(rep(FALSE, k), theta[k + 1:k] <= LOWEST_UNIQUENESS + 1e-7)
  theta[on_bound] <- LOWEST_UNIQUENESS
  solution <- newton(theta, !on_bound, function(p) ml_gradient(p, R), function(p) ml_hessian(p, R))
  theta <- solution$theta
  if (sum(theta[1:k]) < 0) theta[1:k] <- -theta[1:k]
  # A minimum on the bound pushes outwards there, and nothing else has left the region.
  stopifnot(all(theta[k + 1:k] >= LOWEST_UNIQUENESS), all(ml_gradient(theta, R)[on_bound] > 0),
            solution$max_gradient < CONVERGED)
  loadings <- theta[1:k] * sd
  uniquenesses <- theta[k + 1:k] * sd^2
  list(
    status = if (any(on_bound)) "heywood" else "ok",
    value = sum(loadings)^2 / (sum(loadings)^2 + sum(uniquenesses)),
    loadings = loadings, uniquenesses = uniquenesses,
    on_bound = array_of(unname(which(on_bound)) - k), objective = ml_objective(theta, R),
    max_gradient = solution$max_gradient,
    other_minima = array_of(other_minima(objectives)),
    theta = theta, sd = sd, R = R, bound = on_bound
  )
}

# Objective values of the other minima that the starts ended in.
other_minima <- function(objectives) {
  gap <- objectives - min(objectives)
  unique(signif(min(objectives) + sort(gap[gap > 1e-6 * (1 + abs(min(objectives)))]), 5))
}

# d omega_u / dC by the implicit function theorem; an item on its bound has t_j = 0.005 c_jj.
omega_u_gradient <- function(fit) {
  k <- length(fit$sd)
  theta <- fit$theta
  weights <- fit$sd
  common <- sum(theta[1:k] * weights)
  error <- sum(theta[k + 1:k] * weights^2)
  total <- common^2 + error
  slope <- c(2 * common * error / total^2 * weights, -common^2 / total^2 * weights^2)
  free <- !fit$bound
  H <- ml_hessian(theta, fit$R)
  b <- solve(H[free, free], slope[free])
  inverse <- solve(tcrossprod(theta[1:k]) + diag(theta[k + 1:k]))
  D <- sigma_derivatives(theta[1:k])[free]
  G <- Reduce(`+`, Map(function(bj, Dj) bj * inverse %*% Dj %*% inverse, b, D))
  # The fit is equivariant: on the raw metric C, parameters carry the (fixed) scales sd.
  G <- G / tcrossprod(fit$sd)
  for (j in which(fit$bound)) {
    through_bound <- slope[j] - sum(b * H[free, j])
    G[j - k, j - k] <- G[j - k, j - k] + through_bound * LOWEST_UNIQUENESS / fit$sd[j - k]^2
  }
  G
}

# Delta-method standard error of omega_u from the expected information (n is lavaan's divisor).
omega_u_expected_se <- function(fit, n) {
  if (any(fit$bound)) return(NA_real_)
  k <- length(fit$sd)
  theta <- fit$theta
  common <- sum(theta[1:k] * fit$sd)
  error <- sum(theta[k + 1:k] * fit$sd^2)
  total <- common^2 + error
  slope <- c(2 * common * error / total^2 * fit$sd, -common^2 / total^2 * fit$sd^2)
  sqrt(sum(slope * solve(ml_hessian(theta, fit$R, expected = TRUE), slope)) * 2 / n)
}

# ---- minres ---------------------------------------------------------------------------

# f(t) = 1/2 |R - diag(t) - l l'|^2 with l the first principal factor of R - diag(t);
# df/dt_j = t_j + l_j^2 - 1 (unit diagonal).
minres_objective <- function(t, R) {
  sum((R - diag(t) - tcrossprod(first_factor(R - diag(t))))^2) / 2
}

minres_gradient <- function(t, R) {
  t + first_factor(R - diag(t))^2 - 1
}

# The same minimum in terms of l: a free item has t_j = 1 - l_j^2, so only the off-diagonal
# residuals count; an item on its bound keeps its diagonal residual.
residual_gradient <- function(loadings, R, bound) {
  residual <- R - tcrossprod(loadings)
  diag(residual) <- ifelse(bound, diag(residual) - LOWEST_UNIQUENESS, 0)
  as.vector(-2 * residual %*% loadings)
}

residual_hessian <- function(loadings, R, bound) {
  residual <- R - tcrossprod(loadings)
  squares <- sum(loadings^2)
  H <- 2 * (tcrossprod(loadings) - residual)
  diag(H) <- 2 * (squares - loadings^2) +
    ifelse(bound, 6 * loadings^2 - 2 * (1 - LOWEST_UNIQUENESS), 0)
  H
}

# One-factor minres of R with uniquenesses in [0.005, 1].
fit_minres <- function(R) {
  k <- ncol(R)
  if (anyNA(R)) return(list(status = "constant_item"))
  attempts <- lapply(starting_uniquenesses(R), function(t) {
    optim(t, minres_objective, minres_gradient, R = R, method = "L-BFGS-B",
          lower = LOWEST_UNIQUENESS, upper = 1, control = list(factr = 1, maxit = 5000))
  })
  objectives <- vapply(attempts, `[[`, 0, "value")
  t <- attempts[[which.min(objectives)]]$par
  bound <- t <= LOWEST_UNIQUENESS + 1e-7
  t[bound] <- LOWEST_UNIQUENESS
  solution <- newton(first_factor(R - diag(t)), rep(TRUE, k),
                     function(l) residual_gradient(l, R, bound),
                     function(l) residual_hessian(l, R, bound))
  loadings <- solution$theta
  if (sum(loadings) < 0) loadings <- -loadings
  stopifnot(all(loadings[bound]^2 > 1 - LOWEST_UNIQUENESS),
            all(loadings[!bound]^2 <= 1 - LOWEST_UNIQUENESS), solution$max_gradient < CONVERGED)
  uniquenesses <- 1 - loadings^2
  residual <- R - tcrossprod(loadings)
  diag(residual) <- ifelse(bound, diag(residual) - LOWEST_UNIQUENESS, 0)
  list(
    status = if (any(bound)) "heywood" else "ok",
    value = 1 - sum(uniquenesses) / sum(R),
    loadings = loadings, uniquenesses = uniquenesses,
    on_bound = array_of(unname(which(bound))),
    objective = sum(residual^2) / 2, max_gradient = solution$max_gradient,
    other_minima = array_of(other_minima(objectives)), bound = bound
  )
}

# d omega_total / dR over ordered off-diagonal pairs, by the implicit function theorem.
omega_total_gradient <- function(fit, R) {
  loadings <- fit$loadings
  slope <- 2 * loadings / sum(R)
  b <- solve(residual_hessian(loadings, R, fit$bound), slope)
  G <- tcrossprod(b, loadings) + tcrossprod(loadings, b) + sum(fit$uniquenesses) / sum(R)^2
  diag(G) <- 0
  G
}
