// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-raise-inputs: a raised function's arguments, results and dims take their
// canonical names and order.

#include "Positions.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Raise/Passes.h"

#include "mlir/IR/TypeUtilities.h"

#include "llvm/ADT/BitVector.h"

namespace qeff {
#define GEN_PASS_DEF_RAISEINPUTSPASS
#include "qeff/Raise/Passes.h.inc"
} // namespace qeff

using namespace qeff;
using mlir::func::FuncOp;

/// Positions that a graph whose positions are computed supports: it does not
/// say.
static constexpr int64_t kMaxPosition = 1 << 20;

namespace {
class InputRaiser {
public:
  InputRaiser(ModuleOp module, FuncOp function)
      : module(module), function(function), builder(module.getContext()) {}

  void run();

private:
  void dropProtos();
  void eraseUnused();
  void renameDims();
  void name(BlockArgument argument, StringRef text);
  void movePositions();
  void widenResults();
  void countPositions();
  void nameEncoderInputs();

  ModuleOp module;
  FuncOp function;
  OpBuilder builder;
};
} // namespace

static BlockArgument findMarked(FuncOp function, StringRef attribute) {
  for (BlockArgument argument : function.getArguments()) {
    if (function.getArgAttr(argument.getArgNumber(), attribute)) {
      return argument;
    }
  }
  return {};
}

/// What an exporter said of inputs and results holds no longer.
void InputRaiser::dropProtos() {
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    function.removeArgAttr(i, onnxir::kProtoAttr);
  }
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    function.removeResultAttr(i, builder.getStringAttr(onnxir::kProtoAttr));
  }
}

/// Arguments without uses, and dims that nothing mentions.
void InputRaiser::eraseUnused() {
  llvm::BitVector unused(function.getNumArguments());
  for (BlockArgument argument : function.getArguments()) {
    bool isPositions =
        function.getArgAttr(argument.getArgNumber(), kPositionsAttr) != nullptr;
    unused[argument.getArgNumber()] = argument.use_empty() && !isPositions;
  }
  (void)function.eraseArguments(unused);
  for (DimOp dim : llvm::make_early_inc_range(module.getOps<DimOp>())) {
    if (SymbolTable::symbolKnownUseEmpty(dim.getOperation(),
                                         module.getOperation())) {
      dim.erase();
    }
  }
}

/// Calls the dims of the tokens batch_size and seq_len.
void InputRaiser::renameDims() {
  BlockArgument tokens = findTokens(function);
  auto dims = tokens ? function.getArgAttrOfType<ArrayAttr>(
                           tokens.getArgNumber(), kDimsAttr)
                     : ArrayAttr();
  if (!dims || dims.size() != 2) {
    return;
  }
  SymbolTable symbols(module);
  constexpr StringRef kNames[] = {"batch_size", "seq_len"};
  for (auto [dim, text] : llvm::zip(dims, kNames)) {
    auto symbol = dyn_cast<FlatSymbolRefAttr>(dim);
    if (symbol && symbol.getValue() != text && !symbols.lookup(text)) {
      (void)symbols.rename(symbols.lookup(symbol.getValue()), text);
    }
  }
}

void InputRaiser::name(BlockArgument argument, StringRef text) {
  function.setArgAttr(argument.getArgNumber(), kNameAttr,
                      builder.getStringAttr(text));
}

/// Results are f32, as those of a checkpoint are, whatever the graph rounds
/// them to.
void InputRaiser::widenResults() {
  mlir::func::ReturnOp end =
      cast<mlir::func::ReturnOp>(function.getBody().front().getTerminator());
  for (mlir::OpOperand &operand : end->getOpOperands()) {
    auto cast = operand.get().getDefiningOp<onnxir::CastOp>();
    auto element = cast ? mlir::getElementTypeOrSelf(cast.getType()) : Type();
    if (cast && (element.isF16() || element.isBF16()) &&
        mlir::getElementTypeOrSelf(cast.getInput().getType()).isF32()) {
      operand.set(cast.getInput());
      if (cast->use_empty()) {
        cast->erase();
      }
    }
  }
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           end->getOperandTypes()));
}

