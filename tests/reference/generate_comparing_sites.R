# Makes values/comparing_sites.json: sites shrunk, variances of nested groups, covariances of two
# levels, tests of many sites. From the repository root:
#   Rscript tests/reference/generate_comparing_sites.R
# Needs metafor, lme4 and lavaan (r-cran-metafor, r-cran-lme4, r-cran-lavaan).

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
suppressPackageStartupMessages({library(metafor); library(lme4); library(lavaan)})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
set.seed(5)

tight <- list(threshold = 1e-14, tol = 1e-14, maxiter = 10000)
y <- c(.2, .5, .1, .7, .35)
v <- c(.02, .03, .015, .05, .025)
shrunk <- blup(rma(y, v, method = "REML", control = tight))

# 12 sites of 4 teams of 6 persons: of equal groups analysis of variance is restricted likelihood.
nested <- expand.grid(person = 1:6, team = 1:4, site = 1:12)
nested$score <- round(20 + rnorm(12)[nested$site] * 2 +
  rnorm(48)[(nested$site - 1) * 4 + nested$team] * 1.5 + rnorm(288) * 4)
nested$team <- paste0("t", nested$team)
fit <- lmer(score ~ 1 + (1 | site / team), nested,
            control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 1e-3, rhoend = 1e-11)))
parts <- as.data.frame(VarCorr(fit))

# 80 groups of 5 persons, four items.
groups <- rep(1:80, each = 5)
between <- rnorm(80)
within <- rnorm(400)
items <- sapply(1:4, function(j) {
  round(50 + 5 * (.8 * between[groups] + rnorm(80)[groups] * .6 + within + rnorm(400)))
})
colnames(items) <- paste0("x", 1:4)
frame <- data.frame(items, group = groups)
saturated <- paste(apply(combn(colnames(items), 2), 2, paste, collapse = " ~~ "), collapse = "\n")
model <- paste0("level: 1\n", saturated, "\nlevel: 2\n", saturated, "\n")
# Told to go on, the search complains that it can get no nearer: it is then within 1e-6.
two <- suppressWarnings(sem(model, frame, cluster = "group", control = list(rel.tol = 1e-12)))
implied <- lavInspect(two, "cov.ov")
order <- colnames(items)

p <- c(.001, .01, .02, .03, .2, .8)
counts <- c(0, 3, 20, 20); persons <- c(12, 15, 20, 31)
exact <- mapply(function(x, n) binom.test(x, n)$conf.int[1:2], counts, persons)

values <- list(
  versions = list(R = paste(R.version$major, R.version$minor, sep = "."),
                  metafor = as.character(packageVersion("metafor")),
                  lme4 = as.character(packageVersion("lme4")),
                  lavaan = as.character(packageVersion("lavaan"))),
  calls = list(shrunk = 'blup(rma(y, v, method = "REML"))', nested = "lmer(score ~ 1 + (1 | site / team))",
               levels = 'lavInspect(sem(saturated, cluster = "group"), "cov.ov")'),
  shrunk = list(y = y, v = v, pred = shrunk$pred, se = shrunk$se, lower = shrunk$pi.lb, upper = shrunk$pi.ub),
  nested = list(site = nested$site, team = nested$team, score = nested$score,
                variance_site = parts$vcov[parts$grp == "site"],
                variance_team = parts$vcov[parts$grp == "team:site"],
                variance_person = parts$vcov[parts$grp == "Residual"]),
  levels = list(group = groups, x1 = items[, 1], x2 = items[, 2], x3 = items[, 3], x4 = items[, 4],
                within = as.vector(implied$within[order, order]), between = as.vector(implied[[2]][order, order])),
  adjusted = list(p = p, holm = p.adjust(p, "holm"), benjamini_hochberg = p.adjust(p, "BH")),
  exact = list(counts = counts, persons = persons, lower = exact[1, ], upper = exact[2, ])
)
write_json_file(values, file.path(root, "values", "comparing_sites.json"))
