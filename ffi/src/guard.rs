//! The guard: no panic leaves this library, and none says a word.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs the body of a function of the ABI; gives `on_panic` if it panics.
///
/// What the body was changing may be left half changed, as after any early return: the core recovers poisoned locks, and a
/// builder is only ever appended to.
pub(crate) fn guard<T>(on_panic: T, body: impl FnOnce() -> T) -> T {
    // The unit tests of this crate share their hook with the test harness.
    if !cfg!(test) {
        silence();
    }
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(on_panic)
}

/// As [`guard`], for a setter: does nothing without an object.
pub(crate) fn set<T>(object: Option<&mut T>, body: impl FnOnce(&mut T)) {
    guard((), || object.map_or((), body));
}

/// Takes away the hook that prints panics, before the first call can panic.
///
/// A shared library and a static one have a standard library of their own, so no hook of the host's is touched, and
/// every panic that would be printed is ours.
fn silence() {
    static SILENT: AtomicBool = AtomicBool::new(false);
    // No `Once`: a fork while another thread is inside it would leave the child waiting for good.
    if !SILENT.load(Ordering::Relaxed) && !SILENT.swap(true, Ordering::Relaxed) {
        std::panic::set_hook(Box::new(|_| ()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_answer() {
        assert_eq!(guard("on panic", || panic!("inside")), "on panic");
    }

    /// Set for the child of the next test, which takes away the hook of its whole process.
    const CHILD: &str = "OVERT_TEST_PANICS_WITHOUT_A_HOOK";

    #[test]
    fn panics_without_a_hook() {
        if std::env::var_os(CHILD).is_none() {
            return;
        }
        silence();
        guard((), || panic!("a loud noise"));
        let thread = std::thread::spawn(|| panic!("a loud noise on a thread of ours"));
        assert!(thread.join().is_err());
        println!("panicked twice");
    }

    #[test]
    fn a_panic_is_silent() {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "guard::tests::panics_without_a_hook", "--nocapture"]).env(CHILD, "1");
        let output = child.output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(said.contains("panicked twice"), "{said}");
        assert!(!said.contains("noise"), "{said}");
    }

    #[test]
    fn a_setter_survives_both_a_panic_and_no_object() {
        let mut object = 1;
        set(Some(&mut object), |object| {
            *object = 2;
            panic!("after a change");
        });
        set(None::<&mut i32>, |_| unreachable!());
        assert_eq!(object, 2);
    }
}
