//! Work on several threads: order of results, and early ends.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokenscope::formats::parallel::{collect, in_order, write};

/// Around the length of a run, the minimum for threads, and the lead of one thread.
const LENGTHS: [usize; 9] = [0, 1, 63, 64, 65, 256, 257, 4_096, 10_001];

#[test]
fn results_keep_the_order_of_the_items() {
    for length in LENGTHS {
        let items: Vec<usize> = (0..length).collect();
        let doubled = collect(&items, &|first, run, some: &mut Vec<(usize, usize)>| {
            some.extend(run.iter().zip(first..).map(|(item, at)| (at, item * 2)));
        });
        let expected: Vec<_> = items.iter().map(|item| (*item, item * 2)).collect();
        assert_eq!(doubled, expected, "{length} items");
    }
}

#[test]
fn text_keeps_the_order_of_the_items() {
    for length in LENGTHS {
        let items: Vec<usize> = (0..length).collect();
        let mut out = Vec::new();
        let text = |_: usize, run: &[usize], text: &mut Vec<u8>| {
            for item in run {
                text.extend_from_slice(format!("{item},").as_bytes());
            }
            Ok(())
        };
        write(&mut out, &items, &text).unwrap();
        let expected: String = items.iter().map(|item| format!("{item},")).collect();
        assert_eq!(String::from_utf8(out), Ok(expected), "{length} items");
    }
}

#[test]
fn the_first_failure_ends_the_work() {
    let items: Vec<usize> = (0..100_000).collect();
    for failing in [0, 63, 64, 5_000] {
        let worked = AtomicUsize::new(0);
        let work = |_: usize, run: &[usize], sum: &mut usize| {
            worked.fetch_add(run.len(), Ordering::Relaxed);
            *sum += run.len();
            if run.contains(&failing) {
                Err(failing)
            } else {
                Ok(())
            }
        };
        let mut passed = 0;
        let ended = in_order(&items, &work, |sum: &mut usize| {
            passed += *sum;
            *sum = 0;
            Ok(())
        });
        assert_eq!(ended, Err(failing));
        assert_eq!(passed, failing / 64 * 64, "what comes before {failing}");
        assert!(
            worked.into_inner() < items.len(),
            "no thread works to the end"
        );
    }
}

#[test]
fn a_failing_consumer_ends_the_work() {
    let items: Vec<usize> = (0..100_000).collect();
    let worked = AtomicUsize::new(0);
    let work = |_: usize, run: &[usize], count: &mut usize| {
        worked.fetch_add(run.len(), Ordering::Relaxed);
        *count = run.len();
        Ok(())
    };
    let mut runs = 0;
    let ended = in_order(&items, &work, |_| {
        runs += 1;
        if runs == 3 { Err("closed") } else { Ok(()) }
    });
    assert_eq!((ended, runs), (Err("closed"), 3));
    assert!(
        worked.into_inner() < items.len(),
        "no thread works to the end"
    );
}
