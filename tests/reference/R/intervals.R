# Analytic intervals for alpha, each from its published formula.

# Normal-theory variance times n (van Zyl, Neudecker & Nel 2000, eq. 21).
normal_theory_q <- function(C) {
  k <- ncol(C)
  V <- sum(C)
  trace <- sum(diag(C))
  2 * k^2 / ((k - 1)^2 * V^3) * (V * (sum(C^2) + trace^2) - 2 * trace * sum(C %*% C))
}

alpha_intervals <- function(C, n, adf_se, level) {
  k <- ncol(C)
  a <- alpha_of(C)
  tail <- (1 - level) / 2
  z <- qnorm(1 - tail)
  # Feldt 1965.
  feldt <- 1 - (1 - a) * qf(c(1 - tail, tail), n - 1, (n - 1) * (k - 1))
  # Bonett 2002, no bias term.
  bonett <- 1 - exp(log(1 - a) + c(1, -1) * z * sqrt(2 * k / ((k - 1) * (n - 2))))
  # Hakstian & Whalen 1976: cube-root normalisation.
  df1 <- n - 1
  df2 <- (n - 1) * (k - 1)
  A <- (1 - 2 / (9 * df1)) / (1 - 2 / (9 * df2))
  s <- sqrt(2 * k / (9 * df2) * (1 - a)^(2 / 3) / (1 - 2 / (9 * df1))^2)
  hakstian_whalen <- 1 - A^3 * ((1 - a)^(1 / 3) + c(1, -1) * z * s)^3
  q <- normal_theory_q(C)
  list(
    feldt = feldt, bonett = bonett, hakstian_whalen = hakstian_whalen,
    normal_theory_n = a + c(-1, 1) * z * sqrt(q / n),
    normal_theory_n_minus_1 = a + c(-1, 1) * z * sqrt(q / (n - 1)),
    adf = a + c(-1, 1) * z * adf_se
  )
}
