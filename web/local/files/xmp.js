/**
 * XMP packets: their orientation, the software that made the picture, and what they name that a
 * result has not. The twin of scotopic/photo/carried/xmp.py and xmp_names.py.
 *
 * Packets are handled as bytes in Latin-1, so that all that is not changed stays as it is.
 */

import { latin, ofLatin } from "./bytes.js";

const SHELL =
  '<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>' +
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf=' +
  '"http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta><?xpacket end="w"?>';
const SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicallyEnhanced";
const CAMERAS = [
  "google.com/photos",
  "xiaomi.com/photos",
  "oplus.com/photos",
  "vivo.com/photos",
].map((host) => `http://ns.${host}/1.0/camera/`);
const VIDEO = ["Motion", "MicroVideo", "VideoLength", "OLivePhoto", "XMPMeta", "OpVideo"];
const WHOLE = [
  "http://ns.google.com/photos/1.0/container/",
  "http://ns.google.com/photos/dd/1.0/",
  "http://ns.adobe.com/hdr-gain-map/1.0/",
  "http://ns.apple.com/HDRGainMap/1.0/",
  "http://ns.apple.com/pixeldatainfo/1.0/",
];
const NOTE = "http://ns.adobe.com/xmp/note/";
const EXTENDED = ["depthmap", "image", "audio"].map(
  (kind) => `http://ns.google.com/photos/1.0/${kind}/`,
);
const TAG =
  /<(\/?)([^\s\/>!?][^\s\/>]*)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>/g;
const ATTRIBUTE = /\s+(?:([\w.-]+):)?([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** The packet for pixels that have been turned upright. */
export function upright(packet) {
  return ofLatin(latin(packet).replace(/(tiff:Orientation(?:\s*=\s*["']|>\s*))[2-8]/g, "$11"));
}

/**
 * The packet with the software that made the picture; everything in it stays.
 *
 * @param {Uint8Array | null} packet Null for a new one.
 * @param {string} software
 */
export function credited(packet, software) {
  const escaped = software.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const text = packet ? latin(packet) : SHELL;
  if (/scotopic:Software="/.test(text)) {
    return ofLatin(text.replace(/(scotopic:Software=")[^"]*/g, `$1${escaped}`));
  }
  const end = text.lastIndexOf("</rdf:RDF>");
  if (end < 0) return ofLatin(text);
  let entry =
    '<rdf:Description rdf:about="" xmlns:scotopic="https://ns.scotopic/1.0/" ' +
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" ' +
    `scotopic:Software="${escaped}"`;
  if (!text.includes("DigitalSourceType"))
    entry += ` Iptc4xmpExt:DigitalSourceType="${SOURCE_TYPE}"`;
  if (!text.includes("CreatorTool")) {
    entry += ` xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="${escaped}"`;
  }
  return ofLatin(`${text.slice(0, end)}${entry}/>${text.slice(end)}`);
}

/** A packet without what names videos, gain maps and depth maps beside the picture. */
export function withoutCompanions(packet) {
  return without(
    packet,
    (space, name) =>
      WHOLE.some((start) => space.startsWith(start)) ||
      (CAMERAS.includes(space) && VIDEO.some((start) => name.startsWith(start))),
  );
}

/** A packet without what leads to extended XMP, and to the data that phones put there. */
export function withoutExtension(packet) {
  return without(
    packet,
    (space, name) => EXTENDED.includes(space) || (space === NOTE && name === "HasExtendedXMP"),
  );
}

/** Whether a packet names a depth map, or other data of phones, in its extension. */
export function namesDepth(packet) {
  return without(packet, (space) => EXTENDED.includes(space)) !== packet;
}

/** A packet without elements and attributes of some names; as it is where it cannot be read. */
function without(packet, isUnwanted) {
  const text = latin(packet);
  const spans = [];
  const open = [];
  for (const tag of text.matchAll(TAG)) {
    const [whole, closing, name, attributes, empty] = tag;
    if (name === undefined) continue;
    const end = tag.index + whole.length;
    if (closing) {
      const element = open.pop();
      if (element?.name !== name) return packet;
      if (element.isCut) spans.push([element.start, end]);
      continue;
    }
    const outer = open[open.length - 1];
    const spaces = declared(outer?.spaces ?? {}, attributes);
    const isInside = Boolean(outer?.isInside);
    const [prefix, local] = name.includes(":") ? name.split(":") : ["", name];
    const isCut = !isInside && isUnwanted(spaces[prefix] ?? "", local);
    if (!isInside && !isCut) {
      const first = tag.index + 1 + name.length;
      for (const found of attributes.matchAll(ATTRIBUTE)) {
        const isWanted = !found[1] || !isUnwanted(spaces[found[1]] ?? "", found[2]);
        if (!isWanted) spans.push([first + found.index, first + found.index + found[0].length]);
      }
    }
    if (empty) {
      if (isCut) spans.push([tag.index, end]);
    } else {
      open.push({ name, spaces, start: tag.index, isCut, isInside: isInside || isCut });
    }
  }
  return open.length || !spans.length ? packet : cutOut(text, spans);
}

function declared(outer, attributes) {
  const spaces = { ...outer };
  for (const [, prefix, name, one, other] of attributes.matchAll(ATTRIBUTE)) {
    if (prefix === "xmlns") spaces[name] = one ?? other;
    else if (!prefix && name === "xmlns") spaces[""] = one ?? other;
  }
  return spaces;
}

function cutOut(text, spans) {
  let done = 0;
  let kept = "";
  for (const [first, last] of spans.sort((a, b) => a[0] - b[0])) {
    kept += text.slice(done, first);
    done = last;
  }
  return ofLatin(kept + text.slice(done));
}
