// The shapes in which products are computed: a tile is some rows with some blocks of 16 outputs, whose
// results stay in registers while all inputs pass.
#ifndef GPT2_TILE_H
#define GPT2_TILE_H

#include "base.h"

enum { MOST_ROWS = 12, MOST_BLOCKS = 4 };

// A tile has this many rows at most, and for each number of them so many blocks that its results fill the
// registers: TILES(t) is t(ROWS, BLOCKS) for each. Where bytes are multiplied without an instruction for
// sums of four, intermediate results take registers, too.
#if defined(__AVX512F__)
enum { TILE_ROWS = 12 };
#define TILES(t)                                                                                \
  t(1, 4) t(2, 4) t(3, 4) t(4, 4) t(5, 4) t(6, 4) t(7, 2) t(8, 2) t(9, 2) t(10, 2) t(11, 2) t(12, 2)
#elif defined(__x86_64__) && !defined(__FMA__)
enum { TILE_ROWS = 1 };
#define TILES(t) t(1, 1)
#else
enum { TILE_ROWS = 6 };
#define TILES(t) t(1, 4) t(2, 2) t(3, 2) t(4, 1) t(5, 1) t(6, 1)
#endif

#if defined(__AVX512VNNI__)
// Bytes of many rows stay in the processor's first cache, where the same rows of floats do not.
enum { BYTE_TILE_ROWS = 6 };
#define BYTE_TILES(t) t(1, 4) t(2, 4) t(3, 4) t(4, 4) t(5, 4) t(6, 4)
#elif defined(__AVX512BW__)
enum { BYTE_TILE_ROWS = 8 };
#define BYTE_TILES(t) t(1, 4) t(2, 4) t(3, 4) t(4, 4) t(5, 2) t(6, 2) t(7, 2) t(8, 2)
#elif defined(__AVX2__) && !defined(__AVXVNNI__) && !defined(__AVX512F__)
enum { BYTE_TILE_ROWS = 4 };
#define BYTE_TILES(t) t(1, 4) t(2, 2) t(3, 1) t(4, 1)
#else
enum { BYTE_TILE_ROWS = TILE_ROWS };
#define BYTE_TILES TILES
#endif

// Threads share outputs by units of this many blocks, and all rows pass by one unit, or half of it, before
// the next one is needed.
enum { BLOCKS_PER_UNIT = 4 };

// Rows are cut into as few tiles as there can be, all of nearly the same size: the first row of one.
INLINE int64_t first_row(int64_t rows, int64_t tile_rows, int64_t tile) {
  return rows * tile / blocks_of(rows, tile_rows);
}

// The first unit of a part: each part is smaller than the one before it, so that threads that began with
// large ones, within which weights are fetched ahead, end at nearly the same time.
INLINE int64_t first_unit(int64_t units, int64_t part, int64_t parts) {
  return units * part * (2 * parts - part + 1) / (parts * (parts + 1));
}

// How many blocks stay in the processor's cache while the rows pass, beside those that are fetched ahead.
INLINE int64_t cached_blocks(int64_t block_bytes, int64_t tiles) {
  return tiles == 1 || block_bytes * BLOCKS_PER_UNIT <= 1 << 18 ? BLOCKS_PER_UNIT : 2;
}

// Weights are fetched ahead of their use: those that one tile alone reads by this many inputs, or fours
// of them; where several tiles read the same, each fetches its part of the next ones. Where many do, the
// parts are none, and so is the wait beside what they compute.
enum { INPUTS_AHEAD = 32 };

struct ahead {
  const char *next;
  int64_t step;
};

// For the block at `weight`; `bytes` are one input's.
INLINE struct ahead fetch_ahead(const void *weight, int64_t inputs, int64_t bytes, int64_t blocks,
    int64_t tile, int64_t tiles) {
  int64_t distance = tiles == 1 ? INPUTS_AHEAD : blocks * inputs + inputs * tile / tiles;
  return (struct ahead){(const char *)weight + distance * bytes, bytes / tiles};
}

#endif
