//! Which items a person answered: the patterns of missing answers, and the rows of each.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use crate::error::{Result, invalid};
use crate::responses::{Answers, MISSING, Responses};

/// Bits of a word of a pattern's key.
const WORD: usize = 64;

/// Rows that answered the same items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The items they answered, in order.
    pub observed: Vec<usize>,
    /// The items they did not, in order.
    pub absent: Vec<usize>,
    /// The rows, in order.
    pub rows: Vec<usize>,
}

/// The patterns among some rows, in the order in which they first occur.
pub fn patterns(responses: &Responses, rows: Range<usize>) -> Result<Vec<Pattern>> {
    let words = responses.items.div_ceil(WORD);
    let mut keys = vec![0_u64; rows.len() * words];
    for item in 0..responses.items {
        let (word, bit) = (item / WORD, item % WORD);
        let place = item * responses.rows + rows.start..item * responses.rows + rows.end;
        let own = keys.iter_mut().skip(word).step_by(words);
        match responses.answers {
            Answers::Codes(codes) => own
                .zip(&codes[place])
                .for_each(|(key, &code)| *key |= u64::from(code != MISSING) << bit),
            Answers::Reals(reals) => own
                .zip(&reals[place])
                .for_each(|(key, real)| *key |= u64::from(!real.is_nan()) << bit),
        }
    }
    let mut places: HashMap<&[u64], usize> = HashMap::new();
    let mut found: Vec<Pattern> = Vec::new();
    for (row, key) in rows.zip(keys.chunks_exact(words)) {
        let place = match places.entry(key) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let answered = |&item: &usize| key[item / WORD] >> (item % WORD) & 1 == 1;
                let (observed, absent) = (0..responses.items).partition(answered);
                found.push(Pattern { observed, absent, rows: Vec::new() });
                *new.insert(found.len() - 1)
            }
        };
        found[place].rows.push(row);
    }
    match found.iter().find(|pattern| pattern.observed.is_empty()) {
        Some(empty) => invalid(format!("row {} has no answer: leave it out", empty.rows[0])),
        None => Ok(found),
    }
}
