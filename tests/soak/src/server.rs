//! The server, a process of its own that may be killed at any moment: what it means to answer is in its log before the first
//! byte of the answer leaves.
//!
//! The log is a file that outlives the process: a line `MADE_AT WIRE DEED VERDICT+UUID … .` for each request,
//! `- - DEED .` for a connection that never became one. A line without its dot was cut off, and was not answered.

use crate::faults::{self, Answer, Deed, Verdict};
use crate::random::Random;
use crate::request::{self, Request};
use socket2::{Domain, Socket, Type};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a connection may take; a client of the members' gives up sooner.
const LONGEST: Duration = Duration::from_secs(5);
/// A body above this has several events, for the largest event of the members has less.
const SURELY_SEVERAL: usize = 40 * 1024;

/// A socket at a port of loopback, 0 for any that is free. Several processes may have it, and whoever listens gets the
/// connections: so the driver reserves the port while nobody does.
pub fn reserve(port: u16) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], port)).into())?;
    Ok(socket)
}

/// Runs `server SEED PORT LOG MOOD` until stdin ends; there the driver says `well` or `ill`.
pub fn run(orders: &[&str]) -> ExitCode {
    let [seed, port, log, mood] = orders else { panic!("server SEED PORT LOG MOOD: {orders:?}") };
    let mut random = Random::new(seed.parse().expect("a seed is a number"));
    let socket = reserve(port.parse().expect("a port is a number")).expect("the driver has reserved the port");
    socket.listen(128).expect("a bound socket can listen");
    let listener: TcpListener = socket.into();
    let log = Arc::new(File::options().append(true).open(log).expect("the driver has made the log"));
    let well = Arc::new(AtomicBool::new(*mood == "well"));
    let told = Arc::clone(&well);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            told.store(line == "well", Ordering::SeqCst);
            println!("{line}");
        }
        std::process::exit(0);
    });
    println!("listening");
    for stream in listener.incoming().flatten() {
        let (log, well, random) = (Arc::clone(&log), Arc::clone(&well), Random::new(random.next()));
        std::thread::spawn(move || serve(&stream, &log, &well, random));
    }
    ExitCode::SUCCESS
}

/// Deals with one connection. Errors are the client's end, which may come at any moment.
fn serve(stream: &TcpStream, log: &File, well: &AtomicBool, mut random: Random) {
    let deed = if well.load(Ordering::SeqCst) { Deed::Well } else { Deed::choose(&mut random) };
    let _ = (stream.set_read_timeout(Some(LONGEST)), stream.set_write_timeout(Some(LONGEST)));
    match deed {
        Deed::HangUp | Deed::Reset | Deed::Stall => {
            note(log, &format!("- - {deed:?}"));
            match deed {
                Deed::Stall => std::thread::sleep(random.millis(100, 1_500)),
                Deed::Reset => reset(stream),
                _ => {}
            }
        }
        _ => drop(serve_request(stream, log, deed, &mut random)),
    }
    let _ = stream.shutdown(Shutdown::Both);
}

fn serve_request(stream: &TcpStream, log: &File, deed: Deed, random: &mut Random) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let head = request::read_head(&mut reader)?;
    if deed == Deed::EarlyRefusal {
        note(log, &format!("- - {deed:?}"));
        // Without the body nobody knows whose the verdict is; so one that is final for no event.
        let status = if head.length > SURELY_SEVERAL && random.chance(70) { 413 } else { 503 };
        return (&*stream).write_all(faults::with_status(status, "", "").as_bytes());
    }
    let request = request::read_body(head, &mut reader)?;
    let answer = faults::answer(deed, &request, random);
    note(log, &line(deed, &request, &answer));
    match deed {
        Deed::StallUnanswered => {
            // Until the client has had enough.
            let _ = reader.read(&mut [0]);
            Ok(())
        }
        Deed::ResetUnanswered => {
            reset(stream);
            Ok(())
        }
        Deed::WellByDrips => drip(stream, answer.text.as_bytes(), random),
        _ => {
            let text = answer.text.as_bytes();
            (&*stream).write_all(&text[..answer.cut_at.unwrap_or(text.len())])
        }
    }
}

/// Makes the end of the connection a reset.
fn reset(stream: &TcpStream) {
    let _ = socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

fn drip(stream: &TcpStream, text: &[u8], random: &mut Random) -> std::io::Result<()> {
    // As long as a member waits, or half as long.
    let pause = random.millis(400, 900) / 20;
    for piece in text.chunks(text.len().div_ceil(20)) {
        (&*stream).write_all(piece)?;
        std::thread::sleep(pause);
    }
    Ok(())
}

fn line(deed: Deed, request: &Request, answer: &Answer) -> String {
    let mut line = format!("{} {} {deed:?}", request.made_at, request.wire.as_str());
    for (uuid, verdict) in request.uuids.iter().zip(&answer.verdicts) {
        let sign = Verdict::ALL.into_iter().find(|(one, _)| one == verdict).map_or('?', |(_, sign)| sign);
        line.push_str(&format!(" {sign}{uuid}"));
    }
    line
}

/// Adds a line, by one write(2), on a line of its own even if the one before was cut off.
fn note(mut log: &File, line: &str) {
    log.write_all(format!("\n{line} .").as_bytes()).expect("the log can be written");
}
