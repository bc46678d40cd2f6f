// Products in 8 bits.
#include "bytes.h"
#include "functions.h"
#include "kernels.h"
#include "tile.h"

// Rows part, part + parts, ...
static void int8_quantize(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct int8_linear *job = arguments;
  int64_t in = job->in;
  int64_t length = blocks_of(in, 4) * 4;
  float steps = job->activated ? 255.0f : 127.0f;
  lanes shift = all(job->activated ? job->shift : 0);
  // Integers as they are, or 128 away from that: see SIGNED_BYTES.
  int flip = job->activated == SIGNED_BYTES ? 128 : 0;
  for (int64_t row = part; row < job->rows; row += parts) {
    const float *x = job->x + row * in;
    // As integers, magnitudes are in the same order, and a NaN is the largest.
    ilanes most = bits(all(1e-12f));
    for (int64_t i = 0; i < in; i += LANES) {
      lanes some = load_some(x + i, in - i);
      ilanes size = bits(magnitude(some - shift));
      if (in - i < LANES) {
        for (int64_t j = in - i; j < LANES; j++) {
          size[j] = 0;
        }
      }
      ilanes more = size > most;
      most = (more & size) | (~more & most);
    }
    int32_t a = most[0];
    for (int i = 1; i < LANES; i++) {
      a = most[i] > a ? most[i] : a;
    }
    float largest_one = from_bits((ilanes)a)[0];
    job->row_scale[row] = largest_one / steps;
    lanes factor = all(steps / largest_one);
    uint8_t *to = job->quantized + row * length;
    for (int64_t i = 0; i < in; i += LANES) {
      lanes rounded = (load_some(x + i, in - i) - shift) * factor + all(ROUNDER);
      ilanes q = (bits(rounded) & 255) ^ flip;
      typedef uint8_t byte_lanes __attribute__((ext_vector_type(16)));
      byte_lanes narrow = __builtin_convertvector(q, byte_lanes);
      copy(to + i, &narrow, least(in - i, LANES));
    }
    for (int64_t i = in; i < length; i++) {
      to[i] = 0;
    }
  }
}

INLINE void int8_tile(const struct int8_linear *job, int64_t row, int64_t block, const int rows,
    const int blocks) {
  int64_t length = blocks_of(job->in, 4) * 4;
  const uint8_t *x = job->quantized + row * length;
  const int8_t *w = job->weight + block * length * LANES;
  ilanes sums[MOST_ROWS][MOST_BLOCKS];
#pragma unroll
  for (int m = 0; m < rows; m++) {
#pragma unroll
    for (int b = 0; b < blocks; b++) {
      sums[m][b] = (ilanes)0;
    }
  }
  for (int64_t k = 0; k < length; k += 4) {
#pragma unroll
    for (int m = 0; m < rows; m++) {
#pragma unroll
      for (int b = 0; b < blocks; b++) {
        sums[m][b] = add_products(sums[m][b], x + m * length + k, w + (b * length + k) * LANES);
      }
    }
  }
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
      store_some(job->y + (row + m) * job->out + n, y, count);
    }
  }
  if (job->activation != NO_ACTIVATION || job->residual) {
    int64_t at = row * job->out + block * LANES;
    finish(job->y + at, job->residual ? job->residual + at : 0, job->out, rows,
        least(job->out - block * LANES, blocks * LANES), job->activation);
  }
}

static void int8_linear(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct int8_linear *job = arguments;
  int64_t all_blocks = blocks_of(job->out, LANES);
  int64_t units = blocks_of(all_blocks, ROW_BLOCKS);
  int64_t block = units * part / parts * ROW_BLOCKS;
  int64_t end = least(units * (part + 1) / parts * ROW_BLOCKS, all_blocks);
  if (job->rows == 1) {
    for (; block + ROW_BLOCKS <= end; block += ROW_BLOCKS) {
      int8_tile(job, 0, block, 1, ROW_BLOCKS);
    }
  }
#define TILE(rows, blocks) int8_tile(job, row, block, rows, blocks)
  for (; block + TILE_BLOCKS <= end; block += TILE_BLOCKS) {
    for (int64_t row = 0; row < job->rows; row += TILE_ROWS) {
      SWITCH_ROWS(least(job->rows - row, TILE_ROWS), TILE)
    }
  }
#undef TILE
  for (; block < end; block++) {
    for (int64_t row = 0; row < job->rows; row++) {
      int8_tile(job, row, block, 1, 1);
    }
  }
}
