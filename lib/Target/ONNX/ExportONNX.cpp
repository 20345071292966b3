// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Serializes ONNX models and writes their files.

#include "ModelBuilder.h"
#include "PayloadExpander.h"

#include "qeff/Target/OutputFile.h"

#include "llvm/Support/Path.h"

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

#include <climits>

using namespace qeff;

static LogicalResult serialize(ModuleOp module,
                               const qeff_onnx::ModelProto &model,
                               std::string &bytes) {
  size_t size = model.ByteSizeLong();
  if (size > INT_MAX) {
    return module.emitError()
           << "expects a graph of less than 2 GiB, got " << size << " bytes";
  }
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  if (!model.SerializePartialToCodedStream(&coded)) {
    return module.emitError() << "cannot serialize the model";
  }
  return success();
}

FailureOr<ONNXModel> qeff::buildONNXModel(ModuleOp module,
                                          StringRef dataFileName) {
  ONNXModel result;
  std::vector<EmbeddedPayload> embedded;
  std::string message;
  {
    qeff_onnx::ModelProto model;
    if (failed(ModelBuilder(module, dataFileName, result, embedded)
                   .build(model)) ||
        failed(serialize(module, model, message))) {
      return failure();
    }
  }
  if (embedded.empty()) {
    result.bytes = std::move(message);
    return result;
  }
  SmallVector<uint64_t> sizes(llvm::map_range(
      embedded, [](const EmbeddedPayload &payload) { return payload.size; }));
  ExpandedMessage expanded = expandPayloads(message, sizes);
  if (expanded.gaps.size() != embedded.size()) {
    return module.emitError() << "expects no marks of payloads in 'proto'";
  }
  result.bytes = std::move(expanded.bytes);
  uint64_t shift = 0;
  for (const ExpandedMessage::Gap &gap : expanded.gaps) {
    EmbeddedPayload payload = embedded[gap.payload];
    payload.position = gap.position;
    payload.weight.offset = static_cast<int64_t>(gap.position + shift);
    shift += payload.size;
    result.embedded.push_back(std::move(payload));
  }
  return result;
}

/// Calls `write` with each part of the model's bytes and, in between, `embed`
/// with each payload.
static LogicalResult
visitModel(const ONNXModel &model,
           llvm::function_ref<LogicalResult(StringRef, int64_t)> write,
           llvm::function_ref<LogicalResult(const EmbeddedPayload &)> embed) {
  StringRef bytes = model.bytes;
  uint64_t position = 0, shift = 0;
  auto writeUntil = [&](uint64_t end) {
    LogicalResult result = write(bytes.slice(position, end),
                                 static_cast<int64_t>(position + shift));
    position = end;
    return result;
  };
  for (const EmbeddedPayload &payload : model.embedded) {
    if (failed(writeUntil(payload.position)) || failed(embed(payload))) {
      return failure();
    }
    shift += payload.size;
  }
  return writeUntil(bytes.size());
}

LogicalResult qeff::writeONNXModel(ModuleOp module, const ONNXModel &model,
                                   StringRef path,
                                   const EvaluatorOptions &options,
                                   const ProgressFn &progress) {
  if (model.embedded.empty()) {
    return writeFile(module.getLoc(), path, model.bytes);
  }
  if (failed(checkIsNoSource(module, path, options))) {
    return failure();
  }
  FailureOr<OutputFile> file = OutputFile::create(module.getLoc(), path);
  SmallVector<WeightPlacement> placements;
  uint64_t size = model.bytes.size();
  for (const EmbeddedPayload &payload : model.embedded) {
    placements.push_back(payload.weight);
    size += payload.size;
  }
  EvaluatorOptions named = options;
  named.outputName = path.str();
  if (failed(file) || failed(file->resize(static_cast<int64_t>(size))) ||
      failed(visitModel(
          model,
          [&](StringRef bytes, int64_t offset) {
            return file->writeAt(bytes, offset);
          },
          [](const EmbeddedPayload &) { return success(); })) ||
      failed(writeWeights(module, placements, file->getDescriptor(), named,
                          progress))) {
    return failure();
  }
  return file->commit();
}

LogicalResult qeff::writeONNXModel(ModuleOp module, const ONNXModel &model,
                                   raw_ostream &output,
                                   const EvaluatorOptions &options) {
  auto writeTile = [&](const ConstTileBuffer &tile) {
    output.write(static_cast<const char *>(tile.data),
                 tile.tile.numElements() *
                     (tile.elementType.getIntOrFloatBitWidth() / 8));
    return success();
  };
  return visitModel(
      model,
      [&](StringRef bytes, int64_t) {
        output << bytes;
        return success();
      },
      [&](const EmbeddedPayload &payload) {
        return visitTiles(module, payload.weight, options, writeTile);
      });
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
  return writeONNXModel(module, *model, path, options, progress);
}
