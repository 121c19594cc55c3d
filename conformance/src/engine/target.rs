//! What the engine needs of a subject. Who finds, starts and ends subjects implements these traits.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::transport::Route;

/// A future in a box.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A server under test that can be connected to. Dropping the last reference ends what was started for it.
pub trait Target: Send + Sync {
    /// How to reach it.
    fn route(&self) -> &Route;

    /// Its process, where the runner started it.
    fn process(&self) -> Option<&dyn Process>;

    /// What it printed last.
    fn output(&self) -> String;
}

/// The process of a subject.
pub trait Process: Send + Sync {
    /// Sends SIGTERM to the process and all that it has started.
    ///
    /// # Errors
    /// Where the system refuses.
    fn terminate(&self) -> Result<(), String>;

    /// The resident memory of the process and its descendants, in bytes; `None` where the system does not tell.
    fn memory(&self) -> Option<u64>;

    /// How long its threads have waited for a processor, in all; `None` where the system does not tell.
    fn starved(&self) -> Option<std::time::Duration>;

    /// How it ended, in words, once it has.
    fn ended(&self) -> Option<String>;
}

/// Starts a subject for one scenario alone.
pub trait Launcher: Send + Sync {
    /// Starts it and waits until it can be connected to.
    fn launch(&self) -> Boxed<'_, Result<Arc<dyn Target>, String>>;
}
