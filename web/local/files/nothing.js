/** What a file carries of which nothing has been read yet; each format adds what it alone has. */
export function nothing() {
  return { exif: null, xmp: null, icc: null, kept: [], notes: [], isAnimated: false };
}
