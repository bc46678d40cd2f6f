// A program without any library, for any Linux and in an emulator: runs the kernels of a variant on
// numbers and sizes that a seed determines and prints a checksum of each kernel's results.
//
//   checksums VARIANT SEED
//
// Exits with 3 if this processor cannot run the variant, with 2 if there is no such.
#include "pool.h"
#include "processor.h"

enum { CASES = 12, ROOM = 1 << 20 };

static float numbers[7][ROOM] __attribute__((aligned(64)));
static uint8_t bytes[ROOM];
static uint64_t state;

#if defined(__x86_64__)
static long system_call(long number, long a, const void *b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}
enum { WRITE = 1, EXIT = 231 };
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
#else
static long system_call(long number, long a, const void *b, long c) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register const void *x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}
enum { WRITE = 64, EXIT = 94 };
__asm__(".globl _start\n_start: mov x0, sp\n bl begin\n");
#endif

static uint32_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 24);
}

static int64_t from_to(int64_t from, int64_t to) { return from + next() % (to - from + 1); }

// From -scale to scale; now and then 0 or a very small number.
static void fill(float *to, int64_t count, float scale) {
  for (int64_t i = 0; i < count; i++) {
    uint32_t kind = next() % 64;
    float x = ((float)(next() & 0xffffff) * 0x1p-23f - 1.0f) * scale;
    to[i] = kind == 0 ? 0.0f : kind == 1 ? x * 0x1p-130f : x;
  }
}

static uint64_t checksum(uint64_t sum, const void *from, int64_t length) {
  for (int64_t i = 0; i < length; i++) {
    sum = (sum ^ ((const uint8_t *)from)[i]) * 1099511628211u;
  }
  return sum;
}

static int64_t length(const char *text) {
  int64_t n = 0;
  while (text[n]) {
    n++;
  }
  return n;
}

static void print(const char *name, uint64_t sum) {
  char line[64];
  int64_t n = 0;
  for (; name[n]; n++) {
    line[n] = name[n];
  }
  line[n++] = ' ';
  for (int digit = 60; digit >= 0; digit -= 4) {
    line[n++] = "0123456789abcdef"[sum >> digit & 15];
  }
  line[n++] = '\n';
  system_call(WRITE, 1, line, n);
}

// Numbers that a type of 16 bits holds, from those of float32.
static void narrow(float *from, int64_t count, int32_t type) {
  for (int64_t i = 0; i < count; i++) {
    uint32_t bits;
    __builtin_memcpy(&bits, from + i, 4);
    // In float16 any bits but those of infinities and NaN.
    uint16_t half = (uint16_t)(type == BFLOAT16 ? bits >> 16 : bits & 0xbbff);
    if (type != FLOAT32) {
      __builtin_memcpy((char *)from + 2 * i, &half, 2);
    }
  }
}

static uint64_t linear_case(const struct kernels *k, uint64_t sum, int32_t type) {
  struct linear job = {.rows = from_to(1, 40), .in = from_to(1, 200), .out = from_to(1, 150),
      .weight_type = type, .activation = (int32_t)from_to(NO_ACTIVATION, RELU)};
  fill(numbers[0], job.rows * job.in, 3);
  fill(numbers[1], job.in * job.out, 1);
  fill(numbers[2], job.out, 1);
  fill(numbers[3], job.rows * job.out, 1);
  narrow(numbers[1], job.in * job.out, type);
  struct packing packing = {.weight = numbers[1], .packed = bytes, .in = job.in, .out = job.out,
      .in_stride = 1, .out_stride = job.in, .bytes = type == FLOAT32 ? 4 : 2};
  pool_run(pack, &packing, from_to(1, 7), MOST_WORKERS);
  job.x = numbers[0];
  job.weight = bytes;
  job.bias = from_to(0, 1) ? numbers[2] : 0;
  job.residual = from_to(0, 1) ? numbers[3] : 0;
  job.panels = job.rows == 1 ? numbers[0] : numbers[6];
  job.y = numbers[4];
  if (job.rows > 1) {
    pool_run(k->panel, &job, from_to(1, 7), MOST_WORKERS);
  }
  pool_run(k->linear, &job, from_to(1, 7), MOST_WORKERS);
  return checksum(sum, job.y, job.rows * job.out * 4);
}

