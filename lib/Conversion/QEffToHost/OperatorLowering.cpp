// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX operators between the ops of `qeff`: views, launches of their kernels,
// and copies of outputs that are something else, too.

#include "FunctionLowering.h"

#include "qeff/Conversion/ONNXIRToLinalg.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIRDialect.h"
#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"

using namespace qeff;
using namespace qeff::host;

bool host::isOperator(Operation *op) {
  return isa<onnxir::NodeOp, onnxir::OperatorOpInterface>(op);
}

Value host::getOperatorView(Operation *op) {
  static constexpr StringRef views[] = {"Reshape", "Flatten", "Squeeze",
                                        "Unsqueeze", "Identity"};
  StringRef name = op->getName().stripDialect();
  if (!isa<onnxir::OperatorOpInterface>(op) || !llvm::is_contained(views, name) ||
      op->getNumResults() != 1 || op->getNumOperands() < 1) {
    return {};
  }
  // Elements and their number stay, whatever a file says of them.
  auto from = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  auto to = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  bool isView = from && to && from.hasStaticShape() && to.hasStaticShape() &&
                from.getElementType() == to.getElementType() &&
                from.getNumElements() == to.getNumElements();
  return isView ? op->getOperand(0) : Value();
}

bool host::isHeadsSecond(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  Operation *source = value.getDefiningOp();
  return type && type.getRank() == 4 && source &&
         source->getName().getDialectNamespace() == "qeff";
}

FailureOr<Place> FunctionLowering::getStored(Value value, Operation *user) {
  auto found = places.find(value);
  if (found != places.end()) {
    return found->second;
  }
  FailureOr<int64_t> offset = weights.placeStored(value, user->getLoc());
  if (failed(offset)) {
    return failure();
  }
  return Place{Segment::Weights, *offset};
}

Place FunctionLowering::addBuffer(int64_t bytes) {
  Place place{Segment::Arena, static_cast<int64_t>(bufferBytes.size())};
  bufferBytes.push_back(std::max<int64_t>(bytes, 1));
  return place;
}

Place FunctionLowering::swapHeads(Value value, Place place, Operation *user) {
  ArrayRef<int64_t> shape = getTensor(value).getShape();
  Place swapped = addBuffer(getBytes(value));
  bool isSwapped = isHeadsSecond(value);
  launch(user,
         kernels.swapHeads(shape[0], shape[isSwapped ? 2 : 1],
                           shape[isSwapped ? 1 : 2], shape[3]),
         {place, swapped}, 0);
  return swapped;
}

LogicalResult FunctionLowering::lower(MergeHeadsOp op) {
  FailureOr<Place> input = get(op->getOperand(0), op);
  if (failed(input)) {
    return failure();
  }
  launch(op, kernels.copy(getBytes(op->getResult(0))),
         {*input, getDestination(op)}, 0);
  return success();
}

LogicalResult FunctionLowering::lowerOperator(Operation *op) {
  FailureOr<OperatorKernel> kernel = operators.get(op);
  if (failed(kernel)) {
    return failure();
  }
  SmallVector<Place> operands;
  int64_t bytes = 0;
  for (unsigned index : kernel->reads) {
    Value operand = op->getOperand(index);
    FailureOr<Place> place = getStored(getRoot(operand), op);
    if (failed(place)) {
      return failure();
    }
    if (place->segment == Segment::State) {
      return emitOperatorError(op, "expects no state as an operand");
    }
    if (isHeadsSecond(operand)) {
      *place = swapHeads(operand, *place, op);
    }
    if (place->segment == Segment::Weights) {
      bytes += getBytes(operand);
    }
    operands.push_back(*place);
  }
  // A result without elements is not written, and may be read.
  for (Value result : op->getResults()) {
    if (isa<RankedTensorType>(result.getType()) && !places.contains(result)) {
      Place place = addBuffer(getBytes(result));
      places[result] = place;
    }
  }
  for (unsigned index : kernel->writes) {
    operands.push_back(places.lookup(op->getResult(index)));
  }
  for (int64_t size : kernel->scratchBytes) {
    operands.push_back(addBuffer(size));
  }
  if (kernel->kernel.symbol) {
    launch(op, kernel->kernel, operands, bytes);
  }
  return success();
}

LogicalResult FunctionLowering::copyOutputs() {
  Operation *ret = function.getBody().front().getTerminator();
  for (auto [value, offset] : copiedOutputs) {
    FailureOr<Place> source = getStored(getRoot(value), ret);
    if (failed(source)) {
      return failure();
    }
    if (getBytes(value) == 0) {
      continue;
    }
    launch(ret, kernels.copy(getBytes(value)),
           {*source, {Segment::IO, offset}}, 0);
  }
  return success();
}
