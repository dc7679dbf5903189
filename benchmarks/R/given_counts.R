# Rscript given_counts.R ANSWERS COUNTS PERSONS ITEMS SETS
# The coefficients of rows repeated as often as each column of COUNTS says.

source("contenders.R")
arguments <- commandArgs(TRUE)
size <- as.integer(arguments[3:5])
x <- read_bytes(arguments[1], size[1], size[2])
counts <- read_bytes(arguments[2], size[1], size[3])
for (set in seq_len(size[3])) {
  rows <- rep(seq_len(size[1]), counts[, set])
  for (name in c("alpha_cov", "alpha_psych", "omega_u_factanal")) {
    tell(sprintf("%s %d", name, set - 1), get(name)(x, rows))
  }
}
