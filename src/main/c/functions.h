// exp, log and tanh, whose errors are at most 2 units in the last place wherever float32 has a result,
// and GPT-2's activations. Coefficients are those of Cephes (Moshier), whose errors the tests measure.
#ifndef GPT2_FUNCTIONS_H
#define GPT2_FUNCTIONS_H

#include "kernels.h"
#include "lanes.h"

// Adding and subtracting it rounds to a whole number; the lowest bits in between are that number.
#define ROUNDER 12582912.0f

#define LN2_HIGH 0.693359375f
#define LN2_LOW -2.12194440e-4f

INLINE lanes power_of_two(ilanes n) { return from_bits((n + 127) << 23); }

INLINE lanes polynomial(lanes x, const float *coefficients, int count) {
  lanes y = all(coefficients[0]);
  for (int i = 1; i < count; i++) {
    y = fma(y, x, all(coefficients[i]));
  }
  return y;
}

INLINE lanes exponential(lanes x) {
  static const float coefficients[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
      4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
  // Beyond, results are 0 and infinite anyway; a NaN stays one.
  x = choose(x < -104.0f, all(-104.0f), x);
  x = choose(x > 89.0f, all(89.0f), x);
  lanes rounded = fma(x, all(1.44269504088896341f), all(ROUNDER));
  ilanes n = bits(rounded) - bits(all(ROUNDER));
  lanes whole = rounded - all(ROUNDER);
  lanes r = fma(whole, all(-LN2_HIGH), x);
  r = fma(whole, all(-LN2_LOW), r);
  lanes y = polynomial(r, coefficients, 6);
  y = fma(y, r * r, r) + all(1);
  // In two steps, for the result may be too small for a full fraction, or infinite.
  ilanes half = n >> 1;
  return y * power_of_two(half) * power_of_two(n - half);
}

INLINE lanes logarithm(lanes x) {
  static const float coefficients[] = {7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f,
      -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f,
      3.3333331174e-1f};
  ilanes small = x < 1.17549435e-38f;
  lanes scaled = choose(small, x * all(33554432.0f), x);
  // The fraction from sqrt(1/2) to sqrt(2).
  ilanes exponent = (bits(scaled) - 0x3f3504f3) >> 23;
  lanes m = from_bits(bits(scaled) - (exponent << 23)) - all(1);
  exponent = exponent - (small & 25);
  lanes e = __builtin_convertvector(exponent, lanes);
  lanes square = m * m;
  lanes y = polynomial(m, coefficients, 9) * m * square;
  y = fma(e, all(LN2_LOW), y);
  y = fma(square, all(-0.5f), y);
  y = fma(e, all(LN2_HIGH), m + y);
  y = choose(x == all(__builtin_inff()), x, y);
  y = choose(x == all(0), all(-__builtin_inff()), y);
  return choose(x >= all(0), y, all(__builtin_nanf("")));
}

INLINE lanes hyperbolic_tangent(lanes x) {
  static const float coefficients[] = {-5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f,
      1.33314422036e-1f, -3.33332819422e-1f};
  lanes a = magnitude(x);
  lanes square = x * x;
  lanes near = fma(polynomial(square, coefficients, 5) * square, x, x);
  lanes far = all(1) - all(2) / (exponential(a + a) + all(1));
  far = from_bits(bits(far) | (bits(x) & (int32_t)0x80000000));
  return choose(a < 0.625f, near, far);
}

// x times the normal distribution's function, 0.5 x (1 + erf(x / sqrt(2))). The tail beyond |x| = a is
// exp(-a^2 / 2) r / (1 + sqrt(2) a), where r is a polynomial in (a - 5.5) / (a + 5.5), fitted to float64's
// erfc with an error of 1e-8. a^2 / 2 is taken with the rest that float32 does not hold.
INLINE lanes gelu(lanes x) {
  static const float coefficients[] = {5.773658631e-4f, 2.377654426e-3f, -6.643171422e-3f,
      1.637755893e-2f, -3.169158846e-2f, 4.675174505e-2f, -5.229368806e-2f, 3.711982071e-2f,
      5.205263384e-3f, -6.999213994e-2f, 6.174804568e-1f};
  lanes a = magnitude(x);
  a = choose(a > 15.0f, all(15), a);
  lanes half = a * all(-0.5f);
  lanes high = half * a;
  lanes e = exponential(high);
  e = fma(e, fma(half, a, -high), e);
  lanes r = polynomial((a - all(5.5f)) / (a + all(5.5f)), coefficients, 11);
  lanes tail = r / fma(a, all(1.41421356237f), all(1)) * e;
  return choose(x < all(0), x * tail, fma(-x, tail, x));
}

// x / (1 + exp(-z)).
INLINE lanes gated(lanes x, lanes z) {
  return x / (all(1) + exponential(-z));
}

INLINE lanes activate(lanes x, int activation) {
  switch (activation) {
    case GELU_TANH:
      // 0.5 x (1 + tanh(u)) with u = sqrt(2 / pi) (x + 0.044715 x^3) is x / (1 + exp(-2 u)), which is exact
      // to the last places for negative x, too.
      return gated(x, x * fma(x * x, all(0.0713548162726f), all(1.59576912161f)));
    case GELU:
      return gelu(x);
    case QUICK_GELU:
      return gated(x, x * all(1.702f));
    case SILU:
      return gated(x, x);
    case TANH:
      return hyperbolic_tangent(x);
    case RELU:
      return choose(x < all(0), all(0), x);
    default:
      return x;
  }
}

#endif
