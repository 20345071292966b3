// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-insert-concat-cache: gives a stateless decoder the interface that ONNX
// runtimes' users know, with the keys and values of earlier calls as inputs.

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace qeff {
#define GEN_PASS_DEF_INSERTCONCATCACHEPASS
#include "qeff/Transforms/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

static constexpr StringRef kBatchSize = "batch_size";
static constexpr StringRef kPastLength = "past_length";
static constexpr StringRef kTotalLength = "past_length + seq_len";

namespace {
class ConcatCacheInserter {
public:
  ConcatCacheInserter(ModuleOp module, FuncOp function,
                      BlockArgument positions)
      : module(module), function(function), positions(positions),
        builder(function.getContext()) {}

  LogicalResult run();

private:
  LogicalResult declareDims();
  Value addArgument(const Twine &name, RankedTensorType type,
                    ArrayRef<Attribute> dims, StringRef result = "");
  Value countPositions(Value mask, Location loc);
  void insertCache(OpOperand &operand, const Twine &suffix);
  LogicalResult insertCaches(AttentionOp attention, unsigned layer);
  void returnCaches();

  Attribute getDim(StringRef name) {
    return FlatSymbolRefAttr::get(module.getContext(), name);
  }

  ModuleOp module;
  FuncOp function;
  BlockArgument positions;
  OpBuilder builder;
  Value keyPositions;
  /// What is returned, and the attributes of each.
  SmallVector<Value> newest;
  SmallVector<Attribute> newestAttributes;
};
} // namespace

LogicalResult ConcatCacheInserter::declareDims() {
  builder.setInsertionPointToStart(module.getBody());
  for (StringRef name : {kPastLength, kTotalLength}) {
    if (SymbolTable::lookupSymbolIn(module, name)) {
      return module.emitError("expects a stateless module, got one that "
                              "declares the dim '")
             << name << "'";
    }
    DimOp::create(builder, module.getLoc(), builder.getStringAttr(name),
                  /*sym_visibility=*/StringAttr(), builder.getI64IntegerAttr(0),
                  /*max=*/IntegerAttr());
  }
  return success();
}

/// Adds an argument in front of the adapters; `result` names the result that
/// carries its newest value.
Value ConcatCacheInserter::addArgument(const Twine &name,
                                       RankedTensorType type,
                                       ArrayRef<Attribute> dims,
                                       StringRef result) {
  unsigned index = function.getNumArguments();
  while (index > 0 && function.getArgAttr(index - 1, kAdapterAttr)) {
    --index;
  }
  NamedAttrList attributes;
  attributes.set(kNameAttr, builder.getStringAttr(name));
  attributes.set(kDimsAttr, builder.getArrayAttr(dims));
  if (!result.empty()) {
    attributes.set(kStateAttr, builder.getStringAttr(result));
  }
  (void)function.insertArgument(index, type,
                                attributes.getDictionary(module.getContext()),
                                function.getLoc());
  return function.getArgument(index);
}

/// Positions [B, T] of the tokens that `mask` shows, −1 for the others: they
/// are counted from the left, as transformers counts them.
Value ConcatCacheInserter::countPositions(Value mask, Location loc) {
  auto type = cast<RankedTensorType>(mask.getType());
  auto constant = [&](StringRef name, int64_t value) -> Value {
    auto scalar = RankedTensorType::get({}, builder.getI64Type());
    return onnxir::InitializerOp::create(
        builder, loc, scalar, name, DenseElementsAttr::get(scalar, value));
  };
  auto node = [&](StringRef opType, int64_t since, ValueRange inputs,
                  Type element) {
    return onnxir::NodeOp::create(builder, loc, type.clone(element), "",
                                  opType, since,
                                  ("/key_positions/" + opType).str(), inputs)
        .getResult(0);
  };
  Type i64 = builder.getI64Type();
  Value counted = node("CumSum", 14, {mask, constant("const.axis.1", 1)}, i64);
  Value numbers = node("Sub", 14, {counted, constant("const.i64.1", 1)}, i64);
  Value hidden = node("Equal", 13, {mask, constant("const.i64.0", 0)},
                      builder.getI1Type());
  return node("Where", 16, {hidden, constant("const.i64.-1", -1), numbers},
              i64);
}

/// Puts the keys or values of earlier calls in front of `operand`.
void ConcatCacheInserter::insertCache(OpOperand &operand,
                                      const Twine &suffix) {
  Value update = operand.get();
  auto type = cast<RankedTensorType>(update.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = shape[2] = ShapedType::kDynamic;
  RankedTensorType cacheType = type.clone(shape);
  Attribute heads = builder.getI64IntegerAttr(shape[1]);
  Attribute size = builder.getI64IntegerAttr(shape[3]);
  std::string result = ("present." + suffix).str();
  Value past = addArgument(
      "past_key_values." + suffix, cacheType,
      {getDim(kBatchSize), heads, getDim(kPastLength), size}, result);
  Value joined = ConcatOp::create(builder, update.getLoc(), cacheType,
                                  ValueRange{past, update}, 2);
  operand.set(joined);
  newest.push_back(joined);
  newestAttributes.push_back(builder.getDictionaryAttr(
      {builder.getNamedAttr(kNameAttr, builder.getStringAttr(result)),
       builder.getNamedAttr(
           kDimsAttr,
           builder.getArrayAttr(
               {getDim(kBatchSize), heads, getDim(kTotalLength), size}))}));
}

LogicalResult ConcatCacheInserter::insertCaches(AttentionOp attention,
                                                unsigned layer) {
  if (attention.getQPos() != positions || attention.getKvPos() != positions) {
    return attention.emitOpError(
        "expects q_pos and kv_pos to be the argument 'position_ids'");
  }
  if (!attention.getCausal() || attention.getBias()) {
    return attention.emitOpError("expects a causal attention without a bias");
  }
  builder.setInsertionPoint(attention);
  insertCache(attention.getKMutable(), Twine(layer) + ".key");
  insertCache(attention.getVMutable(), Twine(layer) + ".value");
  attention.getKvPosMutable().assign(keyPositions);
  return success();
}

/// Returns the caches behind the logits, in front of the adapters.
void ConcatCacheInserter::returnCaches() {
  auto ret = cast<mlir::func::ReturnOp>(function.getBody().front().back());
  SmallVector<Value> results = {ret.getOperand(0)};
  SmallVector<Attribute> attributes = {function.getResultAttrDict(0)};
  llvm::append_range(results, newest);
  llvm::append_range(attributes, newestAttributes);
  for (unsigned i = 1; i < ret.getNumOperands(); ++i) {
    results.push_back(ret.getOperand(i));
    attributes.push_back(function.getResultAttrDict(i));
  }
  for (Attribute &attribute : attributes) {
    attribute = attribute ? attribute : builder.getDictionaryAttr({});
  }
  ret.getOperandsMutable().assign(results);
  function.setFunctionType(builder.getFunctionType(
      function.getArgumentTypes(), ret.getOperandTypes()));
  function.setResAttrsAttr(builder.getArrayAttr(attributes));
}

LogicalResult ConcatCacheInserter::run() {
  auto ret = cast<mlir::func::ReturnOp>(function.getBody().front().back());
  if (ret.getNumOperands() < 1) {
    return ret.emitOpError("expects a result, the logits, got none");
  }
  if (failed(declareDims())) {
    return failure();
  }
  // What the model that was read said of its inputs, dims by other names.
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    function.removeArgAttr(i, "onnxir.proto");
  }
  auto maskType = RankedTensorType::get(
      {ShapedType::kDynamic, ShapedType::kDynamic}, builder.getI64Type());
  Value mask = addArgument("attention_mask", maskType,
                           {getDim(kBatchSize), getDim(kTotalLength)});
  builder.setInsertionPointToStart(&function.getBody().front());
  keyPositions = countPositions(mask, function.getLoc());
  unsigned layer = 0;
  Block &block = function.getBody().front();
  for (AttentionOp attention : block.getOps<AttentionOp>()) {
    if (failed(insertCaches(attention, layer++))) {
      return failure();
    }
  }
  returnCaches();
  return success();
}

namespace {
struct InsertConcatCachePass
    : public qeff::impl::InsertConcatCachePassBase<InsertConcatCachePass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<FuncOp> function = findMainFunction(module);
    if (failed(function)) {
      return signalPassFailure();
    }
    BlockArgument positions = findArgument(*function, "position_ids");
    if (isPlainGraph(module, *function) || !positions) {
      return;
    }
    if (failed(ConcatCacheInserter(module, *function, positions).run())) {
      signalPassFailure();
    }
  }
};
} // namespace
