#!/usr/bin/env python3
"""Proves against a real Graphite that what PACE CLIs post comes back from /render: each series, each slot, each value.

Leaves a picture in target/graphite/runs.png. Ends at the first thing that is not as it should be, and says what it is.
"""

from __future__ import annotations

import json
import math
import re
import struct
import time

from collector import ROOT, Collector, Points, Posted
from live import Graphite, Series, wait_until

WORK = ROOT / "target/graphite"
A, B, C, D, E, F, G = (f"36be4c46-4e1b-431d-b9db-0000000000a{each}" for each in range(7))
GET, APPLY, LIST = "pace get data-policy", "pace apply data-policy", "pace list tables"


def say(text: str) -> None:
    print(f"    {text}", flush=True)


def require(holds: bool, what: object) -> None:
    if not holds:
        raise SystemExit(f"graphite: {what}")


def invocations(installation: str, version: str, system: str, points: Points) -> dict[str, float]:
    """The names that Graphite is to have, written down here once more."""
    expected = {}
    for path, codes in points.items():
        tool, *command = path.split(" ")
        words = "".join(f";command_{place}={word}" for place, word in enumerate(command))
        for code, count in codes.items():
            tags = f"cli_version={version}{words};exit_code={code};id={installation};operating_system={system}"
            expected[f"{tool}.cli.invocations;{tags}"] = float(count)
    return expected


def latest(graphite: Graphite, target: str, since: float) -> dict[str, float]:
    """The last value of each series that has one."""
    found = graphite.render(target, int(since) - 1, int(time.time()) + 1)
    values = {name: [value for _, value in points if value is not None] for name, points in found.items()}
    return {name: each[-1] for name, each in values.items() if each}


def wait_for(graphite: Graphite, target: str, since: float, expected: dict[str, float]) -> None:
    """Waits until these series, and no others, have these values."""
    found: dict[str, float] = {}

    def as_expected() -> bool:
        nonlocal found
        found = latest(graphite, target, since)
        return found == expected

    try:
        wait_until(as_expected, "the expected series")
    except SystemExit:
        raise SystemExit(f"graphite: {target}\nexpected {expected}\nfound    {found}") from None


def several_installations_arrive(graphite: Graphite, collector: Collector) -> Posted:
    first = collector.post(A, "v1.16.0", "darwin", {GET: {0: 2, 1: 1}, APPLY: {0: 4}})
    collector.post(B, "v1.16.0", "linux", {GET: {0: 3}, LIST: {0: 1}})
    collector.post(C, "v1.17.0", "linux", {GET: {0: 10}, "pace": {0: 7}})
    expected = {
        **invocations(A, "v1.16.0", "darwin", {GET: {0: 2, 1: 1}, APPLY: {0: 4}}),
        **invocations(B, "v1.16.0", "linux", {GET: {0: 3}, LIST: {0: 1}}),
        **invocations(C, "v1.17.0", "linux", {GET: {0: 10}, "pace": {0: 7}}),
    }
    wait_for(graphite, "seriesByTag('name=pace.cli.invocations')", first.before, expected)
    wait_for(
        graphite,
        "seriesByTag('name=~^pace.cli.(command_)?installations$')",
        first.before,
        {
            "pace.cli.installations;cli_version=v1.16.0;operating_system=darwin": 1,
            "pace.cli.installations;cli_version=v1.16.0;operating_system=linux": 1,
            "pace.cli.installations;cli_version=v1.17.0;operating_system=linux": 1,
            "pace.cli.command_installations": 1,
            "pace.cli.command_installations;command_0=get;command_1=data-policy": 3,
            "pace.cli.command_installations;command_0=apply;command_1=data-policy": 1,
            "pace.cli.command_installations;command_0=list;command_1=tables": 1,
        },
    )
    say(f"{len(expected)} series of invocations from 3 installations came back, and 7 of installations")
    return first


