//! The worker's hand-over: who starts it, what wakes it, and what ends it. Passes are played by the test.

use super::*;
use std::sync::Arc;
use std::sync::mpsc;

const LONG: Duration = Duration::from_secs(600);

/// Starts the thread with a pass that reports each of its runs and ends as it is told.
fn start(worker: &Arc<Worker>, ends: Vec<Pass>) -> (mpsc::Receiver<()>, std::thread::JoinHandle<()>) {
    start_reporting(worker, ends, mpsc::sync_channel(100))
}

fn start_reporting(
    worker: &Arc<Worker>,
    ends: Vec<Pass>,
    (report, ran): (mpsc::SyncSender<()>, mpsc::Receiver<()>),
) -> (mpsc::Receiver<()>, std::thread::JoinHandle<()>) {
    let worker = Arc::clone(worker);
    let ends = Mutex::new(ends.into_iter());
    let thread = std::thread::spawn(move || {
        worker.run(|| {
            report.send(()).unwrap();
            ends.lock().unwrap().next().unwrap_or(Pass::Done)
        });
    });
    (ran, thread)
}

fn worker(flush_at: u32, flush_interval: Duration) -> Arc<Worker> {
    Arc::new(Worker::new(flush_at, flush_interval))
}

#[test]
fn of_many_threads_that_record_exactly_one_starts_it() {
    let worker = worker(1_000_000, LONG);
    let starts: usize = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| (0..1_000).filter(|_| worker.recorded()).count())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(starts, 1);
}

#[test]
fn the_pass_starts_when_enough_events_wait_and_the_thread_ends_when_none_do() {
    let worker = worker(3, LONG);
    assert!(worker.recorded());
    // The pass does not end before its report is taken.
    let (ran, thread) = start_reporting(&worker, vec![], mpsc::sync_channel(0));
    assert!(!worker.recorded() && !worker.recorded());
    ran.recv().unwrap();
    thread.join().unwrap();
    assert!(ran.try_recv().is_err(), "one pass, not two");
    assert!(worker.recorded(), "and the next event starts it again");
}

#[test]
fn the_oldest_event_starts_a_pass_after_the_interval() {
    let worker = worker(100, Duration::from_millis(1));
    assert!(worker.recorded());
    let (ran, thread) = start(&worker, vec![]);
    ran.recv().unwrap();
    thread.join().unwrap();
}

#[test]
fn a_flush_waits_for_a_pass_that_began_after_it() {
    let worker = worker(100, LONG);
    worker.recorded();
    let (ticket, start_it) = worker.ask();
    assert!(!start_it, "the recorded event has claimed the start already");
    let (ran, thread) = start(&worker, vec![]);
    assert_eq!(worker.wait(&ticket, LONG), Flushed::Delivered);
    assert_eq!(ran.iter().count(), 1);
    thread.join().unwrap();
}

#[test]
fn a_flush_says_when_events_had_to_stay() {
    let worker = worker(100, LONG);
    let (ticket, start_it) = worker.ask();
    assert!(start_it);
    let (_ran, thread) = start(&worker, vec![Pass::Parked]);
    assert_eq!(worker.wait(&ticket, LONG), Flushed::Undelivered);
    // Parked: it rests, but whoever asks gets a pass at once.
    let (ticket, _) = worker.ask();
    assert_eq!(worker.wait(&ticket, LONG), Flushed::Delivered);
    thread.join().unwrap();
}

#[test]
fn a_flush_outlasts_another_process_that_delivers() {
    let worker = worker(100, LONG);
    let (ticket, _) = worker.ask();
    let (ran, thread) = start(&worker, vec![Pass::Busy, Pass::Busy]);
    assert_eq!(worker.wait(&ticket, LONG), Flushed::Delivered);
    worker.close();
    thread.join().unwrap();
    assert_eq!(ran.iter().count(), 3);
}

