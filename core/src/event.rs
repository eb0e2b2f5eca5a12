//! An event: what a caller says about it, checked, and turned into the one JSON line that is stored and sent.
//!
//! - The line is written once, in the caller's thread, in the form of the wire; nothing re-parses it afterwards.
//! - An event's own properties win over the common ones; the few that describe overt itself (`$lib`, …) are always ours.
//! - What a server would refuse is refused here, because one bad event fails its whole batch.

use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind};
use crate::json::{self, Sift, Writer};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// PostHog's limit for an event's name, in bytes.
const MAX_NAME_BYTES: usize = 200;

/// What a caller says about an event beside its properties.
#[derive(Clone)]
#[non_exhaustive]
pub struct Event<'a> {
    /// The name: 1 to 200 bytes.
    pub name: &'a str,
    /// Whose event it is. Unset: the client ID.
    pub distinct_id: Option<&'a str>,
    /// When it happened. Unset: now.
    pub timestamp: Option<Timestamp>,
    /// Its UUID, for events that may be captured twice. Unset: a new one.
    pub uuid: Option<Uuid>,
    /// How the server is to treat it.
    pub options: Options<'a>,
    /// Records it although the host, CI or the tool's default says off. A person's off is never overruled.
    pub force: bool,
}

impl<'a> Event<'a> {
    /// An event of this name, everything else unset.
    pub fn new(name: &'a str) -> Self {
        Self { name, distinct_id: None, timestamp: None, uuid: None, options: Options::default(), force: false }
    }
}

impl std::fmt::Debug for Event<'_> {
    /// Never its contents.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { timestamp, uuid, options, force, .. } = self;
        let mut said = f.debug_struct("Event");
        said.field("timestamp", timestamp).field("uuid", uuid).field("options", options).field("force", force);
        said.finish_non_exhaustive()
    }
}

/// How PostHog is to treat one event; unset options are left out.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Options<'a> {
    /// Whether the event makes or updates a person profile.
    pub process_person_profile: Option<bool>,
    /// Whether the server is to work without cookies or stable IDs.
    pub cookieless_mode: Option<bool>,
    /// Whether the server is to leave the event's time alone.
    pub disable_skew_correction: Option<bool>,
    /// A product tour that the event belongs to.
    pub product_tour_id: Option<Cow<'a, str>>,
    /// The session.
    pub session_id: Option<Cow<'a, str>>,
    /// The window.
    pub window_id: Option<Cow<'a, str>>,
}

impl std::fmt::Debug for Options<'_> {
    /// Never an ID.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut said = f.debug_struct("Options");
        said.field("process_person_profile", &self.process_person_profile);
        said.field("cookieless_mode", &self.cookieless_mode);
        said.field("disable_skew_correction", &self.disable_skew_correction).finish_non_exhaustive()
    }
}

impl<'a> Options<'a> {
    /// Reads the options from a JSON object; an unknown name or a wrong type is an error that names it.
    pub fn from_json(text: &'a str) -> Result<Self, Error> {
        serde_json::from_slice(text.as_bytes()).map_err(|error| Error::json("options", &error))
    }
}

pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    if name.trim().is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(Error::new(ErrorKind::InvalidName, "an event's name has 1 to 200 bytes"));
    }
    Ok(())
}

/// Properties that events have in common, written once.
#[derive(Debug, Default)]
pub(crate) struct Common {
    members: Vec<Member>,
    /// All members, each with a leading comma.
    joined: Vec<u8>,
    /// Names of properties that the wire puts elsewhere in an event.
    lifts: &'static [&'static str],
    lifted: Lifted,
}

/// Properties that do not go among the properties, with their values as JSON; an earlier one of a name gives way.
pub(crate) type Lifted = Vec<(&'static str, Vec<u8>)>;

fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut json = Vec::new();
    write(&mut Writer::new(&mut json));
    json
}

#[derive(Debug)]
struct Member {
    key: String,
    /// `,"key":value`
    json: Vec<u8>,
    /// Ours alone: an event cannot set it.
    reserved: bool,
}

