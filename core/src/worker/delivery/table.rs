//! The whole table of what may follow an attempt, in virtual time: every status of both protocols with every form of
//! `Retry-After`, failures of the transport among them, and what ends a pause. The expectations are the protocol's,
//! written out; nothing here asks the code what it does.

use super::play::{A, B, Play, Ran, START, Scene, enlarged, results, status};
use super::*;
use crate::clock::Timestamp;
use crate::transport::Response;
use crate::wire::Wire;
use Play::{HangUp, Refuse, Says};
use std::ops::RangeInclusive;

/// What a status means for the two events of a scene.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meaning {
    Delivered,
    /// Its body says what it means.
    Judged,
    Later,
    /// Later if it says when, else final.
    LaterIfAsked,
    Halves,
    Final,
}
use Meaning::{Delivered, Final, Halves, Judged, Later, LaterIfAsked};

type Meanings = &'static [(RangeInclusive<u16>, Meaning)];

/// A 1xx is no answer, but what is left of one when the rest was cut off.
const POSTHOG: Meanings = &[
    (100..=199, Later),
    (200..=299, Delivered),
    (300..=407, Final),
    (408..=408, Later),
    (409..=412, Final),
    (413..=413, Halves),
    (414..=428, Final),
    (429..=429, Later),
    (430..=499, Final),
    (500..=599, Later),
];

const POSTHOG_V1: Meanings = &[
    (100..=199, Later),
    (200..=200, Judged),
    (201..=299, Delivered),
    (300..=407, Final),
    (408..=408, Later),
    (409..=412, Final),
    (413..=413, Halves),
    (414..=428, Final),
    (429..=429, LaterIfAsked),
    (430..=499, Final),
    (500..=500, Later),
    (501..=501, Final),
    (502..=504, Later),
    (505..=599, Final),
];

const WIRES: [(Wire, Meanings); 3] = [(Wire::PostHog, POSTHOG), (Wire::PostHogV1, POSTHOG_V1), (Wire::AwsSam, POSTHOG)];

/// `Retry-After`, `Date`, the pauses in milliseconds if each answer says the same, and how many of the first four answers
/// ask for a wait: without a `Date` a date draws nearer while we wait for it. Scenes begin at 2026-11-20T18:00:00Z.
type Asking = (Option<&'static str>, Option<&'static str>, [u128; 3], usize);

const BACKOFF: [u128; 3] = [200, 400, 800];
const CAP: [u128; 3] = [30_000; 3];
const TEN: [u128; 3] = [10_000; 3];
/// A date in ten seconds, which is past after the first pause.
const TEN_ONCE: [u128; 3] = [10_000, 400, 800];

