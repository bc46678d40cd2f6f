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

enum { MOST_DIMENSIONS = 5, MOST_MADE = 2, BLOCK_TENSORS = 10 };

// Of a tensor that may have any number of dimensions.
enum { ANY = -1 };

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
  handle made[MOST_MADE];
  int made_count;
  const char *wrong;
  char shortage[80];  // `wrong`, where there was no memory
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
  require(call, known && t.dimensions <= MOST_DIMENSIONS
      && (t.dimensions == dimensions || dimensions == ANY), otherwise);
  if (call->wrong) {
    return t;
  }
  int64_t expected = 1;
  for (int64_t i = t.dimensions - 1; i >= 0; i--) {
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

// libtorch's own words, by which Java knows it.
static const char *no_memory(struct call *call, int64_t bytes) {
  static const char text[] = "gpt2: not enough memory: you tried to allocate ";
  char digits[20];
  int count = 0;
  do {
    digits[count++] = (char)('0' + bytes % 10);
    bytes /= 10;
  } while (bytes > 0);
  char *to = call->shortage;
  copy(to, text, sizeof text - 1);
  to += sizeof text - 1;
  while (count > 0) {
    *to++ = digits[--count];
  }
  copy(to, " bytes.", 8);
  return call->shortage;
}

static int32_t number_type(int32_t dtype) {
  return dtype == BFLOAT16_TYPE ? BFLOAT16 : dtype == FLOAT16_TYPE ? FLOAT16 : FLOAT32;
}

// How many bytes a number takes that `make` or `pack` writes.
static int32_t bytes_of(int32_t dtype) {
  return dtype == INT8_TYPE ? 1 : number_bytes(number_type(dtype));
}

// The product of two sizes, or the largest number if it is larger.
static int64_t times(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
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
    stride = times(stride, sizes[i]);
  }
  handle made;
  if (torch.empty_strided(dimensions, sizes, strides, type, 0, 0, &made)) {
    require(call, false, no_memory(call, times(stride, bytes_of(type))));
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

static float float_argument(uint64_t bits) {
  double value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return (float)value;
}

// The number of parts of work that takes `operations`: none smaller than what threads cost.
static int64_t parts_up_to(int64_t operations, int64_t most) {
  int64_t parts = least(operations / 32768, most);
  return pool_workers() == 1 || parts < 1 ? 1 : parts;
}

static int64_t parts_of(int64_t operations, int64_t most) {
  return parts_up_to(operations, least(most, pool_workers() * 4));
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
        .bytes = bytes_of(weight.type)};
    run(pack, &packing, parts_of(in * out, blocks_of(out, 16)));
  }
  finish_call(&call);
}

// A linear layer: its packed weight, in int8 with the scales and sums of its outputs, and its bias or none.
struct layer {
  struct tensor weight;
  const float *scale;
  const int32_t *sums;
  const float *bias;
  int64_t in, out;
};

// What becomes of a layer's outputs, and in int8 of its inputs: see kernels.h.
struct use {
  const float *residual;
  const float *addend;  // of a layer in int8 alone
  int32_t activation;
  bool activated;
  float shift;
};

static void require_float_layer(struct call *call, const struct layer *layer) {
  const struct tensor *weight = &layer->weight;
  require(call, is_float(weight->type),
      "gpt2::linear: weight is not in float32, bfloat16 or float16");
  require(call, weight->sizes[1] == layer->in && weight->sizes[2] == 16 && layer->out > 0
      && weight->sizes[0] == blocks_of(layer->out, 16), "gpt2::linear: weight does not fit x and out");
}

static void require_int8_layer(struct call *call, const struct layer *layer) {
  const struct tensor *weight = &layer->weight;
  require(call, weight->type == INT8_TYPE && layer->out > 0
      && weight->sizes[0] == blocks_of(layer->out, 16)
      && weight->sizes[1] == blocks_of(layer->in, 4) && weight->sizes[2] == 16
      && weight->sizes[3] == 4, "gpt2::int8_linear: weight does not fit x and scale");
  // 255 times 127 as often fits 32 bits.
  require(call, layer->in <= 65536, "gpt2::int8_linear: more than 65536 inputs");
}

// The parts of a layer's product: units of 64 outputs, each for all rows or for nearly this many of them.
// Longer parts would leave threads without work for longer at the end.
enum { GROUPED_ROWS = 128 };

