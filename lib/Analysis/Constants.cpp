// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants from attributes and from files.

#include "qeff/Analysis/Constants.h"

#include "qeff/Dialect/ONNXIR/IR/ONNXIROperators.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/IR/Matchers.h"

#include "llvm/ADT/StringExtras.h"

#include <cstring>

using namespace qeff;

/// Larger constants are no tables.
static constexpr int64_t kMaxBytes = int64_t(64) << 20;
/// What is kept of constants that were read.
static constexpr int64_t kMaxKnownBytes = 2 * kMaxBytes;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

int64_t ConstantTensor::getElementBytes(Type type) {
  if (isa<mlir::Float64Type, mlir::Float32Type, mlir::Float16Type,
          mlir::BFloat16Type>(type)) {
    return type.getIntOrFloatBitWidth() / 8;
  }
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer) {
    return 0;
  }
  unsigned width = integer.getWidth();
  return width == 1 ? 1 : width % 8 == 0 && width <= 64 ? width / 8 : 0;
}

llvm::APInt ConstantTensor::getBits(int64_t i) const {
  Type element = type.getElementType();
  int64_t size = getElementBytes(element);
  uint64_t bits = 0;
  for (int64_t byte = size; byte-- > 0;) {
    bits = bits << 8 |
           static_cast<uint8_t>(bytes[static_cast<size_t>(i * size + byte)]);
  }
  unsigned width = element.getIntOrFloatBitWidth();
  return width == 1 ? llvm::APInt(1, bits != 0) : llvm::APInt(width, bits);
}

double ConstantTensor::getFloat(int64_t i) const {
  auto element = cast<FloatType>(type.getElementType());
  bool losesInfo = false;
  llvm::APFloat value(element.getFloatSemantics(), getBits(i));
  value.convert(llvm::APFloat::IEEEdouble(),
                llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return value.convertToDouble();
}

Expr ConstantTensor::getElement(ExprTable &table, int64_t i) const {
  Type element = type.getElementType();
  if (isa<FloatType>(element)) {
    return table.number(getFloat(i));
  }
  llvm::APInt bits = getBits(i);
  if (bits.getBitWidth() == 1) {
    return table.truth(bits.getBoolValue());
  }
  if (element.isUnsignedInteger()) {
    return bits.getActiveBits() < 64
               ? table.integer(static_cast<int64_t>(bits.getZExtValue()))
               : Expr();
  }
  return table.integer(bits.getSExtValue());
}

bool ConstantTensor::areEqual(int64_t i, int64_t j) const {
  auto size = static_cast<size_t>(getElementBytes(type.getElementType()));
  return std::memcmp(bytes.data() + static_cast<size_t>(i) * size,
                     bytes.data() + static_cast<size_t>(j) * size, size) == 0;
}

static std::shared_ptr<const ConstantTensor>
makeTensor(DenseElementsAttr values) {
  auto type = cast<RankedTensorType>(values.getType());
  int64_t size = ConstantTensor::getElementBytes(type.getElementType());
  std::vector<char> bytes;
  auto append = [&](const llvm::APInt &bits) {
    uint64_t rest = bits.getZExtValue();
    for (int64_t byte = 0; byte < size; ++byte, rest >>= 8) {
      bytes.push_back(static_cast<char>(rest & 0xff));
    }
  };
  if (isa<FloatType>(type.getElementType())) {
    for (const llvm::APFloat &value : values.getValues<llvm::APFloat>()) {
      append(value.bitcastToAPInt());
    }
  } else {
    for (const llvm::APInt &value : values.getValues<llvm::APInt>()) {
      append(value);
    }
  }
  return std::make_shared<ConstantTensor>(type, std::move(bytes));
}

//===----------------------------------------------------------------------===//
// Roots
//===----------------------------------------------------------------------===//

/// `text` with each %XX as the byte that it stands for, or nothing.
static std::optional<std::string> unescape(StringRef text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      uint8_t byte = 0;
      if (text.size() - i < 3 ||
          !llvm::to_integer(text.substr(i + 1, 2), byte, 16)) {
        return std::nullopt;
      }
      c = static_cast<char>(byte);
      i += 2;
    }
    result.push_back(c);
  }
  return result;
}

