// The kernels as operators of libtorch, `ops.gpt2.NAME` in TorchScript, registered through its stable C
// interface. Every tensor is checked before anything is computed: what does not fit is an exception of
// libtorch's, which Java gets.
#include "pool.h"
#include "processor.h"

typedef struct opaque *handle;
typedef void operation(uint64_t *stack, uint64_t arguments, uint64_t results);

// Functions of libtorch, in the order in which Java looks them up; then macOS's.
static struct {
  int32_t (*library_init_def)(const char *space, const char *file, uint32_t line, handle *library);
  int32_t (*library_init_impl)(const char *space, const char *key, const char *file, uint32_t line,
      handle *library);
  int32_t (*library_def)(handle library, const char *schema);
  int32_t (*library_impl)(handle library, const char *name, operation *operation);
  int32_t (*get_data_ptr)(handle tensor, void **data);
  int32_t (*get_dim)(handle tensor, int64_t *dimensions);
  int32_t (*get_dtype)(handle tensor, int32_t *type);
  int32_t (*get_device_type)(handle tensor, int32_t *type);
  int32_t (*get_sizes)(handle tensor, int64_t **sizes);
  int32_t (*get_strides)(handle tensor, int64_t **strides);
  int32_t (*empty_strided)(int64_t dimensions, const int64_t *sizes, const int64_t *strides,
      int32_t type, int32_t device_type, int32_t device_index, handle *tensor);
  int32_t (*delete_tensor)(handle tensor);
  void (*check)(bool condition, const char *function, const char *file, uint32_t line,
      const char *message);
  struct sleeping sleeping;
} torch;

// The variant in use.
static const struct kernels *kernels;

enum dtype { INT8_TYPE = 1, INT32_TYPE = 3, FLOAT16_TYPE = 5, FLOAT32_TYPE = 6, BFLOAT16_TYPE = 15 };

enum { MOST_DIMENSIONS = 5, MOST_TENSORS = 6 };

// A tensor that came in; its numbers lie in order and nothing between them, unless it is `strided`.
struct tensor {
  void *data;
  int64_t dimensions;
  int64_t sizes[MOST_DIMENSIONS];
  int64_t strides[MOST_DIMENSIONS];
  int32_t type;
};

// A call: the tensors that came in, and the first error in them.
struct call {
  uint64_t *stack;
  int tensors;
  handle made[2];
  int made_count;
  const char *wrong;
};

static void require(struct call *call, bool right, const char *otherwise) {
  if (!right && !call->wrong) {
    call->wrong = otherwise;
  }
}

// Looks at the next tensor of the call, which are its first arguments.
static struct tensor next_tensor(struct call *call, int64_t dimensions, bool strided,
    const char *otherwise) {
  struct tensor t = {0};
  handle tensor = (handle)call->stack[call->tensors++];
  int32_t device;
  int64_t *sizes, *strides;
  bool known = !torch.get_dim(tensor, &t.dimensions) && !torch.get_dtype(tensor, &t.type)
      && !torch.get_device_type(tensor, &device) && device == 0
      && !torch.get_sizes(tensor, &sizes) && !torch.get_strides(tensor, &strides)
      && !torch.get_data_ptr(tensor, &t.data);
  require(call, known && t.dimensions == dimensions, otherwise);
  if (call->wrong) {
    return t;
  }
  int64_t expected = 1;
  for (int64_t i = dimensions - 1; i >= 0; i--) {
    t.sizes[i] = sizes[i];
    t.strides[i] = strides[i];
    require(call, strided || t.sizes[i] == 1 || t.strides[i] == expected || t.sizes[i] == 0, otherwise);
    expected *= t.sizes[i];
  }
  return t;
}

// A vector of a type with `length` numbers, or with none if it is optional: then there is no data.
static struct tensor next_vector(struct call *call, int32_t type, int64_t length, bool optional,
    const char *otherwise) {
  struct tensor t = next_tensor(call, 1, false, otherwise);
  require(call, t.type == type && (t.sizes[0] == length || (optional && t.sizes[0] == 0)), otherwise);
  if (t.sizes[0] == 0 && optional) {
    t.data = 0;
  }
  return t;
}