impl Common {
    pub(crate) fn new(lifts: &'static [&'static str]) -> Self {
        Self { lifts, ..Self::default() }
    }

    /// Adds a property, or replaces the one of this name.
    pub(crate) fn set(&mut self, key: &str, write: impl FnOnce(&mut Writer<'_>)) {
        self.add(key, false, &written(write));
    }

    /// Adds a property that no event can replace.
    pub(crate) fn reserve(&mut self, key: &str, write: impl FnOnce(&mut Writer<'_>)) {
        self.add(key, true, &written(write));
    }

    fn add(&mut self, key: &str, reserved: bool, value: &[u8]) {
        if let Some(name) = self.lift(key) {
            self.lifted.push((name, value.to_vec()));
            return;
        }
        let mut json = vec![b','];
        json.extend(written(|w| w.str(key)));
        json.push(b':');
        json.extend_from_slice(value);
        self.members.retain(|member| member.key != key);
        self.members.push(Member { key: key.to_owned(), json, reserved });
        self.joined = self.members.iter().flat_map(|member| &member.json).copied().collect();
    }

    fn lift(&self, key: &str) -> Option<&'static str> {
        self.lifts.iter().find(|name| **name == key).copied()
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.members.iter().position(|member| member.key == key)
    }
}

/// The properties of an event while they are being written into its line.
pub struct Properties<'a> {
    out: &'a mut Vec<u8>,
    sorted: Sorted<'a>,
}

impl std::fmt::Debug for Properties<'_> {
    /// Never what they are.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Properties").finish_non_exhaustive()
    }
}

/// What became of the properties that are not simply written.
struct Sorted<'a> {
    common: &'a Common,
    /// Properties that are written already, and stay.
    settled: Vec<&'static str>,
    /// Common properties that the event has itself.
    overridden: Vec<usize>,
    lifted: Lifted,
}

impl Sift for Sorted<'_> {
    /// Whether the event may have this property among its properties; notes that it has.
    fn keeps(&mut self, key: &str) -> bool {
        if self.settled.contains(&key) {
            return false;
        }
        match self.common.position(key) {
            None => self.common.lift(key).is_none(),
            Some(place) if self.common.members.get(place).is_some_and(|member| member.reserved) => false,
            Some(place) => {
                self.overridden.push(place);
                true
            }
        }
    }

    fn left_out(&mut self, key: &str, value: &[u8]) {
        if let Some(name) = self.common.lift(key) {
            self.lifted.push((name, value.to_vec()));
        }
    }
}

impl<'a> Properties<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>, common: &'a Common) -> Self {
        Self { out, sorted: Sorted { common, settled: Vec::new(), overridden: Vec::new(), lifted: Lifted::new() } }
    }

    /// Writes a property that nothing later of this name replaces or repeats.
    pub(crate) fn settle(&mut self, key: &'static str, value: impl FnOnce(&mut Writer<'_>)) {
        self.set(key, value);
        self.sorted.settled.push(key);
    }

    /// Writes one property; `value` must write exactly one value. A key is to be set once.
    pub fn set(&mut self, key: &str, value: impl FnOnce(&mut Writer<'_>)) {
        if !self.sorted.keeps(key) {
            if self.sorted.common.lift(key).is_some() {
                self.sorted.left_out(key, &written(value));
            }
            return;
        }
        let mut writer = Writer::new(self.out);
        writer.key(key);
        let start = writer.position();
        value(&mut writer);
        if writer.position() == start {
            writer.null();
        }
    }

    /// Writes the members of a JSON object given as text, let through the gate.
    pub fn json_object(&mut self, text: &str) -> Result<(), Error> {
        json::copy_object(text, self.out, &mut self.sorted)
    }

    /// Adds the common properties that the event does not have itself; gives what belongs elsewhere in the event, the
    /// event's own after the common ones.
    pub(crate) fn finish(self) -> Lifted {
        let Sorted { common, overridden, lifted, .. } = self.sorted;
        let start = self.out.len();
        let first = self.out.last() == Some(&b'{');
        if overridden.is_empty() {
            self.out.extend_from_slice(&common.joined);
        } else {
            let kept = common.members.iter().enumerate().filter(|(place, _)| !overridden.contains(place));
            self.out.extend(kept.flat_map(|(_, member)| &member.json));
        }
        if first && self.out.len() > start {
            self.out.remove(start); // the comma before the first member
        }
        if common.lifted.is_empty() { lifted } else { common.lifted.iter().cloned().chain(lifted).collect() }
    }
}

