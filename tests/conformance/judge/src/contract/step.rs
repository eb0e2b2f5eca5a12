//! What happens in a case: what is done with the adapter, and what the server answers.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// What the server does with a request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Play {
    /// Answers with this status.
    pub status: Option<u16>,
    /// Headers of the answer.
    pub headers: BTreeMap<String, String>,
    /// The word for each event of the request by its position, in v1; `absent` leaves it out.
    pub results: Option<Vec<String>>,
    /// A word for an event that was not in the request.
    pub stranger: Option<String>,
    /// The body of the answer.
    pub body: Option<String>,
    /// Thinks so long.
    pub after_ms: u64,
    /// Never answers.
    pub silence: bool,
    /// Ends the connection instead.
    pub hang_up: bool,
}

/// What is done.
#[derive(Clone, Debug)]
pub struct Step {
    /// What.
    pub act: Act,
    /// How often.
    pub times: u32,
    /// The adapter answers 400 with this word.
    pub refused: Option<String>,
    /// The adapter answers 200 with this word.
    pub says: Option<String>,
    /// The adapter answers in this time.
    pub within_ms: Option<u64>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Act {
    /// `POST /init`; starts the adapter if none runs.
    Init(Table),
    /// `POST /capture`
    Capture(Table),
    /// `POST /flush`
    Flush(Table),
    /// `POST /reset`
    Reset,
    /// `POST /record_command`
    RecordCommand(Table),
    /// `POST /set_consent`
    SetConsent(bool),
    /// `POST /reset_client_id`
    ResetClientId,
    /// Ends the adapter by SIGKILL.
    Kill,
    /// Writes files into the case's directory.
    Write(BTreeMap<String, String>),
    /// Waits until so many requests have arrived in all.
    WaitForRequests(usize),
    /// Waits.
    Wait(u64),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    init: Option<Table>,
    capture: Option<Table>,
    flush: Option<Table>,
    reset: Option<Table>,
    record_command: Option<Table>,
    set_consent: Option<bool>,
    reset_client_id: Option<Table>,
    kill: Option<Table>,
    write: Option<BTreeMap<String, String>>,
    wait_for_requests: Option<usize>,
    wait_ms: Option<u64>,
    #[serde(default = "once")]
    times: u32,
    refused: Option<String>,
    says: Option<String>,
    within_ms: Option<u64>,
}

fn once() -> u32 {
    1
}

impl Play {
    /// A number is a status; `silence` and `hang_up` may stand as words.
    pub fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::Integer(status) => {
                let status = u16::try_from(status).map_err(|error| format!("answers: {status}: {error}"))?;
                Ok(Self { status: Some(status), ..Self::default() })
            }
            Value::String(word) if word == "silence" => Ok(Self { silence: true, ..Self::default() }),
            Value::String(word) if word == "hang_up" => Ok(Self { hang_up: true, ..Self::default() }),
            table => table.try_into().map_err(|error| format!("answers: {error}")),
        }
    }
}

impl Step {
    /// A word is a step without arguments.
    pub fn read(value: Value) -> Result<Self, String> {
        let value = match value {
            Value::String(word) => Value::Table(Table::from_iter([(word, Value::Table(Table::new()))])),
            other => other,
        };
        let raw: RawStep = value.try_into().map_err(|error| format!("steps: {error}"))?;
        let mut acts = [
            raw.init.map(Act::Init),
            raw.capture.map(Act::Capture),
            raw.flush.map(Act::Flush),
            raw.reset.map(|_| Act::Reset),
            raw.record_command.map(Act::RecordCommand),
            raw.set_consent.map(Act::SetConsent),
            raw.reset_client_id.map(|_| Act::ResetClientId),
            raw.kill.map(|_| Act::Kill),
            raw.write.map(Act::Write),
            raw.wait_for_requests.map(Act::WaitForRequests),
            raw.wait_ms.map(Act::Wait),
        ]
        .into_iter()
        .flatten();
        match (acts.next(), acts.next()) {
            (Some(act), None) => {
                Ok(Self { act, times: raw.times, refused: raw.refused, says: raw.says, within_ms: raw.within_ms })
            }
            _ => Err("steps: each step does one thing".to_owned()),
        }
    }
}
