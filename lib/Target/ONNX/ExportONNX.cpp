// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Serializes ONNX models and writes their files.

#include "ModelBuilder.h"

#include "qeff/Target/OutputFile.h"

#include "llvm/Support/Path.h"

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

#include <climits>

using namespace qeff;

FailureOr<ONNXModel> qeff::buildONNXModel(ModuleOp module,
                                          StringRef dataFileName) {
  ONNXModel result;
  qeff_onnx::ModelProto model;
  if (failed(ModelBuilder(module, dataFileName, result).build(model))) {
    return failure();
  }
  size_t bytes = model.ByteSizeLong();
  if (bytes > INT_MAX) {
    module.emitError() << "expects a graph of less than 2 GiB, got " << bytes
                       << " bytes";
    return failure();
  }
  {
    google::protobuf::io::StringOutputStream stream(&result.bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    if (!model.SerializeToCodedStream(&coded)) {
      module.emitError() << "cannot serialize the model";
      return failure();
    }
  }
  return result;
}

LogicalResult qeff::writeONNXData(ModuleOp module, const ONNXModel &model,
                                  StringRef path,
                                  const EvaluatorOptions &options,
                                  const ProgressFn &progress) {
  if (failed(checkIsNoSource(module, path, options))) {
    return failure();
  }
  FailureOr<OutputFile> file = OutputFile::create(module.getLoc(), path);
  if (failed(file) || failed(file->resize(model.dataSize))) {
    return failure();
  }
  EvaluatorOptions named = options;
  named.outputName = path.str();
  if (failed(writeWeights(module, model.weights, file->getDescriptor(), named,
                          progress))) {
    return failure();
  }
  return file->commit();
}

LogicalResult qeff::exportONNX(ModuleOp module, StringRef path,
                               const EvaluatorOptions &options,
                               const ProgressFn &progress) {
  std::string data = (path + ".data").str();
  FailureOr<ONNXModel> model =
      buildONNXModel(module, llvm::sys::path::filename(data));
  if (failed(model)) {
    return failure();
  }
  if (model->dataSize > 0 &&
      failed(writeONNXData(module, *model, data, options, progress))) {
    return failure();
  }
  return writeFile(module.getLoc(), path, model->bytes);
}
