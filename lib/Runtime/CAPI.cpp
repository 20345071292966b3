// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C interface: handles around the C++ objects, exceptions into statuses.

#include "qeff-c/Runtime.h"

#include "Error.h"
#include "Generation.h"
#include "Model.h"
#include "Session.h"

#include <new>

using namespace qeff::runtime;

struct QeffStatus {
  std::string message;
};

struct QeffModel {
  explicit QeffModel(std::shared_ptr<const Model> shared);

  const FunctionDesc *getFunction(uint64_t index) const {
    auto &functions = model->getManifest().functions;
    return index < functions.size() ? &functions[index] : nullptr;
  }

  std::shared_ptr<const Model> model;
  /// Functions' tensors and states in the form that is handed out.
  std::vector<std::vector<QeffTensorInfo>> inputs;
  std::vector<std::vector<QeffTensorInfo>> outputs;
  std::vector<QeffTensorInfo> states;
  std::vector<QeffAdapterTargetInfo> adapterTargets;
  int64_t batchSize = -1;
  int64_t prefillLen = -1;
  int64_t ctxLen = -1;
};

struct QeffSession {
  Session session;
};

struct QeffAdapter {
  /// The adapter refers to the model's manifest.
  std::shared_ptr<const Model> model;
  std::shared_ptr<const Adapter> adapter;
};

struct QeffGeneration {
  Generation generation;
};

namespace {
/// For when there is no memory to say so.
QeffStatus *getOutOfMemory() {
  static QeffStatus status{"out of memory"};
  return &status;
}

/// Constructed with the library, so that handing it out needs no memory.
QeffStatus *const outOfMemory = getOutOfMemory();

QeffStatus *makeStatus(const char *message) {
  try {
    return new QeffStatus{message};
  } catch (...) {
    return outOfMemory;
  }
}

template <typename Fn>
QeffStatus *guard(Fn fn) {
  try {
    fn();
    return nullptr;
  } catch (const std::bad_alloc &) {
    return outOfMemory;
  } catch (const std::exception &error) {
    return makeStatus(error.what());
  } catch (...) {
    return makeStatus("unknown error");
  }
}

template <typename T>
const T &expect(const T *argument, const char *name) {
  if (!argument) {
    fail(name, ": expects a value, got null");
  }
  return *argument;
}

std::vector<QeffTensorInfo>
describe(const std::vector<TensorDesc> &tensors) {
  std::vector<QeffTensorInfo> infos;
  for (const TensorDesc &tensor : tensors) {
    infos.push_back({tensor.name.c_str(), tensor.dtype.c_str(),
                     tensor.shape.size(), tensor.shape.data(), tensor.size,
                     tensor.layout.c_str()});
  }
  return infos;
}

const QeffTensorInfo *get(const std::vector<QeffTensorInfo> &infos,
                          uint64_t index) {
  return index < infos.size() ? &infos[index] : nullptr;
}

void giveOut(Buffer buffer, void **data, uint64_t *bytes) {
  if (data) {
    *data = buffer.data;
  }
  if (bytes) {
    *bytes = buffer.bytes;
  }
}
} // namespace

QeffModel::QeffModel(std::shared_ptr<const Model> shared)
    : model(std::move(shared)) {
  const Manifest &manifest = model->getManifest();
  for (const FunctionDesc &function : manifest.functions) {
    inputs.push_back(describe(function.inputs));
    outputs.push_back(describe(function.outputs));
  }
  states = describe(manifest.states);
  for (const AdapterTarget &target : manifest.adapter.targets) {
    adapterTargets.push_back({target.module.c_str(), target.in, target.out});
  }
  try {
    GenerationShape shape = getGenerationShape(manifest);
    batchSize = shape.batchSize;
    prefillLen = shape.prefillLen;
    ctxLen = shape.ctxLen;
  } catch (const Error &) {
    // A package that does not generate; generation itself says why.
  }
}

//===-- Status ------------------------------------------------------------===//

const char *qeffStatusMessage(const QeffStatus *status) {
  return status ? status->message.c_str() : "";
}

void qeffStatusDestroy(QeffStatus *status) {
  if (status != outOfMemory) {
    delete status;
  }
}

const char *qeffRuntimeVersion(void) { return "qeff " QEFF_VERSION; }

//===-- Model -------------------------------------------------------------===//

QeffStatus *qeffModelLoad(const char *path, uint32_t threads,
                          QeffModel **model) {
  return guard([&] {
    expect(path, "path");
    expect(model, "model");
    *model = new QeffModel(std::make_shared<const Model>(path, threads));
  });
}

void qeffModelDestroy(QeffModel *model) { delete model; }

QeffStatus *qeffPackageVerify(const char *path, QeffProgressFn progress,
                              void *user) {
  return guard([&] {
    verifyPackage(&expect(path, "path"),
                  [&](const char *stage, uint64_t done, uint64_t total) {
                    return !progress || progress(user, stage, done, total);
                  });
  });
}

const char *qeffModelDirectory(const QeffModel *model) {
  return model->model->getPackage().directory.c_str();
}

