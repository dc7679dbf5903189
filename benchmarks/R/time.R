# Rscript time.R ANSWERS PERSONS ITEMS CONTENDER REPLICATES SEED
# Seconds that boot takes with one of the contenders.

source("contenders.R")
arguments <- commandArgs(TRUE)
size <- as.integer(arguments[2:3])
x <- read_bytes(arguments[1], size[1], size[2])
statistic <- get(arguments[4])
set.seed(as.integer(arguments[6]))
# Packages are loaded before the clock starts.
invisible(loadNamespace("boot"))
invisible(statistic(x, seq_len(min(size[1], 200))))
# Simple: draws are made as they are needed; all at once they would be an array of replicates x persons.
took <- system.time(boot::boot(x, statistic, R = as.integer(arguments[5]), simple = TRUE))
tell("seconds", took[["elapsed"]])
