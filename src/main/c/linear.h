// Products with float32 and bfloat16 weights.
#include "functions.h"
#include "kernels.h"
#include "tile.h"

INLINE lanes load_weight(const struct linear *job, int64_t index, const int type) {
  if (type == BFLOAT16) {
    return widen_bfloat16(*(const shorts_in_memory *)((const uint16_t *)job->weight + index));
  }
  return load((const float *)job->weight + index);
}

// Finishes outputs of some rows, which are `stride` numbers apart.
static __attribute__((noinline)) void finish(float *y, const float *residual, int64_t stride,
    int64_t rows, int64_t count, int activation) {
  for (int64_t m = 0; m < rows; m++) {
    for (int64_t n = 0; n < count; n += LANES) {
      int64_t at = m * stride + n;
      lanes done = activate(load_some(y + at, count - n), activation);
      if (residual) {
        done = load_some(residual + at, count - n) + done;
      }
      store_some(y + at, done, count - n);
    }
  }
}

INLINE void linear_tile(const struct linear *job, int64_t row, int64_t block, const int type,
    const int rows, const int blocks) {
  int64_t in = job->in;
  const float *x = job->x + row * in;
  lanes y[MOST_ROWS][MOST_BLOCKS];
#pragma unroll
  for (int m = 0; m < rows; m++) {
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      y[m][b] = all(0);
    }
  }
  for (int64_t k = 0; k < in; k++) {
    lanes w[MOST_BLOCKS];
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      w[b] = load_weight(job, ((block + b) * in + k) * LANES, type);
    }
#pragma unroll
    for (int m = 0; m < rows; m++) {
#pragma unroll
      for (int b = 0; b < blocks; b++) {
        y[m][b] = fma(all(x[m * in + k]), w[b], y[m][b]);
      }
    }
  }
#pragma unroll
  for (int m = 0; m < rows; m++) {
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      int64_t n = (block + b) * LANES;
      int64_t count = least(job->out - n, LANES);
      if (job->bias) {
        y[m][b] = y[m][b] + load_some(job->bias + n, count);
      }
      store_some(job->y + (row + m) * job->out + n, y[m][b], count);
    }
  }
  if (job->activation != NO_ACTIVATION || job->residual) {
    int64_t at = row * job->out + block * LANES;
    finish(job->y + at, job->residual ? job->residual + at : 0, job->out, rows,
        least(job->out - block * LANES, blocks * LANES), job->activation);
  }
}

// All rows with the outputs from block `begin` to `end`.
INLINE void linear_blocks(const struct linear *job, int64_t begin, int64_t end, const int type) {
  int64_t block = begin;
  if (job->rows == 1) {
    for (; block + ROW_BLOCKS <= end; block += ROW_BLOCKS) {
      linear_tile(job, 0, block, type, 1, ROW_BLOCKS);
    }
  }
#define TILE(rows, blocks) linear_tile(job, row, block, type, rows, blocks)
  for (; block + TILE_BLOCKS <= end; block += TILE_BLOCKS) {
    for (int64_t row = 0; row < job->rows; row += TILE_ROWS) {
      SWITCH_ROWS(least(job->rows - row, TILE_ROWS), TILE)
    }
  }
#undef TILE
  for (; block < end; block++) {
    for (int64_t row = 0; row < job->rows; row++) {
      linear_tile(job, row, block, type, 1, 1);
    }
  }
}

static void linear(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct linear *job = arguments;
  int64_t all_blocks = blocks_of(job->out, LANES);
  int64_t units = blocks_of(all_blocks, ROW_BLOCKS);
  int64_t begin = units * part / parts * ROW_BLOCKS;
  int64_t end = least(units * (part + 1) / parts * ROW_BLOCKS, all_blocks);
  if (job->weight_type == BFLOAT16) {
    linear_blocks(job, begin, end, BFLOAT16);
  } else {
    linear_blocks(job, begin, end, FLOAT32);
  }
}
