//! The same work for each of many things, on all cores.

use std::panic;
use std::sync::mpsc;
use std::thread;

use rayon::prelude::*;

use crate::progress::{ProgressListener, Step, tell};

/// Does `work` for each item on all cores, and tells of each that is done; the results come in the order
/// of the items. The listener hears of them here, on the caller's thread, while the work goes on.
///
/// # Errors
/// The error of an item, not necessarily of the first; the others are then no longer begun.
pub(super) fn on_all_cores<T: Sync, R: Send, E: Send>(
    items: &[T],
    step: Step,
    progress: ProgressListener<'_>,
    work: impl Fn(usize, &T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    tell(progress, step, 0, items.len());
    let (done, each_done) = mpsc::channel();
    let work = &work;
    thread::scope(|scope| {
        let working = scope.spawn(move || {
            let work = |done: &mut mpsc::Sender<()>, (position, item): (usize, &T)| {
                let result = work(position, item)?;
                // Nobody listens any more when the listener has panicked.
                let _heard = done.send(());
                Ok(result)
            };
            items.par_iter().enumerate().map_with(done, work).collect()
        });
        for (count, ()) in each_done.into_iter().enumerate() {
            tell(progress, step, count + 1, items.len());
        }
        working.join().unwrap_or_else(|payload| panic::resume_unwind(payload))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_each_is_told_once() {
        let items: Vec<usize> = (0..500).collect();
        let mut told = Vec::new();
        let doubled: Result<Vec<usize>, ()> =
            on_all_cores(&items, Step::Checking, &mut |progress| told.push(progress.done), |at, item| {
                Ok(at + item)
            });
        assert_eq!(doubled, Ok((0..500).map(|item| 2 * item).collect()));
        assert_eq!(told, (0..=500).collect::<Vec<_>>());
    }

    #[test]
    fn an_error_ends_the_work() {
        let items = [1, 2, 3];
        let refused: Result<Vec<()>, i32> =
            on_all_cores(&items, Step::Checking, &mut |_| {}, |_, item| match *item {
                2 => Err(2),
                _ => Ok(()),
            });
        assert_eq!(refused, Err(2));
    }
}
