// Products with weights in float32, bfloat16 and float16.
#include "functions.h"
#include "kernels.h"
#include "tile.h"

INLINE lanes load_weight(const struct linear *job, int64_t index, const int type) {
  if (type == BFLOAT16) {
    return widen_bfloat16(*(const shorts_in_memory *)((const uint16_t *)job->weight + index));
  }
  if (type == FLOAT16) {
    return widen_float16(*(const halves_in_memory *)((const _Float16 *)job->weight + index));
  }
  return load((const float *)job->weight + index);
}

// Finishes a tile's outputs, whose rows are `width` numbers apart, and puts them where they are `stride`
// apart. They do not come from there: rows may be a multiple of 4096 bytes apart, and loads of one would wait
// for stores to others.
static __attribute__((noinline)) void finish(const float *tile, int64_t width, const float *residual,
    float *y, int64_t stride, int64_t rows, int64_t count, int activation) {
  for (int64_t m = 0; m < rows; m++) {
    for (int64_t n = 0; n < count; n += LANES) {
      int64_t at = m * stride + n;
      lanes done = activate(load(tile + m * width + n), activation);
      if (residual) {
        done = load_some(residual + at, count - n) + done;
      }
      store_some(y + at, done, count - n);
    }
  }
}

// Rows as tiles read them: [in][rows] of each tile, and room for 16 numbers behind it.
static void panel(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct linear *job = arguments;
  int64_t in = job->in;
  int64_t tiles = blocks_of(job->rows, TILE_ROWS);
  for (int64_t tile = part; tile < tiles; tile += parts) {
    int64_t row = first_row(job->rows, TILE_ROWS, tile);
    int64_t rows = first_row(job->rows, TILE_ROWS, tile + 1) - row;
    const float *x = job->x + row * in;
    float *y = job->panels + row * in + tile * LANES;
    if (rows == 1) {
      copy(y, x, in * (int64_t)sizeof(float));
      continue;
    }
    int64_t k = 0;
    for (; k + LANES <= in; k += LANES) {
      lanes square[LANES];
#pragma unroll
      for (int m = 0; m < LANES; m++) {
        square[m] = load(x + least(m, rows - 1) * in + k);
      }
      transpose(square);
      // Each overwrites what the one before it has too many.
#pragma unroll
      for (int i = 0; i < LANES; i++) {
        store(y + (k + i) * rows, square[i]);
      }
    }
    for (; k < in; k++) {
      for (int64_t m = 0; m < rows; m++) {
        y[k * rows + m] = x[m * in + k];
      }
    }
  }
}

INLINE void linear_tile(const struct linear *job, const struct span *span, int64_t tile, int64_t row,
    int64_t block, int64_t cached, const int type, const int rows, const int blocks) {
  int64_t in = job->in;
  const float *x = job->panels + row * in + tile * LANES;
  const int64_t bytes = LANES * number_bytes(type);
  struct ahead ahead = fetch_ahead(
      (const char *)job->weight + block * in * bytes, in, bytes, cached, span, tile);
  lanes y[MOST_ROWS][MOST_BLOCKS];
#pragma unroll
  for (int m = 0; m < rows; m++) {
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      y[m][b] = all(0);
    }
  }
  const char *fetched = ahead.from;
  for (int64_t k = 0; k < in; k++, fetched += ahead.step) {
    fetched += k == ahead.turn ? ahead.jump : 0;
    lanes w[MOST_BLOCKS];
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      w[b] = load_weight(job, ((block + b) * in + k) * LANES, type);
      // One row alone waits for memory anyway.
      if (rows > 1 && ahead.step > 0) {
        __builtin_prefetch(fetched + b * in * bytes, 0, 2);
      }
    }
#pragma unroll
    for (int m = 0; m < rows; m++) {
#pragma unroll
      for (int b = 0; b < blocks; b++) {
        y[m][b] = fma(all(x[k * rows + m]), w[b], y[m][b]);
      }
    }
  }
  bool finished = job->activation == NO_ACTIVATION && !job->residual;
  float unfinished[MOST_ROWS * MOST_BLOCKS * LANES] __attribute__((aligned(64)));
#pragma unroll
  for (int m = 0; m < rows; m++) {
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      int64_t n = (block + b) * LANES;
      int64_t count = least(job->out - n, LANES);
      if (job->bias) {
        y[m][b] = y[m][b] + load_some(job->bias + n, count);
      }
      if (finished) {
        store_some(job->y + (row + m) * job->out + n, y[m][b], count);
      } else {
        store(unfinished + (m * blocks + b) * LANES, y[m][b]);
      }
    }
  }
  if (!finished) {
    int64_t at = row * job->out + block * LANES;
    finish(unfinished, blocks * LANES, job->residual ? job->residual + at : 0, job->y + at, job->out,
        rows, least(job->out - block * LANES, blocks * LANES), job->activation);
  }
}

INLINE void linear_span(const struct linear *job, const struct span *span, const int type) {
  int64_t cached = cached_blocks(span, job->in * LANES * number_bytes(type));
  for (int64_t unit = span->block; unit < span->end_block; unit += cached) {
    int64_t unit_end = least(unit + cached, span->end_block);
    for (int64_t tile = span->tile; tile < span->end_tile; tile++) {
      int64_t row = first_row(job->rows, TILE_ROWS, tile);
      int64_t block = unit;
      switch (first_row(job->rows, TILE_ROWS, tile + 1) - row) {
#define TILE(rows, blocks)                                                    \
  case rows:                                                                  \
    for (; block + blocks <= unit_end; block += blocks) {                     \
      linear_tile(job, span, tile, row, block, cached, type, rows, blocks);   \
    }                                                                         \
    for (; block < unit_end; block++) {                                       \
      linear_tile(job, span, tile, row, block, cached, type, rows, 1);        \
    }                                                                         \
    break;
        TILES(TILE)
#undef TILE
      }
    }
  }
}

static void linear(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct linear *job = arguments;
  struct span span = span_of(part, parts, blocks_of(job->rows, TILE_ROWS), job->out);
  if (job->weight_type == BFLOAT16) {
    linear_span(job, &span, BFLOAT16);
  } else if (job->weight_type == FLOAT16) {
    linear_span(job, &span, FLOAT16);
  } else {
    linear_span(job, &span, FLOAT32);
  }
}
