//! What a row and replicate costs: weights alone, the sums that alpha needs, all sums of twenty items.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use psychometrics::moments::{Dispersion, Panel};
use psychometrics::monitor::Silent;
use psychometrics::resampling::{
    BLOCK, Multinomial, Plan, Resampling, Scratch, Stream, Weights, exponential_weights,
    replicate_moments,
};
use psychometrics::responses::{Answers, Boundaries, Responses};
use psychometrics::simd::Simd;

const ROWS: usize = 8 * BLOCK;
const ITEMS: usize = 20;
const REPLICATES: usize = 256;

fn weights(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("weights of a block");
    group.throughput(Throughput::Elements(BLOCK as u64));
    for simd in Simd::available() {
        let mut counts = vec![0; BLOCK];
        let (mut replicate, mut scratch) = (0, Scratch::default());
        group.bench_function(BenchmarkId::new("multinomial", simd.name()), |bencher| {
            bencher.iter(|| {
                replicate += 1;
                let multinomial = Multinomial { simd, stream: Stream::new(1, 0, replicate) };
                black_box(multinomial.block_counts(
                    0,
                    BLOCK as u32,
                    BLOCK,
                    &mut counts,
                    &mut scratch,
                ))
            });
        });
        let mut weights = vec![0; BLOCK];
        group.bench_function(BenchmarkId::new("exponential", simd.name()), |bencher| {
            bencher.iter(|| {
                replicate += 1;
                exponential_weights(simd, &Stream::new(1, 0, replicate), 0, &mut weights);
                black_box(weights[0])
            });
        });
    }
    group.finish();
}

fn replicates(criterion: &mut Criterion) {
    // Answers from 0 to 4, by a multiplicative hash: what they are makes no difference to the time.
    let codes: Vec<u8> = (0..ROWS as u32 * ITEMS as u32)
        .map(|i| (i.wrapping_mul(2_654_435_769) >> 24) as u8 % 5)
        .collect();
    let groups = [0, ROWS];
    let boundaries = Boundaries { groups: &groups, strata: None, clusters: None };
    let Ok(responses) = Responses::new(Answers::Codes(&codes), ROWS, ITEMS, None, boundaries)
    else {
        return;
    };
    let plan = Plan { seed: 1, replicates: REPLICATES, weights: Weights::Multinomial };
    let alpha = |_: &mut (), _, dispersion: &Dispersion, out: &mut [f64]| {
        out[0] = dispersion.trace / dispersion.total;
    };
    let mut group = criterion.benchmark_group("replicates, one thread");
    group.throughput(Throughput::Elements((ROWS * REPLICATES) as u64)).sample_size(10);
    let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(1).build() else { return };
    for simd in Simd::available() {
        for (name, panel) in [("small panel", Panel::Small), ("full panel", Panel::Full)] {
            let resampling =
                Resampling { simd, responses: &responses, panel, plan, monitor: &Silent };
            let run = || replicate_moments(resampling, 1, || (), alpha);
            group.bench_function(BenchmarkId::new(name, simd.name()), |bencher| {
                bencher.iter(|| pool.install(|| black_box(run())));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, weights, replicates);
criterion_main!(benches);
