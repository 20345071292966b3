// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The phase table and the pipelines made from it.

#include "qeff/Pipelines/Phases.h"
#include "qeff/Analysis/Constants.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"

#include "llvm/Support/raw_ostream.h"

using namespace qeff;

static const PhaseInfo phases[] = {
    {Phase::Canonical, Phase::Imported,
     "transformer-level, stateless, named dims known",
     "onnxir-inline-functions,onnxir-upgrade,onnxir-infer-shapes,"
     "qeff-raise-caches,"
     "onnxir-infer-shapes,onnxir-widen-floats,qeff-lower-operators,"
     "onnxir-fold-constants,qeff-raise-linear,qeff-raise-norm,"
     "qeff-raise-embedding{roots=$roots},"
     "qeff-raise-attention{roots=$roots},qeff-raise-logits,"
     "qeff-raise-elementwise,canonicalize,qeff-raise-inputs,"
     "canonicalize,cse,qeff-annotate-modules"
     "$require-raised"},
    {Phase::Adapted, Phase::Canonical, "adapters merged or made inputs",
     "qeff-fuse-adapters{mode=$adapter-mode max-lora-rank=$max-lora-rank},"
     "canonicalize,cse"},
    {Phase::Stateful, Phase::Adapted, "the KV cache is in the graph",
     "qeff-annotate-specializations{prefill-seq-len=$prefill-seq-len "
     "ctx-len=$ctx-len batch-size=$batch-size$dims},"
     "qeff-insert-kv-cache"},
    {Phase::Tuned, Phase::Stateful, "ready for a target, dims still symbolic",
     "canonicalize,cse"},
    {Phase::AIC100, Phase::Tuned, "one ONNX graph for all specializations",
     "convert-qeff-to-onnxir{dtype=$onnx-dtype},qeff-clip-fp16,"
     "qeff-outline-weights"},
    {Phase::Specialized, Phase::Tuned,
     "one static function per specialization",
     "qeff-specialize,onnxir-infer-shapes,onnxir-fold-constants"},
    {Phase::Host, Phase::Specialized, "kernels, launches, weight placements",
     "convert-qeff-to-host{weights=$host-weights mcpu=$mcpu}"},
    {Phase::ONNX, Phase::Adapted,
     "plain ONNX of opset 23, caches as inputs and outputs",
     "qeff-insert-concat-cache,"
     "convert-qeff-to-onnxir{dtype=$onnx-dtype standard},qeff-clip-fp16,"
     "qeff-outline-weights"},
};

ArrayRef<PhaseInfo> qeff::getPhases() { return phases; }

FailureOr<SmallVector<PhaseInfo>> qeff::getPath(Phase from, Phase to) {
  SmallVector<PhaseInfo> path;
  for (Phase phase = to; phase != from;) {
    const PhaseInfo *info = llvm::find_if(
        phases, [&](const PhaseInfo &entry) { return entry.phase == phase; });
    if (info == std::end(phases)) {
      return failure();
    }
    path.insert(path.begin(), *info);
    phase = info->after;
  }
  return path;
}

static std::string printRoots(const std::map<std::string, std::string> &roots) {
  std::string result;
  for (const auto &[name, directory] : roots) {
    result += (result.empty() ? "" : ",") + printRoot(name, directory);
  }
  return result.empty() ? printRoot("model", ".") : result;
}

/// `text` with each `$name` replaced by the option's value.
static std::string substitute(StringRef text, const PipelineOptions &options) {
  const std::pair<StringRef, std::string> values[] = {
      {"$roots", printRoots(options.roots)},
      {"$adapter-mode", options.adapterMode},
      {"$max-lora-rank", std::to_string(options.maxLoRARank)},
      {"$prefill-seq-len", std::to_string(options.prefillSeqLen)},
      {"$ctx-len", std::to_string(options.ctxLen)},
      {"$batch-size", std::to_string(options.batchSize)},
      {"$require-raised", options.requireRaised ? ",qeff-verify-raised" : ""},
      {"$dims", options.dims.empty() ? "" : " dims={" + options.dims + "}"},
      {"$onnx-dtype", options.onnxDtype},
      {"$host-weights", options.hostWeights},
      {"$mcpu", options.mcpu},
  };
  std::string result = text.str();
  for (const auto &[name, value] : values) {
    for (size_t at = result.find(name.data()); at != std::string::npos;
         at = result.find(name.data(), at + value.size())) {
      result.replace(at, name.size(), value);
    }
  }
  return result;
}

