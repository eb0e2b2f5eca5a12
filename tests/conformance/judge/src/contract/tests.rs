use super::*;

fn contract(chapter: &str) -> Result<Vec<Case>, String> {
    let dir = tempfile::tempdir().unwrap();
    let contents = "chapters = ['c.toml']\n[init]\nflush_at = 9\n[init_counters]\nflush_at = 8\n[always]\n[always_v0]\n\
                    [always_v1]\n";
    std::fs::write(dir.path().join("contract.toml"), contents).unwrap();
    std::fs::write(dir.path().join("c.toml"), chapter).unwrap();
    load(&dir.path().join("contract.toml"))
}

#[test]
fn an_entry_becomes_a_case_for_each_wire_and_row() {
    let cases = contract(
        r#"
        [[case]]
        name = "status {status}"
        rule = "r"
        each.status = [408, 503]
        answers = ["{status}", "silence"]
        steps = ["capture", {capture = {event = "{n}"}, times = 3}, {flush = {}, says = "undelivered"}]
        expect.requests = 2
        expect_v1.request.2."header.posthog-attempt" = "2"
        "#,
    )
    .unwrap();
    let names: Vec<_> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["v0: status 408", "v0: status 503", "v1: status 408", "v1: status 503"]);
    assert_eq!((cases[3].answers[0].status, cases[3].answers[1].silence), (Some(503), true));
    assert_eq!(cases[0].steps.len(), 4, "an init comes first");
    assert_eq!(cases[0].init["flush_at"].as_integer(), Some(9));
    assert_eq!((cases[0].expects[1].request.len(), cases[2].expects[1].request.len()), (0, 1));
}

#[test]
fn a_name_is_one_line_whatever_the_value_in_it() {
    let cases = contract(
        r#"
        [[case]]
        name = "text {text}"
        rule = "r"
        wires = ["v0"]
        each.text = ["a\nb", "\tb", "größe"]
        steps = [{ capture = { event = "{text}" } }]
        expect.requests = 0
        "#,
    )
    .unwrap();
    let names: Vec<_> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, [r"v0: text a\nb", r"v0: text \tb", "v0: text größe"]);
    let Act::Capture(members) = &cases[0].steps[1].act else { panic!("{:?}", cases[0].steps) };
    assert_eq!(members["event"].as_str(), Some("a\nb"), "the value itself stays");
}

#[test]
fn what_cannot_be_meant_is_an_error() {
    let case = |rest: &str| contract(&format!("[[case]]\nname = 'n'\nrule = 'r'\n{rest}")).unwrap_err();
    for (rest, named) in [
        ("steps = ['flush']", "claims nothing"),
        ("steps = ['flush']\nexpect.reqests = 1", "reqests"),
        ("steps = ['flsh']\nexpect.requests = 1", "flsh"),
        ("steps = [{flush = {}, kill = {}}]\nexpect.requests = 1", "one thing"),
        ("steps = ['flush']\nanswers = [{stats = 1}]\nexpect.requests = 1", "stats"),
        ("steps = ['flush']\nexpect.every_event.uuid = {iss = 'uuid'}", "iss"),
        ("steps = ['flush']\nexpect.every_event.uuid = '{who}'", "{who}"),
        ("steps = ['flush']\nwires = ['v2']\nexpect.requests = 1", "v2"),
        ("steps = ['flush']\nexpect.counters.id = 'i'", "counters_path"),
        ("steps = [{write = {a = 1}}, 'flush']\nexpect.requests = 1", "steps"),
        ("steps = ['flush']\neach = []\nexpect.requests = 1", "no case"),
        ("typo = 1\nsteps = ['flush']\nexpect.requests = 1", "typo"),
    ] {
        let error = case(rest);
        assert!(error.contains(named) && error.contains("\"n\""), "{rest}: {error}");
    }
    let of_sam =
        contract("[[case]]\nname = 'n'\nrule = 'r'\nwires = ['sam']\nsteps = ['flush']\nexpect.requests = 0\n");
    assert_eq!(of_sam.unwrap()[0].name, "sam: n");
    let of_counters = contract(
        "[[case]]\nname = 'n'\nrule = 'r'\nwires = ['counters']\nsteps = ['flush']\nexpect.counters.id = 'i'\n",
    );
    assert_eq!(of_counters.unwrap()[0].init["flush_at"].as_integer(), Some(8));
    let of_both = contract(
        "[[case]]\nname = 'n'\nrule = 'r'\nwires = ['counters', 'v1']\ninit.counters_path = 'c'\nsteps = ['flush']\n\
         expect.counters.id = 'i'\nexpect_v0.requests = 0\nexpect_v1.requests = 1",
    );
    let requests: Vec<_> = of_both.unwrap().iter().map(|case| case.expects[1].requests).collect();
    assert_eq!(requests, [Some(0), Some(1)], "counters speak version 0");
    let twice = "[[case]]\nname = 'n'\nrule = 'r'\nsteps = ['flush']\nexpect.requests = 0\n".repeat(2);
    assert!(contract(&twice).unwrap_err().contains("two cases"));
}

#[test]
fn the_contract_itself_can_be_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contract.toml");
    assert!(load(&path).unwrap().len() > 200);
}
