// Asks each call that stands on a line of standard input, and tells what fetch made of it; see client.py.
import { createInterface } from "node:readline";

const timeout = 2000; // Milliseconds, for the whole: fetch knows no other.

function take(answer, line) {
  if (!line.startsWith("data:")) return;
  const data = line.slice(5).trim();
  if (data === "[DONE]") {
    answer.done = true;
    return;
  }
  for (const choice of JSON.parse(data).choices) answer.text += choice.delta.content ?? "";
}

async function ask({ url, stream }, answer) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: "Bearer any" },
    body: JSON.stringify({ model: "qwen-plus", stream, messages: [{ role: "user", content: "Hello!" }] }),
    signal: AbortSignal.timeout(timeout),
  });
  if (response.status !== 200) {
    answer.error = `HTTP ${response.status}`;
    return;
  }
  if (!stream) {
    answer.text = (await response.json()).choices[0].message.content;
    answer.done = true;
    return;
  }
  let rest = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop();
    for (const line of lines) take(answer, line);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = { text: "", done: false, error: null };
  try {
    await ask(JSON.parse(line), answer);
  } catch (e) {
    const cause = e.cause ? `: ${[e.cause.code, e.cause.message].filter(Boolean).join(" ")}` : "";
    answer.error = `${e.name}: ${e.message}${cause}`;
  }
  console.log(JSON.stringify(answer));
}
