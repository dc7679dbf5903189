//! Longstring: the longest run of one same answer, as given and in the order of items.

use super::tile::{LANES, Lanes};
use crate::responses::MISSING;

/// The longest run of each person. A missing answer ends a run.
pub fn longest_run(raw: &[Lanes<u8>]) -> Lanes<u32> {
    let mut previous = [MISSING; LANES];
    let mut run = [0_u32; LANES];
    let mut longest = [0_u32; LANES];
    for answers in raw {
        for lane in 0..LANES {
            let answer = answers[lane];
            let goes_on = if answer == previous[lane] { run[lane] } else { 0 };
            run[lane] = if answer == MISSING { 0 } else { goes_on + 1 };
            longest[lane] = longest[lane].max(run[lane]);
        }
        previous = *answers;
    }
    longest
}