static struct tensor next_matrix(struct call *call, int64_t rows, int64_t width, bool optional,
    const char *otherwise) {
  struct tensor t = next_tensor(call, 2, false, otherwise);
  bool none = optional && t.sizes[0] == 0;
  require(call, t.type == FLOAT32_TYPE && (none || (t.sizes[0] == rows && t.sizes[1] == width)),
      otherwise);
  if (none) {
    t.data = 0;
  }
  return t;
}

static void *make(struct call *call, int32_t type, int64_t dimensions, const int64_t *sizes) {
  int64_t strides[MOST_DIMENSIONS];
  void *data = 0;
  if (call->wrong) {
    return data;
  }
  int64_t stride = 1;
  for (int64_t i = dimensions - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= sizes[i];
  }
  handle made;
  if (torch.empty_strided(dimensions, sizes, strides, type, 0, 0, &made)) {
    require(call, false, "gpt2: there is no memory for a result");
    return data;
  }
  call->made[call->made_count++] = made;
  require(call, !torch.get_data_ptr(made, &data), "gpt2: a result has no data");
  return data;
}

// Gives back what came in and leaves the first tensor that was made as the result, or throws.
static void finish_call(struct call *call) {
  for (int i = 0; i < call->tensors; i++) {
    torch.delete_tensor((handle)call->stack[i]);
  }
  for (int i = call->wrong ? 0 : 1; i < call->made_count; i++) {
    torch.delete_tensor(call->made[i]);
  }
  if (call->wrong) {
    torch.check(false, "gpt2", __FILE_NAME__, __LINE__, call->wrong);
  }
  call->stack[0] = (uint64_t)call->made[0];
}

static bool is_float(int32_t dtype) {
  return dtype == FLOAT32_TYPE || dtype == BFLOAT16_TYPE || dtype == FLOAT16_TYPE;
}

static int32_t number_type(int32_t dtype) {
  return dtype == BFLOAT16_TYPE ? BFLOAT16 : dtype == FLOAT16_TYPE ? FLOAT16 : FLOAT32;
}

static float float_argument(uint64_t bits) {
  double value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return (float)value;
}

// The number of parts of work that takes `operations`: none smaller than what threads cost.
static int64_t parts_of(int64_t operations, int64_t most) {
  int64_t workers = pool_workers();
  int64_t parts = least(least(operations / 32768, most), workers * 4);
  return workers == 1 || parts < 1 ? 1 : parts;
}

static void run(kernel *kernel, const void *arguments, int64_t parts) {
  pool_run(kernel, arguments, parts, MOST_WORKERS);
}

static bool in_range(const int32_t *numbers, int64_t count, int64_t end) {
  for (int64_t i = 0; i < count; i++) {
    if (numbers[i] < 0 || numbers[i] >= end) {
      return false;
    }
  }
  return true;
}

// pack(Tensor weight) -> Tensor: of [out, in], strided as it may be.
static void pack_operation(uint64_t *stack, uint64_t arguments, uint64_t results) {
  (void)arguments, (void)results;
  struct call call = {.stack = stack};
  struct tensor weight = next_tensor(&call, 2, true, "gpt2::pack: weight is not a matrix on the CPU");
  bool int8 = weight.type == INT8_TYPE;
  require(&call, int8 || is_float(weight.type),
      "gpt2::pack: weight is not in float32, bfloat16, float16 or int8");
  int64_t out = weight.sizes[0], in = weight.sizes[1];
  int64_t sizes[] = {blocks_of(out, 16), int8 ? blocks_of(in, 4) : in, 16, 4};
  void *packed = make(&call, weight.type, int8 ? 4 : 3, sizes);
  if (!call.wrong) {
    struct packing packing = {.weight = weight.data, .packed = packed, .in = in, .out = out,
        .in_stride = weight.strides[1], .out_stride = weight.strides[0],
        .bytes = int8 ? 1 : weight.type == FLOAT32_TYPE ? 4 : 2};
    run(pack, &packing, parts_of(in * out, blocks_of(out, 16)));
  }
  finish_call(&call);
}

