# Rscript pathway.R STAFF MODEL REPLICATES
# Seconds that lavaan takes for so many replicates, which draw persons, and its estimates by label.

source("contenders.R")
arguments <- commandArgs(TRUE)
staff <- read.csv(arguments[1])
model <- paste(readLines(arguments[2]), collapse = "\n")
invisible(loadNamespace("lavaan"))
fit <- lavaan::sem(model, staff)
took <- system.time(lavaan::bootstrapLavaan(fit, R = as.integer(arguments[3]), FUN = "coef"))
tell("seconds", took[["elapsed"]])
found <- lavaan::parameterEstimates(fit, se = FALSE)
for (row in which(found$label != "")) tell(found$label[row], found$est[row])
