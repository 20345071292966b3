// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Content keys: what a value is computed from, hashed.

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Weights/Evaluator.h"

#include "mlir/IR/Matchers.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

using namespace qeff;

namespace {
/// Hashes of values, each over its op's and those of its operands.
class ContentHasher {
public:
  FailureOr<std::string> hash(Value value, int64_t depth = 0);

private:
  FailureOr<std::string> hashOp(Operation *op, int64_t depth);
  FailureOr<std::string> hashSymbol(WeightRefOp reference, int64_t depth);

  SymbolTableCollection symbols;
  llvm::DenseMap<Value, std::string> known;
  /// Expressions whose hash is being computed.
  llvm::SmallPtrSet<Operation *, 4> active;
};
} // namespace

static std::string digest(StringRef text) {
  llvm::SHA256 hash;
  hash.update(text);
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

FailureOr<std::string> ContentHasher::hashSymbol(WeightRefOp reference,
                                                 int64_t depth) {
  Operation *symbol =
      symbols.lookupNearestSymbolFrom(reference, reference.getWeightAttr());
  if (auto expr = dyn_cast_if_present<WeightExprOp>(symbol)) {
    if (!active.insert(symbol).second) {
      return reference.emitError("expects a weight expression that does not "
                                 "refer to itself");
    }
    FailureOr<std::string> result = hash(expr.getYielded(), depth + 1);
    active.erase(symbol);
    return result;
  }
  auto weight = dyn_cast_if_present<WeightOp>(symbol);
  FileOp file;
  if (weight) {
    file = symbols.lookupNearestSymbolFrom<FileOp>(weight, weight.getFileAttr());
  }
  if (!file) {
    return reference.emitError("expects a qeff.weight of a qeff.file, got ")
           << reference.getWeightAttr();
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "stored\n"
     << file.getRootAttr() << file.getPathAttr() << file.getSize() << '\n'
     << file.getHeaderSize() << '\n'
     << file.getHeaderSha256().value_or("") << '\n'
     << weight.getOffset() << '\n'
     << weight.getEncodingAttr() << weight.getType();
  return digest(text);
}

FailureOr<std::string> ContentHasher::hashOp(Operation *op, int64_t depth) {
  if (auto reference = dyn_cast<WeightRefOp>(op)) {
    return hashSymbol(reference, depth);
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  os << op->getName().getStringRef() << '\n';
  mlir::DenseElementsAttr constant;
  if (mlir::matchPattern(op, mlir::m_Constant(&constant))) {
    // The printer may elide large constants; their bytes say it all.
    ArrayRef<char> data = constant.getRawData();
    os << "constant\n" << constant.getType() << constant.isSplat() << '\n';
    os << StringRef(data.data(), data.size());
    return digest(text);
  }
  // `scope` names where an op comes from, not what it computes.
  for (NamedAttribute attribute : op->getAttrDictionary()) {
    if (attribute.getName().getValue() != "scope") {
      os << attribute.getName().getValue() << '=' << attribute.getValue()
         << '\n';
    }
  }
  for (Type type : op->getResultTypes()) {
    os << type << '\n';
  }
  for (Value operand : op->getOperands()) {
    FailureOr<std::string> inner = hash(operand, depth + 1);
    if (failed(inner)) {
      return failure();
    }
    os << *inner << '\n';
  }
  return digest(text);
}

FailureOr<std::string> ContentHasher::hash(Value value, int64_t depth) {
  auto found = known.find(value);
  if (found != known.end()) {
    return found->second;
  }
  constexpr int64_t kMaxDepth = 1024;
  Operation *op = value.getDefiningOp();
  if (!op) {
    return mlir::emitError(value.getLoc())
           << "expects a weight expression, got an argument";
  }
  if (depth > kMaxDepth) {
    return op->emitError("expects a weight expression of at most ")
           << kMaxDepth << " nested ops";
  }
  FailureOr<std::string> result = hashOp(op, depth);
  if (succeeded(result)) {
    known[value] = *result;
  }
  return result;
}

FailureOr<std::string> qeff::getContentKey(Value value) {
  return ContentHasher().hash(value);
}
