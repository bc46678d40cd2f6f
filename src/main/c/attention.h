// Attention over the cache.
#include "functions.h"
#include "kernels.h"

// Rows of one slot that attend together, so that each key and value is loaded once for all of them, and
// the blocks of 16 positions, or of 16 numbers of a head, for which they do so at once.
enum { GROUP_BLOCKS = 4 };
#if defined(__AVX512F__)
#define GROUPS(g) g(1, 4) g(2, 4) g(3, 4) g(4, 4) g(5, 4) g(6, 4)
#elif defined(__x86_64__) && !defined(__FMA__)
#define GROUPS(g) g(1, 1) g(2, 1) g(3, 1) g(4, 1) g(5, 1) g(6, 1)
#else
#define GROUPS(g) g(1, 4) g(2, 2) g(3, 2) g(4, 1) g(5, 1) g(6, 1)
#endif

INLINE lanes load_cached(const void *cache, int64_t index, const int type) {
  if (type == FLOAT16) {
    return widen_float16(*(const halves_in_memory *)((const _Float16 *)cache + index));
  }
  return load((const float *)cache + index);
}

INLINE void store_cached(void *cache, int64_t index, lanes x, int64_t count, const int type) {
  if (type == FLOAT32) {
    store_some((float *)cache + index, x, count);
  } else if (count >= LANES) {
    *(halves_in_memory *)((_Float16 *)cache + index) = narrow_float16(x);
  } else {
    halves narrow = narrow_float16(x);
    copy((_Float16 *)cache + index, &narrow, count * (int64_t)sizeof(_Float16));
  }
}

// Where a row's key of one head begins.
INLINE int64_t key_of(const struct attention *job, int64_t row, int64_t h) {
  int64_t head = job->row_slots[row] * job->heads + h;
  int64_t position = job->row_positions[row];
  int64_t block = head * blocks_of(job->positions, LANES) + position / LANES;
  return block * job->head_width * LANES + position % LANES;
}

// A row's query (0), key (1) or value (2) of one head.
INLINE const float *qkv_of(const struct attention *job, int64_t row, int64_t which, int64_t h) {
  return job->qkv + ((row * 3 + which) * job->heads + h) * job->head_width;
}

// Writes a row's value of one head.
static void write_value(const struct attention *job, int64_t row, int64_t h) {
  int64_t D = job->head_width;
  const float *v = qkv_of(job, row, 2, h);
  int64_t head = job->row_slots[row] * job->heads + h;
  int64_t value = (head * job->positions + job->row_positions[row]) * D;
  for (int64_t d = 0; d < D; d += LANES) {
    store_cached(job->values, value + d, load_some(v + d, D - d), D - d, job->cache_type);
  }
}

// Writes a row's key and value of one head.
static void write_head(const struct attention *job, int64_t row, int64_t h) {
  const float *k = qkv_of(job, row, 1, h);
  int64_t key = key_of(job, row, h);
  for (int64_t d = 0; d < job->head_width; d++) {
    store_cached(job->keys, key + d * LANES, all(k[d]), 1, job->cache_type);
  }
  write_value(job, row, h);
}

// Writes some rows' keys of one head, which lie side by side in the cache.
static void write_keys(const struct attention *job, int64_t row, int64_t rows, int64_t h) {
  int64_t D = job->head_width;
  int64_t key = key_of(job, row, h);
  for (int64_t d = 0; d < D; d += LANES) {
    lanes square[LANES];
#pragma unroll
    for (int m = 0; m < LANES; m++) {
      square[m] = load_some(qkv_of(job, row + least(m, rows - 1), 1, h) + d, D - d);
    }
    transpose(square);
    for (int64_t i = 0; i < least(D - d, LANES); i++) {
      store_cached(job->keys, key + (d + i) * LANES, square[i], rows, job->cache_type);
    }
  }
}

// How many rows from `row` on, up to `end`, are of positions one after the other in one block of keys.
INLINE int64_t rows_of_block(const struct attention *job, int64_t row, int64_t end) {
  int64_t next = row + 1;
  while (next < end && job->row_slots[next] == job->row_slots[row]
      && job->row_positions[next] == job->row_positions[next - 1] + 1
      && job->row_positions[next] % LANES != 0) {
    next++;
  }
  return next - row;
}

// Writes keys and values of some of the rows.
static void write_cache(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct attention *job = arguments;
  int64_t end = job->rows * (part + 1) / parts;
  for (int64_t row = job->rows * part / parts, rows; row < end; row += rows) {
    rows = rows_of_block(job, row, end);
    for (int64_t h = 0; h < job->heads; h++) {
      write_keys(job, row, rows, h);
      for (int64_t m = 0; m < rows; m++) {
        write_value(job, row + m, h);
      }
    }
  }
}

