// Replaces the C library, which is not linked.
#ifndef GPT2_BASE_H
#define GPT2_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))
#define EXPORT __attribute__((visibility("default")))

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

// A few instructions where the compiler knows how many bytes.
INLINE void copy(void *restrict to, const void *restrict from, int64_t bytes) {
  __builtin_memcpy(to, from, (size_t)bytes);
}

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

INLINE int64_t blocks_of(int64_t count, int64_t size) { return (count + size - 1) / size; }

#endif