static uint64_t int8_case(const struct kernels *k, uint64_t sum) {
  struct int8_linear job = {.rows = from_to(1, 40), .in = from_to(1, 200), .out = from_to(1, 150),
      .activated = (int32_t)from_to(0, 1), .shift = -0.17f,
      .activation = (int32_t)from_to(NO_ACTIVATION, RELU)};
  fill(numbers[0], job.rows * job.in, 3);
  int8_t *weight = (int8_t *)numbers[1];
  int32_t *sums = (int32_t *)numbers[5];
  for (int64_t n = 0; n < job.out; n++) {
    sums[n] = 0;
    for (int64_t i = 0; i < job.in; i++) {
      weight[n * job.in + i] = (int8_t)from_to(-127, 127);
      sums[n] += weight[n * job.in + i];
    }
  }
  struct packing packing = {.weight = weight, .packed = bytes, .in = job.in, .out = job.out,
      .in_stride = 1, .out_stride = job.in, .bytes = 1};
  pool_run(pack, &packing, from_to(1, 7), MOST_WORKERS);
  fill(numbers[2], job.out, 0.01f);
  fill(numbers[3], job.rows * job.out, 1);
  job.x = numbers[0];
  job.weight = (const int8_t *)bytes;
  job.scale = numbers[2];
  job.sums = sums;
  job.bias = numbers[3];
  job.residual = from_to(0, 1) ? numbers[3] : 0;
  job.addend = job.residual ? 0 : numbers[3];
  job.y = numbers[4];
  job.quantized = bytes + ROOM / 2;
  job.row_scale = numbers[5] + 1024;
  pool_run(k->int8_quantize, &job, from_to(1, 7), MOST_WORKERS);
  pool_run(k->int8_linear, &job, from_to(1, 7), MOST_WORKERS);
  return checksum(sum, job.y, job.rows * job.out * 4);
}

static uint64_t norm_case(const struct kernels *k, uint64_t sum) {
  struct layer_norm job = {.x = numbers[0], .weight = numbers[1], .bias = numbers[2],
      .y = numbers[4], .rows = from_to(1, 40), .width = from_to(1, 300), .epsilon = 1e-5f};
  fill(numbers[0], job.rows * job.width, 3);
  fill(numbers[1], job.width, 1);
  fill(numbers[2], job.width, 1);
  pool_run(k->layer_norm, &job, from_to(1, 7), MOST_WORKERS);
  return checksum(sum, job.y, job.rows * job.width * 4);
}

static uint64_t embedding_case(const struct kernels *k, uint64_t sum, int32_t type) {
  static int32_t tokens[40], positions[40];
  struct embedding job = {.tokens_table = bytes, .positions_table = numbers[2], .tokens = tokens,
      .positions = positions, .y = numbers[4], .rows = from_to(1, 40), .width = from_to(1, 300),
      .table_type = type};
  fill(numbers[1], 70 * job.width, 1);
  narrow(numbers[1], 70 * job.width, type);
  fill(numbers[2], 5 * job.width, 1);
  struct packing packing = {.weight = numbers[1], .packed = bytes, .in = job.width, .out = 70,
      .in_stride = 1, .out_stride = job.width, .bytes = type == FLOAT32 ? 4 : 2};
  pool_run(pack, &packing, from_to(1, 7), MOST_WORKERS);
  for (int64_t i = 0; i < job.rows; i++) {
    tokens[i] = (int32_t)from_to(0, 69);
    positions[i] = (int32_t)from_to(0, 4);
  }
  pool_run(k->embedding, &job, from_to(1, 7), MOST_WORKERS);
  return checksum(sum, job.y, job.rows * job.width * 4);
}

static uint64_t attention_case(const struct kernels *k, uint64_t sum, int32_t type) {
  static int32_t positions[40], slots[40];
  struct attention job = {.heads = from_to(1, 4), .head_width = from_to(1, 80),
      .positions = from_to(1, 100), .cache_type = type, .scale = 0.3f};
  // Some rows of each of two slots in turns, or all of one and then all of the other, which write for
  // themselves.
  bool alone = from_to(0, 1);
  int64_t turn = from_to(1, 20);
  job.rows = least(from_to(1, alone ? 12 : 40), job.positions);
  for (int64_t i = 0; i < job.rows; i++) {
    positions[i] = (int32_t)(job.positions - job.rows + i);
    slots[i] = (int32_t)(alone ? 2 * i / job.rows : i / turn % 2);
  }
  int64_t numbers_per_slot = job.heads * job.head_width * blocks_of(job.positions, 16) * 16;
  fill(numbers[0], job.rows * 3 * job.heads * job.head_width, 1);
  fill(numbers[1], 2 * numbers_per_slot, 1);
  fill(numbers[2], 2 * numbers_per_slot, 1);
  if (type == FLOAT16) {
    // Numbers between 1 / 4 and 2, whatever their bits were.
    for (int64_t i = 0; i < 4 * numbers_per_slot; i++) {
      ((uint16_t *)numbers[1])[i] = (uint16_t)(0x3400 + next() % 0xbff);
      ((uint16_t *)numbers[2])[i] = (uint16_t)(0xb400 + next() % 0xbff);
    }
  }
  job.qkv = numbers[0];
  job.keys = numbers[1];
  job.values = numbers[2];
  job.row_positions = positions;
  job.row_slots = slots;
  job.y = numbers[4];
  job.scratch = numbers[5];
  if (!slots_attend_alone(&job)) {
    pool_run(k->write_cache, &job, from_to(1, 7), MOST_WORKERS);
  }
  pool_run(k->attention, &job, from_to(1, 7), MOST_WORKERS);
  sum = checksum(sum, job.y, job.rows * job.heads * job.head_width * 4);
  return checksum(checksum(sum, job.keys, numbers_per_slot), job.values, numbers_per_slot);
}

