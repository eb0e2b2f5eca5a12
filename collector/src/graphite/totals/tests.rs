use super::*;

fn runs<'a>(id: &'a str, version: &'a str, path: &'a str, exit_code: i64, count: u64) -> CountedRuns<'a> {
    CountedRuns { id, cli_version: version, operating_system: "linux", path, exit_code, count }
}

fn totals(with_id: bool, all: &[CountedRuns<'_>]) -> Values {
    let mut totals = Totals::new(with_id);
    for runs in all {
        totals.add(*runs);
    }
    totals.into_values()
}

fn values(expected: &[(&str, u64)]) -> Values {
    expected.iter().map(|(series, value)| ((*series).to_owned(), *value)).collect()
}

const FLEET: [CountedRuns<'static>; 5] = [
    CountedRuns { id: "a", cli_version: "v1", operating_system: "linux", path: "pace get", exit_code: 0, count: 5 },
    CountedRuns { id: "a", cli_version: "v1", operating_system: "linux", path: "pace get", exit_code: 1, count: 2 },
    CountedRuns { id: "a", cli_version: "v1", operating_system: "linux", path: "pace", exit_code: 0, count: 1 },
    CountedRuns { id: "b", cli_version: "v1", operating_system: "linux", path: "pace get", exit_code: 0, count: 7 },
    CountedRuns { id: "c", cli_version: "v2", operating_system: "linux", path: "pace get", exit_code: 0, count: 100 },
];

#[test]
fn with_the_id_each_installation_has_series_of_its_own() {
    let all = totals(true, &FLEET);
    let invocations: Values = all.into_iter().filter(|(series, _)| series.contains("invocations")).collect();
    let expected = [
        ("pace.cli.invocations;cli_version=v1;exit_code=0;id=a;operating_system=linux", 1),
        ("pace.cli.invocations;cli_version=v1;command_0=get;exit_code=0;id=a;operating_system=linux", 5),
        ("pace.cli.invocations;cli_version=v1;command_0=get;exit_code=0;id=b;operating_system=linux", 7),
        ("pace.cli.invocations;cli_version=v1;command_0=get;exit_code=1;id=a;operating_system=linux", 2),
        ("pace.cli.invocations;cli_version=v2;command_0=get;exit_code=0;id=c;operating_system=linux", 100),
    ];
    assert_eq!(invocations, values(&expected));
}

#[test]
fn without_the_id_they_are_added_up_and_counted() {
    let expected = [
        ("pace.cli.command_installations", 1),
        ("pace.cli.command_installations;command_0=get", 3),
        ("pace.cli.installations;cli_version=v1;operating_system=linux", 2),
        ("pace.cli.installations;cli_version=v2;operating_system=linux", 1),
        ("pace.cli.invocations;cli_version=v1;command_0=get;exit_code=0;operating_system=linux", 12),
        ("pace.cli.invocations;cli_version=v1;command_0=get;exit_code=1;operating_system=linux", 2),
        ("pace.cli.invocations;cli_version=v1;exit_code=0;operating_system=linux", 1),
        ("pace.cli.invocations;cli_version=v2;command_0=get;exit_code=0;operating_system=linux", 100),
    ];
    assert_eq!(totals(false, &FLEET), values(&expected));
}

#[test]
fn names_that_become_one_are_added_up_and_an_installation_counts_once() {
    let all = totals(true, &[runs("a", "", "t x;y", 0, 1), runs("a", "", "t x\ty", 0, 2)]);
    let expected = [
        ("t.cli.command_installations;command_0=x_y", 1),
        ("t.cli.installations;operating_system=linux", 1),
        ("t.cli.invocations;command_0=x_y;exit_code=0;id=a;operating_system=linux", 3),
    ];
    assert_eq!(all, values(&expected));
}

#[test]
fn two_tools_of_one_installation_stay_apart() {
    let all = totals(false, &[runs("a", "", "s", 0, 1), runs("a", "", "t", 0, 2)]);
    assert_eq!(all["s.cli.installations;operating_system=linux"], 1);
    assert_eq!(all["t.cli.installations;operating_system=linux"], 1);
}

#[test]
fn a_sum_ends_where_a_double_is_exact() {
    let all = totals(false, &[runs("a", "", "t", 0, limits::COUNT), runs("b", "", "t", 0, 1)]);
    assert_eq!(all["t.cli.invocations;exit_code=0;operating_system=linux"], limits::COUNT);
}