// Asks for memory that is read soon: keys and values of all sequences do not stay in the processor's cache
// from step to step, and each head's lie apart, so that the processor would find them too late by itself. Of
// float32 a quarter is enough, for then it finds the rest; more would only fill its queue.
INLINE void fetch(const char *from, int64_t bytes, const int type) {
  const int64_t step = type == FLOAT32 ? 256 : 64;
#pragma unroll
  for (int64_t i = 0; i < bytes; i += step) {
    __builtin_prefetch(from + i, 0, 2);
  }
}

// A group's rows and one head; a worker's memory for them.
struct group {
  const struct attention *job;
  int64_t row, head;
  int64_t key, value;     // where the head's begin
  int64_t seen[GROUP_ROWS];  // by each row: the number of positions
  int64_t common, most;   // the least of these and the largest
  const char *next_keys, *next_values;  // of the head after this one
  float *queries;         // [head_width][rows], scaled
  float *scores[GROUP_ROWS];
  float total[GROUP_ROWS];
};

INLINE void score_blocks(const struct group *g, int64_t block, const int type, const int rows,
    const int blocks) {
  int64_t D = g->job->head_width;
  int64_t key = g->key + block * D * LANES;
  lanes s[GROUP_ROWS][GROUP_BLOCKS];
#pragma unroll
  for (int m = 0; m < rows; m++) {
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      s[m][b] = all(0);
    }
  }
  const int64_t bytes = LANES * number_bytes(type);
  for (int64_t d = 0; d < D; d++) {
    lanes k[GROUP_BLOCKS];
    fetch(g->next_keys + (block * D + d * blocks) * bytes, blocks * bytes, type);
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      k[b] = load_cached(g->job->keys, key + (b * D + d) * LANES, type);
    }
#pragma unroll
    for (int m = 0; m < rows; m++) {
#pragma unroll
      for (int b = 0; b < blocks; b++) {
        s[m][b] = fma(all(g->queries[d * rows + m]), k[b], s[m][b]);
      }
    }
  }
#pragma unroll
  for (int m = 0; m < rows; m++) {
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      store(g->scores[m] + (block + b) * LANES, s[m][b]);
    }
  }
}

// From scores to exp(score - largest), and their sum.
static __attribute__((noinline)) float weigh(float *scores, int64_t seen) {
  int64_t blocks = blocks_of(seen, LANES);
  // Behind the last position there may be what is no number.
  for (int64_t p = seen; p < blocks * LANES; p++) {
    scores[p] = -__builtin_inff();
  }
  lanes most = all(-__builtin_inff());
  for (int64_t i = 0; i < blocks; i++) {
    most = larger(most, load(scores + i * LANES));
  }
  lanes top = all(largest(most));
  lanes chains = all(0);
  for (int64_t i = 0; i < blocks; i++) {
    lanes e = exponential(load(scores + i * LANES) - top);
    chains = chains + e;
    store(scores + i * LANES, e);
  }
  return sum(chains);
}

// `count` numbers of a value, at most 16.
INLINE lanes load_value(const struct group *g, int64_t position, int64_t d, int64_t count,
    const int type) {
  int64_t at = g->value + position * g->job->head_width + d;
  if (count >= LANES) {
    return load_cached(g->job->values, at, type);
  }
  if (type == FLOAT16) {
    halves some = (halves)(_Float16)0;
    copy(&some, (const _Float16 *)g->job->values + at, count * (int64_t)sizeof(_Float16));
    return widen_float16(some);
  }
  return load_some((const float *)g->job->values + at, count);
}

// The sums of values for `chunks` times 16 numbers of the head, the last of which may be `count`.
INLINE void sum_values(const struct group *g, int64_t d, int64_t count, const int type,
    const int rows, const int chunks) {
  lanes z[GROUP_ROWS][GROUP_BLOCKS];
#pragma unroll
  for (int m = 0; m < rows; m++) {
#pragma unroll
    for (int c = 0; c < chunks; c++) {
      z[m][c] = all(0);
    }
  }
  const int64_t bytes = LANES * number_bytes(type);
  for (int64_t p = 0; p < g->common; p++) {
    lanes v[GROUP_BLOCKS];
    fetch(g->next_values + (p * g->job->head_width + d) / LANES * bytes, chunks * bytes, type);
#pragma unroll
    for (int c = 0; c < chunks; c++) {
      v[c] = load_value(g, p, d + c * LANES, count, type);
    }
#pragma unroll
    for (int m = 0; m < rows; m++) {
#pragma unroll
      for (int c = 0; c < chunks; c++) {
        z[m][c] = fma(all(g->scores[m][p]), v[c], z[m][c]);
      }
    }
  }
#pragma unroll
  for (int m = 0; m < rows; m++) {
    for (int64_t p = g->common; p < g->seen[m]; p++) {
#pragma unroll
      for (int c = 0; c < chunks; c++) {
        lanes v = load_value(g, p, d + c * LANES, count, type);
        z[m][c] = fma(all(g->scores[m][p]), v, z[m][c]);
      }
    }
    float *y = g->job->y + ((g->row + m) * g->job->heads + g->head) * g->job->head_width + d;
#pragma unroll
    for (int c = 0; c < chunks; c++) {
      store_some(y + c * LANES, z[m][c] / all(g->total[m]), count);
    }
  }
}