// linear(Tensor x, Tensor weight, Tensor bias, Tensor residual, int out, int activation) -> Tensor
static void linear_operation(uint64_t *stack, uint64_t arguments, uint64_t results) {
  (void)arguments, (void)results;
  struct call call = {.stack = stack};
  int64_t out = (int64_t)stack[4];
  struct tensor x = next_tensor(&call, 2, false, "gpt2::linear: x is not a matrix");
  struct tensor weight = next_tensor(&call, 3, false, "gpt2::linear: weight is not packed");
  int64_t rows = x.sizes[0], in = x.sizes[1];
  require(&call, x.type == FLOAT32_TYPE, "gpt2::linear: x is not in float32");
  require(&call, is_float(weight.type),
      "gpt2::linear: weight is not in float32, bfloat16 or float16");
  require(&call, weight.sizes[1] == in && weight.sizes[2] == 16 && out > 0
      && weight.sizes[0] == blocks_of(out, 16), "gpt2::linear: weight does not fit x and out");
  struct tensor bias = next_vector(&call, FLOAT32_TYPE, out, true, "gpt2::linear: bias does not fit");
  struct tensor residual = next_matrix(&call, rows, out, true, "gpt2::linear: residual does not fit");
  int64_t sizes[] = {rows, out};
  float *y = make(&call, FLOAT32_TYPE, 2, sizes);
  int64_t room[] = {rows, in + 16};
  float *panels = rows == 1 ? x.data : make(&call, FLOAT32_TYPE, 2, room);
  if (!call.wrong) {
    struct linear job = {.x = x.data, .weight = weight.data, .bias = bias.data,
        .residual = residual.data, .panels = panels, .y = y, .rows = rows, .in = in, .out = out,
        .weight_type = number_type(weight.type), .activation = (int32_t)stack[5]};
    if (rows > 1) {
      run(kernels->panel, &job, parts_of(rows * in * 4, rows));
    }
    run(kernels->linear, &job, parts_of(rows * in * out, blocks_of(out, 64)));
  }
  finish_call(&call);
}

// int8_linear(Tensor x, Tensor weight, Tensor scale, Tensor sums, Tensor bias, Tensor residual,
//     int activation, int activated, float shift) -> Tensor
static void int8_linear_operation(uint64_t *stack, uint64_t arguments, uint64_t results) {
  (void)arguments, (void)results;
  struct call call = {.stack = stack};
  struct tensor x = next_tensor(&call, 2, false, "gpt2::int8_linear: x is not a matrix");
  struct tensor weight = next_tensor(&call, 4, false, "gpt2::int8_linear: weight is not packed");
  int64_t rows = x.sizes[0], in = x.sizes[1];
  struct tensor scale = next_tensor(&call, 1, false, "gpt2::int8_linear: scale is not a vector");
  int64_t out = scale.sizes[0];
  require(&call, x.type == FLOAT32_TYPE && scale.type == FLOAT32_TYPE,
      "gpt2::int8_linear: x or scale is not in float32");
  require(&call, weight.type == INT8_TYPE && weight.sizes[0] == blocks_of(out, 16)
      && weight.sizes[1] == blocks_of(in, 4) && weight.sizes[2] == 16 && weight.sizes[3] == 4,
      "gpt2::int8_linear: weight does not fit x and scale");
  // 255 times 127 as often fits 32 bits.
  require(&call, in <= 65536, "gpt2::int8_linear: more than 65536 inputs");
  struct tensor sums =
      next_vector(&call, INT32_TYPE, out, false, "gpt2::int8_linear: sums do not fit");
  struct tensor bias =
      next_vector(&call, FLOAT32_TYPE, out, true, "gpt2::int8_linear: bias does not fit");
  struct tensor residual =
      next_matrix(&call, rows, out, true, "gpt2::int8_linear: residual does not fit");
  int64_t length = blocks_of(in, 4) * 4;
  int64_t sizes[] = {rows, out};
  float *y = make(&call, FLOAT32_TYPE, 2, sizes);
  // The rows in 8 bits, and their scales behind them.
  int64_t room[] = {rows, length + 4};
  uint8_t *own = make(&call, INT8_TYPE, 2, room);
  if (!call.wrong) {
    struct int8_linear job = {.x = x.data, .weight = weight.data, .scale = scale.data,
        .sums = sums.data, .bias = bias.data, .residual = residual.data, .y = y, .quantized = own,
        .row_scale = (float *)(void *)(own + rows * length), .rows = rows, .in = in, .out = out,
        .shift = float_argument(stack[8]), .activated = stack[7] != 0,
        .activation = (int32_t)stack[6]};
    run(kernels->int8_quantize, &job, parts_of(rows * in, rows));
    run(kernels->int8_linear, &job, parts_of(rows * in * out, blocks_of(out, 64)));
  }
  finish_call(&call);
}

