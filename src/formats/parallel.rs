//! Spreads the work on long lists over threads: tens of thousands of tokens take longer to judge and to
//! write than to fetch.

use std::convert::Infallible;
use std::io::{self, Write};
use std::num::NonZero;
use std::sync::mpsc;
use std::thread;

/// How many items make a run: so few that each thread gets as many that take long as any other, and that the
/// processor's cache holds what comes of them.
const AT_A_TIME: usize = 64;
/// How many runs a thread may be ahead of what was passed on.
const MOST_AHEAD: usize = 16;
/// Shorter lists need no thread.
const FEW_RUNS: usize = 4;
/// More threads would wait for memory.
const MOST_THREADS: usize = 4;

/// Works on runs of items in several threads, this one among them; `work` also gets the place of its first
/// item, and adds what comes of a run to an empty result. Passes each result on, in order, until that
/// fails. `pass_on` empties the result, which is used again.
///
/// # Errors
/// The first of `work` or `pass_on`.
pub fn in_order<'a, I: Sync, T: Default + Send, E: Send>(
    items: &'a [I],
    work: &(impl Fn(usize, &'a [I], &mut T) -> Result<(), E> + Sync),
    mut pass_on: impl FnMut(&mut T) -> Result<(), E>,
) -> Result<(), E> {
    let runs = || items.chunks(AT_A_TIME).enumerate();
    let threads = if runs().len() <= FEW_RUNS {
        1
    } else {
        let parallel = thread::available_parallelism().map_or(1, NonZero::get);
        parallel.min(MOST_THREADS)
    };
    let work = &|(at, run): (usize, &'a [I]), result: &mut T| work(at * AT_A_TIME, run, result);
    thread::scope(|scope| {
        let others = (1..threads).map(|place| {
            let (done, results) = mpsc::sync_channel(MOST_AHEAD);
            let (emptied, empty) = mpsc::channel::<T>();
            let its_runs = runs().skip(place).step_by(threads);
            let started = thread::Builder::new().spawn_scoped(scope, move || {
                for run in its_runs {
                    let mut result = empty.try_recv().unwrap_or_default();
                    let worked = work(run, &mut result);
                    if done.send(worked.map(|()| result)).is_err() {
                        break;
                    }
                }
            });
            started.ok().map(|_| (results, emptied))
        });
        let others: Vec<_> = others.collect();
        let mut own = T::default();
        for run in runs() {
            let other = (run.0 % threads).checked_sub(1);
            let other = other.and_then(|place| others[place].as_ref());
            match other.and_then(|(results, emptied)| Some((results.recv().ok()?, emptied))) {
                Some((result, emptied)) => {
                    let mut result = result?;
                    pass_on(&mut result)?;
                    // Fails after the last run of that thread.
                    let _ended = emptied.send(result);
                }
                None => {
                    work(run, &mut own)?;
                    pass_on(&mut own)?;
                }
            }
        }
        Ok(())
    })
}

/// What comes of some items, made of runs of them in several threads.
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

/// Writes text that is made of runs of items in several threads, as [`in_order`] does.
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
