// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The extension qeff._runtime: host packages are loaded, run and asked to
// generate through the runtime's C interface. Python code holds no lock while
// native code computes; qeff/session.py is the public face.

#include "Error.h"

#include "qeff-c/Runtime.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nb = nanobind;

using qeff::python::Error;

namespace {

/// Throws what `status` says, if anything.
void check(QeffStatus *status) {
  if (!status) {
    return;
  }
  std::string message = qeffStatusMessage(status);
  qeffStatusDestroy(status);
  throw Error(message);
}

std::string asString(const nb::bytes &path) {
  return std::string(path.c_str(), path.size());
}

nb::dlpack::dtype dtypeOf(const char *name) {
  using nb::dlpack::dtype_code;
  struct Entry {
    const char *name;
    dtype_code code;
    uint8_t bits;
  };
  // NumPy has no bf16: its bits are shown as u16.
  static const Entry entries[] = {
      {"bool", dtype_code::Bool, 8},  {"i8", dtype_code::Int, 8},
      {"u8", dtype_code::UInt, 8},    {"i16", dtype_code::Int, 16},
      {"u16", dtype_code::UInt, 16},  {"u32", dtype_code::UInt, 32},
      {"u64", dtype_code::UInt, 64},
      {"i32", dtype_code::Int, 32},   {"i64", dtype_code::Int, 64},
      {"f16", dtype_code::Float, 16}, {"bf16", dtype_code::UInt, 16},
      {"f32", dtype_code::Float, 32}, {"f64", dtype_code::Float, 64}};
  for (const Entry &entry : entries) {
    if (!std::strcmp(entry.name, name)) {
      return {static_cast<uint8_t>(entry.code), entry.bits, 1};
    }
  }
  throw Error(std::string("unknown element type '") + name + "'");
}

using Array = nb::ndarray<nb::numpy>;

/// What Python code does between tokens, and the error it ended with.
struct Callbacks {
  nb::object onToken;
  nb::object choose;
  nb::object onProgress;
  std::exception_ptr error;

  /// Runs `fn` with Python's lock; false if it threw, now or before.
  template <typename Fn> bool guarded(Fn fn) {
    if (error) {
      return false;
    }
    nb::gil_scoped_acquire lock;
    try {
      if (PyErr_CheckSignals() != 0) {
        throw nb::python_error();
      }
      return fn();
    } catch (...) {
      error = std::current_exception();
      return false;
    }
  }

  static bool token(void *user, uint64_t row, int64_t id) {
    auto &self = *static_cast<Callbacks *>(user);
    return self.guarded([&] {
      if (self.onToken.is_none()) {
        return true;
      }
      nb::object answer = self.onToken(row, id);
      return answer.is_none() || nb::cast<bool>(answer);
    });
  }

  static bool progress(void *user, const char *stage, uint64_t done,
                       uint64_t total) {
    auto &self = *static_cast<Callbacks *>(user);
    return self.guarded([&] {
      if (!self.onProgress.is_none()) {
        self.onProgress(stage, done, total);
      }
      return true;
    });
  }

  static int64_t choice(void *user, uint64_t row, const float *logits,
                        uint64_t size) {
    auto &self = *static_cast<Callbacks *>(user);
    int64_t chosen = -1;
    self.guarded([&] {
      auto *copy = new float[size];
      std::memcpy(copy, logits, size * sizeof(float));
      nb::capsule owner(
          copy, [](void *p) noexcept { delete[] static_cast<float *>(p); });
      size_t shape[] = {static_cast<size_t>(size)};
      nb::object answer = self.choose(
          row, nb::ndarray<nb::numpy, float>(copy, 1, shape, owner));
      if (!answer.is_none()) {
        chosen = nb::cast<int64_t>(answer);
      }
      return true;
    });
    return chosen;
  }
};

const char *finishName(QeffFinish finish) {
  switch (finish) {
  case QEFF_FINISH_LENGTH:
    return "length";
  case QEFF_FINISH_STOP:
    return "stop";
  case QEFF_FINISH_CONTEXT:
    return "context";
  case QEFF_FINISH_CANCELED:
    return "canceled";
  }
  return "unknown";
}

/// A loaded model with one session.
class Session {
public:
  Session(const nb::bytes &path, uint32_t threads) {
    std::string directory = asString(path);
    nb::gil_scoped_release release;
    QeffModel *loaded = nullptr;
    check(qeffModelLoad(directory.c_str(), threads, &loaded));
    model.reset(loaded);
    QeffSession *created = nullptr;
    check(qeffSessionCreate(loaded, &created));
    session.reset(created);
  }

