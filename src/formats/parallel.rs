//! Spreads the work on long lists over threads: tens of thousands of tokens take longer to judge and to
//! write than to fetch.

use std::num::NonZero;
use std::thread;

/// How many items a thread takes before what came of them is passed on; shorter lists need no thread.
const AT_A_TIME: usize = 1_000;
/// More threads would wait for memory.
const MOST_THREADS: usize = 4;

/// Works on runs of items in several threads; `work` also gets the place of its first item. Passes on what
/// came of each run, in order, until that fails.
///
/// # Errors
/// Those of `pass_on`.
pub fn in_order<'a, I: Sync, T: Send, E>(
    items: &'a [I],
    work: &(impl Fn(usize, &'a [I]) -> T + Sync),
    mut pass_on: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let at_once = threads.min(MOST_THREADS);
    let mut runs = items.chunks(AT_A_TIME).enumerate();
    loop {
        let round: Vec<_> = runs.by_ref().take(at_once).collect();
        if round.is_empty() {
            return Ok(());
        }
        let done: Vec<T> = thread::scope(|scope| {
            let work = |(at, run): (usize, &'a [I])| work(at * AT_A_TIME, run);
            let mut round = round.into_iter();
            let own = round.next();
            let others = round.map(|run| {
                let started = thread::Builder::new().spawn_scoped(scope, move || work(run));
                (run, started)
            });
            // All are started before the first is waited for.
            let others: Vec<_> = others.collect();
            let own = own.map(work);
            let others = others.into_iter().map(|(run, started)| {
                let done = started.ok().and_then(|thread| thread.join().ok());
                done.unwrap_or_else(|| work(run))
            });
            own.into_iter().chain(others).collect()
        });
        done.into_iter().try_for_each(&mut pass_on)?;
    }
}