const ASKING: &[Asking] = &[
    (None, None, BACKOFF, 0),
    // Decimal seconds, which no Date changes.
    (Some("1"), None, [1_000; 3], 4),
    (Some("10"), None, TEN, 4),
    (Some("10"), Some("Sun, 06 Nov 1994 08:49:37 GMT"), TEN, 4),
    (Some("10"), Some("garbage"), TEN, 4),
    (Some("0010"), None, TEN, 4),
    (Some(" 10\t"), None, TEN, 4),
    (Some("30"), None, CAP, 4),
    (Some("31"), None, CAP, 4),
    (Some("86400"), None, CAP, 4),
    (Some("18446744073709551615"), None, CAP, 4),
    (Some("99999999999999999999999999"), None, CAP, 4),
    // The three forms of a date, counted from our clock.
    (Some("Fri, 20 Nov 2026 18:00:10 GMT"), None, TEN_ONCE, 1),
    (Some("Friday, 20-Nov-26 18:00:10 GMT"), None, TEN_ONCE, 1),
    (Some("Fri Nov 20 18:00:10 2026"), None, TEN_ONCE, 1),
    (Some("  Fri, 20 Nov 2026 18:00:10 GMT "), None, TEN_ONCE, 1),
    (Some("Fri, 20 Nov 2026 18:00:45 GMT"), None, [30_000, 15_000, 800], 2),
    (Some("Tue Dec  1 18:00:00 2026"), None, CAP, 4),
    (Some("Fri, 20 Nov 2026 18:00:10 GMT"), Some(""), TEN_ONCE, 1),
    (Some("Fri, 20 Nov 2026 18:00:10 GMT"), Some("garbage"), TEN_ONCE, 1),
    // Counted from the answer's own Date, however wrong our clock is; here a server of the past, of now, of the future.
    (Some("Sun, 06 Nov 1994 08:49:47 GMT"), Some("Sun, 06 Nov 1994 08:49:37 GMT"), TEN, 4),
    (Some("Fri, 20 Nov 2026 18:00:10 GMT"), Some("\tFri, 20 Nov 2026 18:00:00 GMT\t"), TEN, 4),
    (Some("Fri, 01 Jan 2038 00:00:00 GMT"), Some("Thu, 31 Dec 2037 23:59:50 GMT"), TEN, 4),
    (Some("Fri, 20 Nov 2026 18:01:00 GMT"), Some("Fri, 20 Nov 2026 17:00:00 GMT"), CAP, 4),
    // Huge.
    (Some("Fri, 31 Dec 9999 23:59:59 GMT"), None, CAP, 4),
    (Some("Wednesday, 20-Nov-69 18:00:00 GMT"), None, CAP, 4),
    (Some("Fri, 31 Dec 9999 23:59:59 GMT"), Some("Sun, 06 Nov 1994 08:49:37 GMT"), CAP, 4),
    // Past and present ask for no wait.
    (Some("Sun, 06 Nov 1994 08:49:37 GMT"), None, BACKOFF, 0),
    (Some("Sunday, 06-Nov-94 08:49:37 GMT"), None, BACKOFF, 0),
    (Some("Sun Nov  6 08:49:37 1994"), None, BACKOFF, 0),
    (Some("Fri, 20 Nov 2026 18:00:00 GMT"), None, BACKOFF, 0),
    (Some("Fri, 20 Nov 2026 18:00:10 GMT"), Some("Fri, 20 Nov 2026 18:00:10 GMT"), BACKOFF, 0),
    (Some("Fri, 20 Nov 2026 18:00:10 GMT"), Some("Fri, 20 Nov 2026 18:00:20 GMT"), BACKOFF, 0),
    // Neither do zero, less, and what is no number of seconds.
    (Some("0"), None, BACKOFF, 0),
    (Some("000"), None, BACKOFF, 0),
    (Some("-1"), None, BACKOFF, 0),
    (Some("-99999999999999999999999999"), None, BACKOFF, 0),
    (Some("+10"), None, BACKOFF, 0),
    (Some("10.5"), None, BACKOFF, 0),
    (Some("10,5"), None, BACKOFF, 0),
    (Some("10, 20"), None, BACKOFF, 0),
    (Some("10 20"), None, BACKOFF, 0),
    (Some("10;20"), None, BACKOFF, 0),
    (Some("10 s"), None, BACKOFF, 0),
    (Some("10s"), None, BACKOFF, 0),
    (Some("1e1"), None, BACKOFF, 0),
    (Some("0x10"), None, BACKOFF, 0),
    (Some("\u{0661}\u{0660}"), None, BACKOFF, 0),
    (Some("soon"), None, BACKOFF, 0),
    (Some(""), None, BACKOFF, 0),
    (Some(" \t "), None, BACKOFF, 0),
    // Nor what is no date.
    (Some("2026-11-20T18:00:10Z"), None, BACKOFF, 0),
    (Some("Fri, 20 Nov 2026 18:00:10"), None, BACKOFF, 0),
    (Some("Fri, 20 Nov 2026 18:00:10 CET"), None, BACKOFF, 0),
    (Some("Fri, 20 Nov 2026 18:00:10 +0000"), None, BACKOFF, 0),
    (Some("Fri, 20 Nvo 2026 18:00:10 GMT"), None, BACKOFF, 0),
    (Some("Fri, 31 Nov 2026 18:00:10 GMT"), None, BACKOFF, 0),
    (Some("Fri, 20 Nov 202 18:00:10 GMT"), None, BACKOFF, 0),
    (Some("Sat, +5 Dec 2026 18:00:10 GMT"), None, BACKOFF, 0),
    (Some("Fri, 20 Nov 2026 25:00:10 GMT"), None, BACKOFF, 0),
    (Some("Fri, 20 Nov 2026 18:00 GMT"), None, BACKOFF, 0),
    (Some("Fri, 20 Nov 2026 18:00:10 GMT, Fri, 20 Nov 2026 18:00:20 GMT"), None, BACKOFF, 0),
];

