# Makes values/change.json: changes of the same persons between two waves. From the repository root:
#   Rscript tests/reference/generate_change.R
# Needs metafor (r-cran-metafor).

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
suppressPackageStartupMessages(library(metafor))

# The noncentrality of which t is a quantile.
centre <- function(t, df, p) {
  suppressWarnings(uniroot(function(ncp) pt(t, df, ncp) - p, t + c(-20, 20), tol = 1e-13)$root)
}

set <- function(pre, post) {
  n <- length(pre)
  d <- post - pre
  test <- t.test(post, pre, paired = TRUE)
  ranks <- suppressWarnings(wilcox.test(d, conf.int = TRUE))
  dz <- mean(d) / sd(d)
  moments <- data.frame(m1 = mean(post), m2 = mean(pre), sdr = sd(pre), sd1 = sd(post), sd2 = sd(pre), n = n, r = cor(pre, post))
  smcr <- escalc("SMCR", m1i = m1, m2i = m2, sd1i = sdr, ni = n, ri = r, data = moments)
  smcc <- escalc("SMCC", m1i = m1, m2i = m2, sd1i = sd1, sd2i = sd2, ni = n, ri = r, data = moments)
  list(
    pre = pre, post = post, mean_change = mean(d), t_lower = test$conf.int[1], t_upper = test$conf.int[2],
    t_p = test$p.value, d_z = dz,
    d_z_lower = centre(dz * sqrt(n), n - 1, .975) / sqrt(n), d_z_upper = centre(dz * sqrt(n), n - 1, .025) / sqrt(n),
    smcr = as.numeric(smcr$yi), smcr_variance = as.numeric(smcr$vi), smcc = as.numeric(smcc$yi),
    wilcoxon = list(
      estimate = as.numeric(ranks$estimate), lower = ranks$conf.int[1], upper = ranks$conf.int[2], p = ranks$p.value
    )
  )
}

arms <- function(treated, control) {
  test <- t.test(treated$post - treated$pre, control$post - control$pre)
  list(difference = -diff(as.numeric(test$estimate)), lower = test$conf.int[1], upper = test$conf.int[2], p = test$p.value)
}

RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(1)
draw <- function(n, shift) {
  pre <- round(rnorm(n, 50, 10), 3)
  list(pre = pre, post = round(.7 * pre + 15 + shift + rnorm(n, 0, 7), 3))
}
twelve <- draw(12, 4)
fifteen <- draw(15, 0)
sixty <- draw(60, 2)
whole <- list(
  pre = c(131, 124, 130, 105, 102, 120, 101, 120), post = c(133, 134, 129, 112, 106, 125, 106, 129)
)
values <- list(
  versions = list(R = paste(R.version$major, R.version$minor, sep = "."), metafor = as.character(packageVersion("metafor"))),
  calls = list(t = "t.test(post, pre, paired = TRUE)", wilcoxon = "wilcox.test(post - pre, conf.int = TRUE)",
               d_z_lower = "uniroot of pt(t, n - 1, ncp) - 0.975, over sqrt(n)",
               smcr = 'metafor::escalc("SMCR"), the SD that of pre', smcc = 'metafor::escalc("SMCC")',
               arms = "t.test of the changes, Welch"),
  sets = list(whole = set(whole$pre, whole$post), twelve = set(twelve$pre, twelve$post), sixty = set(sixty$pre, sixty$post)),
  arms = list(treated = twelve, control = fifteen, welch = arms(twelve, fifteen))
)
write_json_file(values, file.path(root, "values", "change.json"))
