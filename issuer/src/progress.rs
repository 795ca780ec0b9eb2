//! How far a long command is.

/// A step of a long command, in the order in which they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Building credentials from the roster.
    Building,
    /// Canonicalising and hashing them.
    Canonicalising,
    /// Signing.
    Signing,
    /// Checking what another person prepared.
    Checking,
    /// Handing the statement to the log and waiting for its proof.
    Logging,
    /// Writing files.
    Writing,
}

/// A step, and how many of its parts are done. Each part is durable, where it is to be, before it
/// is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The step.
    pub step: Step,
    /// Parts done.
    pub done: usize,
    /// Parts in all.
    pub total: usize,
}

/// Who wants to hear of progress: a progress bar, or nobody (`&mut |_| {}`).
pub type ProgressListener<'a> = &'a mut dyn FnMut(Progress);

/// Tells the listener.
pub(crate) fn tell(listener: ProgressListener<'_>, step: Step, done: usize, total: usize) {
    listener(Progress { step, done, total });
}
