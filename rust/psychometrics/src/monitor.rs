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

/// Stops where another wants to stop, and tells it nothing.
#[derive(Clone, Copy)]
pub struct Unseen<'a>(pub &'a dyn Monitor);

impl Monitor for Unseen<'_> {
    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
    fn advance(&self, _replicates: u64) {}
}
