# Makes values/pooling.json: estimates of sites pooled. From the repository root:
#   Rscript tests/reference/generate_pooling.R
# Needs metafor (r-cran-metafor). Its searches are given tight stops.

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
suppressPackageStartupMessages(library(metafor))

tight <- list(threshold = 1e-14, tol = 1e-14, maxiter = 10000)

one <- function(y, v, method) {
  plain <- rma(y, v, method = method, control = if (method == "REML") tight else list())
  knapp <- rma(y, v, method = method, test = "knha", control = if (method == "REML") tight else list())
  adhoc <- rma(y, v, method = method, test = "adhoc", control = if (method == "REML") tight else list())
  list(
    estimate = as.numeric(plain$beta), se = plain$se, lower = plain$ci.lb, upper = plain$ci.ub, tau2 = plain$tau2,
    se_hk = knapp$se, lower_hk = knapp$ci.lb, upper_hk = knapp$ci.ub,
    lower_hk_modified = adhoc$ci.lb, upper_hk_modified = adhoc$ci.ub, q = plain$QE, p = plain$QEp
  )
}

set <- function(y, v) {
  profile <- confint(rma(y, v, method = "REML", control = tight), control = list(tol = 1e-14, maxiter = 10000))$random
  methods <- c(fixed = "FE", dersimonian_laird = "DL", reml = "REML")
  list(
    y = y, v = v, methods = lapply(methods, function(m) one(y, v, m)),
    tau2_lower = profile["tau^2", "ci.lb"], tau2_upper = profile["tau^2", "ci.ub"],
    paule_mandel_tau2 = rma(y, v, method = "PM", control = list(tol = 1e-14, maxiter = 10000))$tau2
  )
}

RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(1)
v <- 1 / rpois(40, 60)
sets <- list(
  five = set(c(.2, .5, .1, .7, .35), c(.02, .03, .015, .05, .025)),
  alike = set(c(.30, .31, .29, .30), c(.02, .03, .015, .05)),
  forty = set(.4 + sqrt(.03) * rnorm(40) + sqrt(v) * rnorm(40), v),
  outlier = set(c(.1, .12, .09, .11, 2), c(.001, .002, .001, .0015, .01))
)
values <- list(
  versions = list(R = paste(R.version$major, R.version$minor, sep = "."), metafor = as.character(packageVersion("metafor"))),
  calls = list(methods = 'metafor::rma(y, v, method = "FE" | "DL" | "REML", test = "z" | "knha" | "adhoc")',
               tau2 = 'confint(rma(y, v, method = "REML"))', paule_mandel_tau2 = 'rma(y, v, method = "PM")$tau2'),
  sets = sets
)
write_json_file(values, file.path(root, "values", "pooling.json"))