const char *qeffModelManifest(const QeffModel *model) {
  return model->model->getPackage().text.c_str();
}

const char *qeffModelArchitecture(const QeffModel *model) {
  return model->model->getManifest().architecture.c_str();
}

const char *qeffModelProducer(const QeffModel *model) {
  return model->model->getManifest().producer.c_str();
}

int64_t qeffModelVocabSize(const QeffModel *model) {
  return model->model->getManifest().vocabSize;
}

int64_t qeffModelMaxPosition(const QeffModel *model) {
  return model->model->getManifest().maxPosition;
}

uint64_t qeffModelNumEosTokens(const QeffModel *model) {
  return model->model->getManifest().eosTokenIds.size();
}

const int64_t *qeffModelEosTokens(const QeffModel *model) {
  return model->model->getManifest().eosTokenIds.data();
}

uint32_t qeffModelThreads(const QeffModel *model) {
  return model->model->getPool().getNumThreads();
}

uint64_t qeffModelWeightsBytes(const QeffModel *model) {
  return model->model->getManifest().weights.size;
}

uint64_t qeffModelStateBytes(const QeffModel *model) {
  return model->model->getManifest().stateBytes;
}

int64_t qeffModelBatchSize(const QeffModel *model) { return model->batchSize; }

int64_t qeffModelPrefillSeqLen(const QeffModel *model) {
  return model->prefillLen;
}

int64_t qeffModelCtxLen(const QeffModel *model) { return model->ctxLen; }

//===-- Functions and their tensors ---------------------------------------===//

uint64_t qeffModelNumFunctions(const QeffModel *model) {
  return model->model->getManifest().functions.size();
}

const char *qeffModelFunctionName(const QeffModel *model, uint64_t function) {
  const FunctionDesc *desc = model->getFunction(function);
  return desc ? desc->name.c_str() : nullptr;
}

int64_t qeffModelFunctionDim(const QeffModel *model, uint64_t function,
                             const char *dim) {
  const FunctionDesc *desc = model->getFunction(function);
  if (!desc || !dim) {
    return -1;
  }
  for (const auto &[name, size] : desc->dims) {
    if (name == dim) {
      return size;
    }
  }
  return -1;
}

uint64_t qeffModelNumInputs(const QeffModel *model, uint64_t function) {
  return model->getFunction(function) ? model->inputs[function].size() : 0;
}

uint64_t qeffModelNumOutputs(const QeffModel *model, uint64_t function) {
  return model->getFunction(function) ? model->outputs[function].size() : 0;
}

const QeffTensorInfo *qeffModelInput(const QeffModel *model,
                                     uint64_t function, uint64_t index) {
  return model->getFunction(function) ? get(model->inputs[function], index)
                                      : nullptr;
}

const QeffTensorInfo *qeffModelOutput(const QeffModel *model,
                                      uint64_t function, uint64_t index) {
  return model->getFunction(function) ? get(model->outputs[function], index)
                                      : nullptr;
}

uint64_t qeffModelNumStates(const QeffModel *model) {
  return model->states.size();
}

const QeffTensorInfo *qeffModelState(const QeffModel *model, uint64_t index) {
  return get(model->states, index);
}

//===-- Adapters ----------------------------------------------------------===//

uint64_t qeffModelNumAdapterTargets(const QeffModel *model) {
  return model->adapterTargets.size();
}

const QeffAdapterTargetInfo *qeffModelAdapterTarget(const QeffModel *model,
                                                    uint64_t index) {
  return index < model->adapterTargets.size() ? &model->adapterTargets[index]
                                              : nullptr;
}

int64_t qeffModelMaxLoraRank(const QeffModel *model) {
  return model->model->getManifest().adapter.maxRank;
}

QeffStatus *qeffAdapterLoad(QeffModel *model, const char *path,
                            const QeffAdapterOptions *options,
                            QeffAdapter **adapter) {
  return guard([&] {
    expect(model, "model");
    expect(path, "path");
    expect(adapter, "adapter");
    const std::string &directory = model->model->getPackage().directory;
    if (model->model->getManifest().adapter.targets.empty()) {
      fail(directory, ": expects a package that takes adapters, got one that "
                      "takes none; compile it with --adapter-mode=swap");
    }
    std::string file = findAdapter(directory, path);
    AdapterOptions adapterOptions;
    adapterOptions.allowNonfinite = options && options->allow_nonfinite;
    auto loaded = std::make_shared<const Adapter>(
        model->model->getManifest().adapter, file, adapterOptions);
    *adapter = new QeffAdapter{model->model, std::move(loaded)};
  });
}

void qeffAdapterDestroy(QeffAdapter *adapter) { delete adapter; }

const char *qeffAdapterName(const QeffAdapter *adapter) {
  return adapter->adapter->getName().c_str();
}

uint64_t qeffAdapterNumTargets(const QeffAdapter *adapter) {
  return adapter->adapter->getNumTargets();
}

int64_t qeffAdapterRank(const QeffAdapter *adapter) {
  return adapter->adapter->getRank();
}

