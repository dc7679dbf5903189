# Rscript analyses.R ANSWERS PERSONS ITEMS ANALYSIS
# Seconds that one analysis takes, and its numbers.

source("contenders.R")

analyses <- list(
  items = function(x) {
    found <- psych::alpha(x, check.keys = FALSE, warnings = FALSE)
    stats <- found$item.stats
    c(mean = stats$mean, sd = stats$sd, item_total = stats$raw.r, item_rest = stats$r.drop,
      overlap_corrected = stats$r.cor, alpha_if_dropped = found$alpha.drop$raw_alpha)
  },
  polychoric = function(x) {
    rho <- psych::polychoric(x, global = FALSE, correct = 0, smooth = FALSE, progress = FALSE)$rho
    # Row by row of the upper triangle.
    c(rho = t(rho)[lower.tri(rho)])
  },
  factors = function(x) {
    found <- psych::fa(x, nfactors = 3, fm = "minres", rotate = "oblimin", warnings = FALSE)
    c(communality = unname(found$communality), loading = c(t(unclass(found$loadings))))
  },
  lambdas = function(x) {
    found <- suppressMessages(psych::guttman(cor(x)))
    c(lambda = c(found$lambda.1, found$lambda.2, found$lambda.3, found$lambda.5, found$lambda.6))
  }
)

arguments <- commandArgs(TRUE)
size <- as.integer(arguments[2:3])
x <- read_bytes(arguments[1], size[1], size[2])
analyse <- analyses[[arguments[4]]]
# Packages are loaded before the clock starts.
for (package in c("psych", "GPArotation")) invisible(loadNamespace(package))
took <- system.time(capture.output(found <- analyse(x)))
tell("seconds", took[["elapsed"]])
for (name in names(found)) tell(name, found[[name]])
