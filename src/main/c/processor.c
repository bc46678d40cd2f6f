#include "processor.h"

#if defined(__x86_64__)

#include <cpuid.h>

enum { YMM = 0x6, ZMM = 0xe6 };

static const struct kernels *const variants[] = {&generic_kernels, &avx2_kernels, &avxvnni_kernels,
    &avx512_kernels, &avx512vnni_kernels};

// The registers that the system saves; only if it has XGETBV.
static uint32_t saved_registers(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static bool has(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

bool variant_runs(int32_t index) {
  uint32_t a, b, c, d;
  if (index == 0) {
    return true;
  }
  if (!__get_cpuid(1, &a, &b, &c, &d)
      || !has(c, bit_FMA | bit_AVX | bit_F16C | bit_OSXSAVE)
      || !has(saved_registers(), YMM)
      || !__get_cpuid_count(7, 0, &a, &b, &c, &d)
      || !has(b, bit_AVX2)) {
    return false;
  }
  bool avx512 = has(saved_registers(), ZMM)
      && has(b, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL);
  switch (index) {
    case 1:
      return true;
    case 2:
      return a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && has(a, bit_AVXVNNI);
    case 3:
      return avx512;
    case 4:
      return avx512 && has(c, bit_AVX512VNNI);
    default:
      return false;
  }
}

#elif defined(__aarch64__)

static const struct kernels *const variants[] = {&neon_kernels, &neondot_kernels};

bool variant_runs(int32_t index) {
#if defined(__APPLE__)
  return index <= 1;
#else
  // Linux answers for the processor: every core has what this says. Bits 44 to 47: dot products.
  uint64_t features;
  __asm__("mrs %0, ID_AA64ISAR0_EL1" : "=r"(features));
  return index == 0 || (index == 1 && (features >> 44 & 15) != 0);
#endif
}

#endif

const struct kernels *variant(int32_t index) {
  return index >= 0 && (size_t)index < sizeof variants / sizeof *variants ? variants[index] : 0;
}
