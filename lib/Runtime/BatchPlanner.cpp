// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The step logic of generation.

#include "BatchPlanner.h"

#include <algorithm>

using namespace qeff::runtime;

BatchPlanner::BatchPlanner(const BatchShape &shape,
                           std::vector<std::vector<int64_t>> prompts,
                           uint64_t maxNewTokens,
                           std::vector<int64_t> stopTokens)
    : shape(shape), maxNewTokens(maxNewTokens),
      stopTokens(std::move(stopTokens)) {
  for (std::vector<int64_t> &prompt : prompts) {
    Row row;
    row.promptSize = prompt.size();
    row.history = std::move(prompt);
    rows.push_back(std::move(row));
  }
}

bool BatchPlanner::next(PlannedCall &call) {
  call.isPrompt = std::any_of(rows.begin(), rows.end(), [](const Row &row) {
    return !row.done && row.written < row.promptSize;
  });
  auto takesPart = [&](const Row &row) {
    return !row.done && (!call.isPrompt || row.written < row.promptSize);
  };
  // The last tokens of a prompt may fit the shorter function.
  size_t most = 0;
  for (const Row &row : rows) {
    if (takesPart(row)) {
      most = std::max(most, row.history.size() - row.written);
    }
  }
  if (most == 0) {
    return false;
  }
  call.usesPrefill = most > static_cast<size_t>(shape.decodeLen);
  call.seqLen = call.usesPrefill ? shape.prefillLen : shape.decodeLen;
  call.numTokens = 0;
  call.ids.assign(shape.batchSize * call.seqLen, 0);
  call.positions.assign(shape.batchSize * call.seqLen, -1);
  call.rows.clear();
  for (size_t r = 0; r < rows.size(); ++r) {
    Row &row = rows[r];
    if (!takesPart(row)) {
      continue;
    }
    size_t seqLen = static_cast<size_t>(call.seqLen);
    size_t begin = row.written;
    size_t end = std::min(begin + seqLen, row.history.size());
    call.numTokens += end - begin;
    if (end == static_cast<size_t>(shape.ctxLen) && end - begin < seqLen) {
      begin = end - seqLen;
    }
    for (size_t i = begin; i < end; ++i) {
      call.ids[r * seqLen + i - begin] = row.history[i];
      call.positions[r * seqLen + i - begin] = static_cast<int64_t>(i);
    }
    row.written = end;
    if (end == row.history.size()) {
      call.rows.push_back(r);
    }
  }
  return true;
}

void BatchPlanner::accept(size_t index, int64_t token) {
  Row &row = rows[index];
  row.history.push_back(token);
  if (std::find(stopTokens.begin(), stopTokens.end(), token) !=
      stopTokens.end()) {
    finishRow(row, Finish::Stop);
  } else if (row.history.size() - row.promptSize >= maxNewTokens) {
    finishRow(row, Finish::Length);
  } else if (row.history.size() > static_cast<size_t>(shape.ctxLen)) {
    // There is no slot to write this token to.
    finishRow(row, Finish::Context);
  }
}

void BatchPlanner::cancel() {
  for (Row &row : rows) {
    if (!row.done) {
      finishRow(row, Finish::Canceled);
    }
  }
}

void BatchPlanner::finishRow(Row &row, Finish finish) {
  row.done = true;
  row.finish = finish;
}

std::vector<int64_t> BatchPlanner::getGenerated(size_t index) const {
  const Row &row = rows[index];
  return {row.history.begin() + row.promptSize, row.history.end()};
}