def nothing_is_lost_while_it_is_away(graphite: Graphite, collector: Collector, first: Posted) -> Collector:
    """Graphite is killed; counts go up; the collector is killed, too, and started again; then Graphite is."""
    begin = collector.wait_for_slot(first.after)
    graphite.kill()
    said = [Posted(0, 0)]
    said.append(collector.post(A, "v1.16.0", "darwin", {GET: {0: 5, 1: 1}, APPLY: {0: 4}}))
    slots = [0, collector.wait_for_slot(said[1].after + 2)]
    require(collector.summary()["graphite_seconds_behind"] > 0, "it does not say that Graphite is away")
    collector.kill()
    time.sleep(3)
    collector = Collector(collector.db, graphite.carbon_url)
    said.append(collector.post(A, "v1.16.0", "darwin", {GET: {0: 9, 1: 1}, APPLY: {0: 4}}))
    slots.append(collector.wait_for_slot(said[2].after))
    collector.post(D, "v1.16.0", "linux", {GET: {0: 1}})
    end = collector.wait_for_slot(time.time() + 1)
    graphite.start()
    wait_until(lambda: collector.summary()["graphite_seconds_behind"] <= 1, "the gap to be filled")
    require(collector.summary()["graphite_dropped_slots"] == 0, "slots were dropped")

    def whole() -> bool:
        found = graphite.render(f"seriesByTag('name=pace.cli.invocations', 'id={A}')", begin - 1, end)
        return len(found) == 3 and all(None not in dict(points).values() for points in found.values())

    # What Carbon has just read is in its cache a moment later.
    wait_until(whole, "each slot to have a value")
    found = graphite.render(f"seriesByTag('name=pace.cli.invocations', 'id={A}')", begin - 1, end)
    [ran] = [name for name in found if "command_0=get" in name and "exit_code=0" in name]
    for name, points in found.items():
        require([at for at, _ in points] == list(range(begin, end + 1)), f"{name}: slots are missing")
        require(name == ran or len({value for _, value in points}) == 1, f"{name}: changed to {points}")
    check_steps(found, ran, [2, 5, 9], said, slots)
    gap = end - int(said[1].before)
    say(f"Graphite was away for {gap} s, the collector for 3 of them: {end - begin + 1} slots, each with its value")
    return collector


def check_steps(found: Series, name: str, steps: list[int], said: list[Posted], slots: list[int]) -> None:
    """Each value stands from the slot after it was posted, or at the latest from that which was seen recorded."""
    for at, value in found[name]:
        surely = max(step for step, slot in zip(steps, slots, strict=True) if slot <= at)
        possibly = max(step for step, posted in zip(steps, said, strict=True) if math.floor(posted.before) <= at)
        require(
            value is not None and surely <= value <= possibly, f"{name} at {at}: {value}, not {surely} to {possibly}"
        )
    require(list(dict.fromkeys(value for _, value in found[name])) == steps, f"{name}: {found[name]}")


def nasty_names_poison_nothing(graphite: Graphite, collector: Collector) -> None:
    since = time.time()
    nasty = {
        "nasty get\tda;ta ~pol=icy né!^ 日": {0: 1},
        "nasty ~ {*} 'q\" a\nb\u0000\u0085": {1: 2},
        "": {0: 3},
        "~;\u00a0 x": {-1: 4},
    }
    nasty_id = "36be4c46-4e1b-431d-b9db-0000000000ff"
    collector.post(nasty_id, "~~v 1;é=^!", "", nasty)
    collector.post(C, "v1.17.0", "linux", {GET: {0: 11}, "pace": {0: 7}})
    tags = f"exit_code={{}};id={nasty_id}"
    version = "cli_version=v_1_%C3%A9=^!"
    words = "command_0=get_da_ta;command_1=pol=icy;command_2=n%C3%A9!^;command_3=%E6%97%A5"
    expected = {
        f"nasty.cli.invocations;{version};{words};{tags.format(0)}": 1.0,
        f"nasty.cli.invocations;{version};command_1={{*}};command_2='q\";command_3=a_b__;{tags.format(1)}": 2.0,
        f"_.cli.invocations;{version};{tags.format(0)}": 3.0,
        f"___.cli.invocations;{version};command_0=x;{tags.format(-1)}": 4.0,
    }
    wait_for(graphite, f"seriesByTag('id={nasty_id}')", since, expected)
    ordinary = invocations(C, "v1.17.0", "linux", {GET: {0: 11}, "pace": {0: 7}})
    wait_for(graphite, f"seriesByTag('id={C}')", since, ordinary)
    # Graphite reads each name as we meant it: the same tags, under the same path.
    for name in expected:
        found = json.loads(graphite.get("/tags/findSeries", {"expr": f"id={nasty_id}"}))
        require(name in found, f"not among the series of Graphite: {name}")
    say(f"{len(expected)} nasty names arrived as they should, and an ordinary series of the same moment beside them")


