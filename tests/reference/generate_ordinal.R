# Makes values/ordinal.json: ordinal and categorical coefficients. From the repository root:
#   Rscript tests/reference/generate_ordinal.R
# lavaan fits one factor to polychoric correlations by diagonally weighted least squares; semTools takes its omegas
# from that fit. `green_yang` are the sums of their equation 21 here, with probabilities of mvtnorm.

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
options(warn = 1)
suppressPackageStartupMessages({
  library(lavaan)
  library(semTools)
})

items_of <- function(name, items, reversed = character(), span = NULL) {
  frame <- read.csv(file.path(root, "data", paste0(name, ".csv")), stringsAsFactors = FALSE)
  for (item in reversed) frame[[item]] <- span - frame[[item]]
  list(frame = frame, items = frame[paste0("item", seq_len(items))])
}

# The covariance of two items' answers whose responses correlate by rho.
scores <- function(first, second, rho) {
  if (abs(rho) == 1) {
    joint <- outer(pnorm(first), pnorm(second), pmin)
  } else {
    joint <- outer(seq_along(first), seq_along(second), Vectorize(function(a, b) {
      mvtnorm::pmvnorm(upper = c(first[a], second[b]), corr = matrix(c(1, rho, rho, 1), 2),
                       algorithm = mvtnorm::TVPACK(abseps = 1e-14))
    }))
  }
  sum(joint) - sum(pnorm(first)) * sum(pnorm(second))
}

green_yang <- function(loadings, thresholds, rho) {
  places <- expand.grid(i = seq_along(loadings), j = seq_along(loadings))
  total <- function(correlation) {
    sum(mapply(function(i, j) scores(thresholds[[i]], thresholds[[j]], correlation(i, j)), places$i, places$j))
  }
  total(function(i, j) loadings[i] * loadings[j]) / total(function(i, j) if (i == j) 1 else rho[i, j])
}

block <- function(x) {
  x <- as.data.frame(na.omit(x))
  fit <- cfa(paste("f =~", paste(names(x), collapse = " + ")), x, ordered = names(x), std.lv = TRUE,
             estimator = "WLSMV")
  table <- parameterEstimates(fit)
  loadings <- table$est[table$op == "=~"]
  rho <- unclass(lavInspect(fit, "sampstat")$cov)
  steps <- table[table$op == "|", ]
  thresholds <- split(steps$est, factor(steps$lhs, names(x)))
  gamma <- unclass(lavInspect(fit, "gamma"))
  list(n = nrow(x), loadings = array_of(loadings),
       alpha_ordinal = unname(psych::alpha(unname(rho))$total$std.alpha),
       omega_ordinal = unname(as.numeric(compRelSEM(fit, ord.scale = FALSE))),
       omega_categorical = unname(as.numeric(compRelSEM(fit, ord.scale = TRUE))),
       green_yang = green_yang(loadings, thresholds, rho),
       gamma_names = rownames(gamma),
       gamma = lapply(seq_len(nrow(gamma)), function(row) array_of(unname(gamma[row, ]))))
}

congeneric <- items_of("congeneric", 8)$items
incomplete <- items_of("congeneric_missing", 8)$items
two_factor <- items_of("two_factor", 10)$items
sites <- items_of("sites", 6, "item3", 4)
of_sites <- split(sites$items, sites$frame$site)[c("south", "west")]

write_json_file(
  list(about = "gamma: n times the asymptotic covariance of thresholds and correlations, in the order of gamma_names",
       versions = lapply(c(psych = "psych", lavaan = "lavaan", semTools = "semTools", mvtnorm = "mvtnorm"),
                         function(p) as.character(packageVersion(p))),
       calls = list(
         loadings = "lavaan::cfa('f =~ ...', ordered = names(x), std.lv = TRUE, estimator = 'WLSMV')",
         alpha_ordinal = "psych::alpha(rho)$total$std.alpha, rho of that fit",
         omega_ordinal = "semTools::compRelSEM(fit, ord.scale = FALSE)",
         omega_categorical = "semTools::compRelSEM(fit, ord.scale = TRUE)",
         gamma = "lavaan::lavInspect(fit, 'gamma')"),
       congeneric = block(congeneric[1:5]),
       congeneric_eight = block(congeneric),
       congeneric_missing_listwise = block(incomplete[1:5]),
       two_factor = block(two_factor[1:5]),
       sites = lapply(of_sites, block)),
  file.path(root, "values", "ordinal.json"))
