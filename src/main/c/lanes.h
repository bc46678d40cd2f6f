// Sixteen numbers at once. The compiler makes of every operation here the instructions that its flags
// allow: one for AVX-512, two for AVX2, four for NEON and SSE2. All of them are IEEE-754's operations on
// float32, so that results do not depend on which.
#ifndef GPT2_LANES_H
#define GPT2_LANES_H

#include "base.h"

enum { LANES = 16 };

typedef float lanes __attribute__((ext_vector_type(16)));
typedef float eight_floats __attribute__((ext_vector_type(8)));
typedef float four_floats __attribute__((ext_vector_type(4)));
typedef float two_floats __attribute__((ext_vector_type(2)));
typedef int32_t ilanes __attribute__((ext_vector_type(16)));
typedef uint16_t shorts __attribute__((ext_vector_type(16)));
typedef uint32_t ulanes __attribute__((ext_vector_type(16)));
typedef _Float16 halves __attribute__((ext_vector_type(16)));

// As they lie in memory, at any address of a number.
typedef lanes lanes_in_memory __attribute__((aligned(4), may_alias));
typedef ilanes ilanes_in_memory __attribute__((aligned(4), may_alias));
typedef shorts shorts_in_memory __attribute__((aligned(2), may_alias));
typedef halves halves_in_memory __attribute__((aligned(2), may_alias));

INLINE lanes all(float x) { return (lanes)x; }

INLINE ilanes bits(lanes x) { return (ilanes)x; }

INLINE lanes from_bits(ilanes x) { return (lanes)x; }

INLINE lanes load(const float *p) { return *(const lanes_in_memory *)p; }

INLINE void store(float *p, lanes x) { *(lanes_in_memory *)p = x; }

// The first `count` of sixteen numbers; the others are 0.
INLINE lanes load_some(const float *p, int64_t count) {
  if (count >= LANES) {
    return load(p);
  }
  lanes x = all(0);
  copy(&x, p, count * (int64_t)sizeof(float));
  return x;
}

// The others become 0.
INLINE lanes first(lanes x, int64_t count) {
  for (int64_t i = count; i < LANES; i++) {
    x[i] = 0;
  }
  return x;
}

INLINE void store_some(float *p, lanes x, int64_t count) {
  if (count >= LANES) {
    store(p, x);
  } else {
    copy(p, &x, count * (int64_t)sizeof(float));
  }
}

INLINE lanes widen_bfloat16(shorts x) {
  return (lanes)(__builtin_convertvector(x, ulanes) << 16);
}

INLINE lanes widen_float16(halves x) { return __builtin_convertvector(x, lanes); }

INLINE halves narrow_float16(lanes x) { return __builtin_convertvector(x, halves); }

// a where a bit of the mask is 1, else b.
INLINE lanes choose(ilanes mask, lanes a, lanes b) {
  return from_bits((mask & bits(a)) | (~mask & bits(b)));
}

INLINE lanes larger(lanes a, lanes b) { return choose(a > b, a, b); }

INLINE lanes magnitude(lanes x) { return from_bits(bits(x) & 0x7fffffff); }

INLINE lanes square_root(lanes x) { return __builtin_elementwise_sqrt(x); }

#if defined(__FMA__) || defined(__AVX512F__) || defined(__aarch64__)
// a * b + c, rounded once.
INLINE lanes fma(lanes a, lanes b, lanes c) { return __builtin_elementwise_fma(a, b, c); }
#else
typedef double doubles __attribute__((ext_vector_type(8)));
typedef int64_t longs __attribute__((ext_vector_type(8)));

// The product is exact in float64. Its sum with c is rounded to odd, that is, an inexact sum with an even
// last bit becomes its neighbour towards the exact one, so that rounding it to float32 is right: Boldo
// and Melquiond 2008, "Emulation of a FMA and correctly rounded sums".
INLINE eight_floats fma_in_float64(eight_floats a, eight_floats b, eight_floats c) {
  doubles product = __builtin_convertvector(a, doubles) * __builtin_convertvector(b, doubles);
  doubles addend = __builtin_convertvector(c, doubles);
  doubles sum = product + addend;
  doubles part = sum - product;
  doubles error = (product - (sum - part)) + (addend - part);
  longs inexact = (error > 0) | (error < 0);
  longs away = (error > 0) == (sum > 0);
  longs even = ((longs)sum & 1) == 0;
  longs step = inexact & even & ((away & 1) | (~away & -1));
  return __builtin_convertvector((doubles)((longs)sum + step), eight_floats);
}

INLINE lanes fma(lanes a, lanes b, lanes c) {
  lanes y;
  y.lo = fma_in_float64(a.lo, b.lo, c.lo);
  y.hi = fma_in_float64(a.hi, b.hi, c.hi);
  return y;
}
#endif

// The sum of all sixteen, in one order.
INLINE float sum(lanes x) {
  eight_floats eight = x.lo + x.hi;
  four_floats four = eight.lo + eight.hi;
  two_floats two = four.lo + four.hi;
  return two.x + two.y;
}

// Rows become columns: four times, halves of the rows are zipped.
INLINE void transpose(lanes x[LANES]) {
#pragma unroll
  for (int step = 0; step < 4; step++) {
    lanes y[LANES];
#pragma unroll
    for (int i = 0; i < LANES / 2; i++) {
      y[2 * i] = __builtin_shufflevector(x[i], x[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21,
          6, 22, 7, 23);
      y[2 * i + 1] = __builtin_shufflevector(x[i], x[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28,
          13, 29, 14, 30, 15, 31);
    }
#pragma unroll
    for (int i = 0; i < LANES; i++) {
      x[i] = y[i];
    }
  }
}

// The largest of all sixteen.
INLINE float largest(lanes x) {
  float y = x[0];
  for (int i = 1; i < LANES; i++) {
    y = x[i] > y ? x[i] : y;
  }
  return y;
}

#endif