def without_ids_they_are_added_up(graphite: Graphite) -> None:
    collector = Collector(WORK / "solo.db", graphite.carbon_url, "--graphite-without-id")
    since = time.time()
    for number, installation in enumerate((A, B, C)):
        collector.post(installation, "v1" if number < 2 else "v2", "linux", {"solo run": {0: 10**number, 1: 1}})
    expected = {
        "solo.cli.invocations;cli_version=v1;command_0=run;exit_code=0;operating_system=linux": 11.0,
        "solo.cli.invocations;cli_version=v1;command_0=run;exit_code=1;operating_system=linux": 2.0,
        "solo.cli.invocations;cli_version=v2;command_0=run;exit_code=0;operating_system=linux": 100.0,
        "solo.cli.invocations;cli_version=v2;command_0=run;exit_code=1;operating_system=linux": 1.0,
        "solo.cli.installations;cli_version=v1;operating_system=linux": 2.0,
        "solo.cli.installations;cli_version=v2;operating_system=linux": 1.0,
        "solo.cli.command_installations;command_0=run": 3.0,
    }
    wait_for(graphite, "seriesByTag('name=~^solo[.]')", since, expected)
    collector.kill()
    say("without IDs the counts of 3 installations are added up, and the installations counted")


def a_picture(graphite: Graphite, since: float) -> None:
    query = {
        "target": "aliasByTags(seriesByTag('name=pace.cli.invocations', 'command_0=get'), 'id', 'exit_code')",
        "from": int(since) - 5,
        "until": int(time.time()),
        "format": "png",
        "width": 900,
        "height": 400,
        "title": "pace get data-policy, by installation and exit code",
    }
    png = graphite.get("/render", query)
    width, height = struct.unpack(">II", png[16:24])
    require(png[:8] == b"\x89PNG\r\n\x1a\n" and png.endswith(b"IEND\xaeB`\x82"), "the picture is no PNG")
    # An empty chart of this size has some 6 kB.
    require((width, height) == (900, 400) and len(png) > 10_000, f"the picture: {width} by {height}, {len(png)} bytes")
    (WORK / "runs.png").write_bytes(png)
    say(f"a picture of the series: {(WORK / 'runs.png').relative_to(ROOT)}, {width} by {height}")


