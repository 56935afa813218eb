// Run emulate's GitHub on a free port of the loopback interface until standard input ends.
// Arguments: emulate's api.js, and the JSON of what it starts with. Prints {url, keys: {id: pem}}.
import net from "node:net";

const [api, seed] = process.argv.slice(2);
const listen = net.Server.prototype.listen;

// emulate listens on every interface, and tests have no business there
net.Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, "127.0.0.1", ...rest.filter((each) => typeof each === "function"));
};

function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const { createEmulator } = await import(api);
const port = await freePort();
const baseUrl = `http://127.0.0.1:${port}`;
const running = await createEmulator({ service: "github", port, baseUrl, seed: JSON.parse(seed) });
const keys = Object.fromEntries(running.generatedSecrets.map(({ id, value }) => [id, value]));
console.log(JSON.stringify({ url: baseUrl, keys }));
process.stdin.resume().on("end", async () => {
  await running.close();
  process.exit(0);
});
