cat(sprintf("R\t%s\n", getRversion()))
for (package in c("psych", "boot", "lavaan")) cat(sprintf("%s\t%s\n", package, packageVersion(package)))
