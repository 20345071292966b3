// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JSON and summaries of a generation.

#include "Report.h"

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>

static const char *getName(QeffFinish finish) {
  switch (finish) {
  case QEFF_FINISH_LENGTH:
    return "length";
  case QEFF_FINISH_STOP:
    return "stop";
  case QEFF_FINISH_CONTEXT:
    return "context";
  case QEFF_FINISH_CANCELED:
    break;
  }
  return "canceled";
}

/// A JSON string; names hold no control characters but may hold quotes.
static std::string quote(const char *text) {
  std::string quoted = "\"";
  for (; *text; ++text) {
    if (*text == '"' || *text == '\\') {
      quoted += '\\';
    }
    quoted += static_cast<unsigned char>(*text) < 0x20 ? ' ' : *text;
  }
  return quoted + '"';
}

void printJson(const QeffGeneration *generation, const QeffSession *session) {
  uint64_t numRows = qeffGenerationNumRows(generation);
  std::printf("{\"tokens\": [");
  for (uint64_t row = 0; row < numRows; ++row) {
    std::printf(row ? ", [" : "[");
    QeffTokens tokens = qeffGenerationTokens(generation, row);
    for (uint64_t i = 0; i < tokens.size; ++i) {
      std::printf(i ? ", %" PRId64 : "%" PRId64, tokens.ids[i]);
    }
    std::printf("]");
  }
  std::printf("], \"finish\": [");
  for (uint64_t row = 0; row < numRows; ++row) {
    std::printf(row ? ", \"%s\"" : "\"%s\"",
                getName(qeffGenerationFinish(generation, row)));
  }
  QeffMetrics metrics = qeffGenerationMetrics(generation);
  const char *adapter = qeffSessionAdapterName(session);
  std::printf("], \"adapter\": %s",
              adapter ? quote(adapter).c_str() : "null");
  std::printf(", \"metrics\": {\"ttft_s\": %.9g, "
              "\"prefill_tokens_per_s\": %.9g, "
              "\"decode_tokens_per_s\": %.9g, \"total_s\": %.9g, "
              "\"prompt_tokens\": %" PRIu64 ", \"generated_tokens\": %" PRIu64
              "}}\n",
              metrics.ttft_s, metrics.prefill_tokens_per_s,
              metrics.decode_tokens_per_s, metrics.total_s,
              metrics.prompt_tokens, metrics.generated_tokens);
}

void printSummary(const QeffGeneration *generation) {
  QeffMetrics metrics = qeffGenerationMetrics(generation);
  std::fprintf(stderr,
               "first token after %.3f s, prefill %.1f tokens/s (%" PRIu64
               "), decode %.1f tokens/s (%" PRIu64 " generated), total %.3f s"
               "\n",
               metrics.ttft_s, metrics.prefill_tokens_per_s,
               metrics.prompt_tokens, metrics.decode_tokens_per_s,
               metrics.generated_tokens, metrics.total_s);
  for (uint64_t row = 0; row < qeffGenerationNumRows(generation); ++row) {
    if (qeffGenerationFinish(generation, row) == QEFF_FINISH_CONTEXT) {
      std::fprintf(stderr,
                   "row %" PRIu64 " ended after %" PRIu64
                   " tokens: its context is full\n",
                   row, qeffGenerationTokens(generation, row).size);
    }
  }
}

std::string writeTrace(const QeffSession *session, const std::string &path) {
  bool isStderr = path == "-";
  std::FILE *file = isStderr ? stderr : std::fopen(path.c_str(), "w");
  if (!file) {
    return path + ": cannot write: " + std::strerror(errno);
  }
  std::fprintf(file, "[");
  QeffTraceEntry entry;
  for (uint64_t i = 0; qeffSessionTraceEntry(session, i, &entry); ++i) {
    std::fprintf(file,
                 "%s\n{\"function\": %s, \"kernel\": %s, \"scope\": %s, "
                 "\"tiles\": %" PRId64 ", \"bytes\": %" PRIu64
                 ", \"calls\": %" PRIu64 ", \"seconds\": %.9g}",
                 i ? "," : "", quote(entry.function).c_str(),
                 quote(entry.kernel).c_str(), quote(entry.scope).c_str(),
                 entry.tiles, entry.bytes, entry.calls, entry.seconds);
  }
  std::fprintf(file, "\n]\n");
  bool failed = std::fflush(file) != 0 || std::ferror(file) != 0;
  if (!isStderr) {
    failed |= std::fclose(file) != 0;
  }
  return failed ? path + ": cannot write: " + std::strerror(errno) : "";
}
