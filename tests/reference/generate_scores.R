# Makes values/scoring.json: scores of persons by psych. From the repository root:
#   Rscript tests/reference/generate_scores.R
# The answers are those of data/congeneric_missing.csv; the key is made up.

root <- "tests/reference"
if (!file.exists(file.path(root, "generate.R"))) stop("run this from the repository root")
source(file.path(root, "R", "json.R"))
options(warn = 1)

items <- paste0("item", 1:8)
frame <- read.csv(file.path(root, "data", "congeneric_missing.csv"))[items]
keys <- list(total = c("item1", "-item2", "item3", "item4", "-item5", "item6", "item7", "item8"),
             calm = c("item1", "-item2", "item3"),
             care = c("item4", "item5", "item6", "item7", "item8"))

# Ends of the range that nobody chose must count too: hence a range wider than the answers.
scored <- function(minimum, maximum, totals) {
  scores <- psych::scoreItems(keys, frame, totals = totals, impute = "none", missing = TRUE,
                              min = minimum, max = maximum)$scores
  lapply(setNames(names(keys), names(keys)), function(key) array_of(unname(scores[, key])))
}

write_json_file(
  list(about = list(data = "data/congeneric_missing.csv", items = items),
       versions = list(R = R.version.string, psych = as.character(packageVersion("psych"))),
       calls = list(
         means = "psych::scoreItems(keys, x, impute = 'none', min = minimum, max = maximum)",
         sums = "the same with totals = TRUE: sums of the answered items"),
       means = scored(1, 5, FALSE), sums = scored(1, 5, TRUE),
       wide = list(minimum = 0, maximum = 7, means = scored(0, 7, FALSE))),
  file.path(root, "values", "scoring.json"))
