//! Long computations: the only place that lets go of the interpreter.
//!
//! Workers never touch Python. The calling thread looks every few milliseconds whether Ctrl-C was pressed, and tells
//! the callback how far the work is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use psychometrics::monitor::Monitor;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::errors::to_python;

/// More threads than any machine can use would only take memory.
const MOST_THREADS: usize = 512;

/// How long the calling thread sleeps between two looks.
const LOOK: Duration = Duration::from_millis(40);

#[derive(Default)]
struct Watch {
    cancelled: AtomicBool,
    done: AtomicU64,
    finished: Mutex<bool>,
    wake: Condvar,
}

impl Monitor for Watch {
    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
    fn advance(&self, replicates: u64) {
        self.done.fetch_add(replicates, Ordering::Relaxed);
    }
}

impl Watch {
    fn finish(&self) {
        *self.finished.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_all();
    }

    /// Waits a little; whether the work is done.
    fn wait(&self) -> bool {
        let finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.wake.wait_timeout_while(finished, LOOK, |finished| !*finished);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Tells the watch that the work is over, however it ends.
struct Finish<'a>(&'a Watch);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.finish();
    }
}

/// Runs `work` on `threads` threads (all cores where none are given) without the interpreter.
///
/// `progress` is called with what is done and `total` as the work goes on. An exception, from it or from Ctrl-C, stops
/// the work and is raised.
pub fn run<T: Send>(
    py: Python<'_>,
    threads: Option<usize>,
    progress: Option<&Bound<'_, PyAny>>,
    total: u64,
    work: impl FnOnce(&dyn Monitor) -> psychometrics::Result<T> + Send,
) -> PyResult<T> {
    let pool = pool(threads)?;
    let watch = Watch::default();
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let _finish = Finish(&watch);
            pool.install(|| work(&watch))
        });
        let mut raised = None;
        loop {
            let finished = py.detach(|| watch.wait());
            if raised.is_none() {
                let done = if finished { total } else { watch.done.load(Ordering::Relaxed) };
                let looked = py.check_signals().and_then(|()| match progress {
                    Some(callback) => callback.call1((done, total)).map(drop),
                    None => Ok(()),
                });
                if let Err(error) = looked {
                    watch.cancelled.store(true, Ordering::Relaxed);
                    raised = Some(error);
                }
            }
            if finished {
                break;
            }
        }
        let result = py.detach(|| worker.join());
        match (raised, result) {
            (Some(error), _) => Err(error),
            (None, Ok(result)) => result.map_err(to_python),
            (None, Err(_)) => Err(PyRuntimeError::new_err(
                "the computation failed inside the compiled core; this is a defect, please report it",
            )),
        }
    })
}

/// Thread pools by process and size: a forked process does not inherit the threads of its parent.
type Pools = HashMap<(u32, usize), Arc<ThreadPool>>;

/// The pool of that size, made once.
fn pool(threads: Option<usize>) -> PyResult<Arc<ThreadPool>> {
    static POOLS: LazyLock<Mutex<Pools>> = LazyLock::new(Mutex::default);
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let size = threads.unwrap_or_else(cores);
    if !(1..=MOST_THREADS).contains(&size) {
        return Err(PyValueError::new_err(format!("threads must be 1 to {MOST_THREADS}")));
    }
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (std::process::id(), size);
    if let Some(pool) = pools.get(&key) {
        return Ok(pool.clone());
    }
    let pool = ThreadPoolBuilder::new()
        .num_threads(size)
        .build()
        .map_err(|error| PyRuntimeError::new_err(format!("no {size} threads: {error}")))?;
    let pool = Arc::new(pool);
    pools.insert(key, pool.clone());
    Ok(pool)
}
