// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-annotate-specializations: the shapes that the module is compiled for.

#include "GraphDims.h"

#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Transforms/Passes.h"

namespace qeff {
#define GEN_PASS_DEF_ANNOTATESPECIALIZATIONSPASS
#include "qeff/Transforms/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

/// The model, or null where the module has none.
static FuncOp findModel(ModuleOp module) {
  for (auto function : module.getOps<FuncOp>()) {
    if (function.isPublic() && !function.isExternal()) {
      return function;
    }
  }
  return {};
}

/// The table of learned positions, or null where positions are computed.
static EmbeddingOp findLearnedPositions(FuncOp function) {
  if (!function) {
    return {};
  }
  BlockArgument positions = findArgument(function, "position_ids");
  for (auto embedding : function.getOps<EmbeddingOp>()) {
    Value ids = embedding.getIds();
    if (ids == positions ||
        isa_and_present<IotaOp, MaskPositionsOp>(ids.getDefiningOp())) {
      return embedding;
    }
  }
  return {};
}

/// Whether learned positions, where there are any, reach as far as the option
/// `what` says.
static LogicalResult checkLearned(FuncOp function, StringRef what,
                                  int64_t length) {
  EmbeddingOp learned = findLearnedPositions(function);
  if (!learned) {
    return success();
  }
  int64_t rows =
      cast<RankedTensorType>(learned.getTable().getType()).getDimSize(0);
  if (!ShapedType::isDynamic(rows) && rows < length) {
    return learned.emitError("expects ")
           << what << " <= " << rows
           << ", the model's learned positions, got " << length;
  }
  return success();
}

static LogicalResult checkContext(ModuleOp module, FuncOp function,
                                  int64_t ctxLen) {
  if (findLearnedPositions(function)) {
    return checkLearned(function, "ctx-len", ctxLen);
  }
  auto limit = module->getAttrOfType<IntegerAttr>(kMaxPositionAttr);
  // No scaling of rope reaches so far; such a number is a slip, and memory for
  // it would be asked for.
  constexpr int64_t kReach = 64;
  if (limit && (ctxLen - 1) / kReach >= limit.getInt()) {
    return module.emitError("expects ctx-len of at most ")
           << kReach << " times the " << limit.getInt()
           << " positions that the model was trained for, got " << ctxLen;
  }
  if (limit && ctxLen > limit.getInt()) {
    module.emitWarning("ctx-len ")
        << ctxLen << " is beyond the " << limit.getInt()
        << " positions that the model was trained for";
  }
  return success();
}

namespace {
struct AnnotateSpecializationsPass
    : public qeff::impl::AnnotateSpecializationsPassBase<
          AnnotateSpecializationsPass> {
  using AnnotateSpecializationsPassBase::AnnotateSpecializationsPassBase;

  void runOnOperation() override {
    if (failed(annotate(getOperation()))) {
      signalPassFailure();
    }
  }

  LogicalResult annotate(ModuleOp module) {
    if (prefillSeqLen < 1 || ctxLen < 1 || batchSize < 1) {
      return module.emitError("expects positive prefill-seq-len, ctx-len and "
                              "batch-size, got ")
             << prefillSeqLen.getValue() << ", " << ctxLen.getValue()
             << " and " << batchSize.getValue();
    }
    FuncOp function = findModel(module);
    if (function && isPlainGraph(module, function)) {
      return annotateGraph(module, function);
    }
    if (prefillSeqLen > ctxLen) {
      return module.emitError("expects prefill-seq-len <= ctx-len, got ")
             << prefillSeqLen.getValue() << " and " << ctxLen.getValue();
    }
    if (!dims.empty()) {
      return module.emitError("expects a graph that is no decoder, to give "
                              "dims for, got dims '")
             << dims.front() << "'";
    }
    if (failed(checkContext(module, function, ctxLen))) {
      return failure();
    }
    SmallVector<Attribute> specs;
    if (prefillSeqLen != 1) {
      specs.push_back(makeSpec("prefill", prefillSeqLen));
    }
    specs.push_back(makeSpec("decode", 1));
    module->setAttr(kSpecializationsAttr,
                    ArrayAttr::get(module.getContext(), specs));
    return success();
  }

  /// One specialization, called "encode" where there is attention.
  LogicalResult annotateGraph(ModuleOp module, FuncOp function) {
    SmallVector<StringRef> given(dims.begin(), dims.end());
    FailureOr<DictionaryAttr> values =
        getGraphDims(function, given,
                     {{"batch_size", batchSize}, {"seq_len", prefillSeqLen}});
    if (failed(values)) {
      return failure();
    }
    auto length = values->getAs<IntegerAttr>("seq_len");
    if (length && failed(checkLearned(function, "prefill-seq-len",
                                      length.getInt()))) {
      return failure();
    }
    MLIRContext *context = &getContext();
    bool isEncoder = !function.getOps<AttentionOp>().empty();
    Attribute spec = SpecAttr::get(
        context, StringAttr::get(context, isEncoder ? "encode" : "main"),
        *values);
    module->setAttr(kSpecializationsAttr, ArrayAttr::get(context, spec));
    return success();
  }

  Attribute makeSpec(StringRef name, int64_t seqLen) {
    Builder builder(&getContext());
    NamedAttrList dims;
    dims.set("batch_size", builder.getI64IntegerAttr(batchSize));
    dims.set("ctx_len", builder.getI64IntegerAttr(ctxLen));
    dims.set("seq_len", builder.getI64IntegerAttr(seqLen));
    return SpecAttr::get(&getContext(), builder.getStringAttr(name),
                         dims.getDictionary(&getContext()));
  }
};
} // namespace
