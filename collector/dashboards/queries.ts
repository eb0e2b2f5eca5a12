/**
 * What is asked of Graphite: functions that put targets together, as strings.
 *
 * - A count is cumulative, and its series may begin at any slot: a new command, version or installation. So counts are
 *   added up first, and what happened in an interval is the growth of the sum.
 * - A tag may be missing: the tool's own command has no `command_0`. `groupByNodes` takes that for an empty word, where
 *   `groupByTags` fails. For four words of a path.
 */

const COMMAND = ["command_0", "command_1", "command_2", "command_3"];

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(", ");
}

/** All series of a metric, and of these those to which the conditions apply. */
export function series(metric: string, ...conditions: string[]): string {
  return `seriesByTag(${quoted([`name=$tool.cli.${metric}`, ...conditions])})`;
}

export function sum(query: string): string {
  return `sumSeries(${query})`;
}

export function sumBy(query: string, ...tags: string[]): string {
  return `groupByNodes(${query}, 'sum', ${quoted(tags)})`;
}

/** A series for each command. */
export function sumByCommand(query: string): string {
  return sumBy(query, ...COMMAND);
}

/** Series of commands, called by their words. This must come last: a function puts its own name around that of a series. */
export function calledByCommand(query: string): string {
  const dotted = `aliasByTags(${query}, ${quoted(COMMAND)})`;
  const words = `aliasSub(aliasSub(${dotted}, '[.]+$', ''), '[.]', ' ')`;
  return `aliasSub(${words}, '^$', '(none)')`;
}

/** What a sum of counts grew by in each interval. A hole keeps the last value; before the first there was nothing. */
export function growth(query: string): string {
  return `summarize(nonNegativeDerivative(transformNull(keepLastValue(${query}), 0)), '$interval', 'sum')`;
}

/** How much of the second the first is. Nothing of something is none of it. */
export function percent(part: string, whole: string): string {
  return `asPercent(fallbackSeries(${part}, scale(${whole}, 0)), ${whole})`;
}

export function called(query: string, name: string): string {
  return `alias(${query}, '${name}')`;
}
