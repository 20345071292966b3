// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs planned calls, chooses tokens, keeps the times.

#include "Generation.h"

#include "Error.h"
#include "Session.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

using namespace qeff::runtime;

namespace {
using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Prompts in groups of the batch size, one after the other.
class Generator {
public:
  Generator(Session &session, const QeffGenerateOptions &options)
      : session(session), options(options),
        manifest(session.getModel().getManifest()),
        shape(getGenerationShape(manifest)) {}

  void check(const std::vector<std::vector<int64_t>> &prompts) const;
  Generation run(const std::vector<std::vector<int64_t>> &prompts);

private:
  void runGroup(const std::vector<std::vector<int64_t>> &prompts,
                size_t first, size_t count);
  void runCall(const PlannedCall &call);
  int64_t choose(const PlannedCall &call, size_t row, size_t userRow);
  void report(bool isPrompt);

  Session &session;
  const QeffGenerateOptions &options;
  const Manifest &manifest;
  GenerationShape shape;
  Generation result;
  Clock::time_point start;
  double promptSeconds = 0;
  double decodeSeconds = 0;
  uint64_t decodedTokens = 0;
  uint64_t numPromptTokens = 0; ///< of all rows
  uint64_t maxTokens = 0;       ///< that can be generated at most
  bool canceled = false;
};
} // namespace

void Generator::check(
    const std::vector<std::vector<int64_t>> &prompts) const {
  if (options.max_new_tokens == 0) {
    fail("max_new_tokens: expects at least 1, got 0");
  }
  if (prompts.empty()) {
    fail("expects at least 1 prompt, got 0");
  }
  for (size_t r = 0; r < prompts.size(); ++r) {
    const std::vector<int64_t> &prompt = prompts[r];
    if (prompt.empty() || prompt.size() > size_t(shape.ctxLen)) {
      fail("prompt ", r, ": expects 1 to ", shape.ctxLen,
           " tokens (ctx_len), got ", prompt.size());
    }
    for (size_t i = 0; i < prompt.size(); ++i) {
      if (prompt[i] < 0 || prompt[i] >= manifest.vocabSize) {
        fail("prompt ", r, ", token ", i, ": expects an id in [0, ",
             manifest.vocabSize, "), got ", prompt[i]);
      }
    }
  }
}

Generation
Generator::run(const std::vector<std::vector<int64_t>> &prompts) {
  check(prompts);
  start = Clock::now();
  result.rows.resize(prompts.size());
  for (const std::vector<int64_t> &prompt : prompts) {
    numPromptTokens += prompt.size();
    maxTokens += std::min<uint64_t>(options.max_new_tokens,
                                    shape.ctxLen - prompt.size() + 1);
  }
  size_t batchSize = static_cast<size_t>(shape.batchSize);
  for (size_t first = 0; first < prompts.size() && !canceled;
       first += batchSize) {
    runGroup(prompts, first, std::min(batchSize, prompts.size() - first));
  }
  QeffMetrics &metrics = result.metrics;
  metrics.total_s = secondsSince(start);
  metrics.prefill_tokens_per_s =
      promptSeconds > 0 ? metrics.prompt_tokens / promptSeconds : 0;
  metrics.decode_tokens_per_s =
      decodeSeconds > 0 ? decodedTokens / decodeSeconds : 0;
  return std::move(result);
}

