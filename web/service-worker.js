/**
 * The service worker: keeps all files of one build, so that the page works without a network.
 *
 * The build writes the version and the hash of each file. A new build is fetched whole, checked,
 * and used once no page of the old one is open.
 */

const HERE = new URL("./", self.location.href);
/** Copies of the page in other folders of the host have caches of their own. */
const OF_HERE = `scotopic ${HERE.pathname} `;
const CACHE = `${OF_HERE}${"VERSION"}`;
const HASHES = {};
/** Files that are kept once they have been needed: the runtime of browsers that have WebGPU. */
const LATER = {};
/**
 * With these a page may have memory that threads share, which the runtime needs for more than one
 * thread. All that the page loads is its own, so that nothing else changes.
 */
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

self.addEventListener("install", (event) => event.waitUntil(keepAll()));
self.addEventListener("activate", (event) => event.waitUntil(removeOthers()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const isOurs = url.origin === HERE.origin && url.pathname.startsWith(HERE.pathname);
  if (event.request.method === "GET" && isOurs) event.respondWith(answer(event.request, url));
});

async function keepAll() {
  const cache = await caches.open(CACHE);
  for (const [name, hash] of Object.entries(HASHES)) {
    const response = (await keptBefore(name, hash)) ?? (await fetched(name, hash));
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    await cache.put(new URL(name, HERE), response);
  }
  for (const [name, hash] of Object.entries(LATER)) {
    const known = await keptBefore(name, hash);
    if (known) await cache.put(new URL(name, HERE), known);
  }
}

/** A file from the cache of an earlier build, if it is the same in this one. */
async function keptBefore(name, hash) {
  const known = await caches.match(new URL(name, HERE), { ignoreSearch: true });
  return known && (await isSame(known.clone(), hash)) ? known : null;
}

/** A file of this build from the host; fails where the host has another one. */
function fetched(name, hash) {
  const how = { integrity: `sha256-${hash}`, cache: "no-cache" };
  return fetch(new Request(new URL(name, HERE), how));
}

async function isSame(response, hash) {
  const digest = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
  return btoa(String.fromCharCode(...new Uint8Array(digest))) === hash;
}

async function removeOthers() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(OF_HERE) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function answer(request, url) {
  const name = url.pathname.slice(HERE.pathname.length) || "index.html";
  const cache = await caches.open(CACHE);
  const kept = await cache.match(new URL(name, HERE));
  if (kept) return isolated(kept);
  const hash = HASHES[name] ?? LATER[name];
  if (!hash) return isolated(await fetch(request));
  const found = await fetched(name, hash);
  if (found.ok) await cache.put(new URL(name, HERE), found.clone());
  return isolated(found);
}

function isolated(response) {
  if (response.status === 0 || response.type === "opaque") return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  return new Response(response.body, {
    status: response.status,
    statusText: response.statusText,
    headers,
  });
}