FailureOr<std::string>
qeff::getPipelineText(Phase from, Phase to, const PipelineOptions &options) {
  FailureOr<SmallVector<PhaseInfo>> path = getPath(from, to);
  if (failed(path)) {
    return failure();
  }
  std::string text;
  for (const PhaseInfo &info : *path) {
    std::string passes = substitute(info.passes, options);
    if (!text.empty()) {
      text += ",";
    }
    if (!passes.empty()) {
      text += passes + ",";
    }
    text += ("qeff-annotate-phase{phase=" + stringifyPhase(info.phase) + "}")
                .str();
  }
  return text;
}

namespace {
struct PipelineCommandLine
    : public mlir::PassPipelineOptions<PipelineCommandLine> {
  Option<std::string> adapterMode{
      *this, "adapter-mode",
      llvm::cl::desc("What becomes of adapters: merge or swap"),
      llvm::cl::init("merge")};
  Option<int64_t> maxLoRARank{
      *this, "max-lora-rank",
      llvm::cl::desc("Ranks of adapters set while running; 0: the largest"),
      llvm::cl::init(0)};
  Option<int64_t> prefillSeqLen{
      *this, "prefill-seq-len",
      llvm::cl::desc("Positions of one prefill call"), llvm::cl::init(32)};
  Option<int64_t> ctxLen{*this, "ctx-len",
                         llvm::cl::desc("Slots of the KV cache"),
                         llvm::cl::init(1024)};
  Option<int64_t> batchSize{*this, "batch-size",
                            llvm::cl::desc("Rows of a call"),
                            llvm::cl::init(1)};
  Option<std::string> dims{
      *this, "dims",
      llvm::cl::desc("Sizes of an ONNX graph's dims: NAME=VALUE,…"),
      llvm::cl::init("")};
  Option<std::string> onnxDtype{
      *this, "onnx-dtype",
      llvm::cl::desc("Storage of the AI 100 graph: f32, f16 or auto"),
      llvm::cl::init("auto")};
  Option<std::string> hostWeights{
      *this, "host-weights",
      llvm::cl::desc("Weights of the host: auto, f32, f16 or bf16"),
      llvm::cl::init("auto")};
  Option<std::string> mcpu{*this, "mcpu",
                           llvm::cl::desc("CPU of the host, or native"),
                           llvm::cl::init("native")};

  PipelineOptions get() const {
    return {adapterMode, maxLoRARank, prefillSeqLen,
            ctxLen,      batchSize,   /*requireRaised=*/false,
            /*roots=*/{}, dims,       onnxDtype,
            hostWeights, mcpu};
  }
};
} // namespace

void qeff::registerPipelines() {
  for (const PhaseInfo &info : phases) {
    if (info.phase == Phase::Canonical) {
      continue;
    }
    std::string name = ("qeff-to-" + stringifyPhase(info.phase)).str();
    Phase to = info.phase;
    // The registration copies its strings; the builder runs when the pipeline
    // is asked for, with every pass registered.
    mlir::PassPipelineRegistration<PipelineCommandLine>(
        name, info.doc,
        [to](mlir::OpPassManager &pm, const PipelineCommandLine &options) {
          FailureOr<std::string> text =
              getPipelineText(Phase::Canonical, to, options.get());
          if (failed(text) || failed(mlir::parsePassPipeline(*text, pm))) {
            llvm::errs() << "the passes of this pipeline are not registered\n";
          }
        });
  }
}
