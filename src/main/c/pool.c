#include "pool.h"

#include <stdatomic.h>

// Some 80 microseconds: longer than what passes within a step while other threads do their last parts and
// between its kernels, for to sleep and to be woken there takes as long as many a kernel; short beside the
// milliseconds for which a system lets a neighbour have the core.
enum { SPINS = 4000 };

static struct sleeping functions;

// One kernel's run. Each worker has a share of its parts, which lie side by side, so that it can fetch what
// the next of them reads; who has done his own takes the last ones of others. A share holds the number of its
// run in the upper half, its first part that is not taken and the end of them in 16 bits each. A thread that
// takes one off owns that part, and while a part is owned the run cannot end, so that what was read of kernel
// and arguments before belongs to the same run.
static struct {
  struct {
    _Atomic uint64_t left __attribute__((aligned(64)));
  } shares[MOST_WORKERS];
  _Atomic(kernel *) kernel;
  _Atomic(const void *) arguments;
  _Atomic int64_t parts;
  _Atomic int64_t sharing;  // workers
  _Atomic uint32_t run __attribute__((aligned(64)));
  _Atomic uint32_t sleepers;
  _Atomic uint32_t unfinished __attribute__((aligned(64)));
  _Atomic uint32_t caller_sleeps;
  atomic_flag busy;
  _Atomic int32_t workers;
  _Atomic uint32_t closed;
} pool = {.busy = ATOMIC_FLAG_INIT, .workers = 1};

#if defined(__linux__)

enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

#if defined(__x86_64__)
static void futex(const void *address, long operation, uint32_t value) {
  register const void *timeout __asm__("r10") = 0;
  long result = 202;
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(address), "S"(operation), "d"((long)value), "r"(timeout)
                   : "rcx", "r11", "memory");
}
#else
static void futex(const void *address, long operation, uint32_t value) {
  register long number __asm__("x8") = 98;
  register const void *x0 __asm__("x0") = address;
  register long x1 __asm__("x1") = operation;
  register long x2 __asm__("x2") = (long)value;
  register const void *x3 __asm__("x3") = 0;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(number), "r"(x1), "r"(x2), "r"(x3) : "memory");
}
#endif

// Until the number is no longer `value`, or for no reason.
static void wait(_Atomic uint32_t *address, uint32_t value) {
  futex(address, FUTEX_WAIT_PRIVATE, value);
}

// All who wait.
static void wake(_Atomic uint32_t *address) { futex(address, FUTEX_WAKE_PRIVATE, 0x7fffffff); }

#else

// UL_COMPARE_AND_WAIT, and ULF_WAKE_ALL with it.
static void wait(_Atomic uint32_t *address, uint32_t value) {
  if (functions.wait) {
    functions.wait(1, (void *)address, value, 0);
  }
}

static void wake(_Atomic uint32_t *address) {
  if (functions.wake) {
    functions.wake(0x101, (void *)address, 0);
  }
}

#endif

static void pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  __asm__ volatile("isb" ::: "memory");
#endif
}

// Spins, then sleeps, until the number is no longer `value`; `sleepers` is the number of threads that sleep.
static void await_change(_Atomic uint32_t *number, uint32_t value, _Atomic uint32_t *sleepers) {
  for (int i = 0; i < SPINS; i++) {
    if (atomic_load_explicit(number, memory_order_acquire) != value) {
      return;
    }
    pause();
  }
  atomic_fetch_add(sleepers, 1);
  while (atomic_load(number) == value) {
    wait(number, value);
  }
  atomic_fetch_sub(sleepers, 1);
}

