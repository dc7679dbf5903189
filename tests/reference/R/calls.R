# How each block of a values file was made, in words; written into the file itself.

CALLS <- list(
  covariance = "stats::cov(x, use = 'complete.obs' or 'pairwise.complete.obs')",
  correlation = paste("stats::cor(x, use = the same); pairwise: both variances from the rows that",
                      "answer both items"),
  coefficients = paste("from the formulas: alpha, lambda2, lambda6, omega_u on the covariance matrix,",
                       "alpha_std and omega_total on the correlation matrix;",
                       "*_on_correlation and *_on_cov2cor on the matrix named"),
  influence_se = paste("sqrt(sum L^2 / (n (n-1))), L_i = (x_i-m)'G(x_i-m) - tr(G C_n), G the gradient",
                       "at C with divisor n-1; correlations and missing answers: R/influence.R"),
  cluster_se = "sqrt(G/(G-1) sum_c L_c^2) / n, L_c the sum of L_i in cluster c, G clusters",
  acceleration = "sum L^3 / (6 (sum L^2)^1.5); cluster_acceleration the same with L_c",
  alpha_intervals = paste("Feldt 1965; Bonett 2002; Hakstian & Whalen 1976; normal theory of van Zyl,",
                          "Neudecker & Nel 2000 with n and n-1; adf: alpha -/+ z influence_se"),
  omega_u = paste("one-factor ML of the covariance matrix by Newton steps, uniquenesses at least 0.005",
                  "of the item variance; value = (sum l)^2 / ((sum l)^2 + sum t);",
                  "value_observed_total = (sum l)^2 / V; max_gradient in the correlation metric"),
  omega_total = paste("one-factor minres of the correlation matrix by Newton steps: least squares of",
                      "R - diag(t) - l l', t in [0.005, 1]; uniquenesses = 1 - l^2;",
                      "value = 1 - sum(1 - l^2) / sum(R)"),
  lavaan = paste("lavaan::cfa(f =~ items, std.lv = TRUE, omega := ...), default control;",
                 "tight_control: control = list(rel.tol = 1e-15, eval.max = 10000, iter.max = 10000),",
                 "optim.gradient = 'analytic'; default_mlr: estimator = 'MLR';",
                 "bounded: lower(0.005 variance) on the residual variances;",
                 "max_gradient on the scale of omega_u; se null when lavaan says not converged"),
  semtools = "semTools::compRelSEM(lavaan default fit, obs.var = FALSE or TRUE)",
  psych_alpha = paste("psych::alpha(x, check.keys = FALSE);",
                      "feldt_95: psych::alpha.ci(alpha, n.obs = rows passed, n.var = items, p.val = .05)"),
  psych_guttman = "psych::guttman(x), which works on cor(x, use = 'pairwise')",
  psych_omega = paste("psych::omega(x, nfactors = 1, fm = 'minres', flip = FALSE);",
                      "loadings: psych::fa(cor(x, use = 'pairwise'), 1, fm = 'minres')")
)

SITE_CALLS <- c(CALLS, list(
  cluster_ward = "lavaan::cfa(..., cluster = 'ward')",
  survey = paste("survey::svyvar(~items, svydesign(ids = ~ward, weights = ~1)), then the delta method",
                 "with our gradients; n/(n-1) times cluster_se")
))

WEIGHT_CALLS <- c(CALLS, list(
  weighted = paste("covariance: sum w (x-m)(x-m)' / sum w * n/(n-1); influence values times",
                   "w_i n / sum w"),
  survey = paste("survey::svyvar(~items, svydesign(ids = ~1, weights = ~weight)), then the delta method",
                 "with our gradients; n/(n-1) times influence_se"),
  sampling_weights = "lavaan::cfa(..., sampling.weights = 'weight')",
  cov_wt = "stats::cov.wt(x, weight, method = 'unbiased' or 'ML')"
))

REPLICATE_CALLS <- list(
  counts = paste("one string a replicate, a digit a row in file order: how often the row is taken;",
                 "ward_counts: a digit a ward in the order of wards, taking all the ward's rows"),
  values = paste("moments of the rows repeated by their counts, divisor sum(counts) - 1 (with weights:",
                 "rows weighted by w_i counts_i); omega_u and omega_total by Newton steps;",
                 "null where the status says why"),
  minima = paste("how many different minima the k + 2 starts ended in; the value belongs to the",
                 "lowest, and a solver with one start may end in another")
)

BOOT_CALLS <- list(
  t = "boot::boot(x, function(d, i) alpha of cov(d[i, ]), R = 999)",
  L = "influence values of alpha (gradient at the covariance with divisor n-1)",
  boot = "boot::boot.ci(conf, type = c('norm', 'basic', 'perc', 'bca'), t0, t, L)",
  by_formula = paste("*_linear: stats::quantile(type = 7); bca_normal: boot's quantile rule at the",
                     "levels from the tie-aware z0, Phi^-1((#< + #<=) / (2 B))"),
  quantile_rule = paste("first B of t; value: boot:::norm.inter(t[1:B], p);",
                        "linear: stats::quantile(t[1:B], p, type = 7)")
)

PHILOX_CALLS <- list(
  published = "known answers distributed with Random123; R/exact.R reproduces them",
  computed = "R/exact.R"
)

DISTRIBUTION_CALLS <- list(normal_quantile = "qnorm(p)", normal_cdf = "pnorm(z)",
                           f_quantile = "qf(p, df1, df2)")
