# Simulated data sets, one fixed seed each, so that no real survey is stored here.
# Continuous answers are rounded to 1/64 so that their decimal text is exact in every reader.

seeded <- function(seed) {
  RNGkind("Mersenne-Twister", "Inversion", "Rejection")
  set.seed(seed)
}

# Cuts standard-normal answers into the codes lowest, lowest + 1, ...; `shift` makes an item harder.
to_codes <- function(latent, lowest, thresholds, shift) {
  codes <- vapply(seq_len(ncol(latent)), function(j) {
    lowest + findInterval(latent[, j], thresholds + shift[j])
  }, numeric(nrow(latent)))
  dimnames(codes) <- dimnames(latent)
  codes
}

# Standardised congeneric answers: loading times factor plus what is left.
congeneric <- function(factor, loadings, names) {
  noise <- matrix(rnorm(length(factor) * length(loadings)), length(factor))
  x <- outer(factor, loadings) + sweep(noise, 2, sqrt(1 - loadings^2), `*`)
  colnames(x) <- names
  x
}

item_names <- function(k) paste0("item", seq_len(k))

simulate_congeneric <- function() {
  seeded(20101)
  latent <- congeneric(rnorm(400), seq(0.45, 0.80, length.out = 8), item_names(8))
  to_codes(latent, 1, c(-1.4, -0.5, 0.3, 1.2), seq(-0.4, 0.5, length.out = 8))
}

# The same answers, 3 % of them missing at random, and person 123 with no answer at all.
simulate_missing <- function(x) {
  seeded(20102)
  x[sample(length(x), round(0.03 * length(x)))] <- NA
  x[123, ] <- NA
  x
}

# Four sites of unequal size, wards within sites; item 3 is reverse-worded and stored as answered.
simulate_sites <- function() {
  seeded(20103)
  sizes <- c(north = 12, east = 60, south = 150, west = 300)
  wards <- c(north = 3, east = 6, south = 10, west = 15)
  site <- rep(names(sizes), sizes)
  number <- unlist(lapply(names(sizes), function(s) {
    sort(c(1:wards[s], sample(wards[s], sizes[s] - wards[s], replace = TRUE, prob = 1:wards[s])))
  }))
  ward <- paste0(site, "-", number)
  shared <- rnorm(sum(wards), sd = sqrt(0.15))
  factor <- sqrt(0.85) * rnorm(sum(sizes)) + shared[match(ward, unique(ward))]
  latent <- congeneric(factor, c(0.70, 0.60, 0.55, 0.75, 0.50, 0.65), item_names(6))
  codes <- to_codes(latent, 0, c(-1.2, -0.4, 0.4, 1.2), c(0, 0.3, -0.2, 0.1, -0.4, 0.2))
  codes[, "item3"] <- 4 - codes[, "item3"]
  data.frame(site = site, ward = ward, codes)
}

# Two correlated factors, so that one factor is wrong.
simulate_two_factor <- function() {
  seeded(20104)
  first <- rnorm(250)
  second <- 0.35 * first + sqrt(1 - 0.35^2) * rnorm(250)
  latent <- cbind(congeneric(first, c(0.8, 0.7, 0.6, 0.75, 0.55), item_names(10)[1:5]),
                  congeneric(second, c(0.7, 0.8, 0.65, 0.5, 0.6), item_names(10)[6:10]))
  to_codes(latent, 1, c(-1.6, -0.9, -0.3, 0.3, 0.9, 1.6), seq(0.4, -0.4, length.out = 10))
}

# Few persons and one item that nearly is the factor. With the first seed both the ML and the minres
# solution end on the lower bound of that item's uniqueness, with the second seed just inside it.
simulate_small <- function(seed) {
  seeded(seed)
  latent <- congeneric(rnorm(40), c(0.97, 0.6, 0.5, 0.55, 0.45, 0.6), item_names(6))
  to_codes(latent, 1, c(-1.2, -0.4, 0.4, 1.2), rep(0, 6))
}

# Real-valued, heavy-tailed scores with survey weights that go with the factor.
simulate_scores <- function() {
  seeded(20107)
  factor <- rnorm(300)
  latent <- congeneric(factor, c(0.75, 0.65, 0.55, 0.70, 0.60, 0.45), item_names(6))
  scores <- 50 + 10 * (latent + 0.15 * latent^3)
  weight <- exp(0.5 * rnorm(300) + 0.4 * factor)
  round(data.frame(weight = pmax(weight / mean(weight), 1 / 16), scores) * 64) / 64
}