// Takes a part of a share, the first one if it is the worker's own, and does it; false if there is none.
static bool take_part(int64_t worker, int64_t owner) {
  _Atomic uint64_t *share = &pool.shares[owner].left;
  bool own = owner == worker;
  uint64_t left = atomic_load(share);
  for (;;) {
    uint64_t first = left >> 16 & PARTS_LIMIT, end = left & PARTS_LIMIT;
    kernel *kernel = atomic_load_explicit(&pool.kernel, memory_order_relaxed);
    const void *arguments = atomic_load_explicit(&pool.arguments, memory_order_relaxed);
    int64_t parts = atomic_load_explicit(&pool.parts, memory_order_relaxed);
    if (first == end || worker >= atomic_load_explicit(&pool.sharing, memory_order_relaxed)) {
      return false;
    }
    if (atomic_compare_exchange_strong(share, &left, own ? left + (1 << 16) : left - 1)) {
      kernel(arguments, (int64_t)(own ? first : end - 1), parts, worker);
      return true;
    }
  }
}

// Does parts of the run that is on until none is left. They are owned until all of them are counted at once:
// each time threads change the same number, one of them waits for the other's processor.
static void take_parts(int64_t worker) {
  int64_t sharing = atomic_load(&pool.sharing);
  uint32_t done = 0;
  for (int64_t i = 0; i < sharing; i++) {
    while (take_part(worker, (worker + i) % sharing)) {
      done++;
    }
  }
  if (done > 0 && atomic_fetch_sub(&pool.unfinished, done) == done && atomic_load(&pool.caller_sleeps)) {
    wake(&pool.unfinished);
  }
}

void pool_prepare(const struct sleeping *sleeping) { functions = *sleeping; }

void pool_open(int32_t workers) {
  atomic_store(&pool.closed, 0);
  atomic_store(&pool.workers, workers);
}

int32_t pool_workers(void) { return atomic_load(&pool.workers); }

void pool_work(int32_t worker) {
  uint32_t seen = atomic_load(&pool.run);
  while (!atomic_load(&pool.closed)) {
    take_parts(worker);
    await_change(&pool.run, seen, &pool.sleepers);
    seen = atomic_load(&pool.run);
  }
}

void pool_close(void) {
  atomic_store(&pool.workers, 1);
  atomic_store(&pool.closed, 1);
  atomic_fetch_add(&pool.run, 1);
  wake(&pool.run);
}

static void run_alone(kernel *kernel, const void *arguments, int64_t parts) {
  for (int64_t part = 0; part < parts; part++) {
    kernel(arguments, part, parts, 0);
  }
}

void pool_run(kernel *kernel, const void *arguments, int64_t parts, int64_t workers) {
  if (parts <= 1 || workers <= 1 || pool_workers() == 1
      || atomic_flag_test_and_set_explicit(&pool.busy, memory_order_acquire)) {
    run_alone(kernel, arguments, parts);
    return;
  }
  atomic_store_explicit(&pool.kernel, kernel, memory_order_relaxed);
  atomic_store_explicit(&pool.arguments, arguments, memory_order_relaxed);
  atomic_store_explicit(&pool.parts, parts, memory_order_relaxed);
  int64_t sharing = least(workers, pool_workers());
  atomic_store_explicit(&pool.sharing, sharing, memory_order_relaxed);
  atomic_store_explicit(&pool.unfinished, (uint32_t)parts, memory_order_relaxed);
  uint32_t run = atomic_load(&pool.run) + 1;
  for (int64_t i = 0; i < sharing; i++) {
    uint64_t first = (uint64_t)(parts * i / sharing), end = (uint64_t)(parts * (i + 1) / sharing);
    atomic_store_explicit(
        &pool.shares[i].left, (uint64_t)run << 32 | first << 16 | end, memory_order_release);
  }
  atomic_store(&pool.run, run);
  if (atomic_load(&pool.sleepers) > 0) {
    wake(&pool.run);
  }
  take_parts(0);
  uint32_t left;
  while ((left = atomic_load(&pool.unfinished)) > 0) {
    await_change(&pool.unfinished, left, &pool.caller_sleeps);
  }
  atomic_flag_clear_explicit(&pool.busy, memory_order_release);
}
