# Makes values/factor_scores.json: scores on factors by stats::factanal and psych, smoothed correlations, adequacy.
# From the repository root:
#   Rscript tests/reference/generate_factor_scores.R

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
options(warn = 1)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
suppressMessages(library(psych))

BOUND <- 0.005
SHOWN <- 1:5

# The items of a set, reversed ones turned.
answers <- function(name) {
  x <- read.csv(file.path(root, "data", paste0(name, ".csv")))
  x[grepl("^item", names(x))]
}

likely <- function(x, m, rotation, scores) {
  factanal(x, factors = m, rotation = rotation, scores = scores,
           control = list(nstart = 10, lower = BOUND, opt = list(factr = 10, maxit = 1e5)))
}

by_factanal <- function(x, m) {
  regression <- likely(x, m, "none", "regression")
  bartlett <- likely(x, m, "none", "Bartlett")
  list(factors = m, loadings = unname(unclass(regression$loadings)),
       regression = unname(regression$scores[SHOWN, , drop = FALSE]),
       bartlett = unname(bartlett$scores[SHOWN, , drop = FALSE]))
}

# An oblique pattern with its correlations, given to psych: no fit of its own comes in between.
by_psych <- function(x, L, Phi) {
  R <- cor(x)
  scored <- function(method) {
    found <- factor.scores(x, L, Phi, method = method)
    list(scores = unname(found$scores[SHOWN, ]), weights = unname(found$weights))
  }
  list(loadings = L, phi = Phi, regression = scored("Thurstone"), bartlett = scored("Bartlett"),
       r2 = unname(factor.scores(x, L, Phi, method = "Thurstone")$R2))
}

two <- answers("two_factor")
pattern <- promax(likely(two, 2, "varimax", "none")$loadings)
turned <- unname(unclass(pattern$loadings))
phi <- unname(cov2cor(solve(crossprod(pattern$rotmat))))

# No answers have these correlations: the last item goes with two that go against each other.
improper <- matrix(c(1, -0.5, 0.8, 0.3, -0.5, 1, 0.6, 0.2, 0.8, 0.6, 1, 0.4, 0.3, 0.2, 0.4, 1), 4)

adequate <- function(x) {
  kmo <- KMO(cor(x))
  list(kmo = kmo$MSA, kmo_items = unname(kmo$MSAi), determinant = det(cor(x)),
       bartlett = cortest.bartlett(cor(x), n = nrow(x)))
}

write_json_file(
  list(versions = list(R = R.version.string, psych = as.character(packageVersion("psych"))),
       calls = list(factanal = "factanal(x, scores = 'regression' or 'Bartlett', rotation = 'none', factr = 10)",
                    psych = "factor.scores(x, loadings, Phi, method = 'Thurstone' or 'Bartlett')",
                    smoothed = "cor.smooth(improper)", adequacy = "KMO, cortest.bartlett, det"),
       factanal = list(two_factor = by_factanal(two, 2), congeneric = by_factanal(answers("congeneric"), 1)),
       psych = by_psych(two, turned, phi),
       improper = improper, smoothed = unname(suppressWarnings(cor.smooth(improper))),
       adequacy = list(two_factor = adequate(two), attitude = adequate(answers("attitude")))),
  file.path(root, "values", "factor_scores.json"))