INLINE void attend(struct group *g, const int type, const int rows, const int blocks) {
  const struct attention *job = g->job;
  int64_t D = job->head_width;
  for (int64_t m = 0; m < rows; m++) {
    const float *q = qkv_of(job, g->row + m, 0, g->head);
    for (int64_t d = 0; d < D; d++) {
      g->queries[d * rows + m] = q[d] * job->scale;
    }
  }
  int64_t all_blocks = blocks_of(g->most, LANES);
  int64_t b = 0;
  for (; b + blocks <= all_blocks; b += blocks) {
    score_blocks(g, b, type, rows, blocks);
  }
  for (; b < all_blocks; b++) {
    score_blocks(g, b, type, rows, 1);
  }
  for (int64_t m = 0; m < rows; m++) {
    g->total[m] = weigh(g->scores[m], g->seen[m]);
  }
  int64_t d = 0;
  for (; d + blocks * LANES <= D; d += blocks * LANES) {
    sum_values(g, d, LANES, type, rows, blocks);
  }
  for (; d < D; d += LANES) {
    sum_values(g, d, D - d, type, rows, 1);
  }
}

static void attend_group(const struct attention *job, int64_t row, int64_t rows, int64_t head,
    float *scratch) {
  int64_t length = blocks_of(job->positions, LANES) * LANES;
  int64_t slot = job->row_slots[row] * job->heads + head;
  int64_t next_row = head + 1 < job->heads || row + rows == job->rows ? row : row + rows;
  int64_t next = job->row_slots[next_row] * job->heads + (head + 1) % job->heads;
  int64_t bytes = job->head_width * number_bytes(job->cache_type);
  struct group g = {.job = job, .row = row, .head = head, .key = slot * length * job->head_width,
      .value = slot * job->positions * job->head_width,
      .next_keys = (const char *)job->keys + next * length * bytes,
      .next_values = (const char *)job->values + next * job->positions * bytes,
      .queries = scratch, .common = job->positions};
  float *scores = scratch + GROUP_ROWS * job->head_width;
  for (int64_t m = 0; m < rows; m++) {
    g.seen[m] = job->row_positions[row + m] + 1;
    g.common = least(g.common, g.seen[m]);
    g.most = g.most > g.seen[m] ? g.most : g.seen[m];
    // Not all of them in the same set of the processor's cache.
    g.scores[m] = scores + m * (length + LANES);
  }
  switch (rows) {
#define GROUP(rows, blocks)                  \
  case rows:                                 \
    if (job->cache_type == FLOAT16) {        \
      attend(&g, FLOAT16, rows, blocks);     \
    } else {                                 \
      attend(&g, FLOAT32, rows, blocks);     \
    }                                        \
    break;
    GROUPS(GROUP)
#undef GROUP
  }
}

// Some of all groups and heads. Where each group is all there is of its slot, it writes its keys and
// values itself, when it is about to read what lies beside them.
static void attention(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  const struct attention *job = arguments;
  float *scratch = job->scratch + worker * attention_scratch(job);
  bool alone = slots_attend_alone(job);
  int64_t groups = 0;
  for (int64_t row = 0; row < job->rows; row += group_rows(job, row)) {
    groups++;
  }
  int64_t begin = groups * job->heads * part / parts;
  int64_t end = groups * job->heads * (part + 1) / parts;
  int64_t row = 0;
  int64_t rows;
  for (int64_t i = 0; i < end; i += job->heads, row += rows) {
    rows = group_rows(job, row);
    for (int64_t head = 0; head < job->heads; head++) {
      if (i + head >= begin && i + head < end) {
        if (alone) {
          for (int64_t m = 0; m < rows; m++) {
            write_head(job, row + m, head);
          }
        }
        attend_group(job, row, rows, head, scratch);
      }
    }
  }
}
