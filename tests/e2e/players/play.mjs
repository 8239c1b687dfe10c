// Plays one stream in headless Chromium and prints what happened, as JSON: node play.mjs CHROMIUM '{"player", "url"}'

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const SCRIPTS = {
  "hls.js": "hls.js/dist/hls.min.js",
  shaka: "shaka-player/dist/shaka-player.compiled.js",
  "dash.js": "dashjs/dist/legacy/umd/dash.all.min.js",
};
const OPTIONS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

const [executablePath, given] = process.argv.slice(2);
const wanted = JSON.parse(given);
const files = {
  "/player.js": new URL(`node_modules/${SCRIPTS[wanted.player]}`, import.meta.url),
  "/page.js": new URL("page.js", import.meta.url),
};
const PAGE = '<!doctype html><audio></audio><script src="/player.js"></script><script src="/page.js"></script>';

// The page has an origin of its own, as a web player beside a CDN has.
const server = createServer(async (request, response) => {
  const file = files[request.url];
  response.setHeader("content-type", file ? "text/javascript" : "text/html");
  response.end(file ? await readFile(file) : PAGE);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const browser = await chromium.launch({ executablePath, args: OPTIONS });
try {
  const page = await browser.newPage();
  const refused = [];
  page.on("console", (message) => message.type() === "error" && refused.push(message.text()));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const seen = await page.evaluate((one) => window.listen(one), wanted);
  console.log(JSON.stringify({ ...seen, console: refused }));
} finally {
  await browser.close();
  server.close();
}
