// Threads that share the parts of one kernel at a time.
#ifndef GPT2_POOL_H
#define GPT2_POOL_H

#include "kernels.h"

enum { MOST_WORKERS = 256, PARTS_LIMIT = 0xffff };

// Functions to sleep until a number changes, where there is no system call for it: macOS's.
struct sleeping {
  int (*wait)(uint32_t operation, void *address, uint64_t value, uint32_t microseconds);
  int (*wake)(uint32_t operation, void *address, uint64_t value);
};

void pool_prepare(const struct sleeping *sleeping);

// Workers are numbered from 1; 0 is the thread that calls pool_run.
void pool_open(int32_t workers);

// The loop of a worker's thread, which ends when the pool is closed.
void pool_work(int32_t worker);

void pool_close(void);

// The number of threads, the calling one included.
int32_t pool_workers(void);

// Runs all parts of a kernel, of which there may be PARTS_LIMIT, by threads whose numbers are below
// `workers`; returns when all are done. Calls from several threads are right, but only one of them has the
// workers' help.
void pool_run(kernel *kernel, const void *arguments, int64_t parts, int64_t workers);

#endif
