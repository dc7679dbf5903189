# Writes nested lists as JSON with 17 significant digits, enough to give back every double exactly.
# jsonlite stops at 15 digits, hence this small writer.

# Marks a vector that stays a JSON array even when it has one element or none.
array_of <- function(x) I(x)

json_scalar <- function(x) {
  if (is.na(x)) return("null")
  if (is.logical(x)) return(if (x) "true" else "false")
  if (is.character(x)) return(encodeString(x, quote = "\""))
  stopifnot(is.finite(x))
  sprintf("%.17g", x)
}

json_row <- function(x) {
  paste0("[", paste(vapply(x, json_scalar, ""), collapse = ", "), "]")
}

json_lines <- function(x, indent) {
  pad <- strrep(" ", indent + 1)
  close <- strrep(" ", indent)
  if (is.null(x)) return("null")
  if (is.matrix(x)) {
    rows <- apply(x, 1, json_row)
    return(paste0("[\n", paste0(pad, rows, collapse = ",\n"), "\n", close, "]"))
  }
  if (is.list(x)) {
    named <- !is.null(names(x))
    if (length(x) == 0) return("{}")
    parts <- vapply(x, json_lines, "", indent = indent + 1)
    if (named) parts <- paste0(encodeString(names(x), quote = "\""), ": ", parts)
    inside <- paste0("\n", paste0(pad, parts, collapse = ",\n"), "\n", close)
    return(if (named) paste0("{", inside, "}") else paste0("[", inside, "]"))
  }
  if (!is.null(names(x))) return(json_lines(as.list(x), indent))
  if (length(x) == 1 && !inherits(x, "AsIs")) return(json_scalar(x))
  json_row(unclass(x))
}

write_json_file <- function(x, path) {
  writeLines(json_lines(x, 0), path)
}
