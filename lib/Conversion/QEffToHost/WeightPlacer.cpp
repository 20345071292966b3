// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weight expressions, unique and placed.

#include "WeightPlacer.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/OperationSupport.h"

using namespace qeff;
using namespace qeff::host;

using mlir::OperationEquivalence;

unsigned StructuralOpInfo::getHashValue(const Operation *op) {
  return OperationEquivalence::computeHash(
      const_cast<Operation *>(op), OperationEquivalence::directHashValue,
      OperationEquivalence::ignoreHashValue,
      OperationEquivalence::IgnoreLocations);
}

bool StructuralOpInfo::isEqual(const Operation *a, const Operation *b) {
  if (a == b) {
    return true;
  }
  if (a == getTombstoneKey() || a == getEmptyKey() || b == getTombstoneKey() ||
      b == getEmptyKey()) {
    return false;
  }
  return OperationEquivalence::isEquivalentTo(
      const_cast<Operation *>(a), const_cast<Operation *>(b),
      OperationEquivalence::IgnoreLocations);
}

WeightPlacer::WeightPlacer(ModuleOp module, FloatType elementType)
    : builder(module.getContext()), elementType(elementType) {
  builder.setInsertionPointToEnd(module.getBody());
  weights = WeightsOp::create(builder, module.getLoc());
  builder.setInsertionPointToStart(&weights.getBody().emplaceBlock());
}

bool WeightPlacer::isWeight(Value value) {
  // Expressions may be deep, so the walk keeps its own stack.
  SmallVector<Value> stack{value};
  while (!stack.empty()) {
    Value top = stack.back();
    if (weightness.count(top)) {
      stack.pop_back();
      continue;
    }
    Operation *op = top.getDefiningOp();
    bool isLeaf = op && (isa<WeightRefOp>(op) ||
                         op->hasTrait<mlir::OpTrait::ConstantLike>());
    if (!op || isLeaf || !isa<StreamableOpInterface>(op)) {
      weightness[top] = isLeaf;
      stack.pop_back();
      continue;
    }
    auto unknown = llvm::find_if_not(op->getOperands(), [&](Value operand) {
      return weightness.count(operand);
    });
    if (unknown != op->operand_end()) {
      stack.push_back(*unknown);
      continue;
    }
    weightness[top] = llvm::all_of(op->getOperands(), [&](Value operand) {
      return weightness.lookup(operand);
    });
    stack.pop_back();
  }
  return weightness.lookup(value);
}

Operation *WeightPlacer::unique(Operation *op) {
  auto [entry, inserted] = known.insert(op);
  if (!inserted) {
    op->erase();
  }
  return *entry;
}

Value WeightPlacer::import(Value value) {
  SmallVector<Value> stack{value};
  while (!stack.empty()) {
    Value top = stack.back();
    Operation *op = top.getDefiningOp();
    // What is in the block already stands for itself.
    if (op->getBlock() == builder.getInsertionBlock() || imported.count(top)) {
      stack.pop_back();
      continue;
    }
    auto missing = llvm::find_if_not(op->getOperands(), [&](Value operand) {
      return imported.count(operand);
    });
    if (missing != op->operand_end()) {
      stack.push_back(*missing);
      continue;
    }
    Operation *clone = builder.clone(*op);
    for (OpOperand &operand : clone->getOpOperands()) {
      operand.set(imported.lookup(operand.get()));
    }
    imported[top] = unique(clone)->getResult(0);
    stack.pop_back();
  }
  auto found = imported.find(value);
  return found == imported.end() ? value : found->second;
}

FloatType WeightPlacer::getElementType(Value weight) const {
  auto stored = cast<FloatType>(
      cast<RankedTensorType>(weight.getType()).getElementType());
  return elementType ? elementType : stored;
}

Value WeightPlacer::castTo(Value value, FloatType type) {
  auto tensor = cast<RankedTensorType>(value.getType());
  if (tensor.getElementType() == type) {
    return value;
  }
  return unique(CastOp::create(builder, value.getLoc(), tensor.clone(type),
                               value))
      ->getResult(0);
}

