# Survey files written by R; run in this folder: Rscript generate.R. Simulated answers, no wordings.
suppressMessages(library(haven))
library(openxlsx)

survey <- data.frame(
  person = c("p1", "p2", "p3", "p4"),
  ward = c("01", "10", "1.10", "1.1"),
  q1 = c(1, 5, 3, NA),
  q2 = c(2, 2, 4, 1),
  score = c(0.5, 12.25, 1e-05, 100000),
  country = c("NA", "DE", NA, "Österreich")
)
write.csv(survey, "r_write_csv.csv", row.names = FALSE, fileEncoding = "UTF-8")
write.csv(survey, gzfile("r_write_csv.csv.gz"), row.names = FALSE, fileEncoding = "UTF-8")
write.csv2(survey, "r_write_csv2.csv", row.names = FALSE, fileEncoding = "UTF-8")
write.csv2(survey, "r_latin1.csv", row.names = FALSE, fileEncoding = "latin1")
write.table(survey, "r_write_table.tsv", sep = "\t", row.names = FALSE, fileEncoding = "UTF-8")
foreign::write.dta(
  data.frame(q1 = c(1, 5, 3, NA), site = factor(c("north", "south", "south", "north"))),
  "r_foreign.dta"
)

agree <- c(low = 1, middle = 3, high = 5, refused = 98, "not asked" = 99)
labelled_survey <- data.frame(
  person = survey$person,
  q1 = labelled_spss(c(1, 5, 98, NA), agree, na_values = c(98, 99)),
  q2 = labelled_spss(c(3, 97, 1, 99), c(low = 1, high = 5), na_range = c(97, Inf)),
  q3 = labelled(c(1, 3, 5, 1), c(low = 1, middle = 3, high = 5)),
  group = labelled(c("a", "b", "a", "b"), c(first = "a", second = "b")),
  day = as.Date(c("2024-01-31", "2024-02-01", NA, "2024-02-29")),
  score = c(0.5, 12.25, NA, 3)
)
write_sav(labelled_survey, "haven.sav")
write_sav(labelled_survey, "haven.zsav", compress = "zsav")
write_dta(
  data.frame(
    person = survey$person,
    q1 = labelled(c(1, 5, tagged_na("a"), NA), c(low = 1, high = 5, refused = tagged_na("a"))),
    q2 = labelled(c(1, 2, 3, 2), c(low = 1, high = 3))
  ),
  "haven.dta"
)

workbook <- createWorkbook()
addWorksheet(workbook, "answers")
writeData(workbook, "answers", survey)
addWorksheet(workbook, "notes")
writeData(workbook, "notes", data.frame(note = "none"))
saveWorkbook(workbook, "r_openxlsx.xlsx", overwrite = TRUE)

cat(
  R.version.string, paste0("haven ", packageVersion("haven")),
  paste0("foreign ", packageVersion("foreign")), paste0("openxlsx ", packageVersion("openxlsx")),
  sep = "\n"
)
