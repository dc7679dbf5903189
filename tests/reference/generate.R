# Makes every file of data/ and values/. From the repository root:
#   Rscript tests/reference/generate.R
# README.md beside this file says what the values are and how close a test may hold to them.

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
for (file in list.files(file.path(root, "R"), full.names = TRUE)) source(file)
options(warn = 1)

versions <- c(
  list(R = R.version.string, LAPACK = La_version()),
  lapply(c(psych = "psych", lavaan = "lavaan", semTools = "semTools", GPArotation = "GPArotation",
           boot = "boot", survey = "survey"), function(p) as.character(packageVersion(p)))
)

save_data <- function(x, name) {
  write.csv(data.frame(person = seq_len(nrow(x)), x), file.path(root, "data", paste0(name, ".csv")),
            row.names = FALSE, quote = FALSE, na = "")
}

# Values come from the text of the file, so that a reader of the file starts from the same numbers.
read_data <- function(name) {
  read.csv(file.path(root, "data", paste0(name, ".csv")), stringsAsFactors = FALSE)
}

# Keyed answers: a reversed item is minimum + maximum - answer.
items_of <- function(frame, about) {
  x <- as.matrix(frame[about$items])
  x[, about$reversed] <- about$minimum + about$maximum - x[, about$reversed]
  x
}

about_data <- function(name, minimum, maximum, items, reversed = character(), ...) {
  list(data = paste0("data/", name, ".csv"), minimum = minimum, maximum = maximum,
       items = item_names(items), reversed = array_of(reversed), ...)
}

save_values <- function(name, about, calls, ...) {
  write_json_file(c(list(about = about, versions = versions, calls = calls), list(...)),
                  file.path(root, "values", paste0(name, ".json")))
}

about <- list(
  congeneric = about_data("congeneric", 1, 5, 8),
  congeneric_missing = about_data("congeneric_missing", 1, 5, 8),
  sites = about_data("sites", 0, 4, 6, "item3", by = "site", cluster = "ward"),
  two_factor = about_data("two_factor", 1, 7, 10),
  heywood = about_data("heywood", 1, 5, 6),
  near_heywood = about_data("near_heywood", 1, 5, 6),
  scores = about_data("scores", -100, 200, 6, weights = "weight"),
  attitude = about_data("attitude", 0, 100, 7)
)

# ---- data ------------------------------------------------------------------------------------

save_data(simulate_congeneric(), "congeneric")
save_data(simulate_missing(simulate_congeneric()), "congeneric_missing")
save_data(simulate_sites(), "sites")
save_data(simulate_two_factor(), "two_factor")
save_data(simulate_small(4), "heywood")
save_data(simulate_small(332), "near_heywood")
save_data(simulate_scores(), "scores")
save_data(setNames(datasets::attitude, item_names(7)), "attitude")

frames <- lapply(setNames(names(about), names(about)), read_data)
keyed <- Map(items_of, frames, about)

# ---- one file a data set -----------------------------------------------------------------------

for (name in c("congeneric", "two_factor", "heywood", "near_heywood", "attitude")) {
  save_values(name, about[[name]], CALLS,
              listwise = analyse(keyed[[name]], keep_influence = name == "attitude"))
}

save_values("congeneric_missing", about$congeneric_missing, CALLS,
            listwise = analyse(keyed$congeneric_missing),
            pairwise = analyse(keyed$congeneric_missing, "pairwise"))

site <- frames$sites$site
ward <- frames$sites$ward
x <- keyed$sites
each_site <- function(what) lapply(setNames(unique(site), unique(site)), what)
whole <- analyse(x, cluster = ward)
clustered <- lavaan_fit(data.frame(x, ward = ward), items = colnames(x), cluster = "ward")
whole$lavaan$cluster_ward <-
  lavaan_numbers(clustered, whole$covariance * (whole$n - 1) / whole$n)
whole$survey <- survey_se(x, covariance_gradients(whole$covariance), cluster = ward)["se"]
save_values("sites", about$sites, SITE_CALLS, all = whole,
            by_site = each_site(function(s) analyse(x[site == s, ], cluster = ward[site == s])))

x <- keyed$scores
weight <- frames$scores$weight
weighted <- analyse(x, weights = weight)
weighted$survey <- survey_se(x, covariance_gradients(weighted$covariance), weights = weight)
# cov.wt divides otherwise (by 1 - sum of squared shares): another matrix, the same coefficients.
weighted$cov_wt_unbiased <- unname(cov.wt(x, weight, method = "unbiased")$cov)
weighted$cov_wt_ml <- unname(cov.wt(x, weight, method = "ML")$cov)
save_values("scores", about$scores, WEIGHT_CALLS, listwise = analyse(x), weighted = weighted)

# ---- replicates under given counts ---------------------------------------------------------------

drawn_counts <- function(seed, replicates, strata) {
  seeded(seed)
  vapply(seq_len(replicates), function(b) count_string(draw_counts(strata)), "")
}

counts <- drawn_counts(20111, 50, rep(1, 400))
save_values("bootstrap_congeneric", about$congeneric, REPLICATE_CALLS, counts = counts,
            replicates = replicate_values(keyed$congeneric, count_matrix(counts)))

counts <- drawn_counts(20112, 20, rep(1, 400))
x <- keyed$congeneric_missing
save_values("bootstrap_congeneric_missing", about$congeneric_missing, REPLICATE_CALLS,
            counts = counts, listwise = replicate_values(x, count_matrix(counts)),
            pairwise = replicate_values(x, count_matrix(counts), "pairwise"))

x <- keyed$sites
wards <- unique(ward)
counts <- drawn_counts(20113, 20, site)
ward_counts <- drawn_counts(20114, 20, site[match(wards, ward)])
by_rows <- count_matrix(counts)
by_wards <- count_matrix(ward_counts)[, match(ward, wards)]
site_replicates <- function(row_counts) {
  each_site(function(s) replicate_values(x[site == s, ], row_counts[, site == s]))
}
save_values("bootstrap_sites", about$sites, REPLICATE_CALLS, wards = wards, counts = counts,
            ward_counts = ward_counts, by_site = site_replicates(by_rows),
            by_site_cluster = site_replicates(by_wards),
            all_cluster = replicate_values(x, by_wards))

counts <- drawn_counts(20115, 20, rep(1, 300))
x <- keyed$scores
save_values("bootstrap_scores", about$scores, REPLICATE_CALLS, counts = counts,
            unweighted = replicate_values(x, count_matrix(counts)),
            weighted = replicate_values(x, count_matrix(counts), weights = weight))

# ---- bootstrap intervals, exact values -------------------------------------------------------------

boot_about <- list(data = "data/attitude.csv", coefficient = "alpha")
do.call(save_values, c(list("boot_ci", boot_about, BOOT_CALLS), boot_ci_values(keyed$attitude)))
philox_about <- list(generator = "Philox4x32-10, least significant word first")
do.call(save_values, c(list("philox", philox_about, PHILOX_CALLS), philox_values()))
distribution_about <- list(note = "quantiles and probabilities of R's stats package")
do.call(save_values, c(list("distributions", distribution_about, DISTRIBUTION_CALLS),
                       distribution_values()))

check_gradients(keyed[c("attitude", "heywood", "near_heywood")])
check_published_numbers(keyed$attitude)
check_packages(whole, weighted)