/// Positions come second.
void InputRaiser::movePositions() {
  BlockArgument positions = findMarked(function, kPositionsAttr);
  BlockArgument tokens = findTokens(function);
  if (!positions || !tokens || function.getNumArguments() < 2) {
    return;
  }
  function.removeArgAttr(positions.getArgNumber(), kPositionsAttr);
  name(tokens, "input_ids");
  name(positions, "position_ids");
  auto move = [&](BlockArgument argument, unsigned to) {
    if (argument.getArgNumber() == to) {
      return;
    }
    unsigned from = argument.getArgNumber();
    DictionaryAttr attributes = function.getArgAttrDict(from);
    if (failed(function.insertArgument(to, argument.getType(), attributes,
                                       argument.getLoc()))) {
      return;
    }
    from += from >= to ? 1 : 0;
    function.getArgument(from).replaceAllUsesWith(function.getArgument(to));
    (void)function.eraseArgument(from);
  };
  move(tokens, 0);
  for (BlockArgument argument : function.getArguments()) {
    auto text = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                      kNameAttr);
    if (text && text.getValue() == "position_ids") {
      move(argument, 1);
      break;
    }
  }
}

/// An encoder sees all of its tokens: positions that were added count them.
void InputRaiser::countPositions() {
  BlockArgument positions = findMarked(function, kPositionsAttr);
  BlockArgument tokens = findTokens(function);
  bool isDecoder = llvm::any_of(function.getOps<AttentionOp>(),
                                [](AttentionOp op) { return op.getCausal(); });
  if (!positions || !tokens || isDecoder) {
    return;
  }
  auto isGiven = function.getArgAttrOfType<BoolAttr>(positions.getArgNumber(),
                                                     kPositionsAttr);
  function.removeArgAttr(positions.getArgNumber(), kPositionsAttr);
  if (isGiven.getValue()) {
    return;
  }
  builder.setInsertionPointToStart(&function.getBody().front());
  Value counted = IotaOp::create(builder, tokens.getLoc(), tokens.getType(),
                                 tokens, StringAttr());
  positions.replaceAllUsesWith(counted);
  (void)function.eraseArgument(positions.getArgNumber());
}

/// Arguments of an encoder are named by what they are used for.
void InputRaiser::nameEncoderInputs() {
  BlockArgument tokens = findTokens(function);
  if (!tokens || findArgument(function, "position_ids")) {
    return;
  }
  name(tokens, "input_ids");
  for (BlockArgument argument : function.getArguments()) {
    for (Operation *user : argument.getUsers()) {
      if (isa<MaskPositionsOp>(user)) {
        name(argument, "attention_mask");
      } else if (isa<EmbeddingOp>(user) && argument != tokens) {
        name(argument, "token_type_ids");
      }
    }
  }
}

void InputRaiser::run() {
  countPositions();
  // A graph that is no transformer keeps the inputs that its caller knows.
  if (!findTokens(function) || function.getOps<AttentionOp>().empty()) {
    return;
  }
  dropProtos();
  widenResults();
  eraseUnused();
  renameDims();
  movePositions();
  nameEncoderInputs();
  bool isDecoder = findArgument(function, "position_ids") != nullptr;
  if (isDecoder && function.getNumResults() == 1) {
    function.setResultAttr(0, kNameAttr, builder.getStringAttr("logits"));
  }
  if (isDecoder && !module->hasAttr(kMaxPositionAttr)) {
    module->setAttr(kMaxPositionAttr,
                    builder.getI64IntegerAttr(kMaxPosition));
  }
}

namespace {
struct RaiseInputs : qeff::impl::RaiseInputsPassBase<RaiseInputs> {
  void runOnOperation() override {
    FailureOr<FuncOp> function = findMainFunction(getOperation());
    if (failed(function)) {
      return signalPassFailure();
    }
    InputRaiser(getOperation(), *function).run();
  }
};
} // namespace
