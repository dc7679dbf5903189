use psychometrics::{moments::Panel, monitor::Silent, resampling::*, responses::*, simd::Simd};
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n: usize = args.get(1).map_or(98304, |s| s.parse().unwrap());
    let k: usize = args.get(2).map_or(20, |s| s.parse().unwrap());
    let b: usize = args.get(3).map_or(2000, |s| s.parse().unwrap());
    let groups: usize = args.get(4).map_or(1, |s| s.parse().unwrap());
    let mut s = 12345u64;
    let codes: Vec<u8> = (0..n * k)
        .map(|_| {
            s = s.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((s >> 33) % 5) as u8
        })
        .collect();
    let starts: Vec<usize> = (0..=groups).map(|g| g * n / groups).collect();
    let r = Responses::new(
        Answers::Codes(&codes),
        n,
        k,
        None,
        Boundaries { groups: &starts, strata: None, clusters: None },
    )
    .unwrap();
    let plan = Plan { seed: 1, replicates: b, weights: Weights::Multinomial };
    for simd in Simd::available().into_iter().rev().take(2) {
        let m = Multinomial { simd, stream: Stream::new(1, 0, 0) };
        let mut c = vec![0u8; 2048];
        let t = Instant::now();
        let mut tot = 0u64;
        for i in 0..48000u32 {
            tot += m.block_counts(i, 2048, 2048, &mut c).unwrap() as u64;
        }
        println!(
            "{simd:?} weights {:.4} ns/row {tot}",
            t.elapsed().as_secs_f64() * 1e9 / 48000.0 / 2048.0
        );
        let t = Instant::now();
        for i in 0..48000u32 {
            for ch in 0..8 {
                tot += m.stream.chunk(simd, Purpose::Counts, 0, i, ch)[3] as u64;
            }
        }
        println!(
            "   philox {:.4} ns/byte {tot}",
            t.elapsed().as_secs_f64() * 1e9 / 48000.0 / 2048.0
        );
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for panel in [Panel::Small, Panel::Full] {
                let t = Instant::now();
                let out = pool
                    .install(|| {
                        replicate_moments(
                            simd,
                            &r,
                            panel,
                            plan,
                            &Silent,
                            1,
                            || (),
                            |_, _, _, d, out: &mut [f64]| out[0] = 1.0 - d.trace / d.total,
                        )
                    })
                    .unwrap();
                let e = t.elapsed().as_secs_f64();
                println!(
                    "{simd:?} threads {threads} {panel:?}: {e:.4} s {:.4} ns  {:?}",
                    e * 1e9 / (n * b) as f64,
                    out.iter().sum::<f64>()
                );
            }
        }
    }
}
