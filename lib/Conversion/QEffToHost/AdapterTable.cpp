// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which modules an adapter may change, and the layout of its memory: all headers
// first, so that a block of zeros is one or two pages, then the pairs.

#include "AdapterTable.h"

#include "qeff/Dialect/QEffHost/IR/QEffHostOps.h"

using namespace qeff;
using namespace qeff::host;
using mlir::func::FuncOp;

/// The module in `prefix` + module + `suffix`, the name of the adapter argument
/// that `value` is; empty where it is none.
static StringRef getModule(FuncOp function, Value value, StringRef prefix,
                           StringRef suffix) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != &function.getBody().front() ||
      !function.getArgAttr(argument.getArgNumber(), kAdapterAttr)) {
    return {};
  }
  auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                    kNameAttr);
  StringRef module = name ? name.getValue() : StringRef();
  return module.consume_front(prefix) && module.consume_back(suffix)
             ? module
             : StringRef();
}

static StringRef getModuleOfA(FuncOp function, LoRAOp op) {
  return getModule(function, op.getA(), "base_model.model.", ".lora_A.weight");
}

LogicalResult AdapterTable::add(FuncOp function, LoRAOp op) {
  StringRef module = getModuleOfA(function, op);
  if (module.empty() ||
      module != getModule(function, op.getB(), "base_model.model.",
                          ".lora_B.weight") ||
      module != getModule(function, op.getScaling(), "", ".lora_scaling")) {
    return op.emitOpError("expects arguments with 'qeff.adapter' named "
                          "base_model.model.<module>.lora_A.weight, "
                          "base_model.model.<module>.lora_B.weight and "
                          "<module>.lora_scaling as a, b and scaling");
  }
  auto a = dyn_cast<RankedTensorType>(op.getA().getType());
  auto b = dyn_cast<RankedTensorType>(op.getB().getType());
  auto result = dyn_cast<RankedTensorType>(op.getResult().getType());
  auto isMatrix = [](RankedTensorType type) {
    return type && type.getElementType().isF32() && type.hasStaticShape() &&
           type.getRank() == 2 && !llvm::is_contained(type.getShape(), 0);
  };
  if (!isMatrix(a) || !isMatrix(b) || !result || result.getRank() < 1 ||
      result.isDynamicDim(result.getRank() - 1)) {
    return op.emitOpError("expects a and b to be static f32 matrices and a "
                          "static number of columns, got ")
           << op.getA().getType() << " and " << op.getB().getType();
  }
  int64_t newRank = a.getDimSize(0);
  if (newRank > kMaxAdapterRank || (rank != 0 && rank != newRank)) {
    return op.emitOpError("expects one rank of at most ")
           << kMaxAdapterRank << " in all adapter arguments, got " << newRank
           << (rank != 0 ? " and " + Twine(rank) : Twine());
  }
  rank = newRank;

  Target target{a.getDimSize(1), b.getDimSize(0), 0, 0, {}, op.getLoc()};
  Target &entry =
      targets.insert({StringAttr::get(op.getContext(), module), target})
          .first->second;
  if (entry.in != target.in || entry.out != target.out) {
    return op.emitOpError("expects a and b of module '")
           << module << "' to have one type, got " << target.in << " and "
           << target.out << " features after " << entry.in << " and "
           << entry.out;
  }
  // Parts of a fused module; the same one may be read by several functions.
  int64_t row = static_cast<int64_t>(op.getRow());
  int64_t size = result.getShape().back();
  auto [part, isNew] = entry.parts.insert({row, {size, 0}});
  auto next = std::next(part);
  bool overlaps =
      (next != entry.parts.end() && row + size > next->first) ||
      (part != entry.parts.begin() &&
       std::prev(part)->first + std::prev(part)->second.size > row);
  if (part->second.size != size || overlaps) {
    return op.emitOpError("expects parts of module '")
           << module << "' to be the same or disjoint, got an overlap at row "
           << row;
  }
  return success();
}

LogicalResult AdapterTable::add(FuncOp function) {
  for (auto op : function.getOps<LoRAOp>()) {
    if (failed(add(function, op))) {
      return failure();
    }
  }
  return success();
}

LogicalResult AdapterTable::finish(OpBuilder &builder, Location loc) {
  if (targets.empty()) {
    return success();
  }
  int64_t end = 0;
  bool fits = true;
  auto place = [&](std::optional<int64_t> bytes) {
    int64_t offset = end;
    fits &= bytes &&
            *bytes <= std::numeric_limits<int64_t>::max() - kAlignment - end;
    if (fits) {
      end = alignBytes(end + *bytes);
    }
    return offset;
  };
  for (auto &[name, target] : targets) {
    target.header = place(kAdapterHeaderBytes);
  }
  for (auto &[name, target] : targets) {
    target.a = place(getAdapterABytes(getCapacity(), target.in));
    for (auto &[row, part] : target.parts) {
      part.offset = place(getAdapterPartBytes(getCapacity(), part.size));
    }
  }
  if (!fits) {
    return mlir::emitError(loc, "expects an adapter of less than 2^63 bytes, "
                                "got rank ")
           << rank;
  }

  auto block = AdapterBlockOp::create(builder, loc, rank);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&block.getBody().emplaceBlock());
  for (auto &[name, target] : targets) {
    SmallVector<Attribute> parts;
    for (auto [row, part] : target.parts) {
      parts.push_back(AdapterPartAttr::get(builder.getContext(), row, part.size,
                                           part.offset));
    }
    AdapterTargetOp::create(builder, target.loc, name,
                            builder.getI64IntegerAttr(target.in),
                            builder.getI64IntegerAttr(target.out),
                            builder.getI64IntegerAttr(target.header),
                            builder.getI64IntegerAttr(target.a),
                            builder.getArrayAttr(parts));
  }
  return success();
}

const AdapterTable::Target &AdapterTable::operator[](LoRAOp op) const {
  auto function = cast<FuncOp>(op->getParentOp());
  return targets
      .find(StringAttr::get(op.getContext(), getModuleOfA(function, op)))
      ->second;
}
