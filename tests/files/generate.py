"""Survey files written by other programs; run in this folder: python generate.py. Simulated."""

import shutil
import subprocess
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

COLUMNS = {
    "person": ["p1", "p2", "p3"],
    "ward": ["01", "10", "02"],
    "q1": [1, 5, None],
    "q2": [2, 2, 4],
    "score": [0.5, 12.25, 3.0],
}
ROWS = list(zip(*COLUMNS.values(), strict=True))


def main() -> None:
    """Write every file into the current folder."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (list(COLUMNS), *ROWS):
        sheet.append(row)
    sheet["G9"].font = openpyxl.styles.Font(bold=True)  # a format below and beside the answers
    book.save("openpyxl.xlsx")
    subprocess.run([shutil.which("ssconvert"), "openpyxl.xlsx", "gnumeric.xls"], check=True)

    frame = pd.DataFrame(COLUMNS)
    frame.to_csv("pandas.csv", index=False)
    frame.to_json("pandas.jsonl", orient="records", lines=True)
    frame.to_parquet("pandas.parquet")

    table = pa.table(COLUMNS)
    pyarrow.parquet.write_table(table, "pyarrow.parquet")
    pyarrow.feather.write_feather(table, "pyarrow.feather")
    with pa.ipc.new_file("pyarrow.arrow", table.schema) as writer:
        writer.write_table(table)

    duckdb.from_arrow(table).write_parquet("duckdb.parquet")
    duckdb.from_arrow(table).write_csv("duckdb.csv")

    Path("sqlite.db").unlink(missing_ok=True)
    script = "create table survey (person text, ward text, q1 integer, q2 integer, score real);"
    for person, ward, q1, q2, score in ROWS:
        script += (
            f"insert into survey values ('{person}', '{ward}', {q1 or 'null'}, {q2}, {score});"
        )
    subprocess.run([shutil.which("sqlite3"), "sqlite.db", script], check=True)


if __name__ == "__main__":
    main()
