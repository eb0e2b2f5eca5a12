//! Points as Graphite reads them: lines for Carbon, a JSON array for HTTP. Pure.

use serde::Serialize;

use super::Point;

/// `NAME;TAG=VALUE;… VALUE UNIXSECONDS\n`
pub fn line(point: &Point) -> String {
    format!("{} {} {}\n", point.series, point.value, point.slot)
}

#[derive(Serialize)]
struct Element<'a> {
    name: &'a str,
    interval: u64,
    value: u64,
    time: i64,
    tags: Vec<&'a str>,
}

/// `[{"name":…,"interval":…,"value":…,"time":…,"tags":["k=v",…]},…]`; the interval in seconds.
pub fn array(points: &[Point], interval: u64) -> Result<Vec<u8>, serde_json::Error> {
    let elements = points.iter().map(|point| {
        // No value holds a semicolon: `names` sees to that.
        let mut parts = point.series.split(';');
        let name = parts.next().unwrap_or_default();
        Element { name, interval, value: point.value, time: point.slot, tags: parts.collect() }
    });
    serde_json::to_vec(&elements.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(series: &str) -> Point {
        Point { series: series.into(), value: 9_007_199_254_740_992, slot: 1_767_225_600 }
    }

    #[test]
    fn a_line_is_name_with_tags_value_and_time() {
        let line = line(&point("pace.cli.invocations;command_0=get;exit_code=0"));
        assert_eq!(line, "pace.cli.invocations;command_0=get;exit_code=0 9007199254740992 1767225600\n");
    }

    #[test]
    fn json_has_name_and_tags_apart() {
        let points = [point("pace.cli.installations"), point("a.cli.b;cli_version=x=y\"\\;exit_code=-1")];
        assert_eq!(
            String::from_utf8(array(&points, 60).unwrap()).unwrap(),
            r#"[{"name":"pace.cli.installations","interval":60,"value":9007199254740992,"time":1767225600,"tags":[]},{"name":"a.cli.b","interval":60,"value":9007199254740992,"time":1767225600,"tags":["cli_version=x=y\"\\","exit_code=-1"]}]"#
        );
    }
}
