// What runs in the page to hear a join: a player of page.js, or media appended by figures, with the element's sound
// recorded sample by sample behind it.

const RECORDER = `
  registerProcessor("recorder", class extends AudioWorkletProcessor {
    process([[channel]]) {
      this.port.postMessage(channel ? channel.slice() : new Float32Array(128));
      return true;
    }
  });
`;

// Media Source Extensions alone, with each track in its own window of the timeline: the figures that the manifests
// publish are all that it knows of a track.
class AppendWindows {
  errors = [];

  async load(url, media) {
    const { mime, rate, tracks } = await (await fetch(url)).json();
    const source = new MediaSource();
    media.src = URL.createObjectURL(source);
    await new Promise((resolve) => source.addEventListener("sourceopen", resolve, { once: true }));
    const buffer = source.addSourceBuffer(mime);
    let start = 0;
    for (const { files, samples } of tracks) {
      buffer.appendWindowStart = 0; // never behind the end, which moves next
      buffer.appendWindowEnd = (start + samples) / rate;
      buffer.appendWindowStart = start / rate;
      buffer.timestampOffset = start / rate;
      for (const file of files) {
        buffer.appendBuffer(await (await fetch(new URL(file, url))).arrayBuffer());
        await new Promise((resolve) => buffer.addEventListener("updateend", resolve, { once: true }));
      }
      start += samples;
    }
    source.endOfStream();
  }
}

// Shaka-player puts a segment of HLS where the durations before it end, unless it is told to append one to the other.
class ShakaInSequence extends Shaka {
  async load(url, media) {
    this.player = new shaka.Player();
    await this.player.attach(media);
    this.player.configure({ manifest: { hls: { sequenceMode: true } } });
    await this.player.load(url);
  }
}

const MORE_PLAYERS = { ...PLAYERS, "shaka in sequence": ShakaInSequence, "append windows": AppendWindows };

function joined(chunks) {
  const all = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let place = 0;
  for (const chunk of chunks) {
    all.set(chunk, place);
    place += chunk.length;
  }
  return all;
}

function base64(samples) {
  const bytes = new Uint8Array(samples.buffer);
  let text = "";
  for (let place = 0; place < bytes.length; place += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(place, place + 0x8000));
  }
  return btoa(text);
}

const buffered = (media) => media.buffered.length > 0 && media.buffered.end(media.buffered.length - 1) > media.duration - 0.2;

let loaded;

// All of it is there before any of it is played, so that only the browser itself can run dry.
window.load = async ({ player: name, url, rate }) => {
  const media = document.querySelector("audio");
  const player = new MORE_PLAYERS[name]();
  const context = new AudioContext({ sampleRate: rate });
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([RECORDER], { type: "text/javascript" })));
  const recorder = new AudioWorkletNode(context, "recorder");
  context.createMediaElementSource(media).connect(recorder).connect(context.destination);
  await soon("loaded", player.load(url, media));
  await until("buffered", () => buffered(media), media);
  loaded = { media, player, context, recorder };
};

window.record = async () => {
  const { media, player, context, recorder } = loaded;
  const chunks = [];
  let waits = 0;
  recorder.port.onmessage = ({ data }) => chunks.push(data);
  await context.resume();
  await soon("begun", media.play());
  media.addEventListener("waiting", () => (waits += media.ended ? 0 : 1));
  await until("ended", () => media.ended, media);
  await context.suspend();
  return { errors: player.errors, waits, durationS: media.duration, pcm: base64(joined(chunks)) };
};
