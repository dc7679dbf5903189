# Closed-form coefficients of a covariance (or correlation) matrix, with their gradients.
# A gradient G is the symmetric matrix with df = sum_ij G_ij dC_ij over ordered pairs.

# Cronbach 1951: k/(k-1) (1 - tr C / V), V = 1'C1.
alpha_of <- function(C) {
  k <- ncol(C)
  k / (k - 1) * (1 - sum(diag(C)) / sum(C))
}

alpha_gradient <- function(C) {
  k <- ncol(C)
  V <- sum(C)
  trace <- sum(diag(C))
  G <- matrix(k / (k - 1) * trace / V^2, k, k)
  diag(G) <- -k / (k - 1) * (V - trace) / V^2
  G
}

# Guttman 1945, lambda2 = (V - tr C + sqrt(k/(k-1) sum_{i!=j} c_ij^2)) / V.
lambda2_of <- function(C) {
  k <- ncol(C)
  off <- C - diag(diag(C))
  (sum(off) + sqrt(k / (k - 1) * sum(off^2))) / sum(C)
}

lambda2_gradient <- function(C) {
  k <- ncol(C)
  V <- sum(C)
  off <- C - diag(diag(C))
  root <- sqrt(k / (k - 1) * sum(off^2))
  (sum(diag(C)) - root) / V^2 - diag(k) / V + k / (k - 1) * off / root / V
}

# Guttman 1945, lambda6 = 1 - sum_j e_j / V, where e_j = 1/(C^-1)_jj = v_j (1 - smc_j).
lambda6_of <- function(C) {
  1 - sum(1 / diag(solve(C))) / sum(C)
}

lambda6_gradient <- function(C) {
  precision <- solve(C)
  V <- sum(C)
  errors <- 1 / diag(precision)
  sum(errors) / V^2 - precision %*% diag(errors^2) %*% precision / V
}

# Standardised alpha is alpha of the correlation matrix: k rbar / (1 + (k-1) rbar).
alpha_std_of <- function(R) {
  k <- ncol(R)
  rbar <- (sum(R) - k) / (k * (k - 1))
  k * rbar / (1 + (k - 1) * rbar)
}
