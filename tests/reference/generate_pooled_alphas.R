# Makes values/pooled_alphas.json: alphas of the Rosenberg scale by country, pooled on three scales.
# From the repository root, with ../shared/data:
#   Rscript tests/reference/generate_pooled_alphas.R
# Needs metafor (r-cran-metafor). Its searches are given tight stops.

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
suppressPackageStartupMessages(library(metafor))

rse <- read.csv("../shared/data/rse.csv.gz", na.strings = "")
items <- paste0("Q", 1:10)
answers <- as.matrix(rse[items])
complete <- rowSums(answers == 0) == 0
reversed <- c("Q3", "Q5", "Q8", "Q9", "Q10")
answers[, reversed] <- 5 - answers[, reversed]
counts <- table(rse$country[complete])
countries <- sort(names(counts)[counts >= 200])

# Alpha of one country, and its standard error from how far each person moves it.
alpha <- function(country) {
  x <- answers[complete & rse$country == country, ]
  n <- nrow(x); k <- ncol(x)
  apart <- sweep(x, 2, colMeans(x))
  within <- rowSums(apart^2); whole <- rowSums(apart)^2
  value <- k / (k - 1) * (1 - sum(within) / sum(whole))
  moved <- k / (k - 1) * (sum(within) / sum(whole) * whole - within) / (sum(whole) / n)
  stopifnot(abs(value - psych::alpha(x, warnings = FALSE)$total$raw_alpha) < 1e-12)
  list(alpha = value, n = n, se = sqrt(sum(moved^2)) / n)
}
found <- lapply(countries, alpha)
a <- sapply(found, `[[`, "alpha"); n <- sapply(found, `[[`, "n"); se <- sapply(found, `[[`, "se")

tight <- list(threshold = 1e-14, tol = 1e-14, maxiter = 10000)

pooled <- function(y, v, back, falls = FALSE) {
  one <- function(method) {
    control <- if (method %in% c("REML", "PM")) tight else list()
    plain <- rma(y, v, method = method, control = control)
    knapp <- rma(y, v, method = method, test = "knha", control = control)
    limits <- function(fit) if (falls) c(fit$ci.ub, fit$ci.lb) else c(fit$ci.lb, fit$ci.ub)
    list(estimate = back(as.numeric(plain$beta)), lower = back(limits(plain)[1]), upper = back(limits(plain)[2]),
         lower_hk = back(limits(knapp)[1]), upper_hk = back(limits(knapp)[2]),
         se = plain$se, tau2 = plain$tau2, q = plain$QE)
  }
  profile <- confint(rma(y, v, method = "REML", control = tight), control = list(tol = 1e-14, maxiter = 10000))$random
  methods <- c(fixed = "FE", dersimonian_laird = "DL", paule_mandel = "PM", reml = "REML")
  c(list(tau2_lower = profile["tau^2", "ci.lb"], tau2_upper = profile["tau^2", "ci.ub"]), lapply(methods, one))
}

# metafor has ABT as -ln(1 - alpha) and AHW as 1 - (1 - alpha)^(1/3).
abt <- escalc(measure = "ABT", ai = a, mi = rep(10, length(a)), ni = n)
ahw <- escalc(measure = "AHW", ai = a, mi = rep(10, length(a)), ni = n)
values <- list(
  versions = list(R = paste(R.version$major, R.version$minor, sep = "."), metafor = as.character(packageVersion("metafor")),
                  psych = as.character(packageVersion("psych"))),
  calls = list(countries = "countries with 200 and more complete rows; zeros are missed answers",
               bonett = 'rma(escalc(measure = "ABT"))', hakstian_whalen = 'rma(escalc(measure = "AHW"))',
               logit = "rma(qlogis(alpha), (se / (alpha (1 - alpha)))^2)"),
  countries = list(country = countries, alpha = a, n = n, se = se),
  bonett = pooled(abt$yi, abt$vi, function(y) 1 - exp(-y)),
  hakstian_whalen = pooled(ahw$yi, ahw$vi, function(y) 1 - (1 - y)^3),
  logit = pooled(qlogis(a), (se / (a * (1 - a)))^2, plogis)
)
write_json_file(values, file.path(root, "values", "pooled_alphas.json"))
