//! What the server does with a connection, by chance, and what each answer means for the events: the protocol's table once
//! more, so that a change of the core's is noticed.

use crate::random::Random;
use crate::request::Request;
use overt::Wire;
use std::fmt::Write;

/// What an attempt came to for one event, if its sender has heard the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server has it.
    Accepted,
    /// Never.
    Refused,
    /// It is to be sent again.
    None,
}

impl Verdict {
    pub const ALL: [(Self, char); 3] = [(Self::Accepted, '+'), (Self::Refused, '-'), (Self::None, '?')];
}

/// Ways to fail, and three to be well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Before anything is read.
    HangUp,
    Reset,
    Stall,
    /// When the head is read, and the body only begun.
    EarlyRefusal,
    /// With the request in hand, no answer.
    HangUpUnanswered,
    ResetUnanswered,
    StallUnanswered,
    Garbage,
    HalfAHead,
    OnlyInterim,
    /// An answer.
    Redirect,
    Final,
    Passing,
    TooLarge,
    Well,
    WellAfterInterim,
    WellByDrips,
    WellWithALargeBody,
    WellWithATornBody,
    EachItsResult,
}

/// How often each is chosen, of their sum. Half of the answers are good, so that events go out as fast as they come in.
pub const DEEDS: [(Deed, u64); 20] = [
    (Deed::HangUp, 3),
    (Deed::Reset, 3),
    (Deed::Stall, 2),
    (Deed::EarlyRefusal, 4),
    (Deed::HangUpUnanswered, 3),
    (Deed::ResetUnanswered, 3),
    (Deed::StallUnanswered, 2),
    (Deed::Garbage, 3),
    (Deed::HalfAHead, 3),
    (Deed::OnlyInterim, 3),
    (Deed::Redirect, 2),
    (Deed::Final, 3),
    (Deed::Passing, 8),
    (Deed::TooLarge, 4),
    (Deed::Well, 30),
    (Deed::WellAfterInterim, 6),
    (Deed::WellByDrips, 4),
    (Deed::WellWithALargeBody, 3),
    (Deed::WellWithATornBody, 3),
    (Deed::EachItsResult, 12),
];

impl Deed {
    pub fn choose(random: &mut Random) -> Self {
        let mut place = random.between(1, DEEDS.iter().map(|(_, weight)| weight).sum());
        for (deed, weight) in DEEDS {
            match place.checked_sub(weight) {
                None | Some(0) => return deed,
                Some(left) => place = left,
            }
        }
        Self::Well
    }
}

/// An answer, and what it means for each event.
pub struct Answer {
    pub text: String,
    /// Only so many bytes of it are sent.
    pub cut_at: Option<usize>,
    pub verdicts: Vec<Verdict>,
}

