// What runs in the page: each player behind the same five verbs, and a note of everything that happens to the element.
//
//   load(url)      until the player knows the stream; `licences` says which address answers for a key id, in base64url
//   variants()     what it can switch between, lowest first: [{id, codec, bandwidthBps}]
//   choose(id)     this one from here on
//   playing()      the variant whose segments are appended now
//   errors         everything the player complained about, fatal or not

const codecOf = (text) => (text || "").split(".")[0].toLowerCase();
const byBandwidth = (a, b) => a.bandwidthBps - b.bandwidthBps;

// What a licence request asks for decides where it goes: each track has an address of its own.
const licenceFor = (licences, body) => {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  return licences[JSON.parse(text).kids[0]];
};

class HlsJs {
  errors = [];

  async load(url, media, licences = {}) {
    const [licenseUrl] = Object.values(licences);
    const drmSystems = { "org.w3.clearkey": { licenseUrl } };
    this.hls = new Hls({ emeEnabled: Boolean(licenseUrl), drmSystems: licenseUrl ? drmSystems : {} });
    this.hls.on(Hls.Events.ERROR, (_, data) => this.errors.push(`${data.type}/${data.details}`));
    const known = new Promise((resolve) => this.hls.once(Hls.Events.MANIFEST_PARSED, resolve));
    this.hls.attachMedia(media);
    this.hls.loadSource(url);
    await known;
  }

  variants() {
    return this.hls.levels
      .map((level, id) => ({ id, codec: codecOf(level.audioCodec), bandwidthBps: level.bitrate }))
      .sort(byBandwidth);
  }

  choose(id) {
    this.hls.nextLevel = id;
  }

  playing() {
    return this.hls.currentLevel;
  }
}

class Shaka {
  errors = [];

  async load(url, media, licences = {}) {
    shaka.polyfill.installAll();
    this.player = new shaka.Player();
    await this.player.attach(media);
    this.player.addEventListener("error", (event) => this.errors.push(`${event.detail.category}/${event.detail.code}`));
    this.player.configure({ abr: { enabled: false } });
    const [licenseUrl] = Object.values(licences);
    if (licenseUrl) {
      this.player.configure({ drm: { servers: { "org.w3.clearkey": licenseUrl } } });
      this.player.getNetworkingEngine().registerRequestFilter((type, request) => {
        if (type === shaka.net.NetworkingEngine.RequestType.LICENSE) request.uris = [licenceFor(licences, request.body)];
      });
    }
    await this.player.load(url).catch((error) => {
      this.errors.push(`${error.category}/${error.code}/${JSON.stringify(error.data)}`);
      throw error;
    });
  }

  variants() {
    return this.player
      .getVariantTracks()
      .map((track) => ({ id: track.id, codec: codecOf(track.audioCodec), bandwidthBps: track.bandwidth }))
      .sort(byBandwidth);
  }

  choose(id) {
    this.player.selectVariantTrack(this.player.getVariantTracks().find((track) => track.id === id), true);
  }

  playing() {
    return this.player.getVariantTracks().find((track) => track.active)?.id;
  }
}

class DashJs {
  errors = [];

  async load(url, media, licences = {}) {
    this.player = dashjs.MediaPlayer().create();
    this.player.updateSettings({
      debug: { logLevel: 0 },
      streaming: { abr: { autoSwitchBitrate: { audio: false } } },
    });
    this.player.on(dashjs.MediaPlayer.events.ERROR, (event) => this.errors.push(`${event.error.code} ${event.error.message}`));
    const known = new Promise((resolve) => this.player.on(dashjs.MediaPlayer.events.STREAM_INITIALIZED, resolve));
    const [licenseUrl] = Object.values(licences);
    if (licenseUrl) this.player.setProtectionData({ "org.w3.clearkey": { serverURL: licenseUrl } });
    this.player.registerLicenseRequestFilter(async (request) => {
      request.url = licenceFor(licences, request.data);
    });
    this.player.initialize(media, url, false);
    await known;
  }

