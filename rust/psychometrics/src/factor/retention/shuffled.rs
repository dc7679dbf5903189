//! Answers of an item given to other persons: what items are like that have nothing to do with each other.

use crate::resampling::{Purpose, Stream};
use crate::responses::{Answers, MISSING, Responses};
use crate::simd::Simd;

/// Words that one block of a stream holds.
const BLOCK_WORDS: usize = 1 << 22;
const CHUNK_WORDS: usize = 64;

/// Answers that own their memory.
#[derive(Debug, Clone)]
pub enum Shuffled {
    /// Codes.
    Codes(Vec<u8>),
    /// Reals.
    Reals(Vec<f64>),
}

impl Shuffled {
    /// As others see them.
    pub fn answers(&self) -> Answers<'_> {
        match self {
            Shuffled::Codes(codes) => Answers::Codes(codes),
            Shuffled::Reals(reals) => Answers::Reals(reals),
        }
    }
}

/// Each item's answers in an order of which each is as likely as another, among the persons who answered it.
pub fn shuffled(simd: Simd, responses: &Responses, seed: u64, draw: u32) -> Shuffled {
    let stream = Stream::new(seed, 0, draw);
    let (rows, items) = (responses.rows, responses.items);
    let words = |item: usize| Words::new(simd, stream, item, items);
    match responses.answers {
        Answers::Codes(codes) => {
            let mut codes = codes.to_vec();
            for (item, column) in codes.chunks_exact_mut(rows).enumerate() {
                shuffle_answered(column, |&code| code != MISSING, &mut words(item));
            }
            Shuffled::Codes(codes)
        }
        Answers::Reals(reals) => {
            let mut reals = reals.to_vec();
            for (item, column) in reals.chunks_exact_mut(rows).enumerate() {
                shuffle_answered(column, |x| !x.is_nan(), &mut words(item));
            }
            Shuffled::Reals(reals)
        }
    }
}

fn shuffle_answered<T: Copy>(column: &mut [T], answered: impl Fn(&T) -> bool, words: &mut Words) {
    if column.iter().all(&answered) {
        return shuffle(column, words);
    }
    let mut values: Vec<T> = column.iter().copied().filter(&answered).collect();
    shuffle(&mut values, words);
    for (place, value) in column.iter_mut().filter(|x| answered(x)).zip(values) {
        *place = value;
    }
}

/// Fisher & Yates (1938), as Durstenfeld (1964) has it.
fn shuffle<T>(values: &mut [T], words: &mut Words) {
    for last in (1..values.len()).rev() {
        values.swap(last, words.below(last as u32 + 1));
    }
}

/// The random words of one item, one after the other.
struct Words {
    simd: Simd,
    stream: Stream,
    /// Items have blocks of their own: every `step`-th from the first.
    block: u32,
    step: u32,
    chunk: usize,
    words: [u32; CHUNK_WORDS],
    at: usize,
}

impl Words {
    fn new(simd: Simd, stream: Stream, item: usize, items: usize) -> Words {
        let words = [0; CHUNK_WORDS];
        let (block, step) = (item as u32, items as u32);
        Words { simd, stream, block, step, chunk: 0, words, at: CHUNK_WORDS }
    }

    fn next(&mut self) -> u32 {
        if self.at == CHUNK_WORDS {
            self.fill();
        }
        let word = self.words[self.at];
        self.at += 1;
        word
    }

    #[cold]
    fn fill(&mut self) {
        let Words { simd, block, chunk, ref mut words, .. } = *self;
        self.stream.chunk(simd, Purpose::Shuffle, 0, block, chunk, words);
        self.at = 0;
        self.chunk += 1;
        if self.chunk == BLOCK_WORDS / CHUNK_WORDS {
            self.chunk = 0;
            self.block += self.step;
        }
    }

    /// A whole number below `limit`, each as likely as another (Lemire 2019).
    fn below(&mut self, limit: u32) -> usize {
        let mut product = u64::from(self.next()) * u64::from(limit);
        if (product as u32) < limit {
            let unfair = limit.wrapping_neg() % limit;
            while (product as u32) < unfair {
                product = u64::from(self.next()) * u64::from(limit);
            }
        }
        (product >> 32) as usize
    }
}
