// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-annotate-specializations: the shapes that the module is compiled for.

#include "GraphDims.h"

#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace qeff {
#define GEN_PASS_DEF_ANNOTATESPECIALIZATIONSPASS
#include "qeff/Transforms/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

/// The table of learned positions, or null where positions are computed.
static EmbeddingOp findLearnedPositions(ModuleOp module) {
  for (auto function : module.getOps<FuncOp>()) {
    for (BlockArgument argument : function.getArguments()) {
      auto name = function.getArgAttrOfType<StringAttr>(
          argument.getArgNumber(), kNameAttr);
      if (!name || name.getValue() != "position_ids") {
        continue;
      }
      for (Operation *user : argument.getUsers()) {
        if (auto embedding = dyn_cast<EmbeddingOp>(user)) {
          return embedding;
        }
      }
    }
  }
  return {};
}

static LogicalResult checkContext(ModuleOp module, int64_t ctxLen) {
  if (EmbeddingOp learned = findLearnedPositions(module)) {
    auto table = cast<RankedTensorType>(learned.getTable().getType());
    if (table.getDimSize(0) < ctxLen) {
      return learned.emitError("expects ctx-len <= ")
             << table.getDimSize(0) << ", the model's learned positions, got "
             << ctxLen;
    }
    return success();
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
    if (prefillSeqLen > ctxLen) {
      return module.emitError("expects prefill-seq-len <= ctx-len, got ")
             << prefillSeqLen.getValue() << " and " << ctxLen.getValue();
    }
    if (isFromONNX(module)) {
      FailureOr<FuncOp> function = findMainFunction(module);
      if (failed(function)) {
        return failure();
      }
      if (isPlainGraph(module, *function)) {
        return annotateGraph(module, *function);
      }
    }
    if (!dims.empty()) {
      return module.emitError("expects an ONNX graph that is no decoder, to "
                              "give dims for, got dims '")
             << dims.front() << "'";
    }
    if (failed(checkContext(module, ctxLen))) {
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

  LogicalResult annotateGraph(ModuleOp module, FuncOp function) {
    SmallVector<StringRef> given(dims.begin(), dims.end());
    FailureOr<DictionaryAttr> values =
        getGraphDims(function, given,
                     {{"batch_size", batchSize}, {"seq_len", prefillSeqLen}});
    if (failed(values)) {
      return failure();
    }
    MLIRContext *context = &getContext();
    Attribute spec = SpecAttr::get(context, StringAttr::get(context, "main"),
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
