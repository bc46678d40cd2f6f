// Products in 8 bits.
#include "bytes.h"
#include "functions.h"
#include "kernels.h"
#include "tile.h"

typedef uint8_t byte_lanes __attribute__((ext_vector_type(16)));

// Sixteen integers as bytes; each four of them lie `step` bytes after those before.
INLINE void store_fours(uint8_t *to, int64_t step, ilanes q, int64_t count) {
  byte_lanes bytes = __builtin_convertvector(q, byte_lanes);
  if (step == 4) {
    copy(to, &bytes, count);
    return;
  }
  for (int64_t j = 0; j < count; j += 4) {
    copy(to + j / 4 * step, (const uint8_t *)&bytes + j, 4);
  }
}

// A row in 8 bits: each four of its integers `step` bytes after those before.
static void quantize_row(const struct int8_linear *job, int64_t row, uint8_t *to, int64_t step) {
  int64_t in = job->in;
  int64_t whole = in / LANES * LANES;
  int64_t rest = in - whole;
  const float *x = job->x + row * in;
  float steps = job->activated ? 255.0f : 127.0f;
  lanes shift = all(job->activated ? job->shift : 0);
  // Integers as they are, or 128 away from that: see SIGNED_BYTES.
  int flip = job->activated == SIGNED_BYTES ? 128 : 0;
  // As integers, magnitudes are in the same order, and a NaN is the largest.
  ilanes most = bits(all(1e-12f));
  for (int64_t i = 0; i < whole; i += LANES) {
    most = __builtin_elementwise_max(most, bits(magnitude(load(x + i) - shift)));
  }
  if (rest > 0) {
    lanes last = first(load_some(x + whole, rest) - shift, rest);
    most = __builtin_elementwise_max(most, bits(magnitude(last)));
  }
  float largest_one = from_bits((ilanes)__builtin_reduce_max(most))[0];
  job->row_scale[row] = largest_one / steps;
  lanes factor = all(steps / largest_one);
  for (int64_t i = 0; i < whole; i += LANES) {
    lanes rounded = (load(x + i) - shift) * factor + all(ROUNDER);
    store_fours(to + i / 4 * step, step, bits(rounded) ^ flip, LANES);
  }
  if (rest > 0) {
    lanes rounded = (load_some(x + whole, rest) - shift) * factor + all(ROUNDER);
    ilanes q = bits(first(from_bits(bits(rounded) ^ flip), rest));
    store_fours(to + whole / 4 * step, step, q, blocks_of(rest, 4) * 4);
  }
}

// Rows of tiles part, part + parts, ... in fours of each of a tile's rows, as tiles read them. A tile is
// one thread's, for its rows share the lines of the processor's cache.
static void int8_quantize(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct int8_linear *job = arguments;
  int64_t length = blocks_of(job->in, 4) * 4;
  int64_t tiles = blocks_of(job->rows, BYTE_TILE_ROWS);
  for (int64_t tile = part; tile < tiles; tile += parts) {
    int64_t first = first_row(job->rows, BYTE_TILE_ROWS, tile);
    int64_t rows = first_row(job->rows, BYTE_TILE_ROWS, tile + 1) - first;
    for (int64_t m = 0; m < rows; m++) {
      quantize_row(job, first + m, job->quantized + first * length + m * 4, rows * 4);
    }
  }
}

INLINE void int8_tile(const struct int8_linear *job, const struct span *span, int64_t tile, int64_t row,
    int64_t block, int64_t cached, const int rows, const int blocks) {
  int64_t length = blocks_of(job->in, 4) * 4;
  const uint8_t *x = job->quantized + row * length;
  const int8_t *w = job->weight + block * length * LANES;
  struct ahead ahead = fetch_ahead(w, length / 4, LANES * 4, cached, span, tile);
  ilanes sums[MOST_ROWS][MOST_BLOCKS];
#pragma unroll
  for (int m = 0; m < rows; m++) {
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      sums[m][b] = (ilanes)0;
    }
  }
  const char *fetched = ahead.from;
  for (int64_t k = 0; k < length; k += 4, fetched += ahead.step) {
    fetched += k == 4 * ahead.turn ? ahead.jump : 0;
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      if (rows > 1 && ahead.step > 0) {
        __builtin_prefetch(fetched + b * length * LANES, 0, 2);
      }
    }
#pragma unroll
    for (int m = 0; m < rows; m++) {
#pragma unroll
      for (int b = 0; b < blocks; b++) {
        sums[m][b] = add_products(sums[m][b], x + k * rows + m * 4, w + (b * length + k) * LANES);
      }
    }
  }
  bool finished = job->activation == NO_ACTIVATION && !job->residual;
  float unfinished[MOST_ROWS * MOST_BLOCKS * LANES] __attribute__((aligned(64)));
  // The share of the sums that the 128 has which was added to integers, or subtracted from them.
  int32_t added = job->activated ? (SIGNED_BYTES ? -128 : 0) : (SIGNED_BYTES ? 0 : 128);
#pragma unroll
  for (int m = 0; m < rows; m++) {
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      int64_t n = (block + b) * LANES;
      int64_t count = least(job->out - n, LANES);
      ilanes weight_sums = bits(load_some((const float *)job->sums + n, count));
      lanes whole = __builtin_convertvector(sums[m][b] - weight_sums * added, lanes);
      lanes scale = load_some(job->scale + n, count) * all(job->row_scale[row + m]);
      lanes bias = job->bias ? load_some(job->bias + n, count) : all(0);
      lanes y = fma(whole, scale, bias);
      if (job->addend) {
        y = y + all(job->addend[row + m]);
      }
      if (finished) {
        store_some(job->y + (row + m) * job->out + n, y, count);
      } else {
        store(unfinished + (m * blocks + b) * LANES, y);
      }
    }
  }
  if (!finished) {
    int64_t at = row * job->out + block * LANES;
    finish(unfinished, blocks * LANES, job->residual ? job->residual + at : 0, job->y + at, job->out,
        rows, least(job->out - block * LANES, blocks * LANES), job->activation);
  }
}

static void int8_linear(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct int8_linear *job = arguments;
  struct span span = span_of(part, parts, blocks_of(job->rows, BYTE_TILE_ROWS), job->out);
  int64_t cached = cached_blocks(&span, blocks_of(job->in, 4) * 4 * LANES);
  for (int64_t unit = span.block; unit < span.end_block; unit += cached) {
    int64_t unit_end = least(unit + cached, span.end_block);
    for (int64_t tile = span.tile; tile < span.end_tile; tile++) {
      int64_t row = first_row(job->rows, BYTE_TILE_ROWS, tile);
      int64_t block = unit;
      switch (first_row(job->rows, BYTE_TILE_ROWS, tile + 1) - row) {
#define TILE(rows, blocks)                                            \
  case rows:                                                          \
    for (; block + blocks <= unit_end; block += blocks) {             \
      int8_tile(job, &span, tile, row, block, cached, rows, blocks);  \
    }                                                                 \
    for (; block < unit_end; block++) {                               \
      int8_tile(job, &span, tile, row, block, cached, rows, 1);       \
    }                                                                 \
    break;
        BYTE_TILES(TILE)
#undef TILE
      }
    }
  }
}
