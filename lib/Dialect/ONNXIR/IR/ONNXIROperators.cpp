// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The typed operators of `onnxir`.

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"

using namespace qeff;
using namespace qeff::onnxir;

#include "qeff/Dialect/ONNXIR/IR/ONNXIRInterfaces.cpp.inc"

#define GET_OP_CLASSES
#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.cpp.inc"

void ONNXIRDialect::addOperators() {
  addOperations<
#define GET_OP_LIST
#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.cpp.inc"
      >();
}

DictionaryAttr onnxir::detail::getOperatorAttributes(Operation *op) {
  auto typed = cast<OperatorOpInterface>(op);
  DictionaryAttr defaults = typed.getDefaultAttributes(op->getContext());
  auto attributes =
      dyn_cast_if_present<DictionaryAttr>(op->getPropertiesAsAttribute());
  SmallVector<NamedAttribute> kept;
  for (NamedAttribute attribute :
       attributes ? attributes.getValue() : ArrayRef<NamedAttribute>()) {
    StringRef name = attribute.getName();
    if (name != "name" && name != "scope" &&
        defaults.get(name) != attribute.getValue()) {
      kept.push_back(attribute);
    }
  }
  return DictionaryAttr::get(op->getContext(), kept);
}