/// How a scene of two events ends.
#[derive(Debug, PartialEq)]
struct End {
    pass: Pass,
    requests: usize,
    pauses: Vec<u128>,
    acknowledged: Vec<u64>,
    delivered: u64,
    unconfirmed: u64,
    refused: u64,
}

impl End {
    fn of(ran: &Ran) -> Self {
        assert_eq!(ran.counts.losses.total(), ran.counts.losses.get(LossReason::Refused), "no other loss");
        Self {
            pass: ran.pass,
            requests: ran.requests.len(),
            pauses: ran.pauses(),
            acknowledged: ran.acknowledged.clone(),
            delivered: Counts::get(&ran.counts.delivered),
            unconfirmed: Counts::get(&ran.counts.unconfirmed),
            refused: ran.counts.losses.get(LossReason::Refused),
        }
    }

    /// Both events delivered.
    fn delivered(requests: usize, pauses: &[u128]) -> Self {
        Self { acknowledged: vec![0, 1], delivered: 2, ..Self::nothing(Pass::Done, requests, pauses) }
    }

    /// Both events refused.
    fn refused(requests: usize, pauses: &[u128]) -> Self {
        Self { acknowledged: vec![0, 1], refused: 2, ..Self::nothing(Pass::Done, requests, pauses) }
    }

    /// Both events as they were.
    fn nothing(pass: Pass, requests: usize, pauses: &[u128]) -> Self {
        Self { pass, requests, pauses: pauses.to_vec(), acknowledged: vec![], delivered: 0, unconfirmed: 0, refused: 0 }
    }
}

fn says(status: u16, asking: &Asking, body: &str) -> Play {
    let (retry_after, date) = (asking.0.map(str::to_owned), asking.1.map(str::to_owned));
    Says(Response { status, retry_after, date, body: body.into() })
}

/// What stays the same over attempts does, and what tells of the attempt is new.
fn assert_attempts_differ_as_they_should(ran: &Ran, wire: Wire, what: &str) {
    let mut now = Timestamp::parse(START).unwrap();
    let moments = std::iter::once(now).chain(ran.lengths.iter().map(|pause| {
        now = now.after(*pause);
        now
    }));
    let moments: Vec<_> = moments.map(|moment| moment.to_string()).collect();
    match wire {
        Wire::PostHog => {
            for (body, moment) in ran.bodies.iter().zip(&moments) {
                assert_eq!(body, &format!(r#"{{"api_key":"k","batch":[{A},{B}],"sent_at":"{moment}"}}"#), "{what}");
            }
        }
        Wire::PostHogV1 => {
            let body = format!(r#"{{"created_at":"{}","batch":[{A},{B}]}}"#, moments[0]);
            assert!(ran.bodies.iter().all(|one| *one == body), "{what}: {:?}", ran.bodies);
            assert_eq!(ran.headers("PostHog-Request-Timestamp"), moments, "{what}");
            assert_eq!(ran.headers("PostHog-Attempt"), ["1", "2", "3", "4"][..moments.len()], "{what}");
            let ids = ran.headers("PostHog-Request-Id");
            assert!(ids.iter().all(|id| *id == ids[0]), "{what}: {ids:?}");
        }
        Wire::AwsSam => {
            let body = format!(r#"{{"metrics":[{A},{B}]}}"#);
            assert!(ran.bodies.iter().all(|one| *one == body), "{what}: {:?}", ran.bodies);
        }
    }
}

const ALWAYS_AGAIN: &str = r#"{"results":{"aaaaaaaa-0000-4000-8000-000000000000":{"result":"retry"},
    "bbbbbbbb-0000-4000-8000-000000000000":{"result":"retry"}}}"#;

#[test]
fn the_meanings_are_of_every_status_once() {
    for (wire, meanings) in WIRES {
        let listed: Vec<u16> = meanings.iter().flat_map(|(statuses, _)| statuses.clone()).collect();
        assert_eq!(listed, (100..600).collect::<Vec<_>>(), "{wire:?}");
    }
}

#[test]
fn every_status_with_every_retry_after_ends_as_the_protocol_says() {
    for (wire, meanings) in WIRES {
        for (statuses, meaning) in meanings {
            for (number, asking) in statuses.clone().flat_map(|number| ASKING.iter().map(move |one| (number, one))) {
                let (_, _, pauses, asks) = asking;
                let end = match (meaning, asks) {
                    (Delivered, _) => End::delivered(1, &[]),
                    (Judged, _) => End { unconfirmed: 2, ..End::delivered(1, &[]) },
                    (Later, _) | (LaterIfAsked, 4) => End::nothing(Pass::Parked, 4, pauses),
                    (LaterIfAsked, asks) => End::refused(asks + 1, &pauses[..*asks]),
                    // Both halves, which are single events, meet the same answer.
                    (Halves, _) => End::refused(3, &[]),
                    (Final, _) => End::refused(1, &[]),
                };
                let what = format!("{wire:?} {number} {asking:?}");
                let ran = Scene::new(wire, &[says(number, asking, "")], &[A, B]).run();
                assert_eq!(End::of(&ran), end, "{what}");
                if *meaning != Halves {
                    assert_attempts_differ_as_they_should(&ran, wire, &what);
                }
            }
        }
    }
}

#[test]
fn results_that_want_events_again_are_a_retry_with_every_retry_after() {
    let settled = r#"{"results":{"aaaaaaaa-0000-4000-8000-000000000000":{"result":"ok"},
        "bbbbbbbb-0000-4000-8000-000000000000":{"result":"drop"}}}"#;
    let partly = r#"{"results":{"aaaaaaaa-0000-4000-8000-000000000000":{"result":"drop"},
        "bbbbbbbb-0000-4000-8000-000000000000":{"result":"retry"}}}"#;
    for asking in ASKING {
        let play = |body| Scene::new(Wire::PostHogV1, &[says(200, asking, body)], &[A, B]).run();
        let ran = play(ALWAYS_AGAIN);
        assert_eq!(End::of(&ran), End::nothing(Pass::Parked, 4, &asking.2), "{asking:?}");
        assert_attempts_differ_as_they_should(&ran, Wire::PostHogV1, &format!("{asking:?}"));

        let one_stays = End { acknowledged: vec![0], refused: 1, ..End::nothing(Pass::Parked, 4, &asking.2) };
        assert_eq!(End::of(&play(partly)), one_stays, "{asking:?}");

        let both = End { delivered: 1, refused: 1, ..End::delivered(1, &[]) };
        assert_eq!(End::of(&play(settled)), both, "nobody waits for what is settled: {asking:?}");
    }
}