/// Waits until the worker's state is so.
fn wait_until(worker: &Worker, is_so: impl Fn(&State) -> bool) {
    let begun = Instant::now();
    while !is_so(&worker.state()) {
        assert!(begun.elapsed() < LONG / 60, "{:?}", worker.state());
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn nobody_tries_again_and_again_for_a_flush_that_has_ended_in_vain() {
    let worker = worker(100, LONG);
    let (ticket, _) = worker.ask();
    assert_eq!(worker.wait(&ticket, Duration::ZERO), Flushed::TimedOut);
    drop(ticket);
    // Another process holds the spool for good; the pass that was asked for still comes, once.
    let (ran, thread) = start(&worker, vec![Pass::Busy; 100_000]);
    ran.recv().unwrap();
    wait_until(&worker, |state| state.done == state.asked);
    worker.close();
    thread.join().unwrap();
    assert_eq!(ran.iter().count(), 0);
}

#[test]
fn an_interval_of_nothing_does_not_spin_while_another_process_delivers() {
    let worker = worker(1, Duration::ZERO);
    let begun = Instant::now();
    assert!(worker.recorded());
    let (ran, thread) = start(&worker, vec![Pass::Busy; 100_000]);
    ran.recv().unwrap();
    wait_until(&worker, |state| state.rest_until.is_some_and(|rest| rest >= begun + BUSY_REST));
    // Whoever asks does not wait for that.
    let (ticket, _) = worker.ask();
    ran.recv().unwrap();
    drop(ticket);
    worker.close();
    thread.join().unwrap();
}

#[test]
fn a_flush_ends_with_its_time() {
    let worker = worker(100, LONG);
    let (ticket, _) = worker.ask();
    assert_eq!(worker.wait(&ticket, Duration::ZERO), Flushed::TimedOut);
    assert_eq!(worker.wait(&ticket, Duration::from_millis(1)), Flushed::TimedOut);
}

#[test]
fn closing_ends_a_pause_a_flush_and_the_thread() {
    let worker = worker(100, LONG);
    worker.recorded();
    let pausing = Arc::clone(&worker);
    let thread = std::thread::spawn(move || {
        let paused = pausing.pause(LONG);
        pausing.run(|| panic!("no pass after closing"));
        paused
    });
    worker.close();
    assert!(!thread.join().unwrap(), "the pause was cut short");
    let (ticket, start_it) = worker.ask();
    assert!(!start_it);
    assert_eq!(worker.wait(&ticket, LONG), Flushed::Undelivered);
    assert!(!worker.recorded(), "nothing starts after closing");
}

#[test]
fn a_pass_that_always_panics_is_given_up() {
    let worker = worker(1, LONG);
    let mut passes = 0;
    while worker.recorded() {
        let (_, _) = worker.ask();
        passes += 1;
        worker.run(|| panic!("on purpose"));
        assert!(passes <= MAX_PANICS);
    }
    let (ticket, start_it) = worker.ask();
    assert!(!start_it);
    assert_eq!(worker.wait(&ticket, LONG), Flushed::Undelivered);
}

#[test]
fn a_thread_that_could_not_be_started_leaves_nobody_waiting() {
    let worker = worker(100, LONG);
    let (ticket, start_it) = worker.ask();
    assert!(start_it);
    worker.not_started();
    assert_eq!(worker.wait(&ticket, LONG), Flushed::Undelivered);
    assert!(worker.recorded(), "the next event tries again");
}

#[test]
fn a_held_worker_ends_its_thread_and_goes_on_when_released() {
    let worker = worker(100, LONG);
    let (ticket, start_it) = worker.ask();
    assert!(start_it);
    // The pass is broken off in a pause, as by a server that asks to be tried again.
    let in_pause = Arc::clone(&worker);
    let (report, ran) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        in_pause.run(|| {
            report.send(()).unwrap();
            if in_pause.pause(LONG) { Pass::Done } else { Pass::Stopped }
        });
    });
    ran.recv().unwrap();
    assert!(worker.hold(LONG, || ()), "the thread has ended");
    thread.join().unwrap();
    assert!(!worker.recorded() && !worker.ask().1, "no thread is wanted");
    assert!(worker.release(), "the broken pass, the event and the flush are left to do");
    let (ran, thread) = start(&worker, vec![Pass::Done]);
    ran.recv().unwrap();
    assert_eq!(worker.wait(&ticket, LONG), Flushed::Delivered, "nobody was told that it had failed");
    worker.close();
    thread.join().unwrap();
}

#[test]
fn a_held_worker_with_nothing_to_do_is_not_started_again() {
    let worker = worker(100, LONG);
    assert!(worker.hold(LONG, || ()) && !worker.release());
    assert!(worker.recorded(), "but the next event starts it");
}

#[test]
fn what_begins_after_it_was_to_be_broken_off_is_broken_off_as_well() {
    let worker = worker(1, LONG);
    assert!(worker.recorded());
    let calls = Arc::new(AtomicU64::new(0));
    let (in_pass, seen) = (Arc::clone(&worker), Arc::clone(&calls));
    let wait_for_more_than = move |number| {
        let begun = Instant::now();
        while seen.load(Ordering::Relaxed) <= number && begun.elapsed() < LONG {
            std::thread::yield_now();
        }
    };
    let (enter, entered) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        in_pass.run(|| {
            enter.send(()).unwrap();
            wait_for_more_than(0);
            wait_for_more_than(1); // the request, which only a call that comes now can end
            Pass::Stopped
        });
    });
    entered.recv().unwrap();
    let mut break_off = || {
        calls.fetch_add(1, Ordering::Relaxed);
    };
    assert!(worker.hold(LONG / 10, &mut break_off));
    thread.join().unwrap();
}

#[test]
fn who_holds_a_worker_that_does_not_end_waits_no_longer_than_told() {
    let worker = worker(1, LONG);
    assert!(worker.recorded());
    let ((enter, entered), (leave, left)) = (mpsc::channel(), mpsc::channel::<()>());
    let in_pass = Arc::clone(&worker);
    let thread = std::thread::spawn(move || {
        in_pass.run(|| {
            enter.send(()).unwrap();
            left.recv().unwrap();
            Pass::Done
        });
    });
    entered.recv().unwrap();
    let mut broken_off = false;
    assert!(!worker.hold(Duration::from_millis(1), || broken_off = true) && broken_off);
    leave.send(()).unwrap();
    thread.join().unwrap();
}