// layer_norm(Tensor x, Tensor weight, Tensor bias, float epsilon) -> Tensor
static void layer_norm_operation(uint64_t *stack, uint64_t arguments, uint64_t results) {
  (void)arguments, (void)results;
  struct call call = {.stack = stack};
  struct tensor x = next_tensor(&call, 2, false, "gpt2::layer_norm: x is not a matrix");
  int64_t rows = x.sizes[0], width = x.sizes[1];
  require(&call, x.type == FLOAT32_TYPE, "gpt2::layer_norm: x is not in float32");
  struct tensor weight =
      next_vector(&call, FLOAT32_TYPE, width, false, "gpt2::layer_norm: weight does not fit");
  struct tensor bias =
      next_vector(&call, FLOAT32_TYPE, width, false, "gpt2::layer_norm: bias does not fit");
  float *y = make(&call, FLOAT32_TYPE, 2, x.sizes);
  if (!call.wrong) {
    struct layer_norm job = {.x = x.data, .weight = weight.data, .bias = bias.data, .y = y,
        .rows = rows, .width = width, .epsilon = float_argument(stack[3])};
    run(kernels->layer_norm, &job, parts_of(8 * rows * width, rows));
  }
  finish_call(&call);
}

// embedding(Tensor tokens_table, Tensor positions_table, Tensor tokens, Tensor positions) -> Tensor
static void embedding_operation(uint64_t *stack, uint64_t arguments, uint64_t results) {
  (void)arguments, (void)results;
  struct call call = {.stack = stack};
  struct tensor table = next_tensor(&call, 3, false, "gpt2::embedding: tokens' table is not packed");
  struct tensor places = next_tensor(&call, 2, false, "gpt2::embedding: positions' table is no matrix");
  int64_t width = table.sizes[1];
  require(&call, is_float(table.type) && table.sizes[2] == 16,
      "gpt2::embedding: tokens' table is not packed or not in float32, bfloat16 or float16");
  require(&call, places.type == FLOAT32_TYPE && places.sizes[1] == width,
      "gpt2::embedding: positions' table does not fit");
  struct tensor tokens = next_tensor(&call, 1, false, "gpt2::embedding: tokens are no vector");
  int64_t rows = tokens.sizes[0];
  struct tensor positions =
      next_vector(&call, INT32_TYPE, rows, false, "gpt2::embedding: positions do not fit");
  require(&call, tokens.type == INT32_TYPE, "gpt2::embedding: tokens are not in int32");
  require(&call, call.wrong || (in_range(tokens.data, rows, table.sizes[0] * 16)
      && in_range(positions.data, rows, places.sizes[0])),
      "gpt2::embedding: a token or position is not in its table");
  int64_t sizes[] = {rows, width};
  float *y = make(&call, FLOAT32_TYPE, 2, sizes);
  if (!call.wrong) {
    struct embedding job = {.tokens_table = table.data, .positions_table = places.data,
        .tokens = tokens.data, .positions = positions.data, .y = y, .rows = rows, .width = width,
        .table_type = number_type(table.type)};
    run(kernels->embedding, &job, parts_of(rows * width, rows));
  }
  finish_call(&call);
}

