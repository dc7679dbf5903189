//! The same seed gives the same bits, however the work is divided and whatever the machine can do.

mod common;

use common::replicates::{all, bits, plan, write};
use common::survey::Survey;
use psychometrics::moments::{
    Dispersion, GroupMoments, Moments, Panel, group_moments, range_moments,
};
use psychometrics::monitor::Silent;
use psychometrics::resampling::Weights::{Exponential, Multinomial as Counts};
use psychometrics::resampling::{BLOCK, Multinomial, Scratch, Stream, unit_weights};
use psychometrics::simd::Simd;

/// The first group takes more than a block, so does its first stratum.
const GROUPS: [usize; 4] = [0, BLOCK + 450, BLOCK + 550, BLOCK + 557];
const STRATA: [usize; 6] = [0, BLOCK + 50, BLOCK + 450, BLOCK + 500, BLOCK + 550, BLOCK + 557];

/// One survey of each kind.
fn surveys() -> Vec<(&'static str, Survey, Panel)> {
    let codes = |largest| Survey::one_factor(1, GROUPS[3], 4, largest).grouped(&GROUPS);
    vec![
        ("codes", codes(4), Panel::Full),
        ("codes, small panel", codes(4), Panel::Small),
        ("wide codes", codes(254), Panel::Full),
        ("wide codes, small panel", codes(100), Panel::Small),
        ("missing", codes(6).missing(2, 0.05), Panel::Pairwise),
        ("strata", codes(15).stratified(&STRATA), Panel::Full),
        ("clusters", codes(4).stratified(&STRATA).clustered(9), Panel::Full),
        ("weights", codes(4).weighted(3), Panel::Full),
        ("weights and clusters", codes(4).weighted(3).clustered(9), Panel::Small),
        ("reals", codes(4).with_reals(4), Panel::Full),
        ("reals, missing", codes(4).missing(2, 0.05).with_reals(4), Panel::Pairwise),
    ]
}

#[test]
fn instruction_sets_and_threads_make_no_difference() {
    for (what, survey, panel) in surveys() {
        let responses = survey.responses();
        for &law in survey.laws() {
            // Not a multiple of the replicates that are taken together.
            let plan = plan(11, 41, law);
            let plain = bits(&all(Simd::scalar(), &responses, panel, plan));
            for simd in Simd::available() {
                for threads in [1, 2, 7] {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                    let got = pool.unwrap().install(|| all(simd, &responses, panel, plan));
                    assert!(bits(&got) == plain, "{what} {law:?} {simd:?} {threads} threads");
                }
            }
        }
    }
}

#[test]
fn moments_of_all_rows_do_not_depend_on_instruction_sets_and_threads() {
    for (what, survey, panel) in surveys() {
        let responses = survey.responses();
        let moments = |simd| {
            let moments = group_moments(simd, &responses, panel, &Silent);
            let mut dispersion = Dispersion::default();
            let mut rows = Vec::new();
            for group in 0..responses.groups.len() {
                match &moments {
                    GroupMoments::Exact(all) => dispersion.fill(&all[group]),
                    GroupMoments::Real(all) => dispersion.fill(&all[group]),
                }
                let mut row = vec![0.0; common::replicates::width(survey.items)];
                write(&dispersion, &mut row);
                rows.push(row);
            }
            bits(&rows)
        };
        let plain = moments(Simd::scalar());
        for simd in Simd::available() {
            for threads in [1, 7] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                assert!(pool.install(|| moments(simd)) == plain, "{what} {simd:?}");
            }
        }
    }
}

#[test]
fn more_replicates_begin_with_the_same_ones() {
    let simd = Simd::chosen().unwrap();
    for (what, survey, panel) in surveys() {
        let survey = Survey { groups: vec![0, survey.rows], strata: None, ..survey };
        // Fewer rows: a thousand replicates are taken.
        let mut part = common::reference::repeated(&survey, 0..90, &[1; 90]);
        if survey.clusters.is_some() {
            part = part.clustered(4);
        }
        let responses = part.responses();
        for &law in survey.laws() {
            let many = bits(&all(simd, &responses, panel, plan(5, 1000, law)));
            for fewer in [1, 16, 100, 999] {
                let few = bits(&all(simd, &responses, panel, plan(5, fewer, law)));
                assert!(few == many[..fewer], "{what} {law:?} {fewer}");
            }
        }
    }
}

#[test]
fn the_first_group_is_the_same_alone() {
    // The others are not: a stratum's stream goes by its place among all strata.
    let simd = Simd::chosen().unwrap();
    for (what, survey, panel) in surveys() {
        let responses = survey.responses();
        let mut alone = responses.clone();
        alone.groups.truncate(1);
        for &law in survey.laws() {
            let together = bits(&all(simd, &responses, panel, plan(5, 33, law)));
            let first = bits(&all(simd, &alone, panel, plan(5, 33, law)));
            assert!(first == together[..33], "{what} {law:?}");
            assert!(together[33..66] != together[..33], "{what} {law:?}");
        }
    }
}