  nb::dict info() const;
  Array tensor(nb::handle self, const std::string &function,
               const std::string &name);
  void run(const std::string &function);
  void reset();
  nb::tuple generate(const std::vector<std::vector<int64_t>> &rows,
                     uint64_t maxNewTokens,
                     const std::vector<int64_t> &stopTokens,
                     nb::object onToken, nb::object choose,
                     nb::object onProgress);
  void setTrace(bool enabled);
  nb::list trace();
  nb::dict loadAdapter(const nb::bytes &path, const std::string &name,
                       bool allowNonfinite);
  void setAdapter(const std::optional<std::string> &name);
  void unloadAdapter(const std::string &name);

private:
  /// A session belongs to one call at a time.
  class Use {
  public:
    explicit Use(Session &owner) : owner(owner) {
      if (owner.busy.exchange(true)) {
        throw Error("the session is busy with another call");
      }
    }
    ~Use() { owner.busy = false; }

  private:
    Session &owner;
  };

  const QeffTensorInfo *find(const std::string &function,
                             const std::string &name) const;

  struct Deleter {
    void operator()(QeffModel *pointer) const { qeffModelDestroy(pointer); }
    void operator()(QeffSession *pointer) const {
      qeffSessionDestroy(pointer);
    }
    void operator()(QeffAdapter *pointer) const {
      qeffAdapterDestroy(pointer);
    }
    void operator()(QeffGeneration *pointer) const {
      qeffGenerationDestroy(pointer);
    }
  };
  std::unique_ptr<QeffModel, Deleter> model;
  std::unique_ptr<QeffSession, Deleter> session;
  /// By name; read and changed under Python's lock.
  std::map<std::string, std::unique_ptr<QeffAdapter, Deleter>> adapters;
  std::atomic<bool> busy{false};
};

nb::dict describe(const QeffTensorInfo *info) {
  nb::list shape;
  for (uint64_t i = 0; i < info->rank; ++i) {
    shape.append(info->shape[i]);
  }
  nb::dict dict;
  dict["dtype"] = info->dtype;
  dict["shape"] = nb::tuple(shape);
  return dict;
}

nb::dict Session::info() const {
  const QeffModel *m = model.get();
  nb::dict functions;
  for (uint64_t f = 0, n = qeffModelNumFunctions(m); f < n; ++f) {
    nb::dict inputs, outputs, function;
    for (uint64_t i = 0, e = qeffModelNumInputs(m, f); i < e; ++i) {
      const QeffTensorInfo *tensor = qeffModelInput(m, f, i);
      inputs[tensor->name] = describe(tensor);
    }
    for (uint64_t i = 0, e = qeffModelNumOutputs(m, f); i < e; ++i) {
      const QeffTensorInfo *tensor = qeffModelOutput(m, f, i);
      outputs[tensor->name] = describe(tensor);
    }
    function["inputs"] = inputs;
    function["outputs"] = outputs;
    functions[qeffModelFunctionName(m, f)] = function;
  }
  nb::list eos;
  for (uint64_t i = 0, n = qeffModelNumEosTokens(m); i < n; ++i) {
    eos.append(qeffModelEosTokens(m)[i]);
  }
  nb::dict dict;
  const char *directory = qeffModelDirectory(m);
  dict["directory"] = nb::bytes(directory, std::strlen(directory));
  dict["architecture"] = qeffModelArchitecture(m);
  dict["producer"] = qeffModelProducer(m);
  dict["vocab_size"] = qeffModelVocabSize(m);
  dict["max_position"] = qeffModelMaxPosition(m);
  dict["eos_token_ids"] = eos;
  dict["threads"] = qeffModelThreads(m);
  dict["weights_bytes"] = qeffModelWeightsBytes(m);
  dict["state_bytes"] = qeffModelStateBytes(m);
  dict["batch_size"] = qeffModelBatchSize(m);
  dict["prefill_seq_len"] = qeffModelPrefillSeqLen(m);
  dict["ctx_len"] = qeffModelCtxLen(m);
  dict["functions"] = functions;
  nb::list targets;
  for (uint64_t i = 0, n = qeffModelNumAdapterTargets(m); i < n; ++i) {
    const QeffAdapterTargetInfo *target = qeffModelAdapterTarget(m, i);
    targets.append(nb::make_tuple(target->module, target->in, target->out));
  }
  dict["adapter_targets"] = targets;
  dict["max_lora_rank"] = qeffModelMaxLoraRank(m);
  return dict;
}

const QeffTensorInfo *Session::find(const std::string &function,
                                    const std::string &name) const {
  const QeffModel *m = model.get();
  for (uint64_t f = 0, n = qeffModelNumFunctions(m); f < n; ++f) {
    if (function != qeffModelFunctionName(m, f)) {
      continue;
    }
    for (uint64_t i = 0, e = qeffModelNumInputs(m, f); i < e; ++i) {
      const QeffTensorInfo *tensor = qeffModelInput(m, f, i);
      if (name == tensor->name) {
        return tensor;
      }
    }
    for (uint64_t i = 0, e = qeffModelNumOutputs(m, f); i < e; ++i) {
      const QeffTensorInfo *tensor = qeffModelOutput(m, f, i);
      if (name == tensor->name) {
        return tensor;
      }
    }
  }
  throw Error("unknown tensor '" + name + "' of function '" + function + "'");
}

Array Session::tensor(nb::handle self, const std::string &function,
                      const std::string &name) {
  void *data = nullptr;
  uint64_t bytes = 0;
  check(qeffSessionTensor(session.get(), function.c_str(), name.c_str(), &data,
                          &bytes));
  const QeffTensorInfo *info = find(function, name);
  std::vector<size_t> shape(info->shape, info->shape + info->rank);
  return Array(data, shape.size(), shape.data(), self, nullptr,
               dtypeOf(info->dtype));
}

void Session::run(const std::string &function) {
  Use use(*this);
  nb::gil_scoped_release release;
  check(qeffSessionRun(session.get(), function.c_str()));
}

void Session::reset() {
  Use use(*this);
  nb::gil_scoped_release release;
  check(qeffSessionReset(session.get()));
}

nb::tuple Session::generate(const std::vector<std::vector<int64_t>> &rows,
                            uint64_t maxNewTokens,
                            const std::vector<int64_t> &stopTokens,
                            nb::object onToken, nb::object choose,
                            nb::object onProgress) {
  Use use(*this);
  std::vector<QeffTokens> prompts;
  for (const std::vector<int64_t> &row : rows) {
    prompts.push_back({row.data(), row.size()});
  }
  Callbacks callbacks{std::move(onToken), std::move(choose),
                      std::move(onProgress), nullptr};
  QeffGenerateOptions options = {};
  options.max_new_tokens = maxNewTokens;
  options.stop_tokens = stopTokens.data();
  options.num_stop_tokens = stopTokens.size();
  options.on_token = Callbacks::token;
  options.choose = callbacks.choose.is_none() ? nullptr : Callbacks::choice;
  options.on_progress = Callbacks::progress;
  options.user = &callbacks;

  QeffGeneration *made = nullptr;
  QeffStatus *status = nullptr;
  {
    nb::gil_scoped_release release;
    status = qeffSessionGenerate(session.get(), prompts.data(), prompts.size(),
                                 &options, &made);
  }
  std::unique_ptr<QeffGeneration, Deleter> generation(made);
  if (callbacks.error) {
    qeffStatusDestroy(status);
    std::rethrow_exception(callbacks.error);
  }
  check(status);

  nb::list tokens, finish;
  for (uint64_t row = 0, n = qeffGenerationNumRows(made); row < n; ++row) {
    QeffTokens ids = qeffGenerationTokens(made, row);
    nb::list list;
    for (uint64_t i = 0; i < ids.size; ++i) {
      list.append(ids.ids[i]);
    }
    tokens.append(list);
    finish.append(finishName(qeffGenerationFinish(made, row)));
  }
  QeffMetrics metrics = qeffGenerationMetrics(made);
  nb::dict dict;
  dict["ttft_s"] = metrics.ttft_s;
  dict["prefill_tokens_per_s"] = metrics.prefill_tokens_per_s;
  dict["decode_tokens_per_s"] = metrics.decode_tokens_per_s;
  dict["total_s"] = metrics.total_s;
  dict["prompt_tokens"] = metrics.prompt_tokens;
  dict["generated_tokens"] = metrics.generated_tokens;
  return nb::make_tuple(tokens, finish, dict);
}

void Session::setTrace(bool enabled) {
  Use use(*this);
  qeffSessionSetTrace(session.get(), enabled);
}

nb::list Session::trace() {
  Use use(*this);
  nb::list entries;
  uint64_t count = qeffSessionNumTraceEntries(session.get());
  for (uint64_t i = 0; i < count; ++i) {
    QeffTraceEntry entry;
    if (!qeffSessionTraceEntry(session.get(), i, &entry)) {
      break;
    }
    nb::dict dict;
    dict["function"] = entry.function;
    dict["kernel"] = entry.kernel;
    dict["scope"] = entry.scope;
    dict["tiles"] = entry.tiles;
    dict["bytes"] = entry.bytes;
    dict["calls"] = entry.calls;
    dict["seconds"] = entry.seconds;
    entries.append(dict);
  }
  return entries;
}

nb::dict Session::loadAdapter(const nb::bytes &path, const std::string &name,
                              bool allowNonfinite) {
  std::string file = asString(path);
  QeffAdapterOptions options = {};
  options.allow_nonfinite = allowNonfinite;
  QeffAdapter *made = nullptr;
  {
    // Nothing of the session is used, so that it may run meanwhile.
    nb::gil_scoped_release release;
    check(qeffAdapterLoad(model.get(), file.c_str(), &options, &made));
  }
  std::unique_ptr<QeffAdapter, Deleter> adapter(made);
  nb::dict dict;
  std::string key = name.empty() ? qeffAdapterName(made) : name;
  dict["name"] = key;
  dict["rank"] = qeffAdapterRank(made);
  dict["targets"] = qeffAdapterNumTargets(made);
  dict["bytes"] = qeffAdapterBytes(made);
  adapters[key] = std::move(adapter);
  return dict;
}

void Session::setAdapter(const std::optional<std::string> &name) {
  QeffAdapter *adapter = nullptr;
  if (name) {
    auto found = adapters.find(*name);
    if (found == adapters.end()) {
      throw Error("unknown adapter '" + *name + "'");
    }
    adapter = found->second.get();
  }
  Use use(*this);
  check(qeffSessionSetAdapter(session.get(), adapter));
}

void Session::unloadAdapter(const std::string &name) {
  if (adapters.erase(name) == 0) {
    throw Error("unknown adapter '" + name + "'");
  }
}

} // namespace

