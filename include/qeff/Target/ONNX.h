// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes modules of the dialect `onnxir` as ONNX models.
#ifndef QEFF_TARGET_ONNX_H
#define QEFF_TARGET_ONNX_H

#include "qeff/Support/LLVM.h"
#include "qeff/Support/Progress.h"
#include "qeff/Weights/Evaluator.h"

#include <string>

namespace qeff {

/// A payload inside the serialized model.
struct EmbeddedPayload {
  WeightPlacement weight; ///< its offset is that in the model's file
  uint64_t position;      ///< in `ONNXModel::bytes`
  uint64_t size;
};

/// A model without the payload of its weights.
struct ONNXModel {
  /// The serialized ModelProto, without the embedded payloads.
  std::string bytes;
  /// The payloads to insert, by ascending position.
  std::vector<EmbeddedPayload> embedded;
  /// The weights and where each begins in the data file.
  std::vector<WeightPlacement> weights;
  /// Bytes of the data file; 0 where there is none.
  int64_t dataSize = 0;
};

/// Builds the model of the public function of `module`, whose arguments and
/// results carry `qeff.name`. Weights refer to the file `dataFileName` beside
/// the model, but for those that are embedded. Fails, with a diagnostic at the
/// op, where the module holds something that ONNX has not.
FailureOr<ONNXModel> buildONNXModel(ModuleOp module, StringRef dataFileName);

/// Streams the weights of `model` to `path`, by a temporary name.
LogicalResult writeONNXData(ModuleOp module, const ONNXModel &model,
                            StringRef path, const EvaluatorOptions &options,
                            const ProgressFn &progress = {});

/// Writes the model itself to `path`, by a temporary name; embedded payloads
/// are streamed into it.
LogicalResult writeONNXModel(ModuleOp module, const ONNXModel &model,
                             StringRef path, const EvaluatorOptions &options,
                             const ProgressFn &progress = {});

/// The same to a stream.
LogicalResult writeONNXModel(ModuleOp module, const ONNXModel &model,
                             raw_ostream &output,
                             const EvaluatorOptions &options);

/// Writes `path` and, where there are weights, `path`.data beside it; both by
/// temporary names. The same module gives the same bytes.
LogicalResult exportONNX(ModuleOp module, StringRef path,
                         const EvaluatorOptions &options,
                         const ProgressFn &progress = {});

} // namespace qeff

#endif // QEFF_TARGET_ONNX_H
