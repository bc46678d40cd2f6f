// Layer norm, embedding and the results of logits: one row at a time.
#include "functions.h"
#include "kernels.h"

static void layer_norm(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct layer_norm *job = arguments;
  int64_t width = job->width;
  for (int64_t row = part; row < job->rows; row += parts) {
    const float *x = job->x + row * width;
    float *y = job->y + row * width;
    lanes chains = all(0);
    for (int64_t i = 0; i < width; i += LANES) {
      chains = chains + load_some(x + i, width - i);
    }
    lanes mean = all(sum(chains) / (float)width);
    chains = all(0);
    for (int64_t i = 0; i < width; i += LANES) {
      lanes centred = load_some(x + i, width - i) - mean;
      if (width - i < LANES) {
        centred = first(centred, width - i);
      }
      chains = fma(centred, centred, chains);
    }
    lanes variance = all(sum(chains) / (float)width);
    lanes factor = all(1) / square_root(variance + all(job->epsilon));
    for (int64_t i = 0; i < width; i += LANES) {
      int64_t count = width - i;
      lanes centred = load_some(x + i, count) - mean;
      lanes weight = load_some(job->weight + i, count);
      store_some(y + i, fma(centred * factor, weight, load_some(job->bias + i, count)), count);
    }
  }
}

// Number i of a token's row.
INLINE float table_number(const struct embedding *job, int64_t token, int64_t i) {
  int64_t at = (token / LANES * job->width + i) * LANES + token % LANES;
  if (job->table_type == BFLOAT16) {
    return widen_bfloat16((shorts)((const uint16_t *)job->tokens_table)[at])[0];
  }
  if (job->table_type == FLOAT16) {
    return (float)((const _Float16 *)job->tokens_table)[at];
  }
  return ((const float *)job->tokens_table)[at];
}

static void embedding(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct embedding *job = arguments;
  int64_t width = job->width;
  for (int64_t row = part; row < job->rows; row += parts) {
    const float *position = job->positions_table + job->positions[row] * width;
    float *y = job->y + row * width;
    for (int64_t i = 0; i < width; i++) {
      y[i] = table_number(job, job->tokens[row], i) + position[i];
    }
  }
}

// Sixteen tempered logits; those beyond the row's end are such that their exponentials are 0.
INLINE lanes tempered(const float *x, int64_t count, lanes temperature) {
  lanes t = load_some(x, count) / temperature;
  for (int64_t i = count; i < LANES; i++) {
    t[i] = -__builtin_inff();
  }
  return t;
}

// The first of the largest numbers; -1 where that is not finite or one of them is NaN.
static float argmax(const float *x, int64_t width) {
  lanes most = all(-__builtin_inff());
  ilanes at = (ilanes)0;
  ilanes numbers = (ilanes)-1;
  for (int64_t i = 0; i < width; i += LANES) {
    lanes some = load_some(x + i, width - i);
    for (int64_t j = width - i; j < LANES; j++) {
      some[j] = -__builtin_inff();
    }
    ilanes more = some > most;
    at = (more & (int32_t)i) | (~more & at);
    most = larger(some, most);
    numbers = numbers & (some == some);
  }
  float top = largest(most);
  int64_t first_one = width;
  for (int i = 0; i < LANES; i++) {
    if (most[i] == top) {
      first_one = least(first_one, at[i] + i);
    }
    if (!numbers[i] || top - top != 0) {
      return -1;
    }
  }
  return (float)first_one;
}

static void logits_row(const struct logits *job, int64_t row) {
  int64_t width = job->width;
  const float *x = job->x + row * width;
  if (job->result == ARGMAX) {
    job->y[row] = argmax(x, width);
    return;
  }
  lanes temperature = all(job->temperatures[row]);
  lanes most = all(-__builtin_inff());
  for (int64_t i = 0; i < width; i += LANES) {
    most = larger(most, tempered(x + i, width - i, temperature));
  }
  lanes top = all(largest(most));
  lanes chains = all(0);
  lanes weighted = all(0);
  float *y = job->y + row * width;
  for (int64_t i = 0; i < width; i += LANES) {
    lanes below = tempered(x + i, width - i, temperature) - top;
    lanes e = exponential(below);
    chains = chains + e;
    if (job->result == SCORE) {
      // Not 0 times infinity.
      weighted = fma(e, choose(e == all(0), all(0), below), weighted);
    } else if (job->result == SOFTMAX) {
      store_some(y + i, e, width - i);
    }
  }
  float total = sum(chains);
  if (job->result == SOFTMAX) {
    for (int64_t i = 0; i < width; i += LANES) {
      store_some(y + i, load_some(y + i, width - i) / all(total), width - i);
    }
    return;
  }
  float log_total = logarithm(all(total))[0];
  if (job->result == LOG_SUM_EXP) {
    job->y[row] = top[0] + log_total;
    return;
  }
  float token = x[job->tokens[row]] / temperature[0];
  int64_t likelier = 0;
  for (int64_t i = 0; i < width; i++) {
    likelier += x[i] / temperature[0] > token;
  }
  job->y[row] = (token - top[0]) - log_total;
  job->y[job->rows + row] = log_total - sum(weighted) / total;
  job->y[2 * job->rows + row] = (float)likelier;
}

static void logits(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct logits *job = arguments;
  for (int64_t row = part; row < job->rows; row += parts) {
    logits_row(job, row);
  }
}

static void map(const void *arguments, int64_t part, int64_t parts, int64_t worker) {
  (void)worker;
  const struct map *job = arguments;
  int64_t blocks = blocks_of(job->count, LANES);
  for (int64_t i = blocks * part / parts * LANES; i < blocks * (part + 1) / parts * LANES; i += LANES) {
    lanes x = load_some(job->x + i, job->count - i);
    lanes y = job->function == EXP ? exponential(x)
        : job->function == LOG     ? logarithm(x)
                                   : activate(x, job->activation);
    store_some(job->y + i, y, job->count - i);
  }
}
