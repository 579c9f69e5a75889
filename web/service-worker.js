/**
 * The service worker: keeps all files of one build, so that the page works without a network.
 *
 * The build writes the version and the hash of each file. A new build is fetched whole, checked,
 * and used once no page of the old one is open.
 */

const CACHE = `scotopic-${"VERSION"}`;
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

const HERE = new URL("./", self.location.href);

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
    const request = new Request(new URL(name, HERE), {
      integrity: `sha256-${hash}`,
      cache: "no-cache",
    });
    const known = await caches.match(new URL(name, HERE), { ignoreSearch: true });
    const response = known && (await isSame(known.clone(), hash)) ? known : await fetch(request);
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    await cache.put(new URL(name, HERE), response);
  }
}

async function isSame(response, hash) {
  const digest = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
  return btoa(String.fromCharCode(...new Uint8Array(digest))) === hash;
}

async function removeOthers() {
  const names = await caches.keys();
  // Other pages of the same host may have caches of their own, under other names.
  const old = names.filter((name) => name.startsWith("scotopic-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function answer(request, url) {
  const name = url.pathname.slice(HERE.pathname.length) || "index.html";
  const cache = await caches.open(CACHE);
  const kept = await cache.match(new URL(name, HERE));
  if (kept) return isolated(kept);
  if (!LATER[name]) return isolated(await fetch(request));
  const found = await fetch(
    new Request(new URL(name, HERE), { integrity: `sha256-${LATER[name]}` }),
  );
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
