// The search for numbers that are infinite or none, among weights as they lie in a file.
#include "pool.h"

struct search {
  const char *numbers;
  int64_t bytes;
  uint64_t exponents;  // the bits of the exponents of the numbers in eight bytes
  int32_t *found;
};

enum { SEARCH_BYTES = 1 << 15, MOST_PARTS = 64 };

// Eight bytes with all but the exponents left out, and one added to each: that carries into the bit above an
// exponent that is all ones, as it is of such numbers alone.
INLINE uint64_t carried(const struct search *job, int64_t at, int64_t bytes) {
  uint64_t word = 0;
  copy(&word, job->numbers + at, bytes);
  return (word & job->exponents) + (job->exponents & ~(job->exponents << 1));
}

static void search(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct search *job = arguments;
  for (int64_t from = part * SEARCH_BYTES; from < job->bytes; from += parts * SEARCH_BYTES) {
    int64_t to = least(from + SEARCH_BYTES, job->bytes);
    uint64_t carries = 0;
    for (int64_t i = from; i + 8 <= to; i += 8) {
      carries |= carried(job, i, 8);
    }
    if (to % 8 != 0) {
      carries |= carried(job, to - to % 8, to % 8);
    }
    if (carries & (job->exponents << 1) & ~job->exponents) {
      __atomic_store_n(job->found, 1, __ATOMIC_RELAXED);
    }
  }
}

EXPORT int32_t gpt2_finite(const void *numbers, int64_t bytes, uint64_t exponents) {
  int32_t found = 0;
  struct search job = {.numbers = numbers, .bytes = bytes, .exponents = exponents, .found = &found};
  pool_run(search, &job, least(blocks_of(bytes, SEARCH_BYTES), MOST_PARTS), MOST_WORKERS);
  return !found;
}
