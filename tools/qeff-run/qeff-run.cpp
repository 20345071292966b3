// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generates tokens with a host QPC, through the C interface.

#include "../ProgressBar.h"
#include "Arrays.h"
#include "Options.h"
#include "Report.h"
#include "qeff-c/Runtime.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>

namespace {
template <auto destroy> struct Destroy {
  template <typename T> void operator()(T *object) const { destroy(object); }
};
using ModelPtr = std::unique_ptr<QeffModel, Destroy<qeffModelDestroy>>;
using SessionPtr = std::unique_ptr<QeffSession, Destroy<qeffSessionDestroy>>;
using AdapterPtr = std::unique_ptr<QeffAdapter, Destroy<qeffAdapterDestroy>>;
using GenerationPtr =
    std::unique_ptr<QeffGeneration, Destroy<qeffGenerationDestroy>>;

bool report(const std::string &error) {
  if (!error.empty()) {
    std::fprintf(stderr, "qeff-run: error: %s\n", error.c_str());
  }
  return !error.empty();
}

/// True, and said on standard error, if the call failed.
bool failed(QeffStatus *status) {
  if (!status) {
    return false;
  }
  report(qeffStatusMessage(status));
  qeffStatusDestroy(status);
  return true;
}

/// What the callbacks of a run share.
struct Output {
  const Options &options;
  ProgressBar bar;
};

/// Tokens that are printed as they come show how far the answers are; the rest
/// is drawn.
bool drawProgress(void *user, const char *stage, uint64_t done,
                  uint64_t total) {
  auto *output = static_cast<Output *>(user);
  if (output->options.json || std::strcmp(stage, "decode") != 0) {
    output->bar.draw(stage, static_cast<int64_t>(done),
                     static_cast<int64_t>(total));
  }
  return true;
}

/// Tokens as they come: one row in one line, of several rows one a line.
bool printToken(void *user, uint64_t row, int64_t token) {
  auto *output = static_cast<Output *>(user);
  output->bar.erase();
  if (output->options.rows.size() == 1) {
    std::printf("%" PRId64 " ", token);
  } else {
    std::printf("row %" PRIu64 ": %" PRId64 "\n", row, token);
  }
  // A reader that has gone away ends the generation.
  return std::fflush(stdout) == 0;
}

bool checkStopTokens(const Options &options, const QeffModel *model) {
  int64_t vocabSize = qeffModelVocabSize(model);
  for (int64_t token : options.stopTokens) {
    if (token >= vocabSize) {
      return !report("--stop-token: expects an id in [0, " +
                     std::to_string(vocabSize) + "), got " +
                     std::to_string(token));
    }
  }
  if (options.stopAtEos && qeffModelNumEosTokens(model) == 0) {
    return !report("--stop-token=eos: the model names no end-of-sequence "
                   "token");
  }
  return true;
}

bool useAdapter(const Options &options, QeffModel *model,
                QeffSession *session) {
  QeffAdapter *loaded = nullptr;
  if (failed(qeffAdapterLoad(model, options.adapter.c_str(),
                             /*options=*/nullptr, &loaded))) {
    return false;
  }
  AdapterPtr adapter(loaded); // the session keeps it
  return !failed(qeffSessionSetAdapter(session, loaded));
}

int run(const Options &options) {
  Output output{options, {}};
  if (options.verify) {
    QeffStatus *status =
        qeffPackageVerify(options.package.c_str(), drawProgress, &output);
    output.bar.close();
    if (failed(status)) {
      return 1;
    }
  }
  if (options.rows.empty() && options.inputs.empty()) {
    std::printf("%s: verified\n", options.package.c_str());
    return 0;
  }
  QeffModel *loaded = nullptr;
  if (failed(qeffModelLoad(options.package.c_str(), options.threads,
                           &loaded))) {
    return 1;
  }
  ModelPtr model(loaded);
  if (!checkStopTokens(options, loaded)) {
    return 1;
  }
  QeffSession *created = nullptr;
  if (failed(qeffSessionCreate(loaded, &created))) {
    return 1;
  }
  SessionPtr session(created);
  if (!options.adapter.empty() && !useAdapter(options, loaded, created)) {
    return 1;
  }
  if (!options.trace.empty() && failed(qeffSessionSetTrace(created, true))) {
    return 1;
  }
  if (!options.inputs.empty()) {
    if (report(runArrays(options, loaded, created))) {
      return 1;
    }
    return !options.trace.empty() && report(writeTrace(created, options.trace));
  }

  std::vector<QeffTokens> prompts;
  for (const std::vector<int64_t> &row : options.rows) {
    prompts.push_back({row.data(), row.size()});
  }
  std::vector<int64_t> stopTokens = options.stopTokens;
  if (options.stopAtEos) {
    const int64_t *eos = qeffModelEosTokens(loaded);
    stopTokens.insert(stopTokens.end(), eos,
                      eos + qeffModelNumEosTokens(loaded));
  }
  QeffGenerateOptions generate{};
  generate.max_new_tokens = options.maxNewTokens;
  generate.stop_tokens = stopTokens.data();
  generate.num_stop_tokens = stopTokens.size();
  generate.on_token = options.json ? nullptr : printToken;
  generate.on_progress = drawProgress;
  generate.user = &output;
  QeffGeneration *result = nullptr;
  QeffStatus *status = qeffSessionGenerate(
      created, prompts.data(), prompts.size(), &generate, &result);
  output.bar.close();
  if (failed(status)) {
    return 1;
  }
  GenerationPtr generation(result);
  if (options.json) {
    printJson(result, created);
  } else {
    if (options.rows.size() == 1) {
      std::printf("\n");
    }
    printSummary(result);
  }
  if (!options.trace.empty() && report(writeTrace(created, options.trace))) {
    return 1;
  }
  if (std::fflush(stdout) != 0) {
    report("cannot write to standard output");
    return 1;
  }
  return 0;
}
} // namespace

int main(int argc, char **argv) {
  Options options;
  if (report(parseOptions(argc, argv, options))) {
    return 1;
  }
  if (options.help) {
    std::fputs(helpText, stdout);
    return 0;
  }
  if (options.version) {
    std::printf("%s\n", qeffRuntimeVersion());
    return 0;
  }
  return run(options);
}
