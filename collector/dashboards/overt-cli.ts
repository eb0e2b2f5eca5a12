/**
 * The dashboard: runs by command, error rate, versions, systems and installations of a command-line tool.
 *
 * Every query is the same whether the collector writes IDs or leaves them out. The default export is what Grafana
 * imports; `emit.mjs` writes it to `overt-cli.json`.
 */

import type { Dashboard, DataQuery, GridPos, Panel, VariableModel, VariableRefresh } from "@grafana/schema";

import { called, calledByCommand, growth, percent, series, sum, sumBy, sumByCommand } from "./queries.js";

/** Grafana's schema leaves a data source's own fields to it; these are Graphite's. */
interface GraphiteQuery extends DataQuery {
  target: string;
  textEditor: true;
}

const GRAPHITE = { type: "graphite", uid: "${datasource}" };

const ON_TIME_RANGE_CHANGE: VariableRefresh.onTimeRangeChanged = 2;

type Unit = "short" | "percent";
type Kind = "timeseries" | "stat" | "barchart" | "piechart" | "bargauge";

/** Options in common; a time series draws each point, the others show the last value of each series. */
function options(kind: Kind): Record<string, unknown> {
  const legend = { displayMode: "list", placement: "bottom", showLegend: true };
  const reduceOptions = { calcs: ["lastNotNull"], fields: "", values: false };
  switch (kind) {
    case "timeseries":
      return { legend, tooltip: { mode: "multi", sort: "desc" } };
    case "piechart":
      return { legend, reduceOptions, pieType: "donut" };
    default:
      return { reduceOptions, orientation: "horizontal" };
  }
}

let panels = 0;

function panel(title: string, description: string, type: Kind, unit: Unit, gridPos: GridPos, target: string): Panel {
  panels += 1;
  const query: GraphiteQuery = { refId: "A", datasource: GRAPHITE, target, textEditor: true };
  return {
    id: panels,
    title,
    description,
    type,
    datasource: GRAPHITE,
    gridPos,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: options(type),
    targets: [{ ...query }],
  };
}

const runs = series("invocations");
const failures = series("invocations", "exit_code!=0");
const installations = series("installations");

const variables: VariableModel[] = [
  { name: "datasource", label: "Graphite", type: "datasource", query: "graphite" },
  {
    name: "tool",
    label: "Tool",
    type: "query",
    datasource: GRAPHITE,
    query: "tag_values(name)",
    regex: "/^(.*)[.]cli[.]installations$/",
    refresh: ON_TIME_RANGE_CHANGE,
  },
  {
    name: "interval",
    label: "Interval",
    type: "custom",
    query: "10min,1h,1d,7d",
    current: { text: "1h", value: "1h" },
  },
];

const dashboard: Dashboard = {
  uid: "overt-cli",
  title: "Command-line tool",
  description: "Counters that overt-collector writes to Graphite.",
  tags: ["overt"],
  schemaVersion: 41,
  editable: true,
  time: { from: "now-7d", to: "now" },
  timezone: "browser",
  refresh: "1m",
  templating: { list: variables },
  annotations: { list: [] },
  panels: [
    panel(
      "Runs by command",
      "Runs in each interval.",
      "timeseries",
      "short",
      { x: 0, y: 0, w: 16, h: 9 },
      calledByCommand(growth(sumByCommand(runs))),
    ),
    panel(
      "Runs so far",
      "Since each installation's file was made.",
      "bargauge",
      "short",
      { x: 16, y: 0, w: 8, h: 9 },
      calledByCommand(sumByCommand(runs)),
    ),
    panel(
      "Error rate",
      "Runs in each interval that did not end with exit code 0.",
      "timeseries",
      "percent",
      { x: 0, y: 9, w: 16, h: 8 },
      called(percent(growth(sum(failures)), growth(sum(runs))), "errors"),
    ),
    panel(
      "Runs by exit code",
      "Since each installation's file was made.",
      "piechart",
      "short",
      { x: 16, y: 9, w: 8, h: 8 },
      sumBy(runs, "exit_code"),
    ),
    panel(
      "Installations",
      "That have ever sent a count.",
      "timeseries",
      "short",
      { x: 0, y: 17, w: 8, h: 8 },
      called(sum(installations), "installations"),
    ),
    panel(
      "Versions",
      "Installations, by the version that ran last.",
      "piechart",
      "short",
      { x: 8, y: 17, w: 8, h: 8 },
      sumBy(installations, "cli_version"),
    ),
    panel(
      "Systems",
      "Installations, by operating system.",
      "piechart",
      "short",
      { x: 16, y: 17, w: 8, h: 8 },
      sumBy(installations, "operating_system"),
    ),
    panel(
      "Installations by command",
      "That have ever run the command.",
      "bargauge",
      "short",
      { x: 0, y: 25, w: 24, h: 8 },
      calledByCommand(sumByCommand(series("command_installations"))),
    ),
  ],
};

export default dashboard;
