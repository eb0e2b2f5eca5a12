//! The judge of the conformance contract: plays its cases to an adapter, many at once, and says which rules it breaks.
//!
//! Exit code 0: all passed; 1: a case failed; 2: the contract or the call is wrong.

mod adapter;
mod contract;
mod json;
mod matcher;
mod placeholders;
mod play;
mod report;
mod script;
mod seen;
mod time;
mod verdict;

use clap::Parser;
use contract::{Case, Wire};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Plays the conformance contract to an adapter.
#[derive(Parser)]
struct Args {
    /// The contract.
    #[arg(long, default_value = "tests/conformance/contract.toml")]
    contract: PathBuf,
    /// What the adapter is called in the report.
    #[arg(long, default_value = "adapter")]
    name: String,
    /// How many cases are played at once. Most of their time they wait.
    #[arg(long, default_value_t = 16)]
    jobs: usize,
    /// Names the cases and their rules, and plays none.
    #[arg(long)]
    list: bool,
    /// The program that starts the adapter.
    #[arg(long, required_unless_present = "list")]
    adapter: Option<PathBuf>,
    /// Only the case of this name.
    #[arg(long)]
    exact: Option<String>,
    /// A wire that the adapter does not speak: its cases are left out. Can be said more than once.
    #[arg(long, value_name = "WIRE", value_parser = Wire::parse)]
    lacks: Vec<Wire>,
    /// Only cases whose name contains each of these words.
    words: Vec<String>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let cases = match contract::load(&args.contract) {
        Ok(cases) => cases,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let is_wanted = |case: &Case| {
        args.exact.as_ref().is_none_or(|name| case.name == *name)
            && !args.lacks.contains(&case.wire)
            && args.words.iter().all(|word| case.name.contains(word))
    };
    let mut cases: Vec<Case> = cases.into_iter().filter(is_wanted).collect();
    if cases.is_empty() {
        eprintln!("no case has such a name");
        return ExitCode::from(2);
    }
    let Some(program) = args.adapter.filter(|_| !args.list) else {
        list(&cases);
        return ExitCode::SUCCESS;
    };
    // The longest first, so that none of them is waited for alone at the end.
    cases.sort_by_key(|case| std::cmp::Reverse(case.length_ms()));
    let begun = Instant::now();
    let failed = play_all(&cases, &program, &args.name, args.jobs.max(1));
    let (passed, seconds) = (cases.len() - failed, begun.elapsed().as_secs());
    if failed == 0 {
        println!("{}: {passed} cases passed in {seconds} s", args.name);
        return ExitCode::SUCCESS;
    }
    println!("\n{}: {failed} of {} cases FAILED, {passed} passed in {seconds} s", args.name, cases.len());
    ExitCode::FAILURE
}

/// Plays all cases, so many at once, and reports each that fails as soon as it has. How many failed.
fn play_all(cases: &[Case], program: &std::path::Path, name: &str, jobs: usize) -> usize {
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let played = play::play(case, program);
                    if !played.faults.is_empty() {
                        failed.fetch_add(1, Ordering::Relaxed);
                        print!("{}", report::failure(name, case, &played));
                    }
                }
            });
        }
    });
    failed.into_inner()
}

fn list(cases: &[Case]) {
    for case in cases {
        println!("{}\n    {}", case.name, case.rule);
    }
}