// attention(Tensor qkv, Tensor(a!) keys, Tensor(b!) values, Tensor positions, Tensor slots, float scale)
//     -> Tensor: writes keys and values of the rows, then attends.
static void attention_operation(uint64_t *stack, uint64_t arguments, uint64_t results) {
  (void)arguments, (void)results;
  struct call call = {.stack = stack};
  struct tensor qkv = next_tensor(&call, 2, false, "gpt2::attention: qkv is not a matrix");
  struct tensor keys = next_tensor(&call, 5, false, "gpt2::attention: keys do not lie in blocks");
  struct tensor values = next_tensor(&call, 4, false, "gpt2::attention: values do not fit");
  int64_t rows = qkv.sizes[0];
  int64_t slots = values.sizes[0], heads = values.sizes[1], places = values.sizes[2];
  int64_t width = values.sizes[3];
  require(&call, qkv.type == FLOAT32_TYPE && qkv.sizes[1] == 3 * heads * width,
      "gpt2::attention: qkv does not fit");
  require(&call, keys.type == values.type
      && (keys.type == FLOAT32_TYPE || keys.type == FLOAT16_TYPE),
      "gpt2::attention: the cache is not in float32 or float16");
  require(&call, keys.sizes[0] == slots && keys.sizes[1] == heads
      && keys.sizes[2] == blocks_of(places, 16) && keys.sizes[3] == width && keys.sizes[4] == 16,
      "gpt2::attention: keys do not fit values");
  struct tensor positions =
      next_vector(&call, INT32_TYPE, rows, false, "gpt2::attention: positions do not fit");
  struct tensor row_slots =
      next_vector(&call, INT32_TYPE, rows, false, "gpt2::attention: slots do not fit");
  require(&call, call.wrong || (in_range(positions.data, rows, places)
      && in_range(row_slots.data, rows, slots)), "gpt2::attention: a position or slot is not there");
  int64_t sizes[] = {rows, heads * width};
  float *y = make(&call, FLOAT32_TYPE, 2, sizes);
  struct attention job = {.qkv = qkv.data, .keys = keys.data, .values = values.data,
      .row_positions = positions.data, .row_slots = row_slots.data, .y = y, .rows = rows,
      .heads = heads, .head_width = width, .positions = places,
      .cache_type = number_type(keys.type), .scale = float_argument(stack[5])};
  int64_t room[] = {pool_workers(), attention_scratch(&job)};
  job.scratch = make(&call, FLOAT32_TYPE, 2, room);
  if (!call.wrong) {
    int64_t seen = 0;
    for (int64_t i = 0; i < rows; i++) {
      seen += job.row_positions[i] + 1;
    }
    if (!slots_attend_alone(&job)) {
      run(kernels->write_cache, &job, parts_of(rows * heads * width * 8, rows));
    }
    pool_run(kernels->attention, &job, parts_of(seen * heads * width * 2, rows * heads), room[0]);
  }
  finish_call(&call);
}

// logits(Tensor x, Tensor temperatures, Tensor tokens, int result) -> Tensor: see enum logits_result.
static void logits_operation(uint64_t *stack, uint64_t arguments, uint64_t results) {
  (void)arguments, (void)results;
  struct call call = {.stack = stack};
  int64_t result = (int64_t)stack[3];
  struct tensor x = next_tensor(&call, 2, false, "gpt2::logits: x is not a matrix");
  int64_t rows = x.sizes[0], width = x.sizes[1];
  require(&call, x.type == FLOAT32_TYPE && width > 0, "gpt2::logits: x is not in float32");
  require(&call, result >= SOFTMAX && result <= ARGMAX, "gpt2::logits: there is no such result");
  struct tensor temperatures =
      next_vector(&call, FLOAT32_TYPE, rows, false, "gpt2::logits: temperatures do not fit");
  struct tensor tokens = next_vector(&call, INT32_TYPE, result == SCORE ? rows : 0, false,
      "gpt2::logits: tokens do not fit");
  require(&call, call.wrong || result != SCORE || in_range(tokens.data, rows, width),
      "gpt2::logits: there is no such token");
  int64_t matrix[] = {result == SCORE ? 3 : rows, result == SCORE ? rows : width};
  bool vector = result == LOG_SUM_EXP || result == ARGMAX;
  float *y = make(&call, FLOAT32_TYPE, vector ? 1 : 2, vector ? &rows : matrix);
  if (!call.wrong) {
    struct logits job = {.x = x.data, .temperatures = temperatures.data, .tokens = tokens.data,
        .y = y, .rows = rows, .width = width, .result = (int32_t)result};
    run(kernels->logits, &job, parts_of(8 * rows * width, rows));
  }
  finish_call(&call);
}