static int64_t product_parts(int64_t rows, const struct layer *layer) {
  int64_t units = blocks_of(layer->out, 64);
  int64_t groups = rows < 2 * GROUPED_ROWS ? 1 : rows / GROUPED_ROWS;
  return parts_up_to(rows * layer->in * layer->out, least(units * groups, PARTS_LIMIT));
}

// Room for rows in the order in which tiles read them, or in int8 with a scale of each.
static int64_t room_for(int64_t rows, int64_t in) { return rows * (in + 16); }

static float *make_room(struct call *call, int64_t rows, int64_t in) {
  int64_t sizes[] = {room_for(rows, in)};
  return make(call, FLOAT32_TYPE, 1, sizes);
}

// y [rows, out] of x [rows, in]; one row of floats needs no room.
static void run_layer(const struct layer *layer, const float *x, int64_t rows, struct use use,
    float *room, float *y) {
  int64_t in = layer->in, out = layer->out;
  if (layer->weight.type == INT8_TYPE) {
    int64_t length = blocks_of(in, 4) * 4;
    uint8_t *quantized = (uint8_t *)room;
    // The rows in 8 bits, and their scales behind them.
    struct int8_linear job = {.x = x, .weight = layer->weight.data, .scale = layer->scale,
        .sums = layer->sums, .bias = layer->bias, .residual = use.residual, .addend = use.addend,
        .y = y, .quantized = quantized, .row_scale = (float *)(void *)(quantized + rows * length),
        .rows = rows, .in = in, .out = out, .shift = use.shift, .activated = use.activated,
        .activation = use.activation};
    run(kernels->int8_quantize, &job, parts_of(rows * in * 4, rows));
    run(kernels->int8_linear, &job, product_parts(rows, layer));
    return;
  }
  struct linear job = {.x = x, .weight = layer->weight.data, .bias = layer->bias,
      .residual = use.residual, .panels = room, .y = y, .rows = rows, .in = in, .out = out,
      .weight_type = number_type(layer->weight.type), .activation = use.activation};
  if (rows == 1) {
    job.panels = (float *)(uintptr_t)x;
  } else {
    run(kernels->panel, &job, parts_of(rows * in * 4, rows));
  }
  run(kernels->linear, &job, product_parts(rows, layer));
}

// linear(Tensor x, Tensor weight, Tensor bias, Tensor residual, int out, int activation) -> Tensor
static void linear_operation(uint64_t *stack, uint64_t arguments, uint64_t results) {
  (void)arguments, (void)results;
  struct call call = {.stack = stack};
  struct tensor x = next_tensor(&call, 2, false, "gpt2::linear: x is not a matrix");
  int64_t rows = x.sizes[0];
  require(&call, x.type == FLOAT32_TYPE, "gpt2::linear: x is not in float32");
  struct layer layer = {.in = x.sizes[1], .out = (int64_t)stack[4]};
  layer.weight = next_tensor(&call, 3, false, "gpt2::linear: weight is not packed");
  require_float_layer(&call, &layer);
  layer.bias =
      next_vector(&call, FLOAT32_TYPE, layer.out, true, "gpt2::linear: bias does not fit").data;
  struct tensor residual =
      next_matrix(&call, rows, layer.out, true, "gpt2::linear: residual does not fit");
  int64_t sizes[] = {rows, layer.out};
  float *y = make(&call, FLOAT32_TYPE, 2, sizes);
  float *room = rows == 1 ? 0 : make_room(&call, rows, layer.in);
  if (!call.wrong) {
    struct use use = {.residual = residual.data, .activation = (int32_t)stack[5]};
    run_layer(&layer, x.data, rows, use, room, y);
  }
  finish_call(&call);
}

