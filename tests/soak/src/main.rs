//! The soak test: eight processes, a server that fails in every way, kills and restarts; then the account of every event.
//!
//! - `overt-soak [--seconds N] [--seed N]` is the driver: it starts everything, and ends with 0 if all is as it should be.
//! - `overt-soak member …` is one of the processes; `overt-soak server …` is the server. The driver starts both.
//! - The seed decides what each process does and how the server fails; which of them meets which is up to the scheduler.
//!
//! What it proves: each event that was acknowledged was accepted, or finally refused, by the server; the ledger's totals are
//! these, to the event; and the memory, descriptors, threads and files of a process that lives through all of it are at the
//! end what they were at the beginning.

#[cfg(target_os = "linux")]
mod audit;
#[cfg(target_os = "linux")]
mod crew;
#[cfg(target_os = "linux")]
mod driver;
#[cfg(target_os = "linux")]
mod faults;
#[cfg(target_os = "linux")]
mod footprint;
#[cfg(target_os = "linux")]
mod member;
#[cfg(target_os = "linux")]
mod places;
#[cfg(target_os = "linux")]
mod random;
#[cfg(target_os = "linux")]
mod request;
#[cfg(target_os = "linux")]
mod server;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["member", orders @ ..] => member::run(orders),
        ["server", orders @ ..] => server::run(orders),
        options => driver::run(options),
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("overt-soak looks at processes through /proc: it runs on Linux");
    std::process::exit(2);
}