uint64_t qeffAdapterBytes(const QeffAdapter *adapter) {
  return adapter->adapter->getBytes();
}

//===-- Session -----------------------------------------------------------===//

QeffStatus *qeffSessionCreate(QeffModel *model, QeffSession **session) {
  return guard([&] {
    expect(model, "model");
    expect(session, "session");
    *session = new QeffSession{Session(model->model)};
  });
}

void qeffSessionDestroy(QeffSession *session) { delete session; }

QeffStatus *qeffSessionReset(QeffSession *session) {
  return guard([&] {
    expect(session, "session");
    session->session.reset();
  });
}

QeffStatus *qeffSessionTensor(QeffSession *session, const char *function,
                              const char *name, void **data,
                              uint64_t *bytes) {
  return guard([&] {
    giveOut(expect(session, "session")
                .session.getTensor(&expect(function, "function"),
                                   &expect(name, "name")),
            data, bytes);
  });
}

QeffStatus *qeffSessionBind(QeffSession *session, const char *function,
                            const char *name, void *data, uint64_t bytes) {
  return guard([&] {
    expect(session, "session");
    session->session.bind(&expect(function, "function"),
                          &expect(name, "name"), data, bytes);
  });
}

QeffStatus *qeffSessionState(QeffSession *session, const char *name,
                             void **data, uint64_t *bytes) {
  return guard([&] {
    giveOut(expect(session, "session")
                .session.getState(&expect(name, "name")),
            data, bytes);
  });
}

QeffStatus *qeffSessionSetAdapter(QeffSession *session,
                                  const QeffAdapter *adapter) {
  return guard([&] {
    expect(session, "session");
    session->session.setAdapter(adapter ? adapter->adapter : nullptr);
  });
}

const char *qeffSessionAdapterName(const QeffSession *session) {
  const Adapter *adapter = session->session.getAdapter();
  return adapter ? adapter->getName().c_str() : nullptr;
}

QeffStatus *qeffSessionRun(QeffSession *session, const char *function) {
  return guard([&] {
    expect(session, "session");
    session->session.run(&expect(function, "function"));
  });
}

//===-- Generation --------------------------------------------------------===//

QeffStatus *qeffSessionGenerate(QeffSession *session,
                                const QeffTokens *prompts, uint64_t num_rows,
                                const QeffGenerateOptions *options,
                                QeffGeneration **generation) {
  return guard([&] {
    expect(session, "session");
    expect(options, "options");
    expect(generation, "generation");
    if (num_rows != 0) {
      expect(prompts, "prompts");
    }
    if (options->num_stop_tokens != 0) {
      expect(options->stop_tokens, "stop_tokens");
    }
    std::vector<std::vector<int64_t>> rows;
    for (uint64_t i = 0; i < num_rows; ++i) {
      rows.emplace_back();
      if (prompts[i].size != 0) {
        const int64_t *ids = &expect(prompts[i].ids, "prompts");
        rows.back().assign(ids, ids + prompts[i].size);
      }
    }
    *generation =
        new QeffGeneration{generate(session->session, rows, *options)};
  });
}

void qeffGenerationDestroy(QeffGeneration *generation) { delete generation; }

uint64_t qeffGenerationNumRows(const QeffGeneration *generation) {
  return generation->generation.rows.size();
}

QeffTokens qeffGenerationTokens(const QeffGeneration *generation,
                                uint64_t row) {
  auto &rows = generation->generation.rows;
  if (row >= rows.size()) {
    return {nullptr, 0};
  }
  return {rows[row].tokens.data(), rows[row].tokens.size()};
}

QeffFinish qeffGenerationFinish(const QeffGeneration *generation,
                                uint64_t row) {
  auto &rows = generation->generation.rows;
  switch (row < rows.size() ? rows[row].finish : Finish::Canceled) {
  case Finish::Length:
    return QEFF_FINISH_LENGTH;
  case Finish::Stop:
    return QEFF_FINISH_STOP;
  case Finish::Context:
    return QEFF_FINISH_CONTEXT;
  case Finish::Canceled:
    break;
  }
  return QEFF_FINISH_CANCELED;
}

QeffMetrics qeffGenerationMetrics(const QeffGeneration *generation) {
  return generation->generation.metrics;
}

//===-- Trace -------------------------------------------------------------===//

QeffStatus *qeffSessionSetTrace(QeffSession *session, bool enabled) {
  return guard([&] {
    expect(session, "session");
    session->session.setTrace(enabled);
  });
}

uint64_t qeffSessionNumTraceEntries(const QeffSession *session) {
  return session->session.getNumTraceEntries();
}

bool qeffSessionTraceEntry(const QeffSession *session, uint64_t index,
                           QeffTraceEntry *entry) {
  if (!entry || index >= session->session.getNumTraceEntries()) {
    return false;
  }
  Session::TraceEntry trace = session->session.getTraceEntry(index);
  *entry = {trace.function->name, trace.launch->name, trace.launch->scope,
            trace.launch->tiles,  trace.launch->bytes, trace.calls,
            trace.seconds};
  return true;
}