/// An event as a `before_send` hook gives it back.
#[derive(Deserialize)]
pub(crate) struct Rewritten<'a> {
    pub event: Cow<'a, str>,
    pub uuid: Cow<'a, str>,
    pub distinct_id: Cow<'a, str>,
    /// `None` on a wire that sends no time.
    #[serde(deserialize_with = "there")]
    pub timestamp: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub properties: &'a RawValue,
    #[serde(default)]
    pub options: Options<'a>,
    pub session_id: Option<Cow<'a, str>>,
    pub window_id: Option<Cow<'a, str>>,
}

/// A member that must be there, although it is optional elsewhere.
fn there<'de, D: serde::Deserializer<'de>>(text: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    Cow::deserialize(text).map(Some)
}

impl<'a> Rewritten<'a> {
    /// An event without a time and without options.
    pub(crate) fn new(
        event: Cow<'a, str>,
        uuid: Cow<'a, str>,
        distinct_id: Cow<'a, str>,
        properties: &'a RawValue,
    ) -> Self {
        let options = Options::default();
        Self { event, uuid, distinct_id, timestamp: None, properties, options, session_id: None, window_id: None }
    }

    pub(crate) fn parse(text: &'a str) -> Result<Self, Error> {
        let mut rewritten: Self =
            serde_json::from_slice(text.as_bytes()).map_err(|error| Error::json("before_send", &error))?;
        rewritten.options.session_id = rewritten.session_id.take();
        rewritten.options.window_id = rewritten.window_id.take();
        Ok(rewritten)
    }
}

/// A line begins with its UUID, so that nobody needs to parse it to find that…
pub(crate) const LINE_START: &str = "{\"uuid\":\"";
/// …or with its name and, behind that, its UUID. No name can hold this, because in a name quotes are escaped.
pub(crate) const METRIC_ID: &str = "\":{\"requestId\":\"";
const UUID_CHARS: usize = 36;

/// The UUID of an event's line.
pub(crate) fn line_uuid(line: &[u8]) -> Option<&str> {
    let of_metric = || line.get(memchr::memmem::find(line, METRIC_ID.as_bytes())? + METRIC_ID.len()..);
    let uuid = line.strip_prefix(LINE_START.as_bytes()).or_else(of_metric)?.get(..UUID_CHARS)?;
    std::str::from_utf8(uuid).ok()
}

/// A UUID (version 8) that is the same for the same bytes: FNV-1a, of 128 bits.
pub(crate) fn name_based(name: &[u8]) -> Uuid {
    let hash = name.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b)
    });
    uuid::Builder::from_custom_bytes(hash.to_be_bytes()).into_uuid()
}

/// Reads a UUID that a caller gives.
pub fn parse_uuid(text: &str) -> Result<Uuid, Error> {
    let invalid = || Error::new(ErrorKind::InvalidUuid, "not a UUID, or the nil UUID");
    Uuid::try_parse(text.trim()).ok().filter(|uuid| !uuid.is_nil()).ok_or_else(invalid)
}

/// Makes version 7 UUIDs without a lock or a system call: the instant, and a counter scrambled under a random seed.
///
/// The scrambling is a bijection, so one source never repeats itself; two sources differ by 122 bits of randomness from the
/// operating system. A forked child must have a source of its own.
#[derive(Debug)]
pub(crate) struct UuidSource {
    seed: (u64, u64),
    count: AtomicU64,
}

