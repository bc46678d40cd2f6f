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

// One block of 16 outputs, [in / group][16][group].
INLINE void pack_block(const struct packing *p, int64_t block, const int bytes, const int group) {
  int64_t length = blocks_of(p->in, group) * group;
  int64_t outs = least(p->out - block * 16, 16);
  const char *from = (const char *)p->weight + block * 16 * p->out_stride * bytes;
  char *to = (char *)p->packed + block * 16 * length * bytes;
  for (int64_t k = 0; k < length; k += group) {
    bool whole = outs == 16 && k + group <= p->in;
    if (whole && group == 1 && p->out_stride == 1) {
      copy(to, from + k * p->in_stride * bytes, 16 * bytes);
      to += 16 * bytes;
      continue;
    }
    for (int64_t n = 0; n < 16; n++) {
      const char *output = from + n * p->out_stride * bytes;
      if (whole && p->in_stride == 1) {
        copy(to, output + k * bytes, group * bytes);
        to += group * bytes;
        continue;
      }
      for (int64_t j = 0; j < group; j++) {
        if (n < outs && k + j < p->in) {
          copy(to, output + (k + j) * p->in_stride * bytes, bytes);
        } else {
          memset(to, 0, (size_t)bytes);
        }
        to += bytes;
      }
    }
  }
}

void pack(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct packing *p = arguments;
  int64_t blocks = blocks_of(p->out, 16);
  for (int64_t block = blocks * part / parts; block < blocks * (part + 1) / parts; block++) {
    switch (p->bytes) {
      case 1: pack_block(p, block, 1, 4); break;
      case 2: pack_block(p, block, 2, 1); break;
      default: pack_block(p, block, 4, 1);
    }
  }
}
