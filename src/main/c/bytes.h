// Sums of products of bytes: the one thing for which processors have instructions that the compiler does
// not find by itself. All ways are exact.
#ifndef GPT2_BYTES_H
#define GPT2_BYTES_H

#include "lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// NEON multiplies signed bytes with signed ones, the others unsigned with signed ones: activations q lie
// in memory as q - 128 there if they are not signed, and as q + 128 here if they are.
#if defined(__aarch64__)
enum { SIGNED_BYTES = 1 };
#else
enum { SIGNED_BYTES = 0 };
#endif

// sum[i] + x[0] w[4 i] + x[1] w[4 i + 1] + x[2] w[4 i + 2] + x[3] w[4 i + 3].
#if defined(__AVX512VNNI__)

INLINE ilanes add_products(ilanes sum, const uint8_t *x, const int8_t *w) {
  int32_t four;
  copy(&four, x, 4);
  return (ilanes)_mm512_dpbusd_epi32(
      (__m512i)sum, _mm512_set1_epi32(four), _mm512_loadu_si512(w));
}

#elif defined(__AVX512BW__)

INLINE ilanes add_products(ilanes sum, const uint8_t *x, const int8_t *w) {
  int32_t four;
  copy(&four, x, 4);
  __m512i activations = _mm512_set1_epi32(four);
  __m512i weights = _mm512_loadu_si512(w);
  __m512i even = _mm512_madd_epi16(_mm512_and_si512(activations, _mm512_set1_epi16(255)),
      _mm512_srai_epi16(_mm512_slli_epi16(weights, 8), 8));
  __m512i odd = _mm512_madd_epi16(_mm512_srli_epi16(activations, 8), _mm512_srai_epi16(weights, 8));
  return (ilanes)_mm512_add_epi32((__m512i)sum, _mm512_add_epi32(even, odd));
}

#elif defined(__AVX2__)

INLINE __m256i add_half(__m256i sum, __m256i activations, __m256i weights) {
#if defined(__AVXVNNI__)
  return _mm256_dpbusd_avx_epi32(sum, activations, weights);
#else
  // Not vpmaddubsw, whose sums of two products saturate.
  __m256i even = _mm256_madd_epi16(_mm256_and_si256(activations, _mm256_set1_epi16(255)),
      _mm256_srai_epi16(_mm256_slli_epi16(weights, 8), 8));
  __m256i odd = _mm256_madd_epi16(_mm256_srli_epi16(activations, 8), _mm256_srai_epi16(weights, 8));
  return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
#endif
}

INLINE ilanes add_products(ilanes sum, const uint8_t *x, const int8_t *w) {
  int32_t four;
  copy(&four, x, 4);
  __m256i activations = _mm256_set1_epi32(four);
  sum.lo = (__typeof__(sum.lo))add_half(
      (__m256i)sum.lo, activations, _mm256_loadu_si256((const __m256i *)w));
  sum.hi = (__typeof__(sum.hi))add_half(
      (__m256i)sum.hi, activations, _mm256_loadu_si256((const __m256i *)(w + 32)));
  return sum;
}

#elif defined(__aarch64__)

INLINE int32x4_t add_quarter(int32x4_t sum, int8x16_t activations, int8x16_t weights) {
#if defined(__ARM_FEATURE_DOTPROD)
  return vdotq_s32(sum, weights, activations);
#else
  // Two products fit 16 bits: 2 * 128 * 127.
  int16x8_t low = vmull_s8(vget_low_s8(weights), vget_low_s8(activations));
  int16x8_t high = vmull_s8(vget_high_s8(weights), vget_high_s8(activations));
  return vaddq_s32(sum, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
#endif
}

INLINE ilanes add_products(ilanes sum, const uint8_t *x, const int8_t *w) {
  int32_t four;
  copy(&four, x, 4);
  int8x16_t activations = vreinterpretq_s8_s32(vdupq_n_s32(four));
  sum.lo.lo = (__typeof__(sum.lo.lo))add_quarter((int32x4_t)sum.lo.lo, activations, vld1q_s8(w));
  sum.lo.hi = (__typeof__(sum.lo.hi))add_quarter((int32x4_t)sum.lo.hi, activations, vld1q_s8(w + 16));
  sum.hi.lo = (__typeof__(sum.hi.lo))add_quarter((int32x4_t)sum.hi.lo, activations, vld1q_s8(w + 32));
  sum.hi.hi = (__typeof__(sum.hi.hi))add_quarter((int32x4_t)sum.hi.hi, activations, vld1q_s8(w + 48));
  return sum;
}

#else

INLINE __m128i add_quarter(__m128i sum, __m128i activations, __m128i weights) {
  __m128i even = _mm_madd_epi16(_mm_and_si128(activations, _mm_set1_epi16(255)),
      _mm_srai_epi16(_mm_slli_epi16(weights, 8), 8));
  __m128i odd = _mm_madd_epi16(_mm_srli_epi16(activations, 8), _mm_srai_epi16(weights, 8));
  return _mm_add_epi32(sum, _mm_add_epi32(even, odd));
}

INLINE ilanes add_products(ilanes sum, const uint8_t *x, const int8_t *w) {
  int32_t four;
  copy(&four, x, 4);
  __m128i activations = _mm_set1_epi32(four);
  const __m128i *weights = (const __m128i *)w;
  typedef __typeof__(sum.lo.lo) quarter;
  sum.lo.lo = (quarter)add_quarter((__m128i)sum.lo.lo, activations, _mm_loadu_si128(weights));
  sum.lo.hi = (quarter)add_quarter((__m128i)sum.lo.hi, activations, _mm_loadu_si128(weights + 1));
  sum.hi.lo = (quarter)add_quarter((__m128i)sum.hi.lo, activations, _mm_loadu_si128(weights + 2));
  sum.hi.hi = (quarter)add_quarter((__m128i)sum.hi.hi, activations, _mm_loadu_si128(weights + 3));
  return sum;
}

#endif

#endif