#[test]
fn groups_with_keys_are_the_same_in_any_company() {
    let simd = Simd::chosen().unwrap();
    for (what, survey, panel) in surveys() {
        let together = survey.responses().with_keys(&[11, 5, u64::MAX]).unwrap();
        for &law in survey.laws() {
            let plan = plan(5, 17, law);
            let groups = all(simd, &together, panel, plan);
            let others = together.clone().with_keys(&[12, 5, 11]).unwrap();
            assert!(bits(&all(simd, &others, panel, plan))[..17] != bits(&groups[..17]), "{what}");
            for (group, replicates) in groups.chunks(17).enumerate() {
                let mut alone = together.clone();
                alone.groups = vec![together.groups[group].clone()];
                assert!(
                    bits(&all(simd, &alone, panel, plan)) == bits(replicates),
                    "{what} {law:?}"
                );
            }
        }
    }
    let survey = Survey::one_factor(1, 9, 2, 4);
    assert!(survey.responses().with_keys(&[]).is_err());
    assert!(survey.responses().with_keys(&[1, 2]).is_err());
}

#[test]
fn seeds_give_different_replicates() {
    let survey = Survey::one_factor(1, 500, 4, 4);
    let responses = survey.responses();
    for &law in survey.laws() {
        let of = |seed| bits(&all(Simd::scalar(), &responses, Panel::Small, plan(seed, 10, law)));
        for other in [1, 1 << 32, u64::MAX] {
            assert!(of(0).iter().zip(of(other)).all(|(a, b)| *a != b), "{law:?} {other}");
        }
    }
}

#[test]
fn blocks_of_rows_that_are_done_elsewhere_add_up_to_the_whole() {
    let (rows, items, stratum, replicates) = (2 * BLOCK + 900, 3, 0, 20);
    let survey = Survey::one_factor(8, rows, items, 4);
    let simd = Simd::chosen().unwrap();
    let whole = all(simd, &survey.responses(), Panel::Full, plan(21, replicates, Counts));
    for (replicate, whole) in whole.iter().enumerate() {
        // What a worker of one block knows: the seed, the numbers, and how many rows there are in all.
        let block = |block: usize| -> Moments<i64> {
            let stream = Stream::new(21, stratum, replicate as u32);
            let multinomial = Multinomial { simd, stream };
            let mut shares = Vec::new();
            multinomial.block_shares(rows, &mut shares);
            let first = block * BLOCK;
            let units = BLOCK.min(rows - first);
            let mut counts = vec![0; units.next_multiple_of(64)];
            multinomial
                .block_counts(
                    block as u32,
                    shares[block],
                    units,
                    &mut counts,
                    &mut Scratch::default(),
                )
                .unwrap();
            let mut sum = Moments::empty(Panel::Full, items);
            for (row, &count) in (first..first + units).zip(&counts) {
                let one =
                    range_moments(simd, &survey.codes, rows, items, Panel::Full, row..row + 1);
                (0..count).for_each(|_| sum.merge(&one).unwrap());
            }
            sum
        };
        // In any order.
        let mut sum = block(2);
        sum.merge(&block(0)).unwrap();
        sum.merge(&block(1)).unwrap();
        assert_eq!(sum.persons, rows as i64);
        let mut dispersion = Dispersion::default();
        dispersion.fill(&sum);
        let mut row = vec![0.0; whole.len()];
        write(&dispersion, &mut row);
        assert_eq!(&row, whole, "replicate {replicate}");
    }
}

#[test]
fn the_small_panel_gives_the_alpha_of_the_full_one() {
    let simd = Simd::chosen().unwrap();
    for largest in [1, 4, 15, 16, 100, 254] {
        let survey = Survey::one_factor(1, 3000, 6, largest).grouped(&[0, 50, 3000]);
        for survey in [survey.clone(), survey.clustered(7)] {
            let responses = survey.responses();
            for &law in survey.laws() {
                let of = |panel| all(simd, &responses, panel, plan(2, 50, law));
                for (small, full) in of(Panel::Small).iter().zip(of(Panel::Full)) {
                    // The same integers; each is rounded a few times on its way to a double.
                    for (what, at) in [("trace", 1), ("total", 2)] {
                        let what = format!("{what} {largest} {law:?}");
                        common::chance::assert_near(small[at], full[at], 1e-13, &what);
                    }
                }
            }
        }
    }
}

#[test]
fn an_instruction_set_that_is_not_there_is_refused() {
    for simd in Simd::available() {
        assert_eq!(Simd::named(simd.name()).unwrap(), simd);
    }
    let message = Simd::named("abacus").unwrap_err().to_string();
    assert!(message.contains("abacus") && message.contains("scalar"), "{message}");
}

/// Numbers as one (Fowler, Noll & Vo's hash).
fn fingerprint(values: impl Iterator<Item = u64>) -> u64 {
    values.fold(0xCBF2_9CE4_8422_2325, |hash, value| {
        (hash ^ value).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[test]
fn old_seeds_give_the_replicates_that_they_gave() {
    // On any machine. Where one of these numbers has to change, every bootstrap of every user changes: the change
    // log must say so.
    let survey = Survey::of(vec![0; 10_000], 10_000, 1).grouped(&[0, 9000, 10_000]);
    let responses = survey.responses();
    for (law, expected) in [(Counts, 0x18B3_0DFA_671A_4BD9), (Exponential, 0x4752_663B_0D19_2C89)] {
        let plan = plan(0x0123_4567_89AB_CDEF, 3, law);
        let weights = |group, replicate| {
            unit_weights(Simd::chosen().unwrap(), &responses, plan, group, replicate).unwrap()
        };
        let all = (0..2).flat_map(|group| (0..3).flat_map(move |b| weights(group, b)));
        let got = fingerprint(all.map(|weight| weight as u64));
        assert_eq!(got, expected, "{law:?}: {got:#X}");
    }
}
