# boot::boot.ci on a stored vector of replicates, and boot's quantile rule at its edges.

ci_rows <- function(boot_out, t0, t, L) {
  types <- c("norm", "basic", "perc", "bca")
  printed <- quietly(boot::boot.ci(boot_out, conf = LEVELS, type = types, t0 = t0, t = t, L = L))
  lapply(setNames(seq_along(LEVELS), LEVELS), function(i) {
    ends <- function(m) unname(m[i, ncol(m) - 1:0])
    list(normal = ends(printed$normal), basic = ends(printed$basic),
         percentile = ends(printed$percent), bca = ends(printed$bca),
         bca_orders = unname(printed$bca[i, 2:3]))
  })
}

# BCa levels Phi(z0 + (z0 + z_p) / (1 - a (z0 + z_p))).
bca_levels <- function(z0, a, level) {
  z <- z0 + qnorm(c(1 - level, 1 + level) / 2)
  pnorm(z0 + z / (1 - a * z))
}

# The tie-aware z0 of (#< + #<=)/(2B); boot counts #< only.
tie_aware_z0 <- function(t, t0) qnorm((sum(t < t0) + sum(t <= t0)) / (2 * length(t)))

own_rows <- function(t0, t, L) {
  a <- acceleration(cbind(L))[[1]]
  z0 <- tie_aware_z0(t, t0)
  lapply(setNames(LEVELS, LEVELS), function(level) {
    p <- c(1 - level, 1 + level) / 2
    q <- function(p) unname(quantile(t, p, type = 7))
    p_bca <- bca_levels(z0, a, level)
    list(percentile_linear = q(p), basic_linear = 2 * t0 - rev(q(p)), bca_linear = q(p_bca),
         bca_levels = p_bca, bca_normal = unname(quietly(boot:::norm.inter(t, p_bca))[, 2]))
  })
}

boot_ci_case <- function(boot_out, t0, t, L) {
  list(t0 = t0, t = t, z0_boot = qnorm(mean(t < t0)), z0_tie_aware = tie_aware_z0(t, t0),
       acceleration = acceleration(cbind(L))[[1]], boot = ci_rows(boot_out, t0, t, L),
       by_formula = own_rows(t0, t, L))
}

boot_ci_values <- function(x) {
  m <- moments_of(x, "listwise")
  L <- influence_values(x, alpha_gradient(m$covariance))
  seeded(20109)
  drawn <- boot::boot(x, function(d, i) alpha_of(cov(d[i, ])), R = 999)
  t <- as.vector(drawn$t)
  list(
    L = L,
    as_drawn = boot_ci_case(drawn, drawn$t0, t, L),
    # Two decimals make many replicates equal to t0, where the rules for z0 part.
    with_ties = boot_ci_case(drawn, round(drawn$t0, 2), round(t, 2), L),
    quantile_rule = lapply(c(9, 19, 100, 999), function(B) {
      low <- c(1e-6, 0.001, 0.01, 0.025, 0.05, 0.1, 0.25)
      p <- c(low, 0.5, rev(1 - low))
      list(replicates = B, p = p, value = unname(quietly(boot:::norm.inter(t[1:B], p))[, 2]),
           linear = unname(quantile(t[1:B], p, type = 7)))
    })
  )
}
