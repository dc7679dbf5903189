# Makes values/em.json: means and covariances by full information maximum likelihood. From the repository root:
#   Rscript tests/reference/generate_em.R
# lavaan's saturated model, its EM run to rounding; standard errors from the observed information, and the fraction of
# missing information that parameterEstimates(fmi = TRUE) gives.

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
options(warn = 1)
suppressPackageStartupMessages(library(lavaan))

# Answers left out by a rule that a test can repeat: rows and items are counted from one.
with_holes <- function(x) {
  for (j in seq_along(x)) x[[j]][(7 * seq_len(nrow(x)) + 3 * j) %% 11 < 2] <- NA
  x
}

saturated <- function(x) {
  x <- x[rowSums(!is.na(x)) > 0, ]
  items <- names(x)
  pairs <- outer(items, items, paste, sep = " ~~ ")
  model <- c(pairs[upper.tri(pairs, diag = TRUE)], paste(items, "~ 1"))
  fit <- lavaan(paste(model, collapse = "\n"), x, missing = "ml", fixed.x = FALSE, meanstructure = TRUE,
                information = "observed", em.h1.iter.max = 20000L, em.h1.tol = 1e-14,
                control = list(rel.tol = 1e-15, iter.max = 20000, eval.max = 40000))
  h1 <- lavInspect(fit, "sampstat")
  table <- parameterEstimates(fit, fmi = TRUE, remove.nonfree = FALSE)
  square <- function(column) {
    out <- matrix(0, length(items), length(items), dimnames = list(items, items))
    rows <- table[table$op == "~~", ]
    out[cbind(rows$lhs, rows$rhs)] <- rows[[column]]
    out[cbind(rows$rhs, rows$lhs)] <- rows[[column]]
    out
  }
  of_means <- function(column) {
    rows <- table[table$op == "~1", ]
    rows[[column]][match(items, rows$lhs)]
  }
  stopifnot(max(abs(square("est") - h1$cov)) < 1e-5)
  list(
    n = nrow(x), patterns = nrow(unique(is.na(x))), mean = as.numeric(h1$mean), covariance = unname(unclass(h1$cov)),
    log_likelihood = as.numeric(fitMeasures(fit, "unrestricted.logl")),
    mean_se = of_means("se"), covariance_se = unname(square("se")),
    mean_missing = of_means("fmi"), covariance_missing = unname(square("fmi"))
  )
}

read_items <- function(name) {
  x <- read.csv(file.path(root, "data", paste0(name, ".csv")))
  x[grepl("^item", names(x))]
}

values <- list(
  about = "congeneric_missing as it is; two_factor and congeneric with the holes of the rule in generate_em.R",
  versions = list(R = as.character(getRversion()), lavaan = as.character(packageVersion("lavaan"))),
  calls = "lavaan(saturated model, missing = 'ml', information = 'observed', em.h1.tol = 1e-14)",
  congeneric_missing = saturated(read_items("congeneric_missing")),
  two_factor = saturated(with_holes(read_items("two_factor"))),
  congeneric = saturated(with_holes(read_items("congeneric")))
)
write_json_file(values, file.path(root, "values", "em.json"))
