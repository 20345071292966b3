// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arrays in, arrays out.

#include "Arrays.h"

#include "Npz.h"

#include <cstring>

namespace {
/// The message of a failed call; frees the status.
std::string takeMessage(QeffStatus *status) {
  std::string message = qeffStatusMessage(status);
  qeffStatusDestroy(status);
  return message;
}

std::string getText(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    text += (i ? ", " : "") + std::to_string(shape[i]);
  }
  return text + "]";
}

const Array *find(const std::vector<Array> &arrays, const char *name) {
  for (const Array &array : arrays) {
    if (array.name == name) {
      return &array;
    }
  }
  return nullptr;
}

/// Copies the array for the input `info` to where the function reads it.
std::string setInput(QeffSession *session, const char *function,
                     const QeffTensorInfo *info,
                     const std::vector<Array> &arrays) {
  std::string where = std::string("input '") + info->name + "': ";
  const Array *array = find(arrays, info->name);
  if (!array) {
    return where + "expects an array of that name, got none";
  }
  // NumPy has no bf16: its bits may come as u16.
  bool isBits = !std::strcmp(info->dtype, "bf16") && array->dtype == "u16";
  std::vector<int64_t> shape(info->shape, info->shape + info->rank);
  if ((array->dtype != info->dtype && !isBits) || array->shape != shape) {
    return where + "expects " + info->dtype + " " + getText(shape) + ", got " +
           array->dtype + " " + getText(array->shape);
  }
  void *data = nullptr;
  uint64_t bytes = 0;
  if (QeffStatus *status = qeffSessionTensor(session, function, info->name,
                                             &data, &bytes)) {
    return takeMessage(status);
  }
  std::memcpy(data, array->data.data(), array->data.size());
  return "";
}

std::string getFunction(const Options &options, const QeffModel *model,
                        uint64_t &index) {
  uint64_t count = qeffModelNumFunctions(model);
  if (options.function.empty() && count == 1) {
    index = 0;
    return "";
  }
  std::string names;
  for (uint64_t i = 0; i < count; ++i) {
    if (options.function == qeffModelFunctionName(model, i)) {
      index = i;
      return "";
    }
    names += (i ? ", " : "") + std::string(qeffModelFunctionName(model, i));
  }
  return "--function: expects one of " + names + ", got '" + options.function +
         "'";
}
} // namespace

std::string runArrays(const Options &options, const QeffModel *model,
                      QeffSession *session) {
  uint64_t index = 0;
  NpzFile file;
  std::string error = getFunction(options, model, index);
  if (error.empty()) {
    error = file.read(options.inputs);
  }
  if (!error.empty()) {
    return error;
  }
  const char *function = qeffModelFunctionName(model, index);
  uint64_t numInputs = qeffModelNumInputs(model, index);
  for (uint64_t i = 0; i < numInputs; ++i) {
    error = setInput(session, function, qeffModelInput(model, index, i),
                     file.getArrays());
    if (!error.empty()) {
      return error;
    }
  }
  if (file.getArrays().size() != numInputs) {
    return options.inputs + ": expects the function's " +
           std::to_string(numInputs) + " inputs, got " +
           std::to_string(file.getArrays().size()) + " arrays";
  }
  if (QeffStatus *status = qeffSessionRun(session, function)) {
    return takeMessage(status);
  }
  std::vector<Array> outputs;
  for (uint64_t i = 0; i < qeffModelNumOutputs(model, index); ++i) {
    const QeffTensorInfo *info = qeffModelOutput(model, index, i);
    void *data = nullptr;
    uint64_t bytes = 0;
    if (QeffStatus *status = qeffSessionTensor(session, function, info->name,
                                               &data, &bytes)) {
      return takeMessage(status);
    }
    outputs.push_back({info->name, info->dtype,
                       {info->shape, info->shape + info->rank},
                       {static_cast<const char *>(data), bytes}});
  }
  return writeNpz(options.outputs, outputs);
}