  // Of the set that plays: dash.js changes between sets only by a new track.
  variants() {
    return this.player
      .getRepresentationsByType("audio")
      .map((one) => ({ id: one.id, codec: codecOf(one.codecs?.match(/"(.*)"/)?.[1] ?? one.codecs), bandwidthBps: one.bandwidth }))
      .sort(byBandwidth);
  }

  choose(id) {
    this.player.setRepresentationForTypeById("audio", id, true);
  }

  playing() {
    return this.player.getCurrentRepresentationForType("audio")?.id;
  }
}

const PLAYERS = { "hls.js": HlsJs, shaka: Shaka, "dash.js": DashJs };
const LIMIT_MS = 60_000;

class Late extends Error {}

function until(what, condition, media) {
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      if (condition()) finish(resolve);
      else if (performance.now() > limit) {
        finish(() => reject(new Late(`not ${what} at ${media.currentTime} s, ready state ${media.readyState}`)));
      }
    }, 20);
    const limit = performance.now() + LIMIT_MS;
    const finish = (how) => {
      clearInterval(timer);
      how();
    };
  });
}

// A player may wait for something that never comes, and so may an element.
const soon = (what, promise) =>
  Promise.race([promise, new Promise((_, reject) => setTimeout(() => reject(new Late(`not ${what}`)), LIMIT_MS))]);

// Play one stream by one of the scripts below, and tell what happened.
async function performed(script, wanted) {
  const media = document.querySelector("audio");
  const player = new PLAYERS[wanted.player]();
  const seen = { stalls: 0, late: null, played: [], errors: player.errors };
  let seeking = true; // waiting is a stall only once sound has begun, and not after a seek
  media.addEventListener("playing", () => (seeking = false));
  media.addEventListener("seeking", () => (seeking = true));
  media.addEventListener("waiting", () => (seen.stalls += seeking || media.ended ? 0 : 1));
  media.addEventListener("error", () => player.errors.push(`media ${media.error.code} ${media.error.message}`));
  try {
    await soon("loaded", player.load(wanted.url, media, wanted.licences));
    seen.variants = player.variants();
    await soon("begun", media.play());
    await reached(media, 0.5);
    await script(media, player, seen, wanted);
    await until("ended", () => media.ended, media);
    seen.played.push(player.playing());
  } catch (error) {
    if (error instanceof Late) seen.late = error.message;
    else player.errors.push(String(error));
  }
  return { ...seen, ended: media.ended, currentTime: media.currentTime, durationS: media.duration };
}

const reached = (media, seconds) =>
  until(`playing at ${seconds} s`, () => media.currentTime >= seconds && !media.seeking, media);

const SCRIPTS = {
  // Switch between the qualities, seek forth and back, and play to the end.
  async "a track"(media, player, seen) {
    seen.played.push(player.playing());
    const lowest = seen.variants[0].id;
    const highest = seen.variants[seen.variants.length - 1].id;
    player.choose(player.playing() === highest ? lowest : highest);
    media.currentTime = media.duration / 2;
    await reached(media, media.duration / 2 + 0.5);
    seen.played.push(player.playing());
    media.currentTime = 0.25;
    await reached(media, 0.75);
    // Back in the middle of the stream: a switch within the last segment is a race that dash.js loses now and then.
    player.choose(seen.played[0]);
    await until("back", () => player.playing() === seen.played[0] && media.currentTime >= 1.25, media);
    media.currentTime = media.duration - 1.5;
  },

  // Play over the join into the second track, seek back into the first, and to the end of the second.
  async "an album"(media, _player, _seen, { joinS }) {
    media.currentTime = joinS - 0.7;
    await reached(media, joinS + 0.7);
    media.currentTime = 0.25;
    await reached(media, 0.75);
    media.currentTime = media.duration - 1;
  },
};

window.listen = (wanted) => performed(SCRIPTS[wanted.script], wanted);