LogicalResult qeff::parseRoots(mlir::MLIRContext *context,
                               ArrayRef<std::string> texts,
                               EvaluatorOptions &options) {
  options.roots.clear();
  for (StringRef text : texts) {
    auto [name, escaped] = text.split('=');
    std::optional<std::string> root = unescape(name);
    std::optional<std::string> directory = unescape(escaped);
    if (!root || root->empty() || !directory || directory->empty()) {
      return mlir::emitError(mlir::UnknownLoc::get(context))
             << "a root is NAME=DIR, with %XX for special bytes, got '" << text
             << "'";
    }
    options.roots[*root] = *directory;
  }
  options.roots.try_emplace("model", ".");
  return success();
}

static void escape(StringRef text, std::string &result) {
  for (char c : text) {
    if (llvm::isAlnum(c) || StringRef("/._-+").contains(c)) {
      result.push_back(c);
    } else {
      result += "%" + llvm::utohexstr(static_cast<uint8_t>(c),
                                      /*LowerCase=*/false, /*Width=*/2);
    }
  }
}

std::string qeff::printRoot(StringRef name, StringRef directory) {
  std::string result;
  escape(name, result);
  result.push_back('=');
  escape(directory, result);
  return result;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

std::shared_ptr<const ConstantTensor>
ConstantReader::readWeight(Value source, RankedTensorType type) {
  auto sourceType = cast<RankedTensorType>(source.getType());
  int64_t size = ConstantTensor::getElementBytes(type.getElementType());
  FailureOr<int64_t> sourceBytes = getTensorBytes(sourceType);
  if (failed(sourceBytes) || *sourceBytes != type.getNumElements() * size) {
    return nullptr;
  }
  // A file that is missing is an error where it is needed, not here.
  mlir::ScopedDiagnosticHandler handler(
      module.getContext(), [&](mlir::Diagnostic &diagnostic) {
        if (error.empty()) {
          error = diagnostic.str();
        }
        return success();
      });
  FailureOr<std::vector<char>> bytes =
      readValue(module, source, options, kMaxBytes);
  if (failed(bytes)) {
    return nullptr;
  }
  return std::make_shared<ConstantTensor>(type, std::move(*bytes));
}

std::shared_ptr<const ConstantTensor> ConstantReader::read(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  int64_t size =
      type ? ConstantTensor::getElementBytes(type.getElementType()) : 0;
  if (size == 0 || !type.hasStaticShape()) {
    return nullptr;
  }
  FailureOr<int64_t> count = getTensorBytes(
      type.clone(IntegerType::get(type.getContext(), 8)));
  if (failed(count) || *count == 0 || *count > kMaxBytes / size) {
    return nullptr;
  }
  DenseElementsAttr values;
  WeightRefOp reference;
  if (auto weight = value.getDefiningOp<onnxir::WeightOp>()) {
    reference = weight.getSource().getDefiningOp<WeightRefOp>();
  } else if (auto op = value.getDefiningOp<onnxir::InitializerOp>()) {
    values = dyn_cast<DenseElementsAttr>(op.getValue());
  } else {
    (void)matchPattern(value, mlir::m_Constant(&values));
  }
  if (!reference && (!values || values.getType() != type)) {
    return nullptr;
  }
  Key key(values ? values.getAsOpaquePointer()
                 : reference.getWeightAttr().getAsOpaquePointer(),
          type);
  if (auto found = known.find(key); found != known.end()) {
    return found->second;
  }
  std::shared_ptr<const ConstantTensor> tensor =
      values ? makeTensor(values) : readWeight(reference, type);
  int64_t bytes = tensor ? *count * size : 0;
  if (knownBytes + bytes > kMaxKnownBytes) {
    known.clear();
    knownBytes = 0;
  }
  knownBytes += bytes;
  return known[key] = std::move(tensor);
}