#[test]
fn each_form_of_a_date_is_counted_from_each_form_of_another() {
    for (from, to) in [
        (
            ["Sun, 06 Nov 1994 08:49:57 GMT", "Sunday, 06-Nov-94 08:49:57 GMT", "Sun Nov  6 08:49:57 1994"],
            ["Sun, 06 Nov 1994 08:50:07 GMT", "Sunday, 06-Nov-94 08:50:07 GMT", "Sun Nov  6 08:50:07 1994"],
        ),
        (
            ["Thu, 31 Dec 2015 23:59:55 GMT", "Thursday, 31-Dec-15 23:59:55 GMT", "Thu Dec 31 23:59:55 2015"],
            ["Fri, 01 Jan 2016 00:00:05 GMT", "Friday, 01-Jan-16 00:00:05 GMT", "Fri Jan  1 00:00:05 2016"],
        ),
        (
            ["Thu, 28 Feb 2036 23:59:59 GMT", "Thursday, 28-Feb-36 23:59:59 GMT", "Thu Feb 28 23:59:59 2036"],
            ["Fri, 29 Feb 2036 00:00:09 GMT", "Friday, 29-Feb-36 00:00:09 GMT", "Fri Feb 29 00:00:09 2036"],
        ),
    ] {
        for (date, retry_after) in from.into_iter().flat_map(|from| to.map(|to| (from, to))) {
            for (wire, _) in WIRES {
                let later = [says(503, &(Some(retry_after), Some(date), TEN, 4), "")];
                let end = End::of(&Scene::new(wire, &later, &[A, B]).run());
                assert_eq!(end, End::nothing(Pass::Parked, 4, &TEN), "{retry_after} from {date}");
                let past = [says(503, &(Some(date), Some(retry_after), BACKOFF, 0), "")];
                let end = End::of(&Scene::new(wire, &past, &[A, B]).run());
                assert_eq!(end, End::nothing(Pass::Parked, 4, &BACKOFF), "{date} from {retry_after}");
            }
        }
    }
}

