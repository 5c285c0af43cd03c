//! Spreads the work on long lists over threads: tens of thousands of tokens take longer to judge and to
//! write than to fetch.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{self, Write};
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;

use crate::domain::sync::locked;

/// How many items make a run: so few that the processor's cache holds their results, and that the threads
/// end at about the same time.
const AT_A_TIME: usize = 64;
/// How many results may wait for an earlier one before this thread waits, too.
const MOST_WAITING: usize = 16;
/// Shorter lists need no thread.
const FEW_RUNS: usize = 4;
/// More threads would wait for memory.
const MOST_THREADS: usize = 4;

/// Works on runs of items in several threads, this one among them; `work` also gets the place of its first
/// item, and fills an empty result. Passes the results on, in the order of the runs, until that fails.
/// `pass_on` empties a result, which is used again.
///
/// # Errors
/// The first of `work` or `pass_on`.
pub fn in_order<'a, I: Sync, T: Default + Send, E: Send>(
    items: &'a [I],
    work: &(impl Fn(usize, &'a [I], &mut T) -> Result<(), E> + Sync),
    mut pass_on: impl FnMut(&mut T) -> Result<(), E>,
) -> Result<(), E> {
    let runs = items.len().div_ceil(AT_A_TIME);
    let claimed = AtomicUsize::new(0);
    let claim = || Some(claimed.fetch_add(1, Ordering::Relaxed)).filter(|run| *run < runs);
    let spare = Mutex::new(Vec::<T>::new());
    let work_on = |run: usize| {
        let first = run * AT_A_TIME;
        let items = &items[first..items.len().min(first + AT_A_TIME)];
        let mut result = locked(&spare).pop().unwrap_or_default();
        work(first, items, &mut result).map(|()| result)
    };
    thread::scope(|scope| {
        let (done, others) = mpsc::sync_channel(MOST_WAITING);
        for _ in 1..threads_for(runs) {
            let (done, claim, work_on) = (done.clone(), &claim, &work_on);
            let work = move || {
                while let Some(run) = claim() {
                    if done.send((run, work_on(run))).is_err() {
                        break;
                    }
                }
            };
            // Those that start do the work.
            let _started = thread::Builder::new().spawn_scoped(scope, work);
        }
        drop(done);
        let mut ready = BTreeMap::new();
        for run in 0..runs {
            while !ready.contains_key(&run) {
                let may_wait = ready.len() < MOST_WAITING;
                let (run, result) = match others.try_recv() {
                    Ok(done) => done,
                    Err(_) => match may_wait.then(claim).flatten() {
                        Some(own) => (own, work_on(own)),
                        // Fails if a thread did not end its run.
                        None => others.recv().unwrap_or_else(|_| (run, work_on(run))),
                    },
                };
                ready.insert(run, result);
            }
            if let Some(result) = ready.remove(&run) {
                let mut result = result?;
                pass_on(&mut result)?;
                locked(&spare).push(result);
            }
        }
        Ok(())
    })
}

fn threads_for(runs: usize) -> usize {
    if runs <= FEW_RUNS {
        return 1;
    }
    let parallel = thread::available_parallelism().map_or(1, NonZero::get);
    parallel.min(MOST_THREADS)
}

/// The results of some items, one or none for each, made in several threads.
pub fn collect<'a, I: Sync, T: Send>(
    items: &'a [I],
    work: &(impl Fn(usize, &'a [I], &mut Vec<T>) + Sync),
) -> Vec<T> {
    let mut all = Vec::new();
    let work = |first: usize, run: &'a [I], some: &mut Vec<T>| {
        work(first, run, some);
        Ok::<_, Infallible>(())
    };
    let Ok(()) = in_order(items, &work, |some| {
        all.append(some);
        Ok(())
    });
    all
}

/// Writes the text of some items, which is made in several threads.
///
/// # Errors
/// Those of `text` and of the writer.
pub fn write<'a, I: Sync>(
    out: &mut impl Write,
    items: &'a [I],
    text: &(impl Fn(usize, &'a [I], &mut Vec<u8>) -> io::Result<()> + Sync),
) -> io::Result<()> {
    in_order(items, text, |text| {
        out.write_all(text)?;
        text.clear();
        Ok(())
    })
}
