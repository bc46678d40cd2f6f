// The arithmetic of a step. Every result has one definition, in terms of IEEE-754 operations on float32
// and `fma`, which is fused; how many lanes, rows and threads compute it changes no bit of it.
#ifndef GPT2_KERNELS_H
#define GPT2_KERNELS_H

#include "base.h"

enum activation { NO_ACTIVATION, GELU_TANH, GELU, QUICK_GELU, SILU, RELU, TANH };

enum number_type { FLOAT32, BFLOAT16, FLOAT16 };

// The bytes of a number.
INLINE int32_t number_bytes(const int type) { return type == FLOAT32 ? 4 : 2; }

// y[m][n] = activation(chain + bias[n]) + residual[m][n], where chain = fma(x[m][k], w[k][n], chain) for
// k = 0, 1, ... from 0. Weights are packed: [out / 16][in][16], the last block filled up with 0.
struct linear {
  const float *x;
  const void *weight;
  const float *bias;      // or null
  const float *residual;  // or null
  float *panels;          // [rows][in + 16], which `panel` fills; x itself if there is one row
  float *y;
  int64_t rows, in, out;
  int32_t weight_type;
  int32_t activation;
};

// The same with integers of 8 bits. Of row m, a = max |x| (of x - shift if `activated`), at least 1e-12;
// q = round(x * (127 / a)), or round((x - shift) * (255 / a)), to the nearest, ties to even. The sum of
// q w is exact; y = activation(fma(sum, scale[n] * (a / 127), bias[n]) + addend[m]) + residual, or a / 255.
// Weights are packed: [out / 16][in / 4][16][4], filled up with 0.
struct int8_linear {
  const float *x;
  const int8_t *weight;
  const float *scale;
  const int32_t *sums;  // of each output's weights
  const float *bias;    // or null
  const float *residual;  // or null
  const float *addend;    // one of each row, or null
  float *y;
  uint8_t *quantized;  // [rows][in, rounded up to 4], for the kernel's own use
  float *row_scale;    // [rows], likewise
  int64_t rows, in, out;
  float shift;
  int32_t activated;
  int32_t activation;
};

// mean and variance are sums over 16 chains divided by the width; y = fma((x - mean) * (1 /
// sqrt(variance + epsilon)), weight, bias).
struct layer_norm {
  const float *x;
  const float *weight;
  const float *bias;
  float *y;
  int64_t rows, width;
  float epsilon;
};

// y = token's row + position's row. The tokens' table is packed, as the weight of a linear layer is.
struct embedding {
  const void *tokens_table;
  const float *positions_table;
  const int32_t *tokens;
  const int32_t *positions;
  float *y;
  int64_t rows, width;
  int32_t table_type;
};

// Attention of positions over themselves and those before them in their slots, for one layer. Keys are
// [slots][heads][positions / 16][head_width][16], values [slots][heads][positions][head_width]. score =
// chain of fma(q[d] * scale, k[d]) over d; e = exp(score - largest); y[d] = (chain of fma(e, v[d]) over
// positions) / (sum of e over 16 chains).
struct attention {
  const float *qkv;  // [rows][3][heads][head_width]
  void *keys;
  void *values;
  const int32_t *row_positions;
  const int32_t *row_slots;
  float *y;         // [rows][heads][head_width]
  float *scratch;   // [workers][attention_scratch(this)]
  int64_t rows, heads, head_width, positions;
  int32_t cache_type;  // FLOAT32 or FLOAT16
  float scale;
};

// Rows that attend together.
enum { GROUP_ROWS = 6 };

// The number of rows from `row` on that attend together.
INLINE int64_t group_rows(const struct attention *job, int64_t row) {
  int64_t end = least(row + GROUP_ROWS, job->rows);
  int64_t next = row + 1;
  while (next < end && job->row_slots[next] == job->row_slots[row]) {
    next++;
  }
  return next - row;
}

// Whether rows that attend together are all there are of their slot, as where every sequence decodes: no
// other rows see what they write, and `attention` does without `write_cache`.
INLINE bool slots_attend_alone(const struct attention *job) {
  for (int64_t row = 0, next; row < job->rows; row = next) {
    next = row + group_rows(job, row);
    if (next < job->rows && job->row_slots[next] <= job->row_slots[row]) {
      return false;
    }
  }
  return true;
}

// How many numbers a worker's scratch has: queries, and scores of each row.
INLINE int64_t attention_scratch(const struct attention *job) {
  return GROUP_ROWS * (job->head_width + blocks_of(job->positions, 16) * 16 + 16);
}

enum logits_result { SOFTMAX, LOG_SUM_EXP, SCORE, ARGMAX };

// Of logits t = x / temperature, with s = sum of exp(t - largest) over 16 chains. SOFTMAX: exp(t - largest)
// / s, [rows][width]. LOG_SUM_EXP: largest + log(s), [rows]. SCORE: of a token, (t[token] - largest) -
// log(s); the entropy log(s) - (chains of fma(e, t - largest)) / s; the number of larger
// logits: [3][rows]. ARGMAX: the first of the largest x, or -1 where that is not finite or an x is NaN, [rows].
struct logits {
  const float *x;
  const float *temperatures;
  const int32_t *tokens;  // for SCORE
  float *y;
  int64_t rows, width;
  int32_t result;
};

enum function { EXP, LOG, ACTIVATION };

// One function of every number.
struct map {
  const float *x;
  float *y;
  int64_t count;
  int32_t function;
  int32_t activation;
};

// A kernel does its work in parts that may be done in any order, by any thread.
typedef void kernel(const void *arguments, int64_t part, int64_t parts, int64_t worker);

struct kernels {
  const char *name;
  kernel *panel, *linear, *int8_quantize, *int8_linear, *layer_norm, *embedding, *write_cache, *attention,
      *logits, *map;
};

#if defined(__x86_64__)
extern const struct kernels generic_kernels, avx2_kernels, avxvnni_kernels, avx512_kernels, avx512vnni_kernels;
#elif defined(__aarch64__)
extern const struct kernels neon_kernels, neondot_kernels;
#endif

// Weights [out][in] with these strides, in numbers, to their packed form, [out / 16][in][16], or
// [out / 16][in / 4][16][4] in 8 bits, filled up with 0.
struct packing {
  const void *weight;
  void *packed;
  int64_t in, out, in_stride, out_stride;
  int32_t bytes;  // of a number: 4, 2 or 1
};

kernel pack;

#endif
