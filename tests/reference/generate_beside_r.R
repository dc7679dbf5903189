# Makes values/beside_r.json: what R gives for real surveys, where the folder of reference values has none.
# From the repository root, with ../shared beside it:
#   Rscript tests/reference/generate_beside_r.R

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
options(warn = 1)
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
suppressMessages({
  library(psych)
  library(lavaan)
  library(semTools)
})
shared <- "../shared"

# Scales that the folder has no values of: columns, range, items to turn, codes of no answer.
numbered <- function(prefix, numbers) paste0(prefix, numbers)
more <- list(
  iri_2024_EC = list(dataset = "iri_2024", items = numbered("EEC", c(2, 4, 9, 14, 18, 20, 22)),
                     range = c(1, 5)),
  iri_2025_FS = list(dataset = "iri_2025", items = numbered("iri_FS", c(1, 5, 7, 12, 16, 23, 26)),
                     range = c(1, 5)),
  kims_accepting = list(dataset = "kims", items = numbered("Q", seq(4, 36, 4)), range = c(1, 5),
                        reversed = numbered("Q", seq(4, 36, 4)), codes = 0),
  ies_22 = list(dataset = "scs_three_groups", items = numbered("ies_", 1:22), range = c(0, 4)),
  sq_25 = list(dataset = "sq_short_text", range = c(1, 4),
               items = sprintf("Q%02d%s", 1:25, ifelse(
                 1:25 %in% c(3, 4, 7, 9:12, 15, 17, 19, 20, 23, 25), "R", "")),
               reversed = sprintf("Q%02dR", c(3, 4, 7, 9:12, 15, 17, 19, 20, 23, 25)),
               labels = c("strongly disagree", "slightly disagree", "slightly agree",
                          "strongly agree"))
)

answers <- function(about) {
  path <- file.path(shared, "data", paste0(about$dataset, ".csv"))
  x <- read.csv(if (file.exists(path)) path else paste0(path, ".gz"))[about$items]
  if (!is.null(about$labels)) x[] <- lapply(x, match, about$labels)
  for (item in about$items) x[[item]][x[[item]] %in% about$codes] <- NA
  for (item in about$reversed) x[[item]] <- sum(about$range) - x[[item]]
  x
}

table_of <- function(m) list(rows = array_of(rownames(m)), cols = array_of(colnames(m)),
                             values = unname(as.matrix(m)))

# On covariances: formulas of Guttman (1945) and of ten Berge and Zegers (1978), written out.
bounds <- function(C) {
  k <- ncol(C)
  V <- sum(C)
  off <- C - diag(diag(C))
  each <- rowSums(off^2)
  S <- function(m) sum(off^m)
  kk <- k / (k - 1)
  first <- 1 - sum(diag(C)) / V
  smc <- 1 - 1 / diag(solve(cov2cor(C)))
  list(lambda.1 = first, lambda.2 = first + sqrt(kk * S(2)) / V, lambda.3 = kk * first,
       lambda.5 = first + 2 * sqrt(max(each)) / V,
       lambda.5p = first + kk * 2 * sqrt(max(each)) / V,
       lambda.6 = 1 - sum(diag(C) * (1 - smc)) / V,
       mu2 = (S(1) + sqrt(S(2) + sqrt(kk * S(4)))) / V,
       mu3 = (S(1) + sqrt(S(2) + sqrt(S(4) + sqrt(kk * S(8))))) / V,
       sem = sqrt(V * (1 - kk * first)))
}

# Psych's glb.algebraic prints; its programme stops at a relative gap of 1e-8.
algebraic <- function(C) {
  capture.output(found <- psych::glb.algebraic(C))
  found$glb
}

beyond <- function(x) {
  C <- cov(x, use = "pairwise")
  R <- cor(x, use = "pairwise")
  list(bounds = bounds(C), glb_algebraic = algebraic(C),
       glb.fa = suppressMessages(suppressWarnings(psych::glb.fa(R)$glb)),
       KMO = psych::KMO(R)$MSA,
       bartlett = psych::cortest.bartlett(R, n = nrow(x))$chisq)
}

