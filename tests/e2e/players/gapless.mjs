// Plays a list of streams at the same time in headless Chromium and writes what was heard of each as 32-bit floats:
//   node gapless.mjs CHROMIUM FOLDER '[{"player", "path", "rate", "pcm"}]'     (paths are below FOLDER)

import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

const SCRIPTS = {
  "hls.js": "hls.js/dist/hls.min.js",
  shaka: "shaka-player/dist/shaka-player.compiled.js",
  "shaka in sequence": "shaka-player/dist/shaka-player.compiled.js",
  "dash.js": "dashjs/dist/legacy/umd/dash.all.min.js",
};
const TYPES = {
  ".m3u8": "application/vnd.apple.mpegurl",
  ".mpd": "application/dash+xml",
  ".mp4": "audio/mp4",
  ".m4s": "video/iso.segment",
  ".js": "text/javascript",
  ".json": "application/json",
};
const OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--autoplay-policy=no-user-gesture-required"];

const [executablePath, folder, given] = process.argv.slice(2);

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  const script = pathname === "/player.js" ? `node_modules/${SCRIPTS[searchParams.get("name")]}` : pathname.slice(1);
  const file = extname(pathname) === ".js" ? new URL(script, import.meta.url) : join(folder, pathname);
  const content = await readFile(file).catch(() => null);
  response.writeHead(content ? 200 : 404, { "content-type": TYPES[extname(pathname)] ?? "text/html" });
  response.end(content ?? "");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

async function loaded(browser, { player, path, rate }) {
  const page = await browser.newPage();
  await page.route(`${origin}/page`, (route) =>
    route.fulfill({
      contentType: "text/html",
      body:
        "<!doctype html><audio></audio>" +
        (player in SCRIPTS ? `<script src="/player.js?name=${encodeURIComponent(player)}"></script>` : "") +
        '<script src="/page.js"></script><script src="/gapless.js"></script>',
    }),
  );
  await page.goto(`${origin}/page`);
  await page.evaluate((one) => window.load(one), { player, rate, url: `${origin}/${path}` });
  return page;
}

async function recorded(page, { pcm }) {
  const heard = await page.evaluate(() => window.record());
  await writeFile(join(folder, pcm), Buffer.from(heard.pcm, "base64"));
  return { ...heard, pcm };
}

const browser = await chromium.launch({ executablePath, args: OPTIONS });
try {
  const wanted = JSON.parse(given);
  const pages = await Promise.all(wanted.map((one) => loaded(browser, one)));
  const heard = await Promise.all(pages.map((page, place) => recorded(page, wanted[place])));
  console.log(JSON.stringify(heard));
} finally {
  await browser.close();
  server.close();
}
