import { checkNumber } from '@varigrad/core/checks';

/** Density of N(0, 1), e^(−z²/2)/√(2π). */
function density(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/**
 * Distribution function of N(0, 1): Φ(z) = ½ + φ(z)·(z + z³/3 + z⁵/15 + …) near 0, and by the continued fraction of the
 * tail beyond |z| = 3. @see Abramowitz & Stegun 26.2.11 and 26.2.14
 */
export function normalCdf(z: number): number {
  checkNumber('normalCdf', 'z', z);
  const a = Math.abs(z);
  if (a > 3) {
    let fraction = 0;
    for (let n = 60; n >= 1; n--) fraction = n / (a + fraction);
    const tail = density(a) / (a + fraction);
    return z > 0 ? 1 - tail : tail;
  }
  let term = z;
  let total = z;
  for (let n = 3; Math.abs(term) > 1e-18; n += 2) {
    term *= (z * z) / n;
    total += term;
  }
  return 0.5 + density(z) * total;
}

/**
 * The quantile z with Φ(z) = p: Newton's iteration with the second-order (Halley) correction.
 * @param p - probability, 0 < p < 1. @throws ArgumentError otherwise
 */
export function inverseNormalCdf(p: number): number {
  checkNumber('inverseNormalCdf', 'p', p, p > 0 && p < 1, 'between 0 and 1');
  if (p > 0.5) return -inverseNormalCdf(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  // The tail behaves like e^(−z²/2)/(z√2π): a start that is right to a few per cent.
  let z =
    p < 0.1
      ? -Math.sqrt(Math.max(0, t * t - Math.log(2 * Math.PI * t * t)))
      : (p - 0.5) * Math.sqrt(2 * Math.PI);
  for (let i = 0; i < 20; i++) {
    const step = (normalCdf(z) - p) / density(z);
    const halley = step / (1 + 0.5 * z * step);
    z -= halley;
    if (Math.abs(halley) < 1e-15 * Math.max(1, Math.abs(z))) break;
  }
  return z;
}
