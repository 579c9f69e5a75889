/** Quantiles and medians, as NumPy defines them. */

/** The value below which a share of sorted values lies, linear between two of them. */
export function quantile(sorted, share) {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

/** The median of numbers in any order; many times as fast as sorting them all. */
export function median(values) {
  const parted = Float64Array.from(values);
  const middle = parted.length >> 1;
  part(parted, middle);
  if (parted.length % 2) return parted[middle];
  const below = parted
    .subarray(0, middle)
    .reduce((most, value) => Math.max(most, value), -Infinity);
  return (below + parted[middle]) / 2;
}

/** Put the value that belongs at a place there, no larger ones before it and no smaller behind. */
function part(values, place) {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i <= j) {
        [values[i], values[j]] = [values[j], values[i]];
        i++;
        j--;
      }
    }
    if (place <= j) high = j;
    else if (place >= i) low = i;
    else return;
  }
}

/** The value up to which half of all weight lies. */
export function weightedMedian(values, weights) {
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let below = 0;
  for (const place of order) {
    below += weights[place];
    if (below >= total / 2) return values[place];
  }
  return values[order[order.length - 1]];
}
