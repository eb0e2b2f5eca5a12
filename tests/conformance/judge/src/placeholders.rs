//! Placeholders in the contract's strings: `{name}` stands for a value, `{x*200}` for a text repeated, in which `#` is the
//! how-manieth time.
//!
//! A string that is nothing but a placeholder becomes the value with its type; within a longer string it becomes the
//! value's text. A name that nobody knows is an error, so a typing mistake is never sent.

use toml::Value;

/// What a name stands for.
pub type Lookup<'l> = &'l dyn Fn(&str) -> Option<Value>;

/// Fills the placeholders in every string of a value, the names of members included.
pub fn fill(value: &Value, lookup: Lookup<'_>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => match whole(text).and_then(lookup) {
            Some(value) => value,
            None => Value::String(fill_text(text, lookup)?),
        },
        Value::Array(items) => Value::Array(items.iter().map(|item| fill(item, lookup)).collect::<Result<_, _>>()?),
        Value::Table(members) => {
            let filled = |(name, value): (&String, &Value)| Ok((fill_text(name, lookup)?, fill(value, lookup)?));
            Value::Table(members.iter().map(filled).collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

/// Fills the placeholders of a text.
pub fn fill_text(text: &str, lookup: Lookup<'_>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        filled.push_str(before);
        match from[1..].split_once('}').filter(|(name, _)| is_name(name)) {
            None => {
                filled.push('{');
                rest = &from[1..];
            }
            Some((name, after)) => {
                let value = repeated(name).or_else(|| lookup(name).map(|value| as_text(&value)));
                filled.push_str(&value.ok_or_else(|| format!("nothing is known by the name {{{name}}}"))?);
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

/// A name, with a number of seconds behind it where it is a time, or a text and how often it is repeated.
fn is_name(name: &str) -> bool {
    let word = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let (bare, seconds) = name.split_once(['+', '-']).unwrap_or((name, "0"));
    (word(bare) && is_count(seconds)) || repeated(name).is_some()
}

fn is_count(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn repeated(name: &str) -> Option<String> {
    let (text, times) = name.rsplit_once('*')?;
    // A brace or a quote before the star is JSON's.
    (!text.is_empty() && !text.contains(['{', '"']) && is_count(times))
        .then(|| Some((1..=times.parse::<usize>().ok()?).map(|n| text.replace('#', &n.to_string())).collect()))?
}

fn whole(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}').filter(|name| is_name(name))
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<Value> {
        match name {
            "status" => Some(Value::Integer(503)),
            "word" => Some(Value::String("drop".into())),
            "date+2" => Some(Value::String("later".into())),
            _ => None,
        }
    }

    #[test]
    fn a_string_that_is_a_placeholder_takes_the_type_of_the_value() {
        assert_eq!(fill(&Value::String("{status}".into()), &lookup), Ok(Value::Integer(503)));
        assert_eq!(fill(&Value::String("a {status} {word}".into()), &lookup), Ok(Value::String("a 503 drop".into())));
    }

    #[test]
    fn json_is_no_placeholder_and_a_wrong_name_is_an_error() {
        let filled = |text: &str| fill_text(text, &lookup);
        assert_eq!(filled(r#"{"a":{},"b":"{date+2}"}"#).unwrap(), r#"{"a":{},"b":"later"}"#);
        assert_eq!(filled("{é*3}{ab*2}").unwrap(), "éééabab");
        assert_eq!(filled("{#: x;*3}").unwrap(), "1: x;2: x;3: x;");
        assert_eq!(filled(r#"{"a": "{b *2}"}"#).unwrap(), r#"{"a": "b b "}"#);
        assert_eq!(filled("{").unwrap(), "{");
        assert!(filled("{typo}").unwrap_err().contains("{typo}"));
    }
}
