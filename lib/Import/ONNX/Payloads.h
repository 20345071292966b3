// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors of an ONNX model that stay in their files, as symbols of the module.
#ifndef QEFF_LIB_IMPORT_ONNX_PAYLOADS_H
#define QEFF_LIB_IMPORT_ONNX_PAYLOADS_H

#include "PayloadScanner.h"
#include "Types.h"

#include "qeff/Import/InputFile.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace qeff::onnxir {

/// The symbols of a module, each of its own name.
class SymbolNames {
public:
  /// Takes `name`; false where it is taken.
  bool take(StringRef name) {
    return !name.empty() && names.insert(name).second;
  }
  /// Takes `wanted` or a name like it.
  std::string takeLike(StringRef wanted);

private:
  llvm::StringSet<> names;
  llvm::StringMap<unsigned> counters;
};

/// A tensor whose payload is a `qeff.weight`.
struct StoredTensor {
  RankedTensorType type;
  FlatSymbolRefAttr weight;
  bool isEmbedded; ///< in the model's own file
};

class Payloads {
public:
  /// `builder` is where symbols go. `path` names the model's file.
  Payloads(StringRef path, uint64_t fileSize,
           const std::vector<Payload> &payloads, SymbolNames &symbols,
           OpBuilder builder)
      : path(path), fileSize(fileSize), payloads(payloads), symbols(symbols),
        builder(builder) {}

  /// Whether `proto` has its payload in a file, or was cut out of one.
  static bool isStored(const qeff_onnx::TensorProto &proto);

  /// Reads the payload of `proto` into it where it is external and no larger
  /// than what stays in the IR.
  LogicalResult embedSmall(qeff_onnx::TensorProto &proto,
                           EmitErrorFn emitError);

  /// Declares the payload of `proto`, and takes out what that says.
  FailureOr<StoredTensor> declare(qeff_onnx::TensorProto &proto,
                                  EmitErrorFn emitError);

private:
  struct File {
    FlatSymbolRefAttr symbol;
    uint64_t size = 0;
  };
  /// Where a payload lies, as its message says.
  struct Range {
    File file;
    uint64_t offset = 0;
    std::optional<uint64_t> size;
    std::string location; ///< of external data
  };

  FailureOr<File> getFile(StringRef location, EmitErrorFn emitError);
  LogicalResult openFile(StringRef location, EmitErrorFn emitError);
  File addFile(StringRef path, uint64_t size);
  FailureOr<Range> takeEmbedded(RankedTensorType type,
                                qeff_onnx::TensorProto &proto,
                                EmitErrorFn emitError);
  FailureOr<Range> takeExternal(qeff_onnx::TensorProto &proto,
                                EmitErrorFn emitError);
  /// Checks that `bytes` bytes of elements of `type` lie at `range`.
  static LogicalResult checkRange(const Range &range, uint64_t bytes,
                                  RankedTensorType type,
                                  EmitErrorFn emitError);
  /// Declares a weight of type `storage` at `range`.
  FlatSymbolRefAttr addWeight(StringRef name, const Range &range,
                              RankedTensorType storage);

  StringRef path;
  uint64_t fileSize;
  const std::vector<Payload> &payloads;
  SymbolNames &symbols;
  OpBuilder builder;
  std::optional<File> modelFile;
  llvm::StringMap<File> files;
  /// The file of external data that was opened last.
  std::optional<InputFile> opened;
  std::string openedLocation;
};

} // namespace qeff::onnxir

#endif // QEFF_LIB_IMPORT_ONNX_PAYLOADS_H
