//! The verdict about a case: its claims, held against what the server saw and what the adapter says of itself.

use crate::contract::{Claims, Expect, Group, Pause};
use crate::json::Json;
use crate::matcher::{Matcher, Moments};
use crate::placeholders::{self, Lookup};
use crate::seen::Seen;
use std::collections::BTreeSet;
use std::path::Path;
use toml::Value;

/// Everything that came of a case.
pub struct Evidence<'e> {
    /// The requests, in the order of their arrival.
    pub requests: &'e [Seen],
    /// `GET /state` at the end, if a claim needs it.
    pub state: Option<Json>,
    /// The document of `GET /counters` at the end, in a case about counters.
    pub counters: Option<&'e Json>,
    /// The case's directory.
    pub dir: &'e Path,
    /// Moments by their names.
    pub moments: &'e Moments,
    /// What placeholders stand for.
    pub lookup: Lookup<'e>,
}

impl Evidence<'_> {
    /// What is wrong with what a case claims, in words.
    pub fn faults(&self, expect: &Expect) -> Vec<String> {
        let mut faults = self.faults_of_all(expect);
        let of_each = !(expect.every_request.is_empty() && expect.every_event.is_empty());
        if of_each && self.requests.is_empty() {
            faults.push("no request came".to_owned());
        }
        faults
    }

    /// As `faults`, but what is claimed of each request is also true of none.
    pub fn faults_of_all(&self, expect: &Expect) -> Vec<String> {
        let mut faults = Vec::new();
        self.check_numbers(expect, &mut faults);
        for (place, request) in self.requests.iter().enumerate() {
            self.check(
                &format!("request {}", place + 1),
                &request.view,
                &expect.every_request,
                Some(place),
                &mut faults,
            );
        }
        for (number, claims) in &expect.request {
            match self.requests.get(number - 1) {
                None => faults.push(format!("request {number} never came")),
                Some(request) => {
                    self.check(&format!("request {number}"), &request.view, claims, Some(number - 1), &mut faults);
                }
            }
        }
        let events: Vec<&Json> = self.requests.iter().flat_map(|request| &request.events).collect();
        for (place, event) in events.iter().enumerate() {
            self.check(&format!("event {}", place + 1), event, &expect.every_event, None, &mut faults);
        }
        for (number, claims) in &expect.event {
            match events.get(number - 1) {
                None => faults.push(format!("event {number} never came")),
                Some(event) => self.check(&format!("event {number}"), event, claims, None, &mut faults),
            }
        }
        if let Some(state) = &self.state {
            self.check("state", state, &expect.state, None, &mut faults);
        }
        if let Some(counters) = self.counters {
            self.check("counters", counters, &expect.counters, None, &mut faults);
        }
        for (name, claim) in &expect.files {
            let fault = self.fault(claim, found(&self.dir.join(name)).as_ref(), self.moments);
            faults.extend(fault.map(|fault| format!("file {name}: {fault}")));
        }
        self.check_over_requests(expect, &mut faults);
        faults
    }

    /// What holds of any protocol: bodies can be read, and no UUID is twice in one request.
    pub fn unreadable(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (place, request) in self.requests.iter().enumerate() {
            let number = place + 1;
            faults.extend(request.fault.iter().map(|fault| format!("request {number}: {fault}")));
            let mut uuids = BTreeSet::new();
            let twice =
                request.events.iter().filter_map(|event| event.at("uuid")?.text()).find(|uuid| !uuids.insert(*uuid));
            faults.extend(twice.map(|uuid| format!("request {number}: the uuid {uuid} stands twice")));
        }
        faults
    }

    fn check_numbers(&self, expect: &Expect, faults: &mut Vec<String>) {
        let came = self.requests.len();
        if let Some(wanted) = expect.requests.filter(|wanted| *wanted != came) {
            faults.push(format!("requests: expected {wanted}, came {came}"));
        }
        let Some(batches) = &expect.batches else { return };
        let as_wanted = |(request, group): (&Seen, &Group)| match group {
            Group::Count(count) => request.events.len() == *count,
            Group::Names(names) => request.event_names() == *names,
        };
        if batches.len() != came || !self.requests.iter().zip(batches).all(as_wanted) {
            let came: Vec<_> = self.requests.iter().map(|request| shown(&request.event_names())).collect();
            let wanted: Vec<_> = batches.iter().map(ToString::to_string).collect();
            faults.push(format!("batches: expected [{}], came [{}]", wanted.join(", "), came.join(", ")));
        }
    }

    fn check_over_requests(&self, expect: &Expect, faults: &mut Vec<String>) {
        let values =
            |path: &str| -> Vec<Option<&Json>> { self.requests.iter().map(|request| request.view.at(path)).collect() };
        let few = self.requests.len() < 2 && !(expect.same.is_empty() && expect.fresh.is_empty());
        faults.extend(few.then(|| "there are not two requests to compare".to_owned()));
        for path in &expect.same {
            let values = values(path);
            if values.iter().any(|value| value.is_none() || *value != values[0]) {
                faults.push(format!("{path}: expected the same in each request, came {}", all(&values)));
            }
        }
        for path in &expect.fresh {
            let values = values(path);
            let repeated = |(place, value): (usize, &Option<&Json>)| value.is_none() || values[..place].contains(value);
            if values.iter().enumerate().any(repeated) {
                faults.push(format!("{path}: expected another one in each request, came {}", all(&values)));
            }
        }
        for (place, pause) in expect.pauses_ms.iter().enumerate() {
            let between = self.requests.get(place).zip(self.requests.get(place + 1));
            let Some((one, next)) = between else {
                faults.push(format!("pause {}: there are only {} requests", place + 1, self.requests.len()));
                continue;
            };
            let ms = next.arrived.0.duration_since(one.arrived.0).as_millis();
            let too_long = matches!(pause, Pause::Within(_, most) if ms > u128::from(*most));
            if ms < u128::from(pause.at_least()) || too_long {
                faults.push(format!("pause {}: expected {pause}, came {ms} ms", place + 1));
            }
        }
    }

    fn check(&self, what: &str, value: &Json, claims: &Claims, request: Option<usize>, faults: &mut Vec<String>) {
        let mut moments = self.moments.clone();
        if let Some(arrived) = request.and_then(|place| moments.get(&format!("request {} arrives", place + 1)).copied())
        {
            moments.insert("it arrives".to_owned(), arrived);
        }
        for (path, claim) in claims {
            let fault = self.fault(claim, value.at(path), &moments);
            faults.extend(fault.map(|fault| format!("{what}, {path}: {fault}")));
        }
    }

    fn fault(&self, claim: &Value, value: Option<&Json>, moments: &Moments) -> Option<String> {
        match placeholders::fill(claim, self.lookup).and_then(|claim| Matcher::read(&claim)) {
            Ok(matcher) => matcher.fault(value, moments),
            Err(error) => Some(error),
        }
    }
}

/// What lies at a place on disk: a text, `null` for what is none, or nothing.
fn found(path: &Path) -> Option<Json> {
    path.symlink_metadata().ok()?;
    Some(std::fs::read_to_string(path).map_or(Json::Null, Json::Text))
}

/// The names of a batch; many are only counted.
fn shown(names: &[&str]) -> String {
    if names.len() > 10 { format!("{} events", names.len()) } else { format!("{names:?}") }
}

fn all(values: &[Option<&Json>]) -> String {
    let texts =
        values.iter().map(|value| value.map_or("nothing".to_owned(), |value| crate::matcher::clip(&value.to_string())));
    texts.collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests;
