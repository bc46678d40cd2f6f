// Functions that compilers call by themselves, and the packing of weights.
#include "kernels.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  char *t = to;
  const char *f = from;
  while (bytes--) {
    *t++ = *f++;
  }
  return to;
}

void *memset(void *to, int byte, size_t bytes) {
  char *t = to;
  while (bytes--) {
    *t++ = (char)byte;
  }
  return to;
}

#if defined(__x86_64__)

// For processors without F16C.
float __extendhfsf2(_Float16 x);
_Float16 __truncsfhf2(float x);

float __extendhfsf2(_Float16 x) {
  uint16_t half;
  copy(&half, &x, sizeof half);
  uint32_t sign = (uint32_t)(half & 0x8000) << 16;
  uint32_t exponent = half >> 10 & 31;
  uint32_t fraction = half & 1023;
  uint32_t bits;
  if (exponent == 31) {
    bits = sign | 0x7f800000 | fraction << 13 | (fraction ? 0x400000 : 0);
  } else if (exponent > 0) {
    bits = sign | (exponent + 112) << 23 | fraction << 13;
  } else {
    float small = (float)fraction * 0x1p-24f;
    copy(&bits, &small, sizeof bits);
    bits |= sign;
  }
  float y;
  copy(&y, &bits, sizeof y);
  return y;
}

// To the nearest, ties to even.
_Float16 __truncsfhf2(float x) {
  uint32_t bits;
  copy(&bits, &x, sizeof bits);
  uint32_t sign = bits >> 16 & 0x8000;
  uint32_t size = bits & 0x7fffffff;
  uint32_t half;
  if (size > 0x7f800000) {
    half = 0x7e00 | (size >> 13 & 0x3ff);
  } else if (size >= 0x477ff000) {
    half = 0x7c00;
  } else if (size >= 0x38800000) {
    half = (size - 0x38000000 + 0xfff + (size >> 13 & 1)) >> 13;
  } else {
    // Adding 1/2 rounds to a multiple of 2^-24, float16's smallest number.
    float rounded;
    copy(&rounded, &size, sizeof rounded);
    rounded += 0.5f;
    copy(&half, &rounded, sizeof half);
    half -= 0x3f000000;
  }
  uint16_t y = (uint16_t)(sign | half);
  _Float16 result;
  copy(&result, &y, sizeof result);
  return result;
}

#endif

void pack(const struct packing *p) {
  int64_t whole = blocks_of(p->out, 16) * 16;
  int64_t bytes = p->bytes;
  const char *from = p->weight;
  char *to = p->packed;
  // Those of 8 bits in fours, which instructions multiply at once.
  int64_t group = bytes == 1 ? 4 : 1;
  for (int64_t block = 0; block < whole; block += 16) {
    for (int64_t k = 0; k < p->in; k += group) {
      for (int64_t n = block; n < block + 16; n++) {
        for (int64_t j = 0; j < group; j++) {
          for (int64_t b = 0; b < bytes; b++) {
            bool there = n < p->out && k + j < p->in;
            *to++ = there ? from[(n * p->out_stride + (k + j) * p->in_stride) * bytes + b] : 0;
          }
        }
      }
    }
  }
}

