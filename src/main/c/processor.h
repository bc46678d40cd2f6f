// Which kernels this processor can run.
#ifndef GPT2_PROCESSOR_H
#define GPT2_PROCESSOR_H

#include "kernels.h"

// By number, worst first; null beyond the last. Those that the processor has no instructions for, too.
const struct kernels *variant(int32_t index);

bool variant_runs(int32_t index);

#endif