void Generator::runGroup(const std::vector<std::vector<int64_t>> &prompts,
                         size_t first, size_t count) {
  std::vector<int64_t> stopTokens;
  if (options.num_stop_tokens != 0) {
    stopTokens.assign(options.stop_tokens,
                      options.stop_tokens + options.num_stop_tokens);
  }
  BatchPlanner planner({static_cast<size_t>(shape.batchSize),
                        shape.prefillLen, shape.decodeLen, shape.ctxLen},
                       {prompts.begin() + first,
                        prompts.begin() + first + count},
                       options.max_new_tokens, std::move(stopTokens));
  session.reset();
  PlannedCall call;
  std::vector<int64_t> tokens;
  while (planner.next(call)) {
    Clock::time_point callStart = Clock::now();
    runCall(call);
    tokens.clear();
    for (size_t row : call.rows) {
      tokens.push_back(choose(call, row, first + row));
    }
    double seconds = secondsSince(callStart);
    (call.isPrompt ? promptSeconds : decodeSeconds) += seconds;
    (call.isPrompt ? result.metrics.prompt_tokens : decodedTokens) +=
        call.numTokens;
    if (result.metrics.generated_tokens == 0 && !tokens.empty()) {
      result.metrics.ttft_s = secondsSince(start);
    }
    result.metrics.generated_tokens += tokens.size();
    report(call.isPrompt);
    for (size_t i = 0; i < tokens.size(); ++i) {
      planner.accept(call.rows[i], tokens[i]);
      if (options.on_token &&
          !options.on_token(options.user, first + call.rows[i], tokens[i])) {
        canceled = true;
      }
    }
    if (canceled) {
      planner.cancel();
    }
  }
  for (size_t row = 0; row < count; ++row) {
    result.rows[first + row] = {planner.getGenerated(row),
                                planner.getFinish(row)};
  }
}

void Generator::report(bool isPrompt) {
  if (!options.on_progress || canceled) {
    return;
  }
  const QeffMetrics &metrics = result.metrics;
  canceled = isPrompt ? !options.on_progress(options.user, "prefill",
                                             metrics.prompt_tokens,
                                             numPromptTokens)
                      : !options.on_progress(options.user, "decode",
                                             metrics.generated_tokens,
                                             maxTokens);
}

void Generator::runCall(const PlannedCall &call) {
  const std::string &function =
      (call.usesPrefill ? shape.prefill : shape.decode)->name;
  Buffer ids = session.getTensor(function, "input_ids");
  Buffer positions = session.getTensor(function, "position_ids");
  std::memcpy(ids.data, call.ids.data(), ids.bytes);
  std::memcpy(positions.data, call.positions.data(), positions.bytes);
  session.run(function);
}

int64_t Generator::choose(const PlannedCall &call, size_t row,
                          size_t userRow) {
  const std::string &function =
      (call.usesPrefill ? shape.prefill : shape.decode)->name;
  size_t vocabSize = static_cast<size_t>(manifest.vocabSize);
  auto *logits = reinterpret_cast<const float *>(
                     session.getTensor(function, "logits").data) +
                 row * vocabSize;
  int64_t token = -1;
  if (options.choose) {
    token = options.choose(options.user, userRow, logits, vocabSize);
    if (token < -1 || token >= manifest.vocabSize) {
      fail("expects a token in [-1, ", manifest.vocabSize,
           ") to be chosen, got ", token);
    }
  }
  if (token == -1) {
    token = argmax(logits, vocabSize);
    if (token == -1) {
      fail("row ", userRow, ": expects logits that are numbers, got NaN");
    }
  }
  return token;
}

Generation
qeff::runtime::generate(Session &session,
                        const std::vector<std::vector<int64_t>> &prompts,
                        const QeffGenerateOptions &options) {
  return Generator(session, options).run(prompts);
}

int64_t qeff::runtime::argmax(const float *values, size_t size) {
  // Blocks first, so that the common case is a loop without branches.
  constexpr size_t block = 64;
  int64_t best = -1;
  float bestValue = -std::numeric_limits<float>::infinity();
  for (size_t begin = 0; begin < size; begin += block) {
    size_t end = std::min(begin + block, size);
    bool beats = false;
    for (size_t i = begin; i < end; ++i) {
      beats |= values[i] > bestValue;
    }
    if (!beats && best != -1) {
      continue;
    }
    for (size_t i = begin; i < end; ++i) {
      if (values[i] > bestValue || (best == -1 && values[i] == bestValue)) {
        best = static_cast<int64_t>(i);
        bestValue = values[i];
      }
    }
  }
  return best;
}
