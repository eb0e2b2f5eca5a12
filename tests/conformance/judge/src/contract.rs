//! The contract: its files, read and checked whole before anything is played, and turned into cases.
//!
//! `contract.toml` names the chapters in their order, what every case begins with and what holds of every request. An
//! entry of a chapter becomes one case for each wire and each row of its `each`. An unknown key, a name that stands
//! twice and a case that claims nothing are errors.

mod case;
mod expect;
mod rows;
mod step;

pub use case::{Case, Wire};
pub use expect::{Claims, Expect, Group, Pause};
pub use step::{Act, Play, Step};

use crate::placeholders;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;
use toml::{Table, Value};

/// `contract.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    chapters: Vec<String>,
    /// Options of every `/init`.
    init: Table,
    /// Options of every `/init` of a case about counters.
    #[serde(default)]
    init_counters: Table,
    /// What holds of every case.
    always: Expect,
    always_v0: Expect,
    always_v1: Expect,
    #[serde(default)]
    always_sam: Expect,
    #[serde(default)]
    always_counters: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chapter {
    case: Vec<Table>,
}

/// Names that get their values only when a case is played.
pub fn is_known_in_play(name: &str) -> bool {
    let numbered = |prefix: &str| {
        name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let (bare, _) = name.split_once(['+', '-']).unwrap_or((name, ""));
    matches!(bare, "imf_date" | "rfc850_date" | "asctime_date")
        || matches!(name, "server" | "localhost" | "nobody" | "dir" | "version" | "os" | "client_id" | "n")
        || numbered("uuid_")
}

/// Reads the contract and everything that it names.
pub fn load(path: &Path) -> Result<Vec<Case>, String> {
    let contents: Contents = read(path)?;
    let mut cases = Vec::new();
    for chapter in &contents.chapters {
        let path = path.with_file_name(chapter);
        let entries: Chapter = read(&path)?;
        for entry in &entries.case {
            let named = |error| {
                let name = entry.get("name").map_or_else(|| "a case without a name".to_owned(), Value::to_string);
                format!("{}: {name}: {error}", path.display())
            };
            cases.extend(expand(&contents, entry).map_err(named)?);
        }
    }
    let mut names = BTreeSet::new();
    match cases.iter().find(|case| !names.insert(&case.name)) {
        Some(case) => Err(format!("{}: two cases are called {:?}", path.display(), case.name)),
        None => Ok(cases),
    }
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The cases of an entry: one for each wire and each row.
fn expand(contents: &Contents, entry: &Table) -> Result<Vec<Case>, String> {
    let mut entry = entry.clone();
    let rows = rows::take(&mut entry)?;
    let wires = match entry.remove("wires") {
        None => vec![Wire::V0, Wire::V1],
        Some(wires) => wires.try_into().map_err(|error| format!("wires: {error}"))?,
    };
    let mut cases = Vec::new();
    let itself = |name: &str| is_known_in_play(name).then(|| Value::String(format!("{{{name}}}")));
    let rows = rows.iter().map(|row| placeholders::fill(row, &itself)).collect::<Result<Vec<_>, _>>()?;
    for wire in wires {
        for row in &rows {
            let lookup = |name: &str| row.get(name).cloned().or_else(|| itself(name));
            let filled = placeholders::fill(&Value::Table(entry.clone()), &lookup)?;
            let mut init = contents.init.clone();
            if wire == Wire::Counters {
                init.extend(contents.init_counters.clone());
            }
            let mut case = Case::read(filled, wire, init)?;
            case.check()?;
            let of_wire = match wire {
                Wire::V0 => &contents.always_v0,
                Wire::V1 => &contents.always_v1,
                Wire::Sam => &contents.always_sam,
                Wire::Counters => &contents.always_counters,
            };
            case.always = vec![contents.always.clone(), of_wire.clone()];
            cases.push(case);
        }
    }
    Ok(cases)
}

#[cfg(test)]
mod tests;
