// Writes the compiled dashboard as JSON to stdout: node emit.mjs DIRECTORY, where tsc put it.
import { resolve } from "node:path";
import { argv, stdout } from "node:process";
import { pathToFileURL } from "node:url";

const { default: dashboard } = await import(pathToFileURL(resolve(argv[2], "overt-cli.js")).href);
stdout.write(`${JSON.stringify(dashboard, null, 2)}\n`);
