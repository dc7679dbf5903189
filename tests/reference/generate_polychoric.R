# Makes values/polychoric.json: polychoric correlations. From the repository root:
#   Rscript tests/reference/generate_polychoric.R
# `two_step` is Olsson's two-step estimate solved to rounding here, with bivariate normal probabilities of
# pbivnorm; its `se` differentiates it by the persons of each cell. psych and lavaan stop their searches earlier.

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
options(warn = 1)
suppressPackageStartupMessages(library(lavaan))

# ---- one table ---------------------------------------------------------------------------------

limits_of <- function(margin) c(-Inf, qnorm(head(cumsum(margin), -1) / sum(margin)), Inf)

# Infinite limits stay so for the density, and are far enough out for pbivnorm.
corners <- function(rho, h, k) {
  grid <- expand.grid(h = h, k = k)
  far <- lapply(grid, function(x) pmin(pmax(x, -40), 40))
  q <- (grid$h^2 - 2 * rho * grid$h * grid$k + grid$k^2) / (1 - rho^2)
  density <- ifelse(is.finite(grid$h) & is.finite(grid$k), exp(-q / 2) / (2 * pi * sqrt(1 - rho^2)), 0)
  shape <- function(x) matrix(x, length(h))
  cells <- function(x) {
    n <- nrow(x)
    m <- ncol(x)
    x[-1, -1] - x[-n, -1] - x[-1, -m] + x[-n, -m]
  }
  list(probability = cells(shape(pbivnorm::pbivnorm(far$h, far$k, rho))), slope = cells(shape(density)))
}

two_step <- function(table) {
  table <- table[rowSums(table) > 0, colSums(table) > 0]
  h <- limits_of(rowSums(table))
  k <- limits_of(colSums(table))
  used <- table > 0
  score <- function(rho) {
    at <- corners(rho, h, k)
    sum((table * at$slope / at$probability)[used])
  }
  uniroot(score, c(-0.98, 0.98), tol = 1e-15, maxiter = 1000)$root
}

infinitesimal_jackknife <- function(table, step = 1e-3) {
  n <- sum(table)
  squares <- vapply(which(table > 0), function(cell) {
    moved <- vapply(c(-step, step), function(by) {
      table[cell] <- table[cell] + by
      two_step(table)
    }, 0)
    table[cell] * (n * diff(moved) / (2 * step))^2
  }, 0)
  sqrt(sum(squares) / (n * (n - 1)))
}

# ---- all pairs ---------------------------------------------------------------------------------

pairs_of <- function(x, f) {
  pairs <- combn(ncol(x), 2)
  vapply(seq_len(ncol(pairs)), function(at) f(table(x[[pairs[1, at]]], x[[pairs[2, at]]])), 0)
}

lower <- function(matrix) matrix[lower.tri(matrix)]

psych_rho <- function(x) {
  rho <- psych::polychoric(x, correct = 0, global = FALSE, smooth = FALSE)$rho
  array_of(lower(unname(rho)))
}

lavaan_values <- function(x) {
  fit <- lavCor(x, ordered = names(x), output = "fit", se = "robust.sem", missing = "listwise")
  table <- parameterEstimates(fit)
  found <- table[table$op == "~~" & table$lhs != table$rhs, ]
  steps <- table[table$op == "|", ]
  list(rho = array_of(found$est), se = array_of(found$se),
       thresholds = lapply(split(steps$est, factor(steps$lhs, names(x))), array_of))
}

block <- function(x, complete = TRUE) {
  x <- as.data.frame(x)
  values <- list(
    n = array_of(pairs_of(x, sum)),
    empty_cells = array_of(pairs_of(x, function(t) sum(t == 0))),
    two_step = list(rho = array_of(pairs_of(x, two_step)), se = array_of(pairs_of(x, infinitesimal_jackknife))),
    psych = psych_rho(x)
  )
  if (complete) values$lavaan <- lavaan_values(x)
  values
}

items_of <- function(name, items, reversed = character(), span = NULL) {
  frame <- read.csv(file.path(root, "data", paste0(name, ".csv")), stringsAsFactors = FALSE)
  for (item in reversed) frame[[item]] <- span - frame[[item]]
  list(frame = frame, items = frame[paste0("item", seq_len(items))])
}

congeneric <- items_of("congeneric", 8)$items
incomplete <- items_of("congeneric_missing", 8)$items
two_factor <- items_of("two_factor", 10)$items
sites <- items_of("sites", 6, "item3", 4)
of_sites <- split(sites$items, sites$frame$site)[c("east", "south", "west")]

write_json_file(
  list(about = "pairs in the order first with second, first with third, ..., second with third, ...",
       versions = lapply(c(psych = "psych", lavaan = "lavaan", pbivnorm = "pbivnorm"),
                         function(p) as.character(packageVersion(p))),
       calls = list(
         two_step = "root of the score of rho, thresholds from the margins of the pair; its infinitesimal jackknife",
         psych = "psych::polychoric(x, correct = 0, global = FALSE, smooth = FALSE)$rho",
         lavaan = "lavaan::lavCor(x, ordered = names(x), output = 'fit', se = 'robust.sem')"),
       congeneric = block(congeneric),
       congeneric_missing_listwise = block(na.omit(incomplete)),
       congeneric_missing_pairwise = block(incomplete, complete = FALSE),
       two_factor = block(two_factor),
       sites = lapply(of_sites, block)),
  file.path(root, "values", "polychoric.json"))