def every_query_of_the_dashboard_answers(graphite: Graphite, collector: Collector) -> None:
    """A tool with known runs and failures; a tool that never fails; each query with its variables filled in."""
    dashboard = json.loads((ROOT / "collector/dashboards/overt-cli.json").read_text())
    begin = collector.wait_for_slot(time.time())
    collector.post(E, "v1", "darwin", {"demo get x": {0: 6, 2: 2}, "demo": {0: 1}})
    collector.post(F, "v2", "linux", {"demo get x": {0: 4}})
    collector.post(G, "", "", {"calm run": {0: 3}})
    middle = collector.wait_for_slot(time.time() + 1)
    collector.post(E, "v2", "darwin", {"demo get x": {0: 8, 2: 2}, "demo": {0: 1}, "demo a b c": {1: 5}})
    end = collector.wait_for_slot(time.time() + 1)
    wait_until(lambda: collector.summary()["graphite_seconds_behind"] == 0, "Graphite to have it")
    # Value at the end, and for what grows in intervals the sum over them.
    expected = {
        "Runs by command": {"get x": 14.0, "(none)": 1.0, "a b c": 5.0},
        "Runs so far": {"get x": 14.0, "(none)": 1.0, "a b c": 5.0},
        "Error rate": {"errors": None},
        "Runs by exit code": {"0": 13.0, "1": 5.0, "2": 2.0},
        "Installations": {"installations": 2.0},
        "Versions": {"v1": 0.0, "v2": 2.0},
        "Systems": {"darwin": 1.0, "linux": 1.0},
        "Installations by command": {"get x": 2.0, "(none)": 1.0, "a b c": 1.0},
    }
    panels = {panel["title"]: [target["target"] for target in panel["targets"]] for panel in dashboard["panels"]}
    require(panels.keys() == expected.keys(), f"panels: {list(panels)}")

    # One interval with all of it, and as many as there are seconds.
    def ask(query: str, tool: str, interval: str) -> Series:
        filled = query.replace("$tool", tool).replace("$interval", interval)
        require(not re.search(r"[$][\w{]", filled), f"a variable is left: {filled}")
        return graphite.render(filled, begin - 1, end)

    last = invocations(E, "v2", "darwin", {"demo a b c": {1: 5}})
    wait_for(graphite, "seriesByTag('name=demo.cli.invocations', 'command_0=a')", begin, last)
    for title, [query] in panels.items():
        found = ask(query, "demo", "1s")
        sums = "summarize" in query
        values = {name: [value for _, value in points if value is not None] for name, points in found.items()}
        if title == "Error rate":
            check_error_rate(found["errors"], middle)
        else:
            end_values = {name: sum(each) if sums else each[-1] for name, each in values.items()}
            require(end_values == expected[title], f"{title}: {end_values} instead of {expected[title]}: {query}")
        require(bool(ask(query, "calm", "1s")), f"{title}: nothing for a tool without failures and version: {query}")
    calm = ask(panels["Error rate"][0], "calm", "1s")["errors"]
    require({value for _, value in calm if value is not None} == {0.0}, f"a tool that never fails: {calm}")
    choices(graphite, dashboard)
    say(f"each of the dashboard's {len(panels)} queries gave the expected values")


def check_error_rate(points: list[tuple[int, float | None]], middle: int) -> None:
    """13 runs, 2 of them failed, in one or more slots; then 7, 5 of them failed, in one."""
    rates = {at: value for at, value in points if value is not None}
    early = [rate for at, rate in rates.items() if at <= middle]
    late = [round(rate, 3) for at, rate in rates.items() if at > middle]
    require(late == [round(500 / 7, 3)], f"the error rate after {middle}: {rates}")
    require(bool(early) and any(0 < rate <= 100 for rate in early), f"the error rate until {middle}: {rates}")


def choices(graphite: Graphite, dashboard: dict[str, dict[str, list[dict[str, str]]]]) -> None:
    """The variables: Grafana asks for the values of a tag, and takes from them what the expression finds."""
    [tool] = [each for each in dashboard["templating"]["list"] if each["name"] == "tool"]
    tag = re.fullmatch(r"tag_values\((\w+)\)", tool["query"])
    require(tag is not None, f"the variable `tool` asks {tool['query']}")
    assert tag
    names = json.loads(graphite.get("/tags/autoComplete/values", {"tag": tag[1], "limit": 1000}))
    found = {match[1] for name in names if (match := re.match(tool["regex"].strip("/"), name))}
    require({"pace", "demo", "calm", "solo"} <= found, f"tools to choose from: {found}")


def main() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    for old in [*WORK.glob("*.db*"), *WORK.glob("*.png")]:
        old.unlink()
    graphite = Graphite(WORK / "data")
    try:
        graphite.start()
        collector = Collector(WORK / "events.db", graphite.carbon_url)
        first = several_installations_arrive(graphite, collector)
        collector = nothing_is_lost_while_it_is_away(graphite, collector, first)
        nasty_names_poison_nothing(graphite, collector)
        without_ids_they_are_added_up(graphite)
        every_query_of_the_dashboard_answers(graphite, collector)
        a_picture(graphite, first.before)
    finally:
        Collector.kill_all()
        graphite.kill()


if __name__ == "__main__":
    main()
