# Makes values/pilot.json: proportions, slopes and sizes of trials. From the repository root:
#   Rscript tests/reference/generate_pilot.R
# Needs base R alone.

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))

proportion <- function(count, n, level) {
  wilson <- suppressWarnings(prop.test(count, n, conf.level = level, correct = FALSE))$conf.int
  list(count = count, n = n, level = level,
       exact = as.numeric(binom.test(count, n, conf.level = level)$conf.int), wilson = as.numeric(wilson))
}
counts <- list(c(0, 1), c(1, 1), c(0, 12), c(12, 12), c(11, 12), c(5, 12), c(1, 30), c(180, 240), c(3, 10000))
proportions <- unlist(lapply(counts, function(x) lapply(c(.9, .95, .99), function(l) proportion(x[1], x[2], l))), recursive = FALSE)

practice <- c(30, 45, 0, 120, 60, 75, 20, 90, 60, 150, 10)
change <- c(2, 5, -1, 9, 3, 7, 4, 6, -2, 8, 1)
fit <- lm(change ~ practice)
dose <- list(practice = practice, change = change, slope = coef(fit)[[2]],
             interval = as.numeric(confint(fit)[2, ]), r = cor(practice, change))

trial <- function(delta, sd, power, alpha, type) {
  n <- power.t.test(delta = delta, sd = sd, power = power, sig.level = alpha, type = type, tol = 1e-10)$n
  list(delta = delta, sd = sd, power = power, alpha = alpha, type = type, n = n,
       reached = power.t.test(ceiling(n), delta, sd, alpha, type = type)$power)
}
trials <- unlist(lapply(c(.15, .5, .8, 1.3), function(d) lapply(c(.8, .95), function(p) lapply(c(.05, .01), function(a)
  lapply(c("two.sample", "one.sample"), function(t) trial(d * 9, 9, p, a, t))))), recursive = FALSE)
trials <- unlist(unlist(trials, recursive = FALSE), recursive = FALSE)

# The limits of d that noncentral t allows, and Browne's limit of the standard deviation.
limits <- function(mean, sd, n) {
  t <- mean / sd * sqrt(n)
  end <- function(p) uniroot(function(c) pt(t, n - 1, c) - p, c(-10, 60), tol = 1e-13)$root / sqrt(n)
  list(mean = mean, sd = sd, n = n, d = c(end(.975), end(.025)),
       sd_upper = sapply(c(.8, .9), function(l) sd * sqrt((n - 1) / qchisq(1 - l, n - 1))))
}

# Power averaged over the truth given the pilot: over the standard deviation and over the mean, both by integrate().
assurance <- function(mean, sd, n, per_arm, k = 1 / sqrt(n)) {
  nu <- n - 1
  df <- 2 * per_arm - 2
  power <- function(d) suppressWarnings(pt(qt(.975, df), df, d * sqrt(per_arm / 2), lower.tail = FALSE))
  given_q <- function(q) {
    centre <- mean / sd * sqrt(q / nu)
    if (k == 0) return(power(centre))
    integrate(function(z) dnorm(z) * power(centre + k * z), -8, 8, rel.tol = 1e-10, subdivisions = 1000)$value
  }
  value <- integrate(function(q) dchisq(q, nu) * sapply(q, given_q), 0, qchisq(1e-14, nu, lower.tail = FALSE),
                     rel.tol = 1e-9, subdivisions = 1000)$value
  list(mean = mean, sd = sd, n = n, per_arm = per_arm, declared = k == 0, assurance = value)
}

values <- list(
  versions = list(R = paste(R.version$major, R.version$minor, sep = ".")),
  calls = list(proportions = "binom.test(count, n); prop.test(count, n, correct = FALSE)", dose = "confint(lm(change ~ practice))",
               trials = "power.t.test", limits = "uniroot of pt(t, n - 1, ncp); qchisq", assurance = "integrate of power.t.test's power"),
  proportions = proportions, dose = dose, trials = trials,
  limits = list(limits(5.1, 9, 12), limits(12, 9, 8), limits(-.5, 9, 30), limits(20, 9, 60)),
  assurance = list(assurance(5.1, 9, 12, 50), assurance(5.1, 9, 12, 109), assurance(5, 9, 12, 61, 0), assurance(3, 9, 40, 150),
                   assurance(9, 9, 5, 20), assurance(4, 9, 3, 30, 0))
)
write_json_file(values, file.path(root, "values", "pilot.json"))