static uint64_t logits_case(const struct kernels *k, uint64_t sum, int32_t result) {
  static float temperatures[9] = {1, 0.7f, 1, 1.3f, 2, 1, 1, 0.1f, 1};
  static int32_t tokens[9];
  struct logits job = {.x = numbers[0], .temperatures = temperatures, .tokens = tokens,
      .y = numbers[4], .rows = from_to(1, 9), .width = from_to(1, 3000), .result = result};
  fill(numbers[0], job.rows * job.width, 30);
  for (int64_t i = 0; i < job.rows; i++) {
    tokens[i] = (int32_t)from_to(0, job.width - 1);
  }
  pool_run(k->logits, &job, from_to(1, 7), MOST_WORKERS);
  int64_t count = result == SOFTMAX ? job.rows * job.width : result == SCORE ? 3 * job.rows : job.rows;
  return checksum(sum, job.y, count * 4);
}

static uint64_t map_case(const struct kernels *k, uint64_t sum, int32_t function) {
  struct map job = {.x = numbers[0], .y = numbers[4], .count = from_to(1, 5000),
      .function = function, .activation = (int32_t)from_to(NO_ACTIVATION, RELU)};
  fill(numbers[0], job.count, 110);
  if (function == LOG) {
    for (int64_t i = 0; i < job.count; i++) {
      numbers[0][i] = numbers[0][i] < 0 ? -numbers[0][i] : numbers[0][i];
    }
  }
  pool_run(k->map, &job, from_to(1, 7), MOST_WORKERS);
  return checksum(sum, job.y, job.count * 4);
}

static int64_t number(const char *text) {
  int64_t value = 0;
  for (; *text; text++) {
    value = 10 * value + (*text - '0');
  }
  return value;
}

static long run(long count, char **arguments) {
  int32_t index = 0;
  while (count == 3 && variant(index)
      && (length(variant(index)->name) != length(arguments[1])
          || checksum(0, variant(index)->name, length(arguments[1]))
              != checksum(0, arguments[1], length(arguments[1])))) {
    index++;
  }
  const struct kernels *k = variant(index);
  if (count != 3 || !k) {
    return 2;
  }
  if (!variant_runs(index)) {
    return 3;
  }
  state = 88172645463325252u + (uint64_t)number(arguments[2]);
  static const char *const names[] = {"linear-float32", "linear-bfloat16", "linear-float16",
      "linear-int8", "layer-norm", "embedding-float32", "embedding-float16", "attention-float32",
      "attention-float16", "softmax", "log-sum-exp", "score", "argmax", "exp", "log", "activation"};
  enum { KERNELS = sizeof names / sizeof *names };
  uint64_t sums[KERNELS] = {0};
  for (int i = 0; i < CASES; i++) {
    sums[0] = linear_case(k, sums[0], FLOAT32);
    sums[1] = linear_case(k, sums[1], BFLOAT16);
    sums[2] = linear_case(k, sums[2], FLOAT16);
    sums[3] = int8_case(k, sums[3]);
    sums[4] = norm_case(k, sums[4]);
    sums[5] = embedding_case(k, sums[5], FLOAT32);
    sums[6] = embedding_case(k, sums[6], FLOAT16);
    sums[7] = attention_case(k, sums[7], FLOAT32);
    sums[8] = attention_case(k, sums[8], FLOAT16);
    sums[9] = logits_case(k, sums[9], SOFTMAX);
    sums[10] = logits_case(k, sums[10], LOG_SUM_EXP);
    sums[11] = logits_case(k, sums[11], SCORE);
    sums[12] = logits_case(k, sums[12], ARGMAX);
    sums[13] = map_case(k, sums[13], EXP);
    sums[14] = map_case(k, sums[14], LOG);
    sums[15] = map_case(k, sums[15], ACTIVATION);
  }
  for (int i = 0; i < KERNELS; i++) {
    print(names[i], sums[i]);
  }
  return 0;
}

__attribute__((used)) static void begin(long *stack) {
  long result = run(stack[0], (char **)(stack + 1));
  system_call(EXIT, result, 0, 0);
  __builtin_unreachable();
}
