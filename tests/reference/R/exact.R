# Values that have one right answer: Philox4x32-10 and the distributions behind the intervals.

# 32-bit words are kept in doubles and handled in 16-bit halves: R has no unsigned integers.
xor32 <- function(a, b) {
  bitwXor(a %/% 65536, b %/% 65536) * 65536 + bitwXor(a %% 65536, b %% 65536)
}

# High and low word of a 32 x 32 bit product.
multiply32 <- function(a, b) {
  low <- (a %% 65536) * (b %% 65536)
  middle <- (a %% 65536) * (b %/% 65536) + (a %/% 65536) * (b %% 65536) + low %/% 65536
  c(high = (a %/% 65536) * (b %/% 65536) + middle %/% 65536,
    low = (middle %% 65536) * 65536 + low %% 65536)
}

# Salmon, Moraes, Dror & Shaw 2011: ten rounds, the key raised by the Weyl constants between them.
philox4x32 <- function(counter, key) {
  for (round in 1:10) {
    first <- multiply32(0xD2511F53, counter[1])
    second <- multiply32(0xCD9E8D57, counter[3])
    counter <- c(xor32(xor32(second[["high"]], counter[2]), key[1]), second[["low"]],
                 xor32(xor32(first[["high"]], counter[4]), key[2]), first[["low"]])
    key <- (key + c(0x9E3779B9, 0xBB67AE85)) %% 2^32
  }
  counter
}

hex32 <- function(words) {
  sprintf("%04x%04x", as.integer(words %/% 65536), as.integer(words %% 65536))
}

philox_values <- function() {
  ones <- 2^32 - 1
  published <- list(
    list(counter = rep(0, 4), key = c(0, 0),
         output = c("6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8")),
    list(counter = rep(ones, 4), key = c(ones, ones),
         output = c("408f276d", "41c83b0e", "a20bc7c6", "6d5451fd")),
    # Digits of pi.
    list(counter = c(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344),
         key = c(0xa4093822, 0x299f31d0),
         output = c("d16cfe09", "94fdcceb", "5001e420", "24126ea1"))
  )
  for (case in published) {
    stopifnot(identical(hex32(philox4x32(case$counter, case$key)), case$output))
  }
  further <- list(
    list(c(1, 0, 0, 0), c(0, 0)), list(c(0, 1, 0, 0), c(0, 0)), list(c(0, 0, 1, 0), c(0, 0)),
    list(c(0, 0, 0, 1), c(0, 0)), list(c(0, 0, 0, 0), c(1, 0)), list(c(0, 0, 0, 0), c(0, 1)),
    list(c(ones, 0, 0, 0), c(20101, 0)), list(c(12345, 678, 9, 0), c(0xdeadbeef, 0x01234567))
  )
  shown <- function(counter, key) {
    list(counter = hex32(counter), key = hex32(key), output = hex32(philox4x32(counter, key)))
  }
  list(published = lapply(published, function(case) shown(case$counter, case$key)),
       computed = lapply(further, function(case) shown(case[[1]], case[[2]])))
}

distribution_values <- function() {
  p <- c(1e-300, 1e-100, 1e-20, 1e-10, 1e-5, 0.001, 0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6,
         0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999, 1 - 2^-20, 1 - 2^-40)
  z <- c(-37, -20, -10, -8, -5, -3, -2, -1, -0.5, -0.1, -1e-5, 0, 1e-5, 0.1, 0.5, 1, 2, 3, 5, 8)
  f <- expand.grid(p = c(0.005, 0.025, 0.05, 0.5, 0.95, 0.975, 0.995),
                   df1 = c(1, 2, 11, 29, 399, 9999), items = c(2, 6, 20))
  f$df2 <- f$df1 * (f$items - 1)
  f$items <- NULL
  list(normal_quantile = list(p = p, z = qnorm(p)), normal_cdf = list(z = z, p = pnorm(z)),
       f_quantile = c(as.list(f), list(x = qf(f$p, f$df1, f$df2))))
}
