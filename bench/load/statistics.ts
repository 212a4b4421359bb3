/** The value below which the share `p` (0 to 1) of the values lies; NaN without values. */
export function percentile (values: readonly number[], p: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length))] ?? Number.NaN
}

/** The median of some figures, and the distance from the smallest to the largest, in percent of the median. */
export interface Spread { median: number, percent: number }

export function spread (values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const half = (sorted.length - 1) / 2
  const median = ((sorted[Math.floor(half)] ?? Number.NaN) + (sorted[Math.ceil(half)] ?? Number.NaN)) / 2
  return { median, percent: 100 * ((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)) / median }
}

/**
 * The two-sided test of Mann and Whitney, by the normal approximation: the probability that two samples of the same
 * distribution differ at least as much as these. Below 0.01 we take them for samples of different distributions.
 */
export function mannWhitney (one: readonly number[], other: readonly number[]): number {
  const n = one.length * other.length
  const wins = one.reduce((sum, a) => sum + other.reduce((won, b) => won + (a > b ? 1 : a === b ? 0.5 : 0), 0), 0)
  const z = (Math.abs(wins - n / 2) - 0.5) / Math.sqrt(n * (one.length + other.length + 1) / 12)
  return Math.min(1, 2 * upperTail(z))
}

/** The share of the normal distribution above z, by Abramowitz and Stegun 26.2.17 (error below 1e-7). */
function upperTail (z: number) {
  const t = 1 / (1 + 0.2316419 * Math.max(0, z))
  const series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) * series
}
