//! One case, ready to be played: everything is filled in but what is only known in play.

use super::expect::Expect;
use super::step::{Act, Play, Step};
use crate::matcher::Matcher;
use serde::Deserialize;
use toml::{Table, Value};

/// The protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wire {
    /// `POST /batch/`
    V0,
    /// `POST /i/v1/analytics/events`
    V1,
    /// AWS SAM CLI's metrics; only for cases that name it.
    Sam,
    /// Counts of commands, in PACE's document or as events of version 0; only for cases that name it.
    Counters,
}

impl Wire {
    /// The word in the contract, and before a case's name.
    pub fn word(self) -> &'static str {
        match self {
            Self::V0 => "v0",
            Self::V1 => "v1",
            Self::Sam => "sam",
            Self::Counters => "counters",
        }
    }

    /// The wire of this word.
    pub fn parse(word: &str) -> Result<Self, String> {
        Value::from(word).try_into().map_err(|error| format!("{error}"))
    }

    /// The library's name for it.
    pub fn option(self) -> &'static str {
        match self {
            Self::V0 | Self::Counters => "posthog",
            Self::V1 => "posthog-v1",
            Self::Sam => "aws-sam",
        }
    }
}

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The wire and a sentence, on one line.
    pub name: String,
    /// The protocol's rule.
    pub rule: String,
    /// The wire.
    pub wire: Wire,
    /// Options of every `/init`.
    pub init: Table,
    /// What the server does, in turn; then all is well.
    pub answers: Vec<Play>,
    /// What is done.
    pub steps: Vec<Step>,
    /// What must hold at the end.
    pub expects: Vec<Expect>,
    /// What must hold of whatever was sent.
    pub always: Vec<Expect>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    name: String,
    rule: String,
    #[serde(default)]
    init: Table,
    #[serde(default)]
    answers: Vec<Value>,
    steps: Vec<Value>,
    #[serde(default)]
    expect: Expect,
    #[serde(default)]
    expect_v0: Expect,
    #[serde(default)]
    expect_v1: Expect,
}

impl Case {
    /// Reads a case; `init` has the options of every case, which its own replace.
    pub fn read(value: Value, wire: Wire, init: Table) -> Result<Self, String> {
        let raw: RawCase = value.try_into().map_err(|error| format!("{error}"))?;
        let mut steps = raw.steps.into_iter().map(Step::read).collect::<Result<Vec<_>, _>>()?;
        // Files are for the client to find.
        let first = steps.iter().take_while(|step| matches!(step.act, Act::Write(_))).count();
        if !matches!(steps.get(first), Some(Step { act: Act::Init(_), .. })) {
            steps.insert(first, Step::read(Value::String("init".into()))?);
        }
        let specific = match wire {
            Wire::V0 | Wire::Counters => raw.expect_v0,
            Wire::V1 => raw.expect_v1,
            Wire::Sam => Expect::default(),
        };
        Ok(Self {
            name: format!("{}: {}", wire.word(), on_one_line(&raw.name)),
            rule: raw.rule,
            wire,
            init: init.into_iter().chain(raw.init).collect(),
            answers: raw.answers.into_iter().map(Play::read).collect::<Result<_, _>>()?,
            steps,
            expects: vec![raw.expect, specific],
            always: Vec::new(),
        })
    }

    /// Refuses a case that claims nothing, and claims that cannot be read.
    pub fn check(&self) -> Result<(), String> {
        let of_steps = self.steps.iter().filter(|step| step.refused.is_some() || step.says.is_some()).count();
        if of_steps + self.expects.iter().map(Expect::count).sum::<usize>() == 0 {
            return Err("it claims nothing".to_owned());
        }
        if !self.is_about_counters() && self.expects.iter().any(|expect| !expect.counters.is_empty()) {
            return Err("nobody asks for the counts without the wire counters or a counters_path".to_owned());
        }
        for claims in self.expects.iter().chain(&self.always).flat_map(Expect::claims) {
            for (path, matcher) in claims {
                Matcher::read(matcher).map_err(|error| format!("{path}: {error}"))?;
            }
        }
        Ok(())
    }

    /// Whether the counts of commands are asked for at the end.
    pub fn is_about_counters(&self) -> bool {
        self.wire == Wire::Counters || self.init.contains_key("counters_path")
    }

    /// Roughly how long it waits, so that the longest can be started first.
    pub fn length_ms(&self) -> u64 {
        let pauses = self.expects.iter().flat_map(|expect| &expect.pauses_ms).map(|pause| pause.at_least());
        let steps = self.steps.iter().map(|step| if let Act::Wait(ms) = step.act { ms } else { 0 });
        pauses.chain(steps).sum()
    }
}

/// A value in a name may hold line breaks and tabs: these are shown as Rust writes them.
fn on_one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}