// int8_linear(Tensor x, Tensor weight, Tensor scale, Tensor sums, Tensor bias, Tensor residual,
//     Tensor addend, int activation, int activated, float shift) -> Tensor
static void int8_linear_operation(uint64_t *stack, uint64_t arguments, uint64_t results) {
  (void)arguments, (void)results;
  struct call call = {.stack = stack};
  struct tensor x = next_tensor(&call, 2, false, "gpt2::int8_linear: x is not a matrix");
  int64_t rows = x.sizes[0];
  require(&call, x.type == FLOAT32_TYPE, "gpt2::int8_linear: x is not in float32");
  struct layer layer = {.in = x.sizes[1]};
  layer.weight = next_tensor(&call, 4, false, "gpt2::int8_linear: weight is not packed");
  struct tensor scale = next_tensor(&call, 1, false, "gpt2::int8_linear: scale is not a vector");
  require(&call, scale.type == FLOAT32_TYPE, "gpt2::int8_linear: scale is not in float32");
  layer.scale = scale.data;
  layer.out = scale.sizes[0];
  require_int8_layer(&call, &layer);
  layer.sums =
      next_vector(&call, INT32_TYPE, layer.out, false, "gpt2::int8_linear: sums do not fit").data;
  layer.bias =
      next_vector(&call, FLOAT32_TYPE, layer.out, true, "gpt2::int8_linear: bias does not fit").data;
  struct tensor residual =
      next_matrix(&call, rows, layer.out, true, "gpt2::int8_linear: residual does not fit");
  struct tensor addend =
      next_vector(&call, FLOAT32_TYPE, rows, true, "gpt2::int8_linear: addend does not fit");
  int64_t sizes[] = {rows, layer.out};
  float *y = make(&call, FLOAT32_TYPE, 2, sizes);
  float *room = make_room(&call, rows, layer.in);
  if (!call.wrong) {
    struct use use = {.residual = residual.data, .addend = addend.data,
        .activation = (int32_t)stack[7], .activated = stack[8] != 0,
        .shift = float_argument(stack[9])};
    run_layer(&layer, x.data, rows, use, room, y);
  }
  finish_call(&call);
}

struct norm {
  const float *weight, *bias;
};

static void run_norm(struct norm norm, const float *x, int64_t rows, int64_t width, float epsilon,
    float *y) {
  struct layer_norm job = {.x = x, .weight = norm.weight, .bias = norm.bias, .y = y, .rows = rows,
      .width = width, .epsilon = epsilon};
  run(kernels->layer_norm, &job, parts_of(8 * rows * width, rows));
}

