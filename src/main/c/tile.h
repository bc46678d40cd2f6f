// The numbers of rows and of blocks of 16 outputs that a product computes at once, in registers.
#ifndef GPT2_TILE_H
#define GPT2_TILE_H

enum { MOST_ROWS = 12, MOST_BLOCKS = 4 };

#if defined(__AVX512F__)
enum { TILE_ROWS = 12, TILE_BLOCKS = 2 };
#elif defined(__x86_64__) && !defined(__FMA__)
enum { TILE_ROWS = 1, TILE_BLOCKS = 1 };
#else
enum { TILE_ROWS = 6, TILE_BLOCKS = 1 };
#endif

// One row waits for memory: more blocks, more loads on their way.
enum { ROW_BLOCKS = 4 };

// Runs `tile(ROWS, TILE_BLOCKS)` with ROWS a constant, so that the compiler keeps the results in registers.
#define SWITCH_ROWS(rows, tile)                                 \
  switch (rows) {                                               \
    case 1: tile(1, TILE_BLOCKS); break;                        \
    case 2: if (TILE_ROWS >= 2) tile(2, TILE_BLOCKS); break;    \
    case 3: if (TILE_ROWS >= 3) tile(3, TILE_BLOCKS); break;    \
    case 4: if (TILE_ROWS >= 4) tile(4, TILE_BLOCKS); break;    \
    case 5: if (TILE_ROWS >= 5) tile(5, TILE_BLOCKS); break;    \
    case 6: if (TILE_ROWS >= 6) tile(6, TILE_BLOCKS); break;    \
    case 7: if (TILE_ROWS >= 7) tile(7, TILE_BLOCKS); break;    \
    case 8: if (TILE_ROWS >= 8) tile(8, TILE_BLOCKS); break;    \
    case 9: if (TILE_ROWS >= 9) tile(9, TILE_BLOCKS); break;    \
    case 10: if (TILE_ROWS >= 10) tile(10, TILE_BLOCKS); break; \
    case 11: if (TILE_ROWS >= 11) tile(11, TILE_BLOCKS); break; \
    case 12: if (TILE_ROWS >= 12) tile(12, TILE_BLOCKS); break; \
  }

#endif
