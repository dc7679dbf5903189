//! Bytes that begin at a cache line: an unaligned load of 64 bytes costs two.

/// A cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// A growable run of bytes whose start is aligned to a cache line.
#[derive(Clone, Debug, Default)]
pub struct AlignedBytes {
    lines: Vec<Line>,
    length: usize,
}

impl AlignedBytes {
    /// Makes it `length` bytes long; what they hold is left over from before, or zero.
    pub fn set_length(&mut self, length: usize) {
        self.length = length;
        self.lines.resize(length.div_ceil(64), Line([0; 64]));
    }

    /// `length` zeros in the place of what was there.
    pub fn reset(&mut self, length: usize) {
        self.length = length;
        self.lines.clear();
        self.lines.resize(length.div_ceil(64), Line([0; 64]));
    }
}

impl std::ops::Deref for AlignedBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: `lines` holds at least `length` initialised bytes, and a byte has no alignment of its own.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }
}

impl std::ops::DerefMut for AlignedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
    }
}
