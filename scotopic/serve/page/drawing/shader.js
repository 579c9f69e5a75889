/**
 * The exposing curve for the graphics card: that of pixels/curve.js and pixels/gain_map.js,
 * whose constants are filled in.
 *
 * What is drawn is the picture as the network made it at an exposure g0, brought to another
 * exposure g by the curve of the gain g / g0: curves compose by multiplying their gains.
 * With the network's own exposure it is the network's picture itself.
 */
import { COLOR_KEPT, DARKEST } from "../pixels/curve.js";
import { GUIDE_RANGE, LARGEST } from "../pixels/gain_map.js";

const float = (value) => value.toPrecision(9);

export const VERTEX = `#version 300 es
const vec2 CORNERS[4] = vec2[](vec2(-1, -1), vec2(1, -1), vec2(-1, 1), vec2(1, 1));
void main() { gl_Position = vec4(CORNERS[gl_VertexID], 0, 1); }`;

export const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2D;
uniform sampler2D before;
uniform sampler2D after;
uniform sampler2D grid;
uniform vec2 size;
uniform float middle;
uniform vec2 asked;   // ev as ln of a gain, balance
uniform vec2 made;    // the same, of the network's picture
uniform float strength;
out vec4 color;

float brightest(vec3 x) { return max(max(x.r, x.g), max(x.b, ${float(DARKEST)})); }

vec2 coefficients(vec2 place) {
  ivec2 last = textureSize(grid, 0) - 1;
  vec2 at = clamp(place / size * vec2(last + 1) - 0.5, vec2(0), vec2(last));
  ivec2 low = ivec2(at), high = min(low + 1, last);
  vec2 share = at - vec2(low);
  vec2 upper = mix(texelFetch(grid, low, 0).rg, texelFetch(grid, ivec2(high.x, low.y), 0).rg, share.x);
  vec2 lower = mix(texelFetch(grid, ivec2(low.x, high.y), 0).rg, texelFetch(grid, high, 0).rg, share.x);
  return mix(upper, lower, share.y);
}

float log_gain(float automatic, vec2 wish) {
  float log_g = wish.y * automatic + (1.0 - wish.y) * middle + wish.x;
  return clamp(log_g, -${float(LARGEST)}, ${float(LARGEST)});
}

vec3 expose(vec3 x, float gain) {
  float m = brightest(x);
  float rise = 1.0 + (gain - 1.0) * m;
  float kept = pow(rise, ${float(1 - COLOR_KEPT)});
  return x * (gain * kept / rise) / (1.0 + x * ((kept - 1.0) / m));
}

void main() {
  ivec2 at = ivec2(gl_FragCoord.x, size.y - gl_FragCoord.y);
  vec3 source = texelFetch(before, at, 0).rgb;
  vec4 given = texelFetch(after, at, 0);
  vec3 picture = given.rgb;
  float held = min(brightest(source), 1.0 - ${float(DARKEST)});
  float z = clamp(log(held / (1.0 - held)), ${float(GUIDE_RANGE[0])}, ${float(GUIDE_RANGE[1])});
  vec2 line = coefficients(vec2(at) + 0.5);
  float automatic = line.r * z + line.g;
  float change = log_gain(automatic, asked) - log_gain(automatic, made);
  if (change != 0.0) picture = expose(picture, exp(change));
  color = vec4(given.a * mix(source, picture, strength), given.a);
}`;
