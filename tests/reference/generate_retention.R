# Makes values/retention.json: numbers of factors by psych, congruences and Procrustes rotations by psych, standard
# errors of rotated loadings by lavaan.
# From the repository root:
#   Rscript tests/reference/generate_retention.R

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
options(warn = 1)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
suppressMessages({library(psych); library(GPArotation); library(lavaan)})

matrices <- list(
  three = {
    L <- matrix(0, 9, 3)
    L[cbind(1:9, rep(1:3, each = 3))] <- c(.8, .7, .9, .6, .75, .65, .5, .55, .7)
    phi <- matrix(c(1, .5, .3, .5, 1, .4, .3, .4, 1), 3)
    R <- L %*% phi %*% t(L)
    diag(R) <- 1
    R
  },
  two_factor = cor(read.csv(file.path(root, "data", "two_factor.csv"))[-1]),
  congeneric = cor(read.csv(file.path(root, "data", "congeneric.csv"))[-1]),
  attitude = cor(attitude)
)
persons <- c(three = 300, two_factor = 250, congeneric = 400, attitude = 30)

# Communalities of one factor by minimum residuals, run until it stands still.
one_factor <- function(R) {
  value <- function(l) { d <- R - l %o% l; sum(d[lower.tri(d)]^2) }
  slope <- function(l) { d <- R - l %o% l; diag(d) <- 0; as.vector(-2 * d %*% l) }
  e <- eigen(R)
  start <- e$vectors[, 1] * sqrt(e$values[1] / 2)
  l <- nlminb(start, value, slope, control = list(rel.tol = 1e-15, x.tol = 1e-15, eval.max = 1e5, iter.max = 1e5))$par
  for (i in 1:50) {
    H <- 2 * (diag(sum(l^2), length(l)) + 2 * l %o% l - R)
    diag(H) <- 2 * (sum(l^2) - l^2)
    l <- l - solve(H, slope(l))
  }
  stopifnot(max(abs(slope(l))) < 1e-13, all(l^2 < 0.995))
  l^2
}

number <- function(name) {
  R <- matrices[[name]]
  p <- ncol(R)
  reduced <- R
  diag(reduced) <- one_factor(R)
  tested <- vss(R, n = p - 1, rotate = "none", fm = "pc", n.obs = persons[[name]], plot = FALSE)
  list(correlation = unname(R), n = persons[[name]],
       components = eigen(R, symmetric = TRUE, only.values = TRUE)$values,
       factors = eigen(reduced, symmetric = TRUE, only.values = TRUE)$values,
       map = tested$map)
}

loadings_of <- function(name, m, fm) unclass(fa(matrices[[name]], m, fm = fm, rotate = "varimax")$loadings)
first <- unname(loadings_of("three", 3, "ml"))
second <- unname(loadings_of("three", 3, "pa"))[, c(2, 3, 1)] %*% diag(c(1, -1, 1))
moved <- second + outer(1:9, 1:3, function(i, j) 0.05 * sin(3 * i + j))
turned <- Procrustes(moved, first)

data <- read.csv(file.path(root, "data", "two_factor.csv"))[-1]
fitted <- efa(data, nfactors = 2, rotation = "oblimin", estimator = "MLR", output = "lavaan",
              rotation.args = list(std.ov = TRUE, rstarts=1L))
all <- standardizedSolution(fitted, type = "std.all")
pattern <- all[all$op == "=~", ]
between <- all[all$op == "~~" & all$lhs != all$rhs, ]

write_json_file(list(
  versions = list(R = R.version.string, psych = as.character(packageVersion("psych")),
                  GPArotation = as.character(packageVersion("GPArotation")),
                  lavaan = as.character(packageVersion("lavaan"))),
  calls = list(components = "eigen(R)$values",
               factors = "eigen of R with communalities of one minimum-residual factor, by Newton steps to a slope of 1e-13",
               map = "psych::vss(R, n = p - 1, rotate = 'none', fm = 'pc')$map, from one component on",
               congruence = "psych::factor.congruence(moved, first, digits = 17)",
               procrustes = "psych::Procrustes(moved, first)$loadings",
               loadings = "lavaan::efa(two_factor, 2, 'oblimin', estimator = 'MLR'), standardised, by factor, then item"),
  numbers = sapply(names(matrices), number, simplify = FALSE),
  congruence = list(first = first, moved = moved, phi = unname(unclass(factor.congruence(moved, first, digits = 17))),
                    procrustes = unname(unclass(turned$loadings))),
  loadings = list(estimate = pattern$est.std, se = pattern$se,
                  phi = between$est.std[1], phi_se = between$se[1])
), file.path(root, "values", "retention.json"))