NB_MODULE(_runtime, module) {
  qeff::python::registerError();
  module.def("version", [] { return std::string(qeffRuntimeVersion()); });
  module.def(
      "verify",
      [](const nb::bytes &path, nb::object progress) {
        std::string directory = asString(path);
        Callbacks callbacks{nb::none(), nb::none(), std::move(progress),
                            nullptr};
        QeffStatus *status = nullptr;
        {
          nb::gil_scoped_release release;
          status = qeffPackageVerify(directory.c_str(), Callbacks::progress,
                                     &callbacks);
        }
        if (callbacks.error) {
          qeffStatusDestroy(status);
          std::rethrow_exception(callbacks.error);
        }
        check(status);
      },
      nb::arg("path"), nb::arg("progress").none());
  nb::class_<Session>(module, "Session")
      .def(nb::init<const nb::bytes &, uint32_t>(), nb::arg("path"),
           nb::arg("threads"))
      .def("info", &Session::info)
      .def("tensor",
           [](nb::handle_t<Session> self, const std::string &function,
              const std::string &name) {
             return nb::cast<Session &>(self).tensor(self, function, name);
           })
      .def("run", &Session::run)
      .def("reset", &Session::reset)
      .def("generate", &Session::generate, nb::arg("rows"),
           nb::arg("max_new_tokens"), nb::arg("stop_tokens"),
           nb::arg("on_token").none(), nb::arg("choose").none(),
           nb::arg("on_progress").none())
      .def("set_trace", &Session::setTrace)
      .def("trace", &Session::trace)
      .def("load_adapter", &Session::loadAdapter, nb::arg("path"),
           nb::arg("name"), nb::arg("allow_nonfinite"))
      .def("set_adapter", &Session::setAdapter, nb::arg("name").none())
      .def("unload_adapter", &Session::unloadAdapter, nb::arg("name"));
}
