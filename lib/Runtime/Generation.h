// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generating tokens with a session.

#ifndef QEFF_LIB_RUNTIME_GENERATION_H
#define QEFF_LIB_RUNTIME_GENERATION_H

#include "BatchPlanner.h"
#include "qeff-c/Runtime.h"

#include <vector>

namespace qeff::runtime {

class Session;

struct GenerationRow {
  std::vector<int64_t> tokens;
  Finish finish = Finish::Canceled;
};

struct Generation {
  std::vector<GenerationRow> rows;
  QeffMetrics metrics{};
};

/// What qeffSessionGenerate says; throws Error.
Generation generate(Session &session,
                    const std::vector<std::vector<int64_t>> &prompts,
                    const QeffGenerateOptions &options);

/// The index of the largest value, the first of equals; -1 if none is a
/// number.
int64_t argmax(const float *values, size_t size);

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_GENERATION_H
