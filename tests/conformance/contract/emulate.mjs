// Run emulate's GitHub on a port of the loopback interface until standard input ends.
// Arguments: emulate's api.js, the port, and the JSON of what it starts with.
// Prints {url, keys: {id: pem}} once it listens.
import { once } from "node:events";
import net from "node:net";

const [api, port, seed] = process.argv.slice(2);
const listen = net.Server.prototype.listen;
const servers = [];

// emulate listens on every interface, where tests have no business, and does not wait until it does
net.Server.prototype.listen = function (given, ...rest) {
  servers.push(this);
  return listen.call(this, given, "127.0.0.1", ...rest.filter((one) => typeof one === "function"));
};

const { createEmulator } = await import(api);
const url = `http://127.0.0.1:${port}`;
const running = await createEmulator({
  service: "github",
  port: Number(port),
  baseUrl: url,
  seed: JSON.parse(seed),
});
await Promise.all(servers.map((server) => server.listening || once(server, "listening")));
const keys = Object.fromEntries(running.generatedSecrets.map(({ id, value }) => [id, value]));
console.log(JSON.stringify({ url, keys }));
process.stdin.resume().on("end", async () => {
  await running.close();
  process.exit(0);
});
