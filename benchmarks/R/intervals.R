# Rscript intervals.R ANSWERS PERSONS ITEMS REPLICATES SEED
# Standard errors and 95 % intervals of alpha and omega_u from R's boot.

source("contenders.R")
arguments <- commandArgs(TRUE)
size <- as.integer(arguments[2:5])
x <- read_bytes(arguments[1], size[1], size[2])
set.seed(size[4])
for (name in c("alpha_cov", "omega_u_factanal")) {
  found <- boot::boot(x, get(name), R = size[3])
  tell(paste(name, "se"), sd(found$t))
  ends <- boot::boot.ci(found, type = c("perc", "bca"))
  tell(paste(name, "percentile lower"), ends$percent[4])
  tell(paste(name, "percentile upper"), ends$percent[5])
  tell(paste(name, "bca lower"), ends$bca[4])
  tell(paste(name, "bca upper"), ends$bca[5])
}
