// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fuzzes the passes behind the reader of ONNX files, up to phase canonical. The
// mutator changes fields of exported models, which it finds in the folder that
// QEFF_RAISING_EXPORTS names; large weights are left out of them and are zeros
// when they are read.

#include "FuzzSupport.h"
#include "MemoryFile.h"
#include "ModelFile.h"
#include "WireTree.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/ONNXIR/Transforms/Passes.h"
#include "qeff/Import/ONNX.h"
#include "qeff/Pipelines/Phases.h"
#include "qeff/Raise/Passes.h"
#include "qeff/Transforms/Passes.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdio>
#include <cstdlib>

using namespace qeff;
using qeff_onnx::ModelProto;
using qeff_onnx::TensorProto;

/// Payloads of more bytes are left out of seeds.
static constexpr size_t kMaxSeedPayload = 256;

//===----------------------------------------------------------------------===//
// Seeds
//===----------------------------------------------------------------------===//

/// `path` without what raising does not look at, or "".
static std::string readSeed(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  ModelProto model;
  if (!buffer || !model.ParseFromString((*buffer)->getBuffer().str())) {
    return "";
  }
  model.clear_metadata_props();
  auto &graph = *model.mutable_graph();
  graph.clear_metadata_props();
  graph.clear_value_info();
  for (auto &node : *graph.mutable_node()) {
    node.clear_metadata_props();
    node.clear_doc_string();
  }
  for (TensorProto &tensor : *graph.mutable_initializer()) {
    tensor.clear_metadata_props();
    tensor.clear_external_data();
    tensor.clear_data_location();
    if (tensor.raw_data().size() > kMaxSeedPayload) {
      tensor.clear_raw_data();
    }
  }
  return model.SerializeAsString();
}

static const std::vector<std::string> &getSeeds() {
  static const std::vector<std::string> seeds = [] {
    std::vector<std::string> result;
    std::error_code error;
    llvm::sys::fs::directory_iterator end;
    for (llvm::sys::fs::directory_iterator file(QEFF_RAISING_EXPORTS, error);
         !error && file != end; file.increment(error)) {
      if (StringRef(file->path()).ends_with(".onnx")) {
        result.push_back(readSeed(file->path()));
      }
    }
    llvm::erase_if(result, [](const std::string &seed) {
      constexpr size_t kMaxSeed = size_t(1) << 16;
      return seed.empty() || seed.size() > kMaxSeed;
    });
    llvm::sort(result);
    if (result.empty()) {
      std::fprintf(stderr, "no exports in %s\n", QEFF_RAISING_EXPORTS);
      std::abort();
    }
    return result;
  }();
  return seeds;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t max, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<fuzz::WireField> fields;
  if (random() % 4 == 0 || size == 0 ||
      !fuzz::parseWire({reinterpret_cast<const char *>(data), size}, fields)) {
    fields.clear();
    const std::vector<std::string> &seeds = getSeeds();
    (void)fuzz::parseWire(seeds[random() % seeds.size()], fields);
  }
  fuzz::mutateWire(fields, random);
  std::string out;
  fuzz::printWire(fields, out);
  size_t copied = fuzz::copyBack(out, data, max);
  return copied != 0 ? copied : LLVMFuzzerMutate(data, size, max);
}

//===----------------------------------------------------------------------===//
// The passes
//===----------------------------------------------------------------------===//

/// Gives floats that were left out their zeros, where they are not many.
static void fillPayloads(ModelProto &model) {
  constexpr int64_t kMaxElements = int64_t(1) << 18;
  int64_t total = 0;
  for (TensorProto &tensor : *model.mutable_graph()->mutable_initializer()) {
    bool isLeftOut = tensor.data_type() == TensorProto::FLOAT &&
                     tensor.raw_data().empty() &&
                     tensor.float_data_size() == 0 &&
                     tensor.external_data_size() == 0;
    int64_t count = 1;
    for (int64_t dim : tensor.dims()) {
      count = dim < 0 || dim > kMaxElements / std::max<int64_t>(count, 1)
                  ? kMaxElements
                  : count * dim;
    }
    if (isLeftOut && total + count < kMaxElements) {
      tensor.set_raw_data(std::string(static_cast<size_t>(count) * 4, '\0'));
      total += count;
    }
  }
}

/// A context that is renewed now and then: it keeps every type it has seen.
static MLIRContext &getContext() {
  static std::unique_ptr<MLIRContext> context;
  static unsigned uses = 0;
  if (!context || ++uses % 256 == 0) {
    context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
  }
  return *context;
}

static const std::string &getPipeline() {
  static const std::string text = [] {
    onnxir::registerONNXIRPasses();
    registerRaisePasses();
    registerTransformsPasses();
    mlir::registerTransformsPasses();
    PipelineOptions options;
    options.roots["model"] = "/proc/self/fd";
    return *getPipelineText(Phase::Imported, Phase::Canonical, options);
  }();
  return text;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ++fuzz::stats.executions;
  ModelProto model;
  if (!model.ParseFromArray(data, static_cast<int>(size))) {
    return 0;
  }
  ++fuzz::stats.pastParser;
  fillPayloads(model);
  fuzz::MemoryFile file(model.SerializeAsString());
  MLIRContext &context = getContext();
  int errors = 0;
  mlir::ScopedDiagnosticHandler handler(
      &context, [&](mlir::Diagnostic &diagnostic) {
        errors += diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
        return success();
      });
  FailureOr<OwningOpRef<ModuleOp>> module =
      importONNX(&context, file.getPath());
  if (failed(module)) {
    return 0;
  }
  mlir::PassManager pm(&context, ModuleOp::getOperationName());
  if (failed(mlir::parsePassPipeline(getPipeline(), pm))) {
    std::abort();
  }
  if (succeeded(pm.run(**module))) {
    ++fuzz::stats.accepted;
  } else if (errors == 0) {
    std::fprintf(stderr, "passes failed without an error\n");
    std::abort();
  }
  return 0;
}
