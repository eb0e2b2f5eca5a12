//! The rows of an entry: what its placeholders stand for, one case for each.
//!
//! `each` is a list of tables, or a table of one list: `each.status = [408, 503]` is `each = [{status = 408}, …]`.

use toml::{Table, Value};

/// Takes `each` out of an entry; without one there is a single empty row.
pub fn take(entry: &mut Table) -> Result<Vec<Value>, String> {
    let rows = match entry.remove("each") {
        None => return Ok(vec![Value::Table(Table::new())]),
        Some(Value::Array(rows)) if rows.iter().all(Value::is_table) => Ok(rows),
        Some(Value::Table(lists)) => of_one_list(&lists),
        Some(other) => Err(format!("a list of tables is needed, not {other}")),
    };
    let rows: Vec<Value> = rows.map_err(|error| format!("each: {error}"))?;
    if rows.is_empty() { Err("each: a list without rows makes no case".to_owned()) } else { Ok(rows) }
}

fn of_one_list(lists: &Table) -> Result<Vec<Value>, String> {
    let mut lists = lists.iter();
    let (Some((name, Value::Array(values))), None) = (lists.next(), lists.next()) else {
        return Err("one name with a list is needed".to_owned());
    };
    Ok(values.iter().map(|value| Value::Table(Table::from_iter([(name.clone(), value.clone())]))).collect())
}