/// What is said to a request; empty where the connection ends without a word.
pub fn answer(deed: Deed, request: &Request, random: &mut Random) -> Answer {
    let events = request.uuids.len();
    let all = |text: String, verdict| Answer { text, cut_at: None, verdicts: vec![verdict; events] };
    match deed {
        Deed::HangUp | Deed::Reset | Deed::Stall | Deed::EarlyRefusal => unreachable!("the request was not read"),
        Deed::HangUpUnanswered | Deed::ResetUnanswered | Deed::StallUnanswered => all(String::new(), Verdict::None),
        Deed::Garbage => {
            let garbage = ["SSH-2.0-OpenSSH_9.2\r\n", "\0\0\0\u{1}\r\n\r\n", "<html>\n\n", "HTTP/1.1 2xx ?\r\n\r\n"];
            all((*random.pick(&garbage)).to_owned(), Verdict::None)
        }
        Deed::HalfAHead => {
            let text = with_status(200, "", "{}");
            let head = text.find("\r\n\r\n").unwrap_or_default();
            let cut_at = Some(random.between(1, head as u64 + 1) as usize);
            Answer { cut_at, ..all(text, Verdict::None) }
        }
        Deed::OnlyInterim => all("HTTP/1.1 100 Continue\r\n\r\n".to_owned(), Verdict::None),
        Deed::Redirect => {
            let status = *random.pick(&[301, 302, 303, 307, 308]);
            all(with_status(status, "Location: http://127.0.0.1:9/\r\n", ""), Verdict::Refused)
        }
        Deed::Final => all(with_status(*random.pick(&[400, 401, 402, 403, 404, 415, 422]), "", ""), Verdict::Refused),
        Deed::Passing => passing(request.wire, events, random),
        Deed::TooLarge => {
            let verdict = if events == 1 { Verdict::Refused } else { Verdict::None };
            all(with_status(413, "", ""), verdict)
        }
        Deed::EachItsResult if request.wire == Wire::PostHogV1 => each_its_result(request, random),
        Deed::Well | Deed::WellByDrips | Deed::EachItsResult => all(well(request, random), Verdict::Accepted),
        Deed::WellAfterInterim => {
            let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
            all(interim.to_owned() + &well(request, random), Verdict::Accepted)
        }
        Deed::WellWithALargeBody => {
            let text = well(request, random).replacen("Content-Length: ", "X-Length: ", 1);
            all(text + &" ".repeat(random.between(60_000, 300_000) as usize), Verdict::Accepted)
        }
        Deed::WellWithATornBody => {
            let text = well(request, random);
            let body = text.find("\r\n\r\n").map_or(0, |end| end + 4);
            Answer {
                cut_at: Some(random.between(body as u64, text.len() as u64) as usize),
                ..all(text, Verdict::Accepted)
            }
        }
    }
}

/// A status that may pass in one version or both; in the other it is final.
fn passing(wire: Wire, events: usize, random: &mut Random) -> Answer {
    let status = *random.pick(&[408, 429, 429, 500, 501, 502, 503, 503, 504, 505]);
    let retry_after = *random.pick(&["", "", "Retry-After: 1\r\n", "Retry-After: 0\r\n", "Retry-After: soon\r\n"]);
    let passes = match (wire, status) {
        (Wire::PostHog, _) => true,
        (_, 429) => retry_after == "Retry-After: 1\r\n",
        (_, status) => ![501, 505].contains(&status),
    };
    let verdict = if passes { Verdict::None } else { Verdict::Refused };
    Answer { text: with_status(status, retry_after, ""), cut_at: None, verdicts: vec![verdict; events] }
}

/// Version 1: a word for each event, or none.
fn each_its_result(request: &Request, random: &mut Random) -> Answer {
    const WORDS: [(&str, Verdict); 9] = [
        ("ok", Verdict::Accepted),
        ("ok", Verdict::Accepted),
        ("ok", Verdict::Accepted),
        ("warning", Verdict::Accepted),
        ("limited", Verdict::Accepted),
        ("drop", Verdict::Refused),
        ("retry", Verdict::None),
        ("a word of the future", Verdict::Accepted),
        ("", Verdict::Accepted), // not there at all
    ];
    let (mut results, mut verdicts) = (Vec::new(), Vec::new());
    for uuid in &request.uuids {
        let (word, verdict) = *random.pick(&WORDS);
        verdicts.push(verdict);
        if !word.is_empty() {
            results.push(format!(r#""{uuid}":{{"result":"{word}","details":"x"}}"#));
        }
    }
    let retry_after = *random.pick(&["", "", "", "Retry-After: 1\r\n"]);
    let text = with_status(200, retry_after, &format!(r#"{{"results":{{{}}}}}"#, results.join(",")));
    Answer { text, cut_at: None, verdicts }
}

/// The server has all of it.
fn well(request: &Request, random: &mut Random) -> String {
    if request.wire == Wire::PostHog {
        return with_status(*random.pick(&[200, 200, 200, 201, 204]), "", r#"{"status":1}"#);
    }
    let mut results = String::new();
    for uuid in &request.uuids {
        let comma = if results.is_empty() { "" } else { "," };
        let _ = write!(results, r#"{comma}"{uuid}":{{"result":"ok"}}"#);
    }
    with_status(200, "", &format!(r#"{{"results":{{{results}}}}}"#))
}

pub fn with_status(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}Connection: close\r\n\r\n{body}")
}
