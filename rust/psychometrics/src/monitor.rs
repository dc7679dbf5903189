//! How a long computation is watched and stopped.

/// Told of progress, asked whether to go on. Called from worker threads.
pub trait Monitor: Sync {
    /// Whether the caller wants to stop.
    fn cancelled(&self) -> bool;
    /// So many more replicates are done.
    fn advance(&self, replicates: u64);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Monitor for Silent {
    fn cancelled(&self) -> bool {
        false
    }
    fn advance(&self, _replicates: u64) {}
}
