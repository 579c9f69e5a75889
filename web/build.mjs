/**
 * Build the page that needs no server: a folder that any host of static files can serve.
 *
 *     node web/build.mjs [FOLDER]      by default build/web, which is made anew
 *
 * The runtime comes from npm, in the version and with the hash that package.json names. The same
 * sources make the same bytes.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const WEB = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(WEB);
const PAGE = join(ROOT, "scotopic", "serve", "page");
const WEIGHTS = join(ROOT, "scotopic", "networks", "weights");
const PACKAGE = "onnxruntime-web";
/** The networks that a browser is quick enough for, the usual one first. */
const MODELS = ["standard", "fast"];
/** Of the runtime: what runs on the processor, and what is loaded besides where there is WebGPU. */
const RUNTIME = [
  "ort.wasm.bundle.min.mjs",
  "ort-wasm-simd-threaded.mjs",
  "ort-wasm-simd-threaded.wasm",
];
const GPU_RUNTIME = [
  "ort.webgpu.bundle.min.mjs",
  "ort-wasm-simd-threaded.asyncify.mjs",
  "ort-wasm-simd-threaded.asyncify.wasm",
];
/** What tells a folder of an earlier build from others. */
const BUILT = ["models/models.json", "service-worker.js"];
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob: mediastream:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Lay the page, the engine and the networks into a new folder: all but the runtime. */
export function layOut(folder) {
  mkdirSync(folder, { recursive: true });
  cpSync(PAGE, folder, { recursive: true, filter: (path) => !/__pycache__|\.py$/.test(path) });
  for (const name of ["engine.js", "local", "icons", "manifest.webmanifest"]) {
    cpSync(join(WEB, name), join(folder, name), { recursive: true, force: true });
  }
  const registry = JSON.parse(readFileSync(join(WEIGHTS, "registry.json"), "utf8"));
  mkdirSync(join(folder, "models"));
  const models = MODELS.map((name) => {
    const { description, file, sha256 } = registry[name];
    cpSync(join(WEIGHTS, file), join(folder, "models", file));
    return { name, description, file, sha256 };
  });
  const version = /__version__ = "(.*)"/.exec(
    readFileSync(join(ROOT, "scotopic", "version.py"), "utf8"),
  )[1];
  write(folder, "models/models.json", `${JSON.stringify({ version, models }, null, 1)}\n`);
}

/** The archive of the runtime from npm, in a folder that further builds find it in; its path. */
function runtimeArchive() {
  const { dependencies, integrity } = JSON.parse(readFileSync(join(WEB, "package.json"), "utf8"));
  const version = dependencies[PACKAGE];
  const cache = join(ROOT, "build", "npm");
  const file = join(cache, `${PACKAGE}-${version}.tgz`);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(file)) {
    const fetched = mkdtempSync(join(cache, "fetched-"));
    const options = { stdio: ["ignore", "ignore", "inherit"], shell: process.platform === "win32" };
    execFileSync(
      "npm",
      ["pack", "--silent", `${PACKAGE}@${version}`, "--pack-destination", fetched],
      options,
    );
    // Another build may do the same at this time: a name is the old file or the whole new one.
    renameSync(join(fetched, `${PACKAGE}-${version}.tgz`), file);
    rmSync(fetched, { recursive: true });
  }
  const found = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
  if (found !== integrity[PACKAGE]) {
    rmSync(file);
    throw new Error(`${PACKAGE} ${version} has the hash ${found}, not ${integrity[PACKAGE]}`);
  }
  return file;
}

