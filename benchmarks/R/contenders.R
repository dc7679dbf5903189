# What an R user would bootstrap: functions of the answers and of the rows drawn, as boot takes them.

alpha_cov <- function(x, rows) {
  c <- cov(x[rows, ])
  k <- ncol(x)
  k / (k - 1) * (1 - sum(diag(c)) / sum(c))
}

alpha_psych <- function(x, rows) {
  psych::alpha(x[rows, ], check.keys = FALSE, warnings = FALSE)$total$raw_alpha
}

# One factor by maximum likelihood; uniquenesses are at least 0.005 of an item's variance.
omega_u_factanal <- function(x, rows) {
  c <- cov(x[rows, ])
  fit <- factanal(covmat = c, factors = 1)
  common <- sum(sqrt(diag(c)) * fit$loadings)^2
  common / (common + sum(diag(c) * fit$uniquenesses))
}

# One byte an answer, item by item.
read_bytes <- function(path, rows, columns) {
  bytes <- readBin(path, "integer", rows * columns, size = 1, signed = FALSE)
  matrix(as.double(bytes), rows, columns, dimnames = list(NULL, paste0("item", seq_len(columns))))
}

tell <- function(name, value) cat(sprintf("%s\t%.17g\n", name, value))