/// 2^64 divided by the golden ratio: the increment of SplitMix64, whose finaliser `scramble` is.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl UuidSource {
    pub(crate) fn new() -> Self {
        Self { seed: Uuid::new_v4().as_u64_pair(), count: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self, now: Timestamp) -> Uuid {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let low = scramble(self.seed.0.wrapping_add(count.wrapping_mul(GOLDEN)));
        let high = scramble(self.seed.1 ^ low);
        let [a, b, c, d, e, f, g, h] = low.to_be_bytes();
        let [i, j, ..] = high.to_be_bytes();
        // Version and variant overwrite bits of the first and the third byte; `low` stands where only two bits go.
        uuid::Builder::from_unix_timestamp_millis(now.unix_millis(), &[i, j, a, b, c, d, e, f, g, h]).into_uuid()
    }
}

fn scramble(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common() -> Common {
        let mut common = Common::default();
        common.set("plan", |w| w.str("free"));
        common.set("$os", |w| w.str("Linux"));
        common.reserve("$lib", |w| w.str("overt"));
        common.set("plan", |w| w.str("team"));
        common
    }

    fn members(fill: impl FnOnce(&mut Properties<'_>)) -> String {
        let mut out = b"{".to_vec();
        let common = common();
        let mut properties = Properties::new(&mut out, &common);
        fill(&mut properties);
        properties.finish();
        out.push(b'}');
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn common_properties_follow_the_events_own() {
        assert_eq!(members(|_| ()), r#"{"$os":"Linux","$lib":"overt","plan":"team"}"#);
        assert_eq!(members(|p| p.set("a", |w| w.int(1))), r#"{"a":1,"$os":"Linux","$lib":"overt","plan":"team"}"#);
    }

    #[test]
    fn an_events_own_properties_win_but_not_over_reserved_ones() {
        let text = members(|p| {
            p.set("plan", |w| w.null());
            p.set("$lib", |w| w.str("forged"));
        });
        assert_eq!(text, r#"{"plan":null,"$os":"Linux","$lib":"overt"}"#);
        let text = members(|p| p.json_object(r#"{"\u0024lib":"forged","$os":[1, 2]}"#).unwrap());
        assert_eq!(text, r#"{"$os":[1,2],"$lib":"overt","plan":"team"}"#);
    }

    #[test]
    fn a_property_without_a_value_is_null() {
        assert!(members(|p| p.set("nothing", |_| ())).starts_with(r#"{"nothing":null,"#));
    }

    #[test]
    fn names_have_one_to_two_hundred_bytes() {
        assert!(check_name("x").is_ok() && check_name(&"x".repeat(200)).is_ok());
        for name in ["", " ", &"x".repeat(201), &"é".repeat(101)] {
            assert_eq!(check_name(name).unwrap_err().kind(), ErrorKind::InvalidName);
        }
    }

    #[test]
    fn uuids_are_version_7_and_never_repeat() {
        let now = Timestamp::parse("2026-11-20T18:10:36.493Z").unwrap();
        let (one, other) = (UuidSource::new(), UuidSource::new());
        let mut seen = std::collections::HashSet::new();
        for source in [&one, &other] {
            for _ in 0..100_000 {
                let uuid = source.next(now);
                assert_eq!((uuid.get_version_num(), uuid.get_variant()), (7, uuid::Variant::RFC4122));
                assert!(seen.insert(uuid));
            }
        }
        assert!(one.next(now).to_string().starts_with("01a1fa27-374d-7"));
    }

    #[test]
    fn unknown_options_and_wrong_types_are_named() {
        let options = Options::from_json(r#"{"process_person_profile":true,"session_id":"s"}"#).unwrap();
        assert_eq!((options.process_person_profile, options.session_id.as_deref()), (Some(true), Some("s")));
        let escaped = Options::from_json(r#"{"window_id":"a\"b\u00e9"}"#).unwrap();
        assert_eq!(escaped.window_id.as_deref(), Some("a\"bé"));
        for (text, named) in [(r#"{"typo":1}"#, "typo"), (r#"{"cookieless_mode":"yes"}"#, "boolean"), ("[", "options")]
        {
            let message = Options::from_json(text).unwrap_err().to_string();
            assert!(message.contains(named), "{message}");
        }
    }
}