FailureOr<int64_t> WeightPlacer::place(Value value, Location user) {
  auto [entry, inserted] = offsets.try_emplace(value, end);
  if (!inserted) {
    return entry->second;
  }
  std::optional<int64_t> bytes =
      getDenseBytes(cast<ShapedType>(value.getType()));
  if (!bytes ||
      *bytes > std::numeric_limits<int64_t>::max() - kAlignment - end) {
    return mlir::emitError(user)
           << "expects weights of less than 2^63 bytes, got " << end
           << " bytes and a " << value.getType();
  }
  PlaceOp::create(builder, user, value, end);
  end = alignBytes(end + std::max<int64_t>(*bytes, 1));
  return entry->second;
}

FailureOr<int64_t> WeightPlacer::placePanels(Value weight, Location user) {
  FloatType type = getElementType(weight);
  Value rows = castTo(import(weight), type);
  auto tensor = cast<RankedTensorType>(rows.getType());
  auto panels = RankedTensorType::get(
      {static_cast<int64_t>(
           llvm::divideCeil(tensor.getDimSize(0), kPanelWidth)),
       tensor.getDimSize(1), kPanelWidth},
      type);
  return place(
      unique(PackOp::create(builder, user, panels, rows))->getResult(0), user);
}

FailureOr<int64_t> WeightPlacer::placeRows(Value table, Location user) {
  return place(castTo(import(table), getElementType(table)), user);
}

FailureOr<int64_t> WeightPlacer::placeF32(Value weight, Location user) {
  return place(castTo(import(weight), builder.getF32Type()), user);
}

bool WeightPlacer::isStored(Value value) {
  Operation *op = value.getDefiningOp();
  return isWeight(value) ||
         isa_and_present<onnxir::InitializerOp, onnxir::WeightOp>(op);
}

/// The elements as a constant that weights.bin can hold: signless, booleans as
/// bytes; null where there is none.
static DenseElementsAttr getPlaceable(DenseElementsAttr elements) {
  auto type = dyn_cast<IntegerType>(elements.getElementType());
  if (!type) {
    return elements;
  }
  Type storage = IntegerType::get(type.getContext(),
                                  std::max<unsigned>(type.getWidth(), 8));
  if (type.getWidth() != 1) {
    return type.getWidth() % 8 == 0 ? elements.bitcast(storage)
                                    : DenseElementsAttr();
  }
  SmallVector<llvm::APInt> bytes;
  for (const llvm::APInt &value : elements.getValues<llvm::APInt>()) {
    bytes.push_back(value.zext(8));
  }
  return DenseElementsAttr::get(
      RankedTensorType::get(elements.getType().getShape(), storage), bytes);
}

FailureOr<int64_t> WeightPlacer::placeStored(Value value, Location user) {
  auto weight = value.getDefiningOp<onnxir::WeightOp>();
  if (weight && !weight.getType().getElementType().isInteger(1)) {
    return place(import(weight.getSource()), user);
  }
  DenseElementsAttr elements;
  if (auto initializer = value.getDefiningOp<onnxir::InitializerOp>()) {
    elements = dyn_cast<DenseElementsAttr>(initializer.getValue());
  } else if (isWeight(value) && !mlir::matchPattern(
                                    value, mlir::m_Constant(&elements))) {
    return place(import(value), user);
  }
  if (elements) {
    elements = getPlaceable(elements);
  }
  if (!elements) {
    return mlir::emitError(user)
           << "expects operands that the host stores, got a "
           << value.getType() << " with elements that are no bytes";
  }
  return place(unique(mlir::arith::ConstantOp::create(
                          builder, user, cast<TypedAttr>(elements)))
                   ->getResult(0),
               user);
}

FailureOr<int64_t>
WeightPlacer::placeRopeTable(double theta, int64_t maxPosition,
                             RopeScalingAttr scaling, int64_t positions,
                             int64_t rotaryDim, Location user) {
  auto type =
      RankedTensorType::get({positions, rotaryDim}, builder.getF32Type());
  return place(unique(RopeTableOp::create(
                          builder, user, type, builder.getF64FloatAttr(theta),
                          builder.getI64IntegerAttr(maxPosition), scaling))
                   ->getResult(0),
               user);
}

void WeightPlacer::finish() {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(*builder.getBlock()))) {
    if (mlir::isOpTriviallyDead(&op)) {
      op.erase();
    }
  }
}