#[test]
fn failures_of_the_transport_count_like_statuses_that_may_pass() {
    let (ok, later, large, no) = (status(204), status(503), status(413), status(400));
    let in_five = says(503, &(Some("5"), None, [5_000; 3], 4), "");
    let first = |end: End| End { acknowledged: vec![0], ..end };
    for (server, end) in [
        (vec![Refuse], End::nothing(Pass::Parked, 4, &BACKOFF)),
        (vec![Refuse, ok.clone()], End::delivered(2, &[200])),
        (vec![Refuse, Refuse, Refuse, ok.clone()], End::delivered(4, &BACKOFF)),
        (vec![later.clone(), Refuse, later.clone(), ok.clone()], End::delivered(4, &BACKOFF)),
        (vec![Refuse, no.clone()], End::refused(2, &[200])),
        // A Retry-After speaks of its own answer's retry.
        (vec![in_five.clone(), Refuse, ok.clone()], End::delivered(3, &[5_000, 400])),
        (vec![Refuse, Refuse, in_five, ok.clone()], End::delivered(4, &[200, 400, 5_000])),
        // Who hangs up on a small body has a reason that may pass.
        (vec![HangUp], End::nothing(Pass::Parked, 4, &BACKOFF)),
        (vec![HangUp, HangUp, HangUp, ok.clone()], End::delivered(4, &BACKOFF)),
        // Halves of a body that is too large have attempts of their own.
        (vec![later.clone(), large.clone(), ok.clone()], End::delivered(4, &[200])),
        (vec![large.clone(), later.clone(), ok.clone()], End::delivered(4, &[200])),
        (vec![large.clone(), no, ok.clone()], End { delivered: 1, refused: 1, ..End::delivered(3, &[]) }),
        (
            vec![large.clone(), ok, later.clone()],
            first(End { delivered: 1, ..End::nothing(Pass::Parked, 6, &BACKOFF) }),
        ),
        (vec![large.clone(), large, later], first(End { refused: 1, ..End::nothing(Pass::Parked, 6, &BACKOFF) })),
    ] {
        for (wire, _) in WIRES {
            assert_eq!(End::of(&Scene::new(wire, &server, &[A, B]).run()), end, "{wire:?} {server:?}");
        }
    }
}

#[test]
fn two_hang_ups_in_a_row_on_a_large_body_are_halves_with_attempts_of_their_own() {
    let (ok, later) = (status(204), status(503));
    for (server, end) in [
        (vec![HangUp, ok.clone()], End::delivered(2, &[200])),
        (vec![HangUp, Refuse, HangUp, ok.clone()], End::delivered(4, &BACKOFF)),
        (vec![HangUp, later, HangUp, ok.clone()], End::delivered(4, &BACKOFF)),
        (vec![HangUp, HangUp, ok.clone()], End::delivered(4, &[200])),
        (vec![Refuse, HangUp, HangUp, ok.clone()], End::delivered(5, &[200, 400])),
        (vec![HangUp, HangUp, HangUp, ok], End::delivered(5, &[200, 200])),
        (vec![HangUp], End::nothing(Pass::Parked, 6, &[200, 200, 400, 800])),
    ] {
        for (wire, _) in WIRES {
            assert_eq!(
                End::of(&Scene::new(wire, &server, &[enlarged(A), enlarged(B)]).run()),
                end,
                "{wire:?} {server:?}"
            );
        }
    }
}

#[test]
fn n_retries_are_n_plus_one_requests() {
    for (wire, _) in WIRES {
        for max_retries in [0, 1, 2, 3, 4, 20] {
            for play in [status(500), Refuse, says(408, &(Some("1"), None, BACKOFF, 4), "")] {
                let server = [play];
                let ran = Scene { max_retries, ..Scene::new(wire, &server, &[A, B]) }.run();
                let (requests, pauses) = (ran.requests.len(), ran.lengths.len());
                let wanted = (max_retries as usize + 1, max_retries as usize, Pass::Parked);
                assert_eq!((requests, pauses, ran.pass), wanted, "{server:?}");
            }
        }
    }
}

/// The pauses before the first retries, without jitter.
const DOUBLED: [u64; 12] = [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000, 30_000, 30_000];
const JITTERS: [f64; 7] = [0.0, 0.000_1, 0.25, 0.5, 0.75, 0.999, 0.999_999_999];

