use psychometrics::{resampling::*, simd::*};
use std::time::Instant;
fn t(name: &str, n: usize, mut f: impl FnMut(usize)) {
    let mut best = f64::MAX;
    for _ in 0..7 {
        let s = Instant::now();
        for i in 0..n {
            f(i)
        }
        best = best.min(s.elapsed().as_secs_f64() * 1e9 / n as f64);
    }
    println!("  {name}: {best:.1} ns");
}
fn main() {
    for simd in Simd::available().into_iter().rev() {
        println!("{simd:?}");
        let mut big = AlignedBytes::default();
        big.reset(2048);
        let mut sum = 0;
        t("sum 2048", 20000, |i| {
            big[0] = (i % 3) as u8;
            sum_small_bytes(simd, &big, &mut sum);
            std::hint::black_box(sum);
        });
        let m = Multinomial { simd, stream: Stream::new(1, 0, 0) };
        t("block_counts 2048", 5000, |i| {
            std::hint::black_box(m.block_counts(i as u32, 2048, 2048, &mut big).unwrap());
        });
        let mut small = vec![0u8; 128];
        t("block_counts 100", 20000, |i| {
            std::hint::black_box(m.block_counts(i as u32, 100, 100, &mut small).unwrap());
        });
        let mut sh = vec![];
        t("shares 1M", 20, |i| {
            let m = Multinomial { simd, stream: Stream::new(1, 0, i as u32) };
            m.block_shares(1000000, &mut sh);
        });
        let mut w = [0u32; 64];
        t("philox chunk", 20000, |i| {
            philox_chunk(simd, [1, 2], [i as u32, 0, 0, 0], &mut w);
            std::hint::black_box(&w);
        });
        let mut f = AlignedBytes::default();
        f.reset(4 * 2048 * 58);
        f.fill(3);
        let mut ww = AlignedBytes::default();
        ww.reset(16 * 2048);
        ww.fill(2);
        let mut s = vec![0i32; 58 * 4 * 16];
        t("dot 232x16x2048 (per row*rep*1e3)", 20, |_| {
            dot_tiles(simd, &f, &ww, 8, 2048, &mut s);
        });
        println!("{}", sum);
    }
}
