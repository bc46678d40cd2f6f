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
// the next one is needed. A part is one unit, or several if that is too little work.
enum { BLOCKS_PER_UNIT = 4 };

// Rows are cut into as few tiles as there can be, all of nearly the same size: the first row of one.
INLINE int64_t first_row(int64_t rows, int64_t tile_rows, int64_t tile) {
  return rows * tile / blocks_of(rows, tile_rows);
}

// What a part computes: some tiles of rows with some blocks of outputs.
struct span {
  int64_t tile, end_tile;
  int64_t block, end_block;
};

// Where there are more parts than units, each is a unit for some of the rows, first all units for the first
// rows.
INLINE struct span span_of(int64_t part, int64_t parts, int64_t tiles, int64_t out) {
  int64_t blocks = blocks_of(out, 16);
  int64_t units = blocks_of(blocks, BLOCKS_PER_UNIT);
  int64_t groups = parts < units ? 1 : parts / units;
  int64_t group_parts = groups == 1 ? parts : units;
  int64_t group = part / group_parts;
  int64_t index = part % group_parts;
  return (struct span){.tile = least(tiles * group / groups, tiles),
      .end_tile = least(tiles * (group + 1) / groups, tiles),
      .block = units * index / group_parts * BLOCKS_PER_UNIT,
      .end_block = least(units * (index + 1) / group_parts * BLOCKS_PER_UNIT, blocks)};
}

// How many blocks stay in the processor's cache while the rows pass, beside those that are fetched ahead.
INLINE int64_t cached_blocks(const struct span *span, int64_t block_bytes) {
  return span->end_tile - span->tile == 1 || block_bytes * BLOCKS_PER_UNIT <= 1 << 18 ? BLOCKS_PER_UNIT : 2;
}

// Weights are fetched ahead of their use: those that one tile alone reads by this many inputs, or fours
// of them, the last ones of a unit those of the next unit; where several tiles read the same, each fetches
// its part of the next ones. Where many do, the parts are none, and so is the wait beside what they compute.
enum { INPUTS_AHEAD = 32 };

// From where on, how many bytes are passed with each input, and how many more are skipped at which.
struct ahead {
  const char *from;
  int64_t step, turn, jump;
};

// For the block at `weight`; `bytes` are one input's.
INLINE struct ahead fetch_ahead(const void *weight, int64_t inputs, int64_t bytes, int64_t blocks,
    const struct span *span, int64_t tile) {
  const char *block = weight;
  int64_t tiles = span->end_tile - span->tile;
  tile -= span->tile;
  if (tiles == 1) {
    return (struct ahead){block + INPUTS_AHEAD * bytes, bytes, inputs - INPUTS_AHEAD,
        (blocks - 1) * inputs * bytes};
  }
  return (struct ahead){block + (blocks * inputs + inputs * tile / tiles) * bytes, bytes / tiles, -1, 0};
}

#endif
