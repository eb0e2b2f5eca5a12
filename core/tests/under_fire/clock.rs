//! A clock that is wrong by years, in both directions.

use super::{Moved, assert_arrived, capture, client_at, config};
use crate::common::PATIENCE;
use overt::LossReason;
use overt_tests::{Answer, Server};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[test]
fn a_clock_that_jumps_by_years_loses_nothing() {
    let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
    let clock = Moved::now();
    let mut config = config(&server.url, dir.path());
    config.max_retries = 0;
    let mut all = Vec::new();
    for jump in [10, -10, -30, 60, -30] {
        let one = client_at(&clock, config.clone());
        all.extend((0..3).map(|_| capture(&one).unwrap()));
        let by = YEAR * i32::unsigned_abs(jump);
        if jump > 0 {
            clock.forward(by)
        } else {
            clock.back(by)
        }
        all.extend((0..3).map(|_| capture(&one).unwrap()));
        drop(one);
    }
    let next = client_at(&clock, config);
    next.flush(PATIENCE).unwrap();
    assert_eq!(next.losses(), []);
    assert_arrived(&all, &server);
}

#[test]
fn a_clock_that_is_years_ahead_while_the_server_is_away_loses_nothing_once_it_is_set_right() {
    // Each pass gets one answer; the first two fail.
    let (server, dir) =
        (Server::with_answers([Answer::Status(503), Answer::Status(503)]), tempfile::tempdir().unwrap());
    let clock = Moved::now();
    let mut config = config(&server.url, dir.path());
    config.max_retries = 0;
    let mut all = vec![];
    let one = client_at(&clock, config.clone());
    all.extend(capture(&one));
    for hours in [1, 20] {
        clock.forward(YEAR * 5 + Duration::from_secs(hours * 3_600));
        client_at(&clock, config.clone()).flush(PATIENCE).unwrap_err();
        all.extend(capture(&one));
        clock.back(YEAR * 5);
        client_at(&clock, config.clone()).close(Duration::ZERO).unwrap();
    }
    let next = client_at(&clock, config);
    next.flush(PATIENCE).unwrap();
    let times = super::arrivals(&server);
    assert!(all.len() == 3 && all.iter().all(|uuid| times.contains_key(uuid)), "{times:?}");
    assert_eq!(next.losses(), []);
}

#[test]
fn what_is_really_too_old_gets_a_day_to_be_delivered_and_is_then_counted() {
    let (server, dir) = (Server::with_url(|_| (vec![], Answer::Status(503))), tempfile::tempdir().unwrap());
    let clock = Moved::now();
    let mut config = config(&server.url, dir.path());
    config.max_retries = 0;
    capture(&client_at(&clock, config.clone())).unwrap();
    let losses = || {
        let one = client_at(&clock, config.clone());
        let _ = one.flush(PATIENCE);
        (one.pending().len(), one.losses())
    };
    clock.forward(config.max_spool_age + DAY);
    assert_eq!(losses(), (1, vec![]));
    clock.forward(DAY - Duration::from_secs(1));
    assert_eq!(losses(), (1, vec![]));
    clock.forward(Duration::from_secs(1));
    assert_eq!(losses(), (0, vec![(LossReason::Expired, 1)]));
}
