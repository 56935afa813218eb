// Run examples against candidate texts of a JavaScript file, each in a worker thread of its own.
// Reads one JSON object from standard input and prints one per candidate.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const MILLISECONDS = 3000;
const GRACE = 50;

async function namesOf(file) {
  try {
    const module = await import(pathToFileURL(file).href);
    return { ...module.default, ...module };
  } catch {
    return createRequire(file)(file);
  }
}

async function tryAll({ root, examples }) {
  const values = [];
  let holds = examples.length > 0;
  for (const { call, path, expected } of examples) {
    try {
      const names = await namesOf(join(root, path));
      const usable = Object.entries(names).filter(([name]) => name !== "default");
      const evaluate = new Function(...usable.map(([name]) => name), `return (${call});`);
      const value = await evaluate(...usable.map(([, item]) => item));
      const plain = JSON.parse(JSON.stringify(value ?? null));
      values.push(String(JSON.stringify(plain)).slice(0, 200));
      holds &&= isDeepStrictEqual(plain, expected);
    } catch (error) {
      values.push(error?.name ?? "Error");
      holds = false;
    }
  }
  return { holds, values };
}

function inWorker(question) {
  return new Promise((resolve) => {
    const options = { workerData: question, stdout: true, stderr: true };
    const worker = new Worker(fileURLToPath(import.meta.url), options);
    const end = (answer) => {
      clearTimeout(timer);
      worker.terminate().then(() => resolve(answer));
    };
    const timer = setTimeout(
      () => end({ holds: false, values: ["no answer in time"] }),
      MILLISECONDS,
    );
    worker.once("message", end);
    worker.once("error", () => end({ holds: false, values: ["it does not run"] }));
    // An answer may still be on its way when the thread is gone.
    const gone = () => end({ holds: false, values: ["it ended the program"] });
    worker.once("exit", () => setTimeout(gone, GRACE));
  });
}

if (isMainThread) {
  const { candidates, wanted, ...question } = JSON.parse(readFileSync(0, "utf8"));
  const file = join(question.root, question.path);
  let held = 0;
  for (const [index, candidate] of candidates.entries()) {
    writeFileSync(file, candidate);
    const answer = await inWorker(question);
    process.stdout.write(`${JSON.stringify({ index, ...answer })}\n`);
    held += answer.holds;
    if (held >= wanted) break;
  }
} else {
  parentPort.postMessage(await tryAll(workerData));
}