// layer_norm(Tensor x, Tensor weight, Tensor bias, float epsilon) -> Tensor
static void layer_norm_operation(uint64_t *stack, uint64_t arguments, uint64_t results) {
  (void)arguments, (void)results;
  struct call call = {.stack = stack};
  struct tensor x = next_tensor(&call, 2, false, "gpt2::layer_norm: x is not a matrix");
  require(&call, x.type == FLOAT32_TYPE, "gpt2::layer_norm: x is not in float32");
  int64_t width = x.sizes[1];
  struct norm norm;
  norm.weight =
      next_vector(&call, FLOAT32_TYPE, width, false, "gpt2::layer_norm: weight does not fit").data;
  norm.bias =
      next_vector(&call, FLOAT32_TYPE, width, false, "gpt2::layer_norm: bias does not fit").data;
  float *y = make(&call, FLOAT32_TYPE, 2, x.sizes);
  if (!call.wrong) {
    run_norm(norm, x.data, x.sizes[0], width, float_argument(stack[3]), y);
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

// Caches of keys and values, and where the step's rows are in them.
struct places {
  struct tensor keys, values, positions, slots;
};

static struct places next_places(struct call *call, int64_t rows) {
  struct places p;
  p.keys = next_tensor(call, 5, false, "gpt2::attention: keys do not lie in blocks");
  p.values = next_tensor(call, 4, false, "gpt2::attention: values do not fit");
  int64_t slots = p.values.sizes[0], heads = p.values.sizes[1], positions = p.values.sizes[2];
  require(call, p.keys.type == p.values.type
      && (p.keys.type == FLOAT32_TYPE || p.keys.type == FLOAT16_TYPE),
      "gpt2::attention: the cache is not in float32 or float16");
  require(call, p.keys.sizes[0] == slots && p.keys.sizes[1] == heads
      && p.keys.sizes[2] == blocks_of(positions, 16) && p.keys.sizes[3] == p.values.sizes[3]
      && p.keys.sizes[4] == 16, "gpt2::attention: keys do not fit values");
  p.positions =
      next_vector(call, INT32_TYPE, rows, false, "gpt2::attention: positions do not fit");
  p.slots = next_vector(call, INT32_TYPE, rows, false, "gpt2::attention: slots do not fit");
  require(call, call->wrong || (in_range(p.positions.data, rows, positions)
      && in_range(p.slots.data, rows, slots)), "gpt2::attention: a position or slot is not there");
  return p;
}

static struct attention attention_of(const struct places *p, const float *qkv, int64_t rows,
    float scale, float *y) {
  return (struct attention){.qkv = qkv, .keys = p->keys.data, .values = p->values.data,
      .row_positions = p->positions.data, .row_slots = p->slots.data, .y = y, .rows = rows,
      .heads = p->values.sizes[1], .head_width = p->values.sizes[3],
      .positions = p->values.sizes[2], .cache_type = number_type(p->keys.type), .scale = scale};
}

// A tensor of scratch for each worker.
static float *make_scratch(struct call *call, const struct attention *job, int64_t *workers) {
  *workers = pool_workers();
  int64_t sizes[] = {*workers, attention_scratch(job)};
  return make(call, FLOAT32_TYPE, 2, sizes);
}

static void run_attention(const struct attention *job, int64_t workers) {
  int64_t width = job->heads * job->head_width;
  int64_t seen = 0;
  for (int64_t i = 0; i < job->rows; i++) {
    seen += job->row_positions[i] + 1;
  }
  if (!slots_attend_alone(job)) {
    run(kernels->write_cache, job, parts_of(job->rows * width * 8, job->rows));
  }
  pool_run(kernels->attention, job, parts_of(seen * width * 2, job->rows * job->heads), workers);
}

// attention(Tensor qkv, Tensor(a!) keys, Tensor(b!) values, Tensor positions, Tensor slots, float scale)
//     -> Tensor: writes keys and values of the rows, then attends.
static void attention_operation(uint64_t *stack, uint64_t arguments, uint64_t results) {
  (void)arguments, (void)results;
  struct call call = {.stack = stack};
  struct tensor qkv = next_tensor(&call, 2, false, "gpt2::attention: qkv is not a matrix");
  int64_t rows = qkv.sizes[0];
  struct places places = next_places(&call, rows);
  int64_t width = places.values.sizes[1] * places.values.sizes[3];
  require(&call, qkv.type == FLOAT32_TYPE && qkv.sizes[1] == 3 * width,
      "gpt2::attention: qkv does not fit");
  int64_t sizes[] = {rows, width};
  float *y = make(&call, FLOAT32_TYPE, 2, sizes);
  struct attention job = attention_of(&places, qkv.data, rows, float_argument(stack[5]), y);
  int64_t workers;
  job.scratch = make_scratch(&call, &job, &workers);
  if (!call.wrong) {
    run_attention(&job, workers);
  }
  finish_call(&call);
}

// The next weight of a block.
static struct tensor next_weight(struct call *call) {
  struct tensor weight = next_tensor(call, ANY, false, "gpt2::block: weight is not packed");
  require(call, weight.dimensions == (weight.type == INT8_TYPE ? 4 : 3),
      "gpt2::block: weight is not packed");
  return weight;
}

// How many of a block's vectors are a layer's: its bias, in int8 also its scales and sums.
static int64_t vectors_of(const struct tensor *weight) { return weight->type == INT8_TYPE ? 3 : 1; }

// The next of vectors that lie end to end.
static const float *take(const float **vectors, int64_t length) {
  const float *first = *vectors;
  *vectors += length;
  return first;
}

static struct norm block_norm(int64_t width, const float **vectors) {
  struct norm norm;
  norm.weight = take(vectors, width);
  norm.bias = take(vectors, width);
  return norm;
}

// A layer of a block with the next of its vectors.
static struct layer block_layer(struct call *call, const struct tensor *weight, int64_t in, int64_t out,
    const float **vectors) {
  struct layer layer = {.weight = *weight, .in = in, .out = out};
  bool int8 = weight->type == INT8_TYPE;
  (int8 ? require_int8_layer : require_float_layer)(call, &layer);
  layer.bias = take(vectors, out);
  if (int8) {
    layer.scale = take(vectors, out);
    layer.sums = (const int32_t *)(const void *)take(vectors, out);
  }
  return layer;
}

// block(Tensor x, weights of c_attn, c_proj, c_fc and mlp_c_proj, vectors, Tensor(a!) keys,
//     Tensor(b!) values, positions, slots, int activation, float shift, float epsilon, float scale) -> Tensor:
// the block's output, as of the operators one by one. Its vectors lie end to end: weight and bias of ln_1
// and of ln_2, then of each linear layer the bias and, in int8, the scales and the bits of the sums. A call
// costs some of its time for each tensor, most of which are no longer in the processor's cache.
static void block_operation(uint64_t *stack, uint64_t arguments, uint64_t results) {
  (void)arguments, (void)results;
  struct call call = {.stack = stack};
  const uint64_t *numbers = stack + BLOCK_TENSORS;
  struct use activated = {.activation = (int32_t)numbers[0]};
  float shift = float_argument(numbers[1]), epsilon = float_argument(numbers[2]);
  struct tensor x = next_tensor(&call, 2, false, "gpt2::block: x is not a matrix");
  require(&call, x.type == FLOAT32_TYPE, "gpt2::block: x is not in float32");
  int64_t rows = x.sizes[0], width = x.sizes[1];
  struct tensor attn_w = next_weight(&call), proj_w = next_weight(&call);
  struct tensor fc_w = next_weight(&call), mlp_w = next_weight(&call);
  struct tensor vectors = next_tensor(&call, 1, false, "gpt2::block: vectors do not lie end to end");
  require(&call, vectors.type == FLOAT32_TYPE, "gpt2::block: vectors are not in float32");
  int64_t of_width = 4 + 3 * vectors_of(&attn_w) + vectors_of(&proj_w) + vectors_of(&mlp_w);
  int64_t of_inner = vectors_of(&fc_w);
  int64_t inner = (vectors.sizes[0] - of_width * width) / of_inner;
  require(&call, inner > 0 && vectors.sizes[0] == of_width * width + of_inner * inner,
      "gpt2::block: vectors do not fit x and the weights");
  struct places places = next_places(&call, rows);
  require(&call, places.values.sizes[1] * places.values.sizes[3] == width,
      "gpt2::block: the cache does not fit x");
  if (call.wrong) {
    finish_call(&call);
    return;
  }
  const float *next = vectors.data;
  struct norm ln_1 = block_norm(width, &next);
  struct norm ln_2 = block_norm(width, &next);
  struct layer c_attn = block_layer(&call, &attn_w, width, 3 * width, &next);
  struct layer c_proj = block_layer(&call, &proj_w, width, width, &next);
  struct layer c_fc = block_layer(&call, &fc_w, width, inner, &next);
  struct layer mlp_c_proj = block_layer(&call, &mlp_w, inner, width, &next);
  float *y = make(&call, FLOAT32_TYPE, 2, x.sizes);
  int64_t widest = inner > 3 * width ? inner : 3 * width;
  int64_t workers = pool_workers();
  struct attention attention = attention_of(&places, 0, rows, float_argument(numbers[3]), 0);
  // For all that does not outlive the call.
  int64_t sizes[] = {2 * rows * width + rows * widest + room_for(rows, widest)
      + workers * attention_scratch(&attention)};
  float *memory = make(&call, FLOAT32_TYPE, 1, sizes);
  if (!call.wrong) {
    float *between = memory;
    // A norm's output, then the heads'.
    float *narrow = between + rows * width;
    float *wide = narrow + rows * width;
    float *room = wide + rows * widest;
    attention.qkv = wide;
    attention.y = narrow;
    attention.scratch = room + room_for(rows, widest);
    run_norm(ln_1, x.data, rows, width, epsilon, narrow);
    run_layer(&c_attn, narrow, rows, (struct use){0}, room, wide);
    run_attention(&attention, workers);
    run_layer(&c_proj, narrow, rows, (struct use){.residual = x.data}, room, between);
    run_norm(ln_2, between, rows, width, epsilon, narrow);
    run_layer(&c_fc, narrow, rows, activated, room, wide);
    struct use last = {.residual = between, .activated = true, .shift = shift};
    run_layer(&mlp_c_proj, wide, rows, last, room, y);
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
     "Tensor addend, int activation, int activated, float shift) -> Tensor",
        "int8_linear", int8_linear_operation},
    {"layer_norm(Tensor x, Tensor weight, Tensor bias, float epsilon) -> Tensor", "layer_norm",
        layer_norm_operation},
    {"embedding(Tensor tokens_table, Tensor positions_table, Tensor tokens, Tensor positions) -> Tensor",
        "embedding", embedding_operation},
    {"attention(Tensor qkv, Tensor(a!) keys, Tensor(b!) values, Tensor positions, Tensor slots, "
     "float scale) -> Tensor",
        "attention", attention_operation},
    {"block(Tensor x, Tensor c_attn, Tensor c_proj, Tensor c_fc, Tensor mlp_c_proj, Tensor vectors, "
     "Tensor(a!) keys, Tensor(b!) values, Tensor positions, Tensor slots, int activation, float shift, "
     "float epsilon, float scale) -> Tensor",
        "block", block_operation},
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

// Returns the number of workers, the calling thread included, which may be less.
EXPORT int32_t gpt2_open(int32_t workers) {
  pool_open((int32_t)least(workers, MOST_WORKERS));
  return pool_workers();
}

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
