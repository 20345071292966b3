// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What attention's scores are besides the product of queries and keys.
#ifndef QEFF_LIB_RAISE_SCORES_H
#define QEFF_LIB_RAISE_SCORES_H

#include "qeff/Analysis/Elements.h"

#include <optional>
#include <string>

namespace qeff {

/// Scores of query i and key j: cap·tanh(scale·q_i·k_j / cap), or scale·q_i·k_j
/// without a cap, plus slope·(j − i), where the key is visible.
struct Scores {
  Value product; ///< of queries and keys, its last axes
  /// For each head, the indices into the product's other axes.
  SmallVector<SmallVector<Expr>> batch;
  double scale = 1;
  std::optional<double> softcap;
  bool causal = false;
  std::optional<int64_t> window;
  /// [B, T]: 0 hides a key. Null: none is hidden.
  Value padding;
  SmallVector<double> slopes; ///< one per head, or none
};

/// The indices of a score and the inputs that may take part in it.
struct ScoreIndices {
  Expr row, query, key;
  int64_t heads = 1;
  /// Integer arguments [B, S]: positions or padding.
  SmallVector<Value> inputs;
};

/// Score of (head) at the indices; computed anew after an assumption.
using ScoreFn = llvm::function_ref<Expr(int64_t head)>;

/// Recognizes scores. `why` says what was not recognized. Assumes afterwards
/// that inputs are the index, padding 1.
std::optional<Scores> matchScores(Elements &elements,
                                  const ScoreIndices &indices,
                                  ScoreFn getScore, std::string &why);

} // namespace qeff

#endif // QEFF_LIB_RAISE_SCORES_H