confirmatory <- function(x) {
  fit <- cfa(paste("f =~", paste(names(x), collapse = " + ")), x, std.lv = TRUE)
  std <- standardizedSolution(fit)
  l <- std$est.std[std$op == "=~"]
  list(n_used = lavInspect(fit, "nobs"),
       omega_total_model_implied = unname(unlist(compRelSEM(fit, obs.var = FALSE))),
       semTools_compRelSEM_obs.var_TRUE = unname(unlist(compRelSEM(fit))),
       loadings_std = setNames(as.list(l), names(x)))
}

exploratory <- function(x, factors) {
  found <- suppressWarnings(suppressMessages(
    psych::omega(x, nfactors = factors, fm = "minres", rotate = "oblimin", plot = FALSE)))
  list(omega_h = found$omega_h, omega_lim_asymptotic = found$omega.lim,
       omega_tot = found$omega.tot, ECV = unname(unlist(found$ECV))[1],
       flipped = sum(found$key < 0))
}

whole <- function(about) {
  x <- na.omit(answers(about))
  alpha <- suppressWarnings(psych::alpha(x, check.keys = FALSE, warnings = FALSE))
  list(meta = list(scale = about$name, dataset = about$dataset, items = array_of(about$items),
                   reversed = array_of(as.character(about$reversed)), labels = array_of(
                     as.character(about$labels)),
                   response_range = array_of(about$range), missing_codes_set_to_NA = array_of(
                     as.numeric(about$codes)), n_rows_passed = nrow(x), n_complete = nrow(x),
                   n_missing_cells = 0, n_all_missing = 0),
       alpha = list(total = list(raw_alpha = alpha$total$raw_alpha,
                                 average_r = alpha$total$average_r,
                                 signal_noise = alpha$total[["S/N"]], ase = alpha$total$ase),
                    item_stats = table_of(alpha$item.stats),
                    alpha_drop = table_of(alpha$alpha.drop)),
       guttman = list(lambda.3 = bounds(cor(x))$lambda.3),
       guttman_raw_covariance = bounds(cov(x)),
       omega_nf1 = exploratory(x, 1), omega_nf3 = exploratory(x, 3),
       cfa_one_factor_ml_listwise = confirmatory(x),
       beyond = beyond(x))
}

# psych prints that correlations were smoothed, or what it turned; none of these is.
known <- list.files(file.path(shared, "reference", "reliability"), full.names = TRUE)
beyond_known <- lapply(setNames(known, sub(".json$", "", basename(known))), function(path) {
  meta <- jsonlite::fromJSON(path)$meta
  x <- answers(list(dataset = meta$dataset, items = meta$items, range = meta$response_range,
                    reversed = unlist(meta$reversed),
                    codes = unlist(meta$missing_codes_set_to_NA)))
  beyond(if (grepl("listwise", path)) na.omit(x) else x)
})
scales <- lapply(names(more), function(name) whole(c(more[[name]], name = name)))
names(scales) <- paste0(names(more), "__listwise")

packages <- c("psych", "lavaan", "semTools", "GPArotation", "Rcsdp")
versions <- c(list(R = R.version.string),
              sapply(packages, function(p) as.character(packageVersion(p)), simplify = FALSE))
calls <- list(
  bounds = "formulas of Guttman (1945) and ten Berge and Zegers (1978) on cov(x, use = 'pairwise')",
  glb_algebraic = "psych::glb.algebraic(cov(x, use = 'pairwise'))$glb",
  glb.fa = "psych::glb.fa(cor(x, use = 'pairwise'))$glb",
  KMO = "psych::KMO(cor(x, use = 'pairwise'))$MSA",
  bartlett = "psych::cortest.bartlett(cor(x, use = 'pairwise'), n = nrow(x))$chisq")
write_json_file(list(versions = versions, calls = calls, beyond = beyond_known, scales = scales),
                file.path(root, "values", "beside_r.json"))
