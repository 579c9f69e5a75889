/** Small pictures for the strip. */

const WIDTH = 224,
  HEIGHT = 152;

/**
 * @param {Blob} blob
 * @returns {Promise<string>} The address of a picture that covers 224x152.
 */
export async function thumbOf(blob) {
  const whole = await createImageBitmap(blob);
  const scale = Math.min(1, Math.max(WIDTH / whole.width, HEIGHT / whole.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(whole.width * scale));
  canvas.height = Math.max(1, Math.round(whole.height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, 0, 0, canvas.width, canvas.height);
  whole.close();
  const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  return URL.createObjectURL(small);
}