function addRuntime(folder, archive) {
  const unpacked = mkdtempSync(join(tmpdir(), "scotopic-web-"));
  execFileSync("tar", ["-xzf", archive, "-C", unpacked]);
  const source = join(unpacked, "package", "dist");
  mkdirSync(join(folder, "runtime"));
  for (const name of [...RUNTIME, ...GPU_RUNTIME]) {
    const text = name.endsWith(".mjs") ? readFileSync(join(source, name), "utf8") : null;
    // Maps of the sources are not shipped, so they are not named either.
    if (text === null) cpSync(join(source, name), join(folder, "runtime", name));
    else write(folder, `runtime/${name}`, text.replace(/^\/\/# sourceMappingURL=.*$/m, ""));
  }
  rmSync(unpacked, { recursive: true });
}

/** The page's head: what makes it installable, and what may be loaded. */
function finishPage(folder) {
  const page = readFileSync(join(folder, "index.html"), "utf8");
  const head = [
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}" />`,
    '<meta name="referrer" content="no-referrer" />',
    '<link rel="manifest" href="manifest.webmanifest" />',
    '<link rel="apple-touch-icon" href="icons/192.png" />',
  ];
  const found = /<meta charset="utf-8" ?\/?>\n/i.exec(page);
  if (!found) throw new Error("index.html has no place for its policy");
  const at = found.index + found[0].length;
  write(folder, "index.html", `${page.slice(0, at)}    ${head.join("\n    ")}\n${page.slice(at)}`);
}

/** The service worker, with the hash of each file that it keeps. */
function addServiceWorker(folder) {
  const [hashes, later] = [{}, {}];
  for (const name of filesOf(folder)) {
    const group = GPU_RUNTIME.some((each) => name === `runtime/${each}`) ? later : hashes;
    group[name] = createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("base64");
  }
  const template = readFileSync(join(WEB, "service-worker.js"), "utf8");
  const state = JSON.stringify([hashes, later, template]);
  const version = createHash("sha256").update(state).digest("hex").slice(0, 16);
  const made = template
    .replace('"VERSION"', JSON.stringify(version))
    .replace("HASHES = {}", `HASHES = ${JSON.stringify(hashes, null, 1)}`)
    .replace("LATER = {}", `LATER = ${JSON.stringify(later, null, 1)}`);
  write(folder, "service-worker.js", made);
}

function write(folder, name, text) {
  writeFileSync(join(folder, name), text);
}

/** Names of all files, with slashes, in order. */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      relative(folder, join(entry.parentPath ?? entry.path, entry.name)).replaceAll("\\", "/"),
    )
    .sort();
}

function sizes(folder) {
  const groups = { page: 0, engine: 0, "runtime (wasm)": 0, "runtime (WebGPU)": 0, networks: 0 };
  for (const name of filesOf(folder)) {
    const file = name.slice(name.lastIndexOf("/") + 1);
    let group = /^(local\/|engine\.js|service-worker\.js|pixels\/)/.test(name) ? "engine" : "page";
    if (name.startsWith("models/")) group = "networks";
    if (name.startsWith("runtime/"))
      group = GPU_RUNTIME.includes(file) ? "runtime (WebGPU)" : "runtime (wasm)";
    groups[group] += statSync(join(folder, name)).size;
  }
  return Object.entries(groups).map(
    ([group, bytes]) => `${(bytes / 1e6).toFixed(2).padStart(8)} MB  ${group}`,
  );
}

/** Why a folder cannot be made anew: it has files that are not those of an earlier build. */
function refusalOf(folder) {
  if (!existsSync(folder)) return null;
  if (!statSync(folder).isDirectory()) return `${folder} is a file, not a folder`;
  const isBuild = BUILT.every((name) => existsSync(join(folder, name)));
  if (isBuild || !readdirSync(folder).length) return null;
  return `${folder} has files in it, and not those of an earlier build: name another folder`;
}

/** Build all of it, beside the earlier build, which is replaced once the new one is whole. */
function build(folder) {
  const archive = runtimeArchive();
  const made = `${folder}.making-${process.pid}`;
  try {
    layOut(made);
    addRuntime(made, archive);
    finishPage(made);
    addServiceWorker(made);
    rmSync(folder, { recursive: true, force: true });
    renameSync(made, folder);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? join(ROOT, "build", "web"));
  const refusal = refusalOf(folder);
  if (refusal) {
    console.error(refusal);
    process.exit(1);
  }
  build(folder);
  console.log([`built ${relative(process.cwd(), folder) || folder}`, ...sizes(folder)].join("\n"));
}