#[test]
fn pauses_double_up_to_thirty_seconds_and_jitter_only_lengthens_them() {
    let longest = Duration::from_secs(30);
    for (wire, _) in WIRES {
        for server in [[status(503)], [Refuse], [says(503, &(Some("0"), None, BACKOFF, 0), "")]] {
            let mut shorter = vec![Duration::from_millis(100); DOUBLED.len()];
            for jitter in JITTERS {
                let ran = Scene { max_retries: 12, jitter, ..Scene::new(wire, &server, &[A, B]) }.run();
                assert_eq!(ran.lengths.len(), DOUBLED.len());
                for (pause, doubled) in ran.lengths.iter().zip(DOUBLED.map(Duration::from_millis)) {
                    assert!(doubled <= *pause, "{jitter} {pause:?} {doubled:?}");
                    assert!(*pause <= longest.min(doubled + doubled / 4), "{jitter} {pause:?} {doubled:?}");
                }
                for (pause, shorter) in ran.lengths.iter().zip(&shorter) {
                    assert!(shorter < pause || *pause == longest, "more jitter, a longer pause: {jitter} {pause:?}");
                }
                shorter = ran.lengths;
            }
        }
    }
}

#[test]
fn a_longer_back_off_wins_over_retry_after() {
    for (wire, _) in WIRES {
        for jitter in JITTERS {
            let server = [says(503, &(Some("6"), None, BACKOFF, 4), "")];
            let ran = Scene { max_retries: 12, jitter, ..Scene::new(wire, &server, &[A, B]) }.run();
            for (pause, doubled) in ran.lengths.iter().zip(DOUBLED.map(Duration::from_millis)) {
                let six = Duration::from_secs(6);
                if doubled < six {
                    assert_eq!(*pause, six, "jitter lengthens our own pauses, not the server's");
                } else {
                    assert!(*pause >= doubled, "{jitter} {pause:?} {doubled:?}");
                }
            }
        }
    }
}

#[test]
fn closing_or_withdrawing_consent_in_a_pause_ends_it_with_everything_as_it_was() {
    let in_ten = || says(503, &(Some("10"), None, TEN, 4), "");
    for (server, pauses) in [
        (vec![status(503)], BACKOFF),
        (vec![Refuse], BACKOFF),
        (vec![HangUp, Refuse], BACKOFF),
        (vec![in_ten()], TEN),
        (vec![in_ten(), HangUp, in_ten(), status(200)], [10_000, 400, 10_000]),
    ] {
        for (wire, _) in WIRES {
            for pause in 1..=3 {
                let stopped = End::nothing(Pass::Stopped, pause, &pauses[..pause]);
                let scene = Scene::new(wire, &server, &[A, B]);
                let closed = Scene { close_in: Some(pause), ..scene.clone() }.run();
                assert_eq!(End::of(&closed), stopped, "{wire:?} {server:?}");
                let withdrawn = Scene { withdraw_in: Some(pause), ..scene }.run();
                assert_eq!(End::of(&withdrawn), stopped, "{wire:?} {server:?}");
            }
        }
    }
    for (wire, _) in WIRES {
        let server = [status(200)];
        let ran = Scene { withdraw_in: Some(0), ..Scene::new(wire, &server, &[A, B]) }.run();
        assert_eq!(End::of(&ran), End::nothing(Pass::Stopped, 0, &[]));
    }
}

#[test]
fn what_was_settled_before_a_stop_stays_settled() {
    let partly = results(
        r#"{"results":{"aaaaaaaa-0000-4000-8000-000000000000":{"result":"ok"},
            "bbbbbbbb-0000-4000-8000-000000000000":{"result":"retry"}}}"#,
    );
    let server = [partly];
    let one = End { acknowledged: vec![0], delivered: 1, ..End::nothing(Pass::Stopped, 1, &[200]) };
    let scene = Scene::new(Wire::PostHogV1, &server, &[A, B]);
    assert_eq!(End::of(&Scene { close_in: Some(1), ..scene.clone() }.run()), one);
    assert_eq!(End::of(&Scene { withdraw_in: Some(1), ..scene }.run()), one);

    // The second half of what was too large is not sent any more.
    let server = [status(413), status(503)];
    let scene = Scene { close_in: Some(1), ..Scene::new(Wire::PostHog, &server, &[A, B]) };
    assert_eq!(End::of(&scene.run()), End::nothing(Pass::Stopped, 2, &[200]));
}
