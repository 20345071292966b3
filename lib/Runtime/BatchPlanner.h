// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The step logic of generation, without a model: which tokens go at which
// positions into the next call, and what a row does with its new token.
//
// A row's history is its prompt and what it generated; `written` of it are in
// the KV cache. While any row has prompt left, a call writes the next piece of
// each such prompt and the other rows wait; then each call writes the newest
// token of every row that goes on. Calls are padded on the right with token 0
// at position -1, rows that wait, are done or do not exist as a whole.
//
// Caches may store padding in their last slot (a scatter at -1), so no row
// holds padding in the call that writes position ctx_len - 1: that row's piece
// begins earlier instead and writes equal keys a second time.

#ifndef QEFF_LIB_RUNTIME_BATCHPLANNER_H
#define QEFF_LIB_RUNTIME_BATCHPLANNER_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qeff::runtime {

enum class Finish { Length, Stop, Context, Canceled };

struct BatchShape {
  size_t batchSize;
  int64_t prefillLen; ///< tokens of a row in a prefill call
  int64_t decodeLen;  ///< tokens of a row in a decode call, <= prefillLen
  int64_t ctxLen;     ///< slots of the cache, >= prefillLen
};

struct PlannedCall {
  bool isPrompt;        ///< writes prompt tokens
  bool usesPrefill;     ///< runs the prefill function, else decode
  int64_t seqLen;       ///< of that function
  uint64_t numTokens;   ///< tokens written for the first time
  std::vector<int64_t> ids;       ///< [batchSize, seqLen]
  std::vector<int64_t> positions; ///< [batchSize, seqLen], -1 for padding
  std::vector<size_t> rows; ///< rows whose next token this call's logits give
};

class BatchPlanner {
public:
  /// At most batchSize prompts, each of 1 to ctxLen tokens.
  BatchPlanner(const BatchShape &shape,
               std::vector<std::vector<int64_t>> prompts,
               uint64_t maxNewTokens, std::vector<int64_t> stopTokens);

  /// Plans the next call; false when all rows are done. Each of the call's
  /// rows must be given its token by accept() before the next one.
  bool next(PlannedCall &call);
  void accept(size_t row, int64_t token);
  /// Ends all rows that go on.
  void cancel();

  std::vector<int64_t> getGenerated(size_t row) const;
  Finish getFinish(size_t row) const { return rows[row].finish; }

private:
  struct Row {
    std::vector<int64_t> history;
    size_t promptSize;
    size_t written = 0;
    bool done = false;
    Finish finish = Finish::Canceled;
  };
  void finishRow(Row &row, Finish finish);

  BatchShape shape;
  std::vector<Row> rows;
  uint64_t maxNewTokens;
  std::vector<int64_t> stopTokens;
};

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_BATCHPLANNER_H
