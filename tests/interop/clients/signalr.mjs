// The official JavaScript client: prints what it hears as JSON, one object a line.
// node signalr.mjs HOME URL MODE, with its packages in HOME and MODE plain, skip or stateful.
import { createRequire } from "node:module";

const [home, url, mode] = process.argv.slice(2);
const signalr = createRequire(`${home}/`)("@microsoft/signalr");
const tell = (what, said) => console.log(JSON.stringify({ what, said }));

let builder = new signalr.HubConnectionBuilder()
  .configureLogging(signalr.LogLevel.None)
  .withAutomaticReconnect([0, 100, 200, 500]);
builder =
  mode === "skip"
    ? builder.withUrl(url, {
        skipNegotiation: true,
        transport: signalr.HttpTransportType.WebSockets,
      })
    : builder.withUrl(url);
if (mode === "stateful") builder = builder.withStatefulReconnect();

const connection = builder.build();
connection.on("feed", (_topic, patch) => tell("patch", patch));
connection.onreconnected(async () =>
  tell("again", await connection.invoke("Subscribe", ["match"])),
);
connection.onclose(() => tell("closed", null));
await connection.start();
tell("state", await connection.invoke("Subscribe", ["match"]));
process.stdin.on("end", async () => {
  await connection.stop();
  process.exit(0);
});
process.stdin.resume();
