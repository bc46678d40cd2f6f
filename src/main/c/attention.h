// Attention over the cache.
#include "functions.h"
#include "kernels.h"

// Positions whose scores are computed at once, in blocks of 16: one chain each, many on their way.
enum { SCORE_BLOCKS = 4 };

INLINE lanes load_cached(const void *cache, int64_t index, const int type) {
  if (type == FLOAT16) {
    return widen_float16(*(const halves_in_memory *)((const _Float16 *)cache + index));
  }
  return load((const float *)cache + index);
}

INLINE void store_cached(void *cache, int64_t index, lanes x, int64_t count, const int type) {
  if (type == FLOAT16) {
    halves narrow = narrow_float16(x);
    copy((_Float16 *)cache + index, &narrow, least(count, LANES) * (int64_t)sizeof(_Float16));
  } else {
    store_some((float *)cache + index, x, count);
  }
}

// Writes keys and values of rows part, part + parts, ...
static void write_cache(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct attention *job = arguments;
  int64_t D = job->head_width;
  int64_t key_blocks = blocks_of(job->positions, LANES);
  for (int64_t row = part; row < job->rows; row += parts) {
    int64_t position = job->row_positions[row];
    for (int64_t h = 0; h < job->heads; h++) {
      const float *k = job->qkv + ((row * 3 + 1) * job->heads + h) * D;
      const float *v = job->qkv + ((row * 3 + 2) * job->heads + h) * D;
      int64_t head = job->row_slots[row] * job->heads + h;
      int64_t key = (head * key_blocks + position / LANES) * D * LANES + position % LANES;
      int64_t value = (head * job->positions + position) * D;
      for (int64_t d = 0; d < D; d += LANES) {
        store_cached(job->values, value + d, load_some(v + d, D - d), D - d, job->cache_type);
      }
      for (int64_t d = 0; d < D; d++) {
        store_cached(job->keys, key + d * LANES, all(k[d]), 1, job->cache_type);
      }
    }
  }
}

INLINE void score_blocks(const struct attention *job, const float *q, int64_t key, float *scores,
    const int type, const int blocks) {
  int64_t D = job->head_width;
  lanes s[SCORE_BLOCKS];
#pragma unroll
  for (int b = 0; b < blocks; b++) {
    s[b] = all(0);
  }
  for (int64_t d = 0; d < D; d++) {
    lanes scaled = all(q[d] * job->scale);
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      s[b] = fma(scaled, load_cached(job->keys, key + (b * D + d) * LANES, type), s[b]);
    }
  }
#pragma unroll
  for (int b = 0; b < blocks; b++) {
    store(scores + b * LANES, s[b]);
  }
}

// The sum of values, each with its weight, for `chunks` times 16 numbers of a head.
INLINE void sum_values(const struct attention *job, const float *weights, int64_t seen, int64_t value,
    lanes total, float *y, const int type, const int chunks) {
  lanes z[SCORE_BLOCKS];
#pragma unroll
  for (int c = 0; c < chunks; c++) {
    z[c] = all(0);
  }
  for (int64_t p = 0; p < seen; p++) {
#pragma unroll
    for (int c = 0; c < chunks; c++) {
      lanes v = load_cached(job->values, value + p * job->head_width + c * LANES, type);
      z[c] = fma(all(weights[p]), v, z[c]);
    }
  }
#pragma unroll
  for (int c = 0; c < chunks; c++) {
    store(y + c * LANES, z[c] / total);
  }
}

// The last numbers of a head whose width is no multiple of 16.
INLINE void sum_some_values(const struct attention *job, const float *weights, int64_t seen,
    int64_t value, lanes total, float *y, int64_t count, const int type) {
  lanes z = all(0);
  for (int64_t p = 0; p < seen; p++) {
    int64_t at = value + p * job->head_width;
    lanes v = all(0);
    if (type == FLOAT16) {
      halves some = (halves)(_Float16)0;
      copy(&some, (const _Float16 *)job->values + at, count * (int64_t)sizeof(_Float16));
      v = widen_float16(some);
    } else {
      v = load_some((const float *)job->values + at, count);
    }
    z = fma(all(weights[p]), v, z);
  }
  store_some(y, z / total, count);
}

INLINE void attend(const struct attention *job, int64_t row, int64_t h, float *scores,
    const int type) {
  int64_t D = job->head_width;
  int64_t seen = job->row_positions[row] + 1;
  int64_t blocks = blocks_of(seen, LANES);
  int64_t head = job->row_slots[row] * job->heads + h;
  int64_t key = head * blocks_of(job->positions, LANES) * D * LANES;
  int64_t value = head * job->positions * D;
  const float *q = job->qkv + (row * 3 * job->heads + h) * D;
  int64_t b = 0;
  for (; b + SCORE_BLOCKS <= blocks; b += SCORE_BLOCKS) {
    score_blocks(job, q, key + b * D * LANES, scores + b * LANES, type, SCORE_BLOCKS);
  }
  for (; b < blocks; b++) {
    score_blocks(job, q, key + b * D * LANES, scores + b * LANES, type, 1);
  }
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
  lanes total = all(sum(chains));
  float *y = job->y + (row * job->heads + h) * D;
  int64_t d = 0;
  for (; d + SCORE_BLOCKS * LANES <= D; d += SCORE_BLOCKS * LANES) {
    sum_values(job, scores, seen, value + d, total, y + d, type, SCORE_BLOCKS);
  }
  for (; d + LANES <= D; d += LANES) {
    sum_values(job, scores, seen, value + d, total, y + d, type, 1);
  }
  if (d < D) {
    sum_some_values(job, scores, seen, value + d, total, y + d, D - d, type);
  }
}

// Some of all rows and heads.
static void attention(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  const struct attention *job = arguments;
  float *scores = job->scratch + worker * blocks_of(job->positions, LANES) * LANES;
  int64_t count = job->rows * job->heads;
  for (int64_t i = count * part / parts; i < count * (part + 1) / parts; i++) {
    if (job->cache_type == FLOAT16) {
      attend(job, i / job->heads, i % job->heads, scores, FLOAT16);
    } else {
      attend(job, i / job->heads, i % job->heads, scores, FLOAT32);
    }
  }
}
