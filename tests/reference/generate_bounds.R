# Makes values/bounds.json: the greatest lower bound by psych and Rcsdp, H and AVE by lavaan, stratified alpha.
# From the repository root (with r-cran-rcsdp):
#   Rscript tests/reference/generate_bounds.R

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
options(warn = 1)
suppressMessages({library(psych); library(lavaan); library(Rcsdp)})

stratified <- function(x, strata) {
  parts <- split(seq_along(strata), strata)
  error <- sapply(parts, function(items) {
    own <- x[, items]
    var(rowSums(own)) * (1 - suppressWarnings(alpha(own, check.keys = FALSE))$total$raw_alpha)
  })
  1 - sum(error) / var(rowSums(x))
}

block <- function(name, strata) {
  x <- read.csv(file.path(root, "data", paste0(name, ".csv")))
  x <- x[, grep("^item", names(x))]
  fit <- cfa(paste("f =~", paste(names(x), collapse = " + ")), data = x, std.lv = TRUE,
             control = list(iter.max = 1e4))
  l <- as.vector(lavInspect(fit, "std")$lambda)
  list(strata = array_of(strata),
       glb = glb.algebraic(cov(x))$glb,
       glb_factor = suppressWarnings(glb.fa(cor(x))$glb),
       h = 1 / (1 + 1 / sum(l^2 / (1 - l^2))),
       ave = mean(l^2),
       alpha_stratified = stratified(x, strata))
}

write_json_file(
  list(about = list(data = "data/<name>.csv"),
       versions = list(R = R.version.string, psych = as.character(packageVersion("psych")),
                       Rcsdp = as.character(packageVersion("Rcsdp")),
                       lavaan = as.character(packageVersion("lavaan"))),
       calls = list(
         glb = "psych::glb.algebraic(cov(x))$glb",
         glb_factor = "psych::glb.fa(cor(x))$glb",
         h = "1/(1 + 1/sum(l^2/(1 - l^2))), l of lavaan::cfa, standardised",
         ave = "mean(l^2)",
         alpha_stratified = "1 - sum(V_s (1 - psych::alpha(x[, s])$total$raw_alpha)) / V"),
       attitude = block("attitude", c(1, 1, 1, 2, 2, 2, 2)),
       congeneric = block("congeneric", c(1, 2, 1, 2, 1, 2, 3, 3)),
       two_factor = block("two_factor", rep(1:2, each = 5))),
  file.path(root, "values", "bounds.json"))
