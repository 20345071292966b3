// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes initializers with names of their own.

#include "qeff/Dialect/ONNXIR/Transforms/InitializerBuilder.h"

#include "qeff/Dialect/QEff/IR/QEffDialect.h"

using namespace qeff;
using namespace qeff::onnxir;

InitializerBuilder::InitializerBuilder(mlir::func::FuncOp function)
    : function(function) {
  auto add = [&](Attribute attribute) {
    if (auto name = dyn_cast_if_present<StringAttr>(attribute)) {
      names.insert(name.getValue());
    }
  };
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    add(function.getArgAttr(i, kNameAttr));
  }
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    add(function.getResultAttr(i, kNameAttr));
  }
  function.walk([&](Operation *op) {
    if (isa<InitializerOp, onnxir::WeightOp, SparseInitializerOp>(op)) {
      add(*op->getInherentAttr("name"));
    }
    auto node = dyn_cast<NodeOp>(op);
    ArrayAttr outputs = node ? node.getOutputNamesAttr() : ArrayAttr();
    for (Attribute name : outputs ? outputs.getValue()
                                  : ArrayRef<Attribute>()) {
      add(name);
    }
    ArrayAttr graphs = node ? node.getGraphsAttr() : ArrayAttr();
    for (Attribute graph : graphs ? graphs.getValue() : ArrayRef<Attribute>()) {
      for (ArrayAttr infos : {cast<GraphAttr>(graph).getInputs(),
                              cast<GraphAttr>(graph).getOutputs()}) {
        for (Attribute info : infos ? infos.getValue()
                                    : ArrayRef<Attribute>()) {
          add(cast<ValueInfoAttr>(info).getName());
        }
      }
    }
  });
}

std::string InitializerBuilder::makeName(StringRef hint) {
  std::string name = hint.str();
  while (!names.insert(name).second) {
    name = hint.str() + "_" + std::to_string(++counters[hint]);
  }
  return name;
}

Value InitializerBuilder::get(TypedAttr value, StringRef hint) {
  Value &known = values[value];
  if (!known) {
    auto builder = OpBuilder::atBlockBegin(&function.getBody().front());
    known = InitializerOp::create(builder, function.getLoc(), value.getType(),
                                  makeName(hint), value);
  }
  return known;
}

Value InitializerBuilder::getInts(ArrayRef<int64_t> integers, StringRef hint) {
  auto type = RankedTensorType::get(
      {static_cast<int64_t>(integers.size())},
      IntegerType::get(function.getContext(), 64));
  return get(mlir::DenseIntElementsAttr::get(type, integers), hint);
}

Value InitializerBuilder::getFloat(double value, Type elementType,
                                   StringRef hint) {
  auto type = RankedTensorType::get({}, elementType);
  return get(DenseElementsAttr::get(
                 type, Attribute(FloatAttr::get(elementType, value))),
             hint);
}

Value InitializerBuilder::getNone() {
  if (!none) {
    auto builder = OpBuilder::atBlockBegin(&function.getBody().front());
    none = NoneOp::create(builder, function.getLoc(), builder.getNoneType());
  }
  return none;
}
