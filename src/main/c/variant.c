// The arithmetic for one kind of processor: compiled once for each, with flags that say which and a name
// for the table, VARIANT.
#include "linear.h"

#include "attention.h"
#include "int8.h"
#include "rows.h"

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)
#define JOIN_OF(a, b) a##b
#define JOIN(a, b) JOIN_OF(a, b)

const struct kernels JOIN(VARIANT, _kernels) = {
    .name = TEXT(VARIANT),
    .panel = panel,
    .linear = linear,
    .int8_quantize = int8_quantize,
    .int8_linear = int8_linear,
    .layer_norm = layer_norm,
    .embedding = embedding,
    .write_cache = write_cache,
    .attention = attention,
    .logits = logits,
    .map = map,
};
