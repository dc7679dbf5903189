//! The committed reference values (see `tests/reference/README.md`) and the surveys that they belong to.

use std::path::PathBuf;

use super::survey::Survey;
use psychometrics::responses::MISSING;
use serde_json::Value;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference").join(name)
}

/// The values of one file.
pub fn values(name: &str) -> Value {
    let text = std::fs::read_to_string(path(&format!("values/{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect()
}

/// A matrix, row by row.
pub fn matrix(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().flat_map(numbers).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The survey that values are `about`: groups, clusters and weights by its columns.
///
/// Whole numbers become codes from the minimum up, with reversed items turned; others reals less fifty.
pub fn survey(about: &Value) -> Survey {
    let table = std::fs::read_to_string(path(text(&about["data"]))).unwrap();
    let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<&str>>());
    let header = lines.next().unwrap();
    let rows: Vec<Vec<&str>> = lines.collect();
    let column = |name: &str| header.iter().position(|&h| h == name).unwrap();
    let number = |row: &Vec<&str>, at: usize| row[at].parse::<f64>().unwrap_or(f64::NAN);
    let items: Vec<&str> = about["items"].as_array().unwrap().iter().map(text).collect();
    let reversed: Vec<&str> = about["reversed"].as_array().unwrap().iter().map(text).collect();
    let (minimum, maximum) =
        (about["minimum"].as_f64().unwrap(), about["maximum"].as_f64().unwrap());
    let mut answers = Vec::new();
    for item in &items {
        let at = column(item);
        answers.extend(rows.iter().map(|row| match number(row, at) {
            x if reversed.contains(item) => maximum - x,
            x => x - minimum,
        }));
    }
    let whole = answers.iter().all(|x| x.is_nan() || x.fract() == 0.0);
    let codes = answers.iter().map(|&x| if x.is_nan() { MISSING } else { x as u8 }).collect();
    let mut survey = Survey::of(codes, rows.len(), items.len());
    if !whole {
        survey.reals = Some(answers.iter().map(|x| x + minimum - 50.0).collect());
    }
    // Where a column changes; rows lie together.
    let changes = |name: &str| {
        let at = column(name);
        let mut starts = vec![0];
        starts.extend((1..rows.len()).filter(|&row| rows[row][at] != rows[row - 1][at]));
        starts.push(rows.len());
        starts
    };
    if let Some(by) = about["by"].as_str() {
        survey.groups = changes(by);
    }
    survey.clusters = about["cluster"].as_str().map(changes);
    survey.weights = about["weights"].as_str().map(|name| {
        let at = column(name);
        rows.iter().map(|row| number(row, at)).collect()
    });
    survey
}

/// The rows of one group repeated by their counts; weights go with them.
pub fn repeated(survey: &Survey, rows: std::ops::Range<usize>, counts: &[usize]) -> Survey {
    let taken: Vec<usize> =
        rows.zip(counts).flat_map(|(row, &count)| std::iter::repeat_n(row, count)).collect();
    let columns = |at: usize| taken.iter().map(move |row| (at / survey.rows) * survey.rows + row);
    let places: Vec<usize> =
        (0..survey.items).flat_map(|item| columns(item * survey.rows)).collect();
    let codes = places.iter().map(|&at| survey.codes[at]).collect();
    let mut out = Survey::of(codes, taken.len(), survey.items);
    out.reals = survey.reals.as_ref().map(|reals| places.iter().map(|&at| reals[at]).collect());
    out.weights =
        survey.weights.as_ref().map(|weights| taken.iter().map(|&row| weights[row]).collect());
    out
}

/// The rows without missing answers, as one group.
pub fn complete(survey: &Survey) -> Survey {
    let counts: Vec<usize> = (0..survey.rows)
        .map(|row| usize::from((0..survey.items).all(|item| survey.answer(row, item).is_some())))
        .collect();
    repeated(survey, 0..survey.rows, &counts)
}