// activate(Tensor x, int activation) -> Tensor
static void activate_operation(uint64_t *stack, uint64_t arguments, uint64_t results) {
  (void)arguments, (void)results;
  struct call call = {.stack = stack};
  int64_t activation = (int64_t)stack[1];
  struct tensor x = next_tensor(&call, 2, false, "gpt2::activate: x is not a matrix");
  require(&call, x.type == FLOAT32_TYPE, "gpt2::activate: x is not in float32");
  float *y = make(&call, FLOAT32_TYPE, 2, x.sizes);
  if (!call.wrong) {
    struct map job = {.x = x.data, .y = y, .count = x.sizes[0] * x.sizes[1], .function = ACTIVATION,
        .activation = (int32_t)activation};
    run(kernels->map, &job, parts_of(8 * job.count, blocks_of(job.count, 1024)));
  }
  finish_call(&call);
}

static const struct {
  const char *schema;
  const char *name;
  operation *operation;
} operations[] = {
    {"pack(Tensor weight) -> Tensor", "pack", pack_operation},
    {"linear(Tensor x, Tensor weight, Tensor bias, Tensor residual, int out, int activation) -> Tensor",
        "linear", linear_operation},
    {"int8_linear(Tensor x, Tensor weight, Tensor scale, Tensor sums, Tensor bias, Tensor residual, "
     "int activation, int activated, float shift) -> Tensor",
        "int8_linear", int8_linear_operation},
    {"layer_norm(Tensor x, Tensor weight, Tensor bias, float epsilon) -> Tensor", "layer_norm",
        layer_norm_operation},
    {"embedding(Tensor tokens_table, Tensor positions_table, Tensor tokens, Tensor positions) -> Tensor",
        "embedding", embedding_operation},
    {"attention(Tensor qkv, Tensor(a!) keys, Tensor(b!) values, Tensor positions, Tensor slots, "
     "float scale) -> Tensor",
        "attention", attention_operation},
    {"logits(Tensor x, Tensor temperatures, Tensor tokens, int result) -> Tensor", "logits",
        logits_operation},
    {"activate(Tensor x, int activation) -> Tensor", "activate", activate_operation},
};

// For Java. Returns 0, or the step of the registration that failed.
EXPORT int32_t gpt2_register(const void *functions, int64_t bytes) {
  if (bytes != (int64_t)sizeof torch) {
    return -1;
  }
  __builtin_memcpy(&torch, functions, sizeof torch);
  pool_prepare(&torch.sleeping);
  if (!kernels) {
    kernels = variant(0);
  }
  handle definitions, implementations;
  if (torch.library_init_def("gpt2", __FILE_NAME__, __LINE__, &definitions)
      || torch.library_init_impl("gpt2", "CPU", __FILE_NAME__, __LINE__, &implementations)) {
    return 1;
  }
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
    if (torch.library_def(definitions, operations[i].schema)
        || torch.library_impl(implementations, operations[i].name, operations[i].operation)) {
      return 2 + (int32_t)i;
    }
  }
  return 0;
}

// The name of a variant, or null.
EXPORT const char *gpt2_variant(int32_t index) {
  const struct kernels *found = variant(index);
  return found ? found->name : 0;
}

// Returns whether this processor can run a variant.
EXPORT int32_t gpt2_variant_runs(int32_t index) { return variant(index) && variant_runs(index); }

EXPORT void gpt2_use(int32_t index) { kernels = variant(index); }

EXPORT void gpt2_open(int32_t workers) { pool_open((int32_t)least(workers, MOST_WORKERS)); }

EXPORT void gpt2_work(int32_t worker) { pool_work(worker); }

EXPORT void gpt2_close(void) { pool_close(); }

// For tests: runs a kernel of the variant in use, by its place among the table's, in some parts.
EXPORT void gpt2_run(int32_t place, const void *arguments, int64_t parts) {
  kernel *const all[] = {kernels->panel, kernels->linear, kernels->int8_quantize,
      kernels->int8_linear, kernels->layer_norm, kernels->embedding, kernels->write_cache,
      kernels->attention, kernels->logits, kernels->map};
  run(all[place], arguments, parts);
}

EXPORT void gpt2_pack(const struct packing *packing) { pack(packing, 0, 1, 0); }
