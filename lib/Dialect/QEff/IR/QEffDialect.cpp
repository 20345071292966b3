// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration, attributes and the discardable-attribute checks of `qeff`.

#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/Bytecode/BytecodeImplementation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace qeff;

#include "qeff/Dialect/QEff/IR/QEffDialect.cpp.inc"
#include "qeff/Dialect/QEff/IR/QEffEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "qeff/Dialect/QEff/IR/QEffAttrs.cpp.inc"
#include "qeff/Dialect/QEff/IR/QEffInterfaces.cpp.inc"

//===----------------------------------------------------------------------===//
// Bytecode
//===----------------------------------------------------------------------===//

namespace {
struct QEffVersion : mlir::DialectVersion {
  explicit QEffVersion(uint64_t version) : version(version) {}
  uint64_t version;
};

/// Writes the dialect's version; attributes use their textual form.
struct QEffBytecodeInterface : mlir::BytecodeDialectInterface {
  explicit QEffBytecodeInterface(mlir::Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  void writeVersion(mlir::DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(kBytecodeVersion);
  }

  std::unique_ptr<mlir::DialectVersion>
  readVersion(mlir::DialectBytecodeReader &reader) const override {
    uint64_t version = 0;
    if (failed(reader.readVarInt(version))) {
      return nullptr;
    }
    // Version 1 has another form of attention.
    if (version != kBytecodeVersion) {
      reader.emitError() << "expects version " << kBytecodeVersion
                         << " of the dialect 'qeff', got " << version;
      return nullptr;
    }
    return std::make_unique<QEffVersion>(version);
  }
};
} // namespace

void QEffDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "qeff/Dialect/QEff/IR/QEffAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "qeff/Dialect/QEff/IR/QEffOps.cpp.inc"
      >();
  addInterfaces<QEffBytecodeInterface>();
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

LogicalResult SpecAttr::verify(
    llvm::function_ref<InFlightDiagnostic()> emitError, StringAttr name,
    DictionaryAttr dims) {
  if (name.getValue().empty()) {
    return emitError() << "expects a specialization's name, got an empty one";
  }
  for (NamedAttribute dim : dims) {
    auto value = dyn_cast<IntegerAttr>(dim.getValue());
    if (!value || !value.getType().isSignlessInteger(64) ||
        value.getInt() < 1) {
      return emitError() << "expects a positive i64 for dim '"
                         << dim.getName().getValue() << "', got "
                         << dim.getValue();
    }
  }
  return success();
}

std::optional<int64_t> SpecAttr::getDim(StringRef name) const {
  if (auto value = getDims().getAs<IntegerAttr>(name)) {
    return value.getInt();
  }
  return std::nullopt;
}

/// `<` path (`, row ` number)? (`, run ` number `, every ` number)?
/// (`, transposed`)? `>`
Attribute ModuleAttr::parse(mlir::AsmParser &parser, Type) {
  std::string path;
  int64_t numbers[] = {0, 0, 0};
  constexpr StringRef kKeywords[] = {"row", "run", "every"};
  bool transposed = false;
  llvm::SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseString(&path)) {
    return {};
  }
  size_t next = 0;
  while (!transposed && succeeded(parser.parseOptionalComma())) {
    size_t key = next;
    while (key < 3 && failed(parser.parseOptionalKeyword(kKeywords[key]))) {
      ++key;
    }
    if (key == 3) {
      transposed = true;
      if (parser.parseKeyword("transposed")) {
        return {};
      }
    } else if (parser.parseInteger(numbers[key])) {
      return {};
    }
    next = key + 1;
  }
  if (parser.parseGreater()) {
    return {};
  }
  return ModuleAttr::getChecked(
      [&] { return parser.emitError(loc); }, parser.getContext(),
      parser.getBuilder().getStringAttr(path), numbers[0], numbers[1],
      numbers[2], transposed);
}

void ModuleAttr::print(mlir::AsmPrinter &printer) const {
  printer << "<" << getPath();
  if (getRow() != 0) {
    printer << ", row " << getRow();
  }
  if (getRun() != 0) {
    printer << ", run " << getRun() << ", every " << getEvery();
  }
  printer << (getTransposed() ? ", transposed>" : ">");
}

LogicalResult
ModuleAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                   StringAttr path, int64_t row, int64_t run, int64_t every,
                   bool transposed) {
  if (path.getValue().empty()) {
    return emitError() << "expects a module's path, got an empty one";
  }
  if (row < 0) {
    return emitError() << "expects row >= 0, got " << row;
  }
  if (run < 0 || every < run || (run == 0 && every != 0)) {
    return emitError() << "expects 0 < run <= every, or neither, got run "
                       << run << " and every " << every;
  }
  return success();
}

SmallVector<std::pair<int64_t, int64_t>>
ModuleAttr::getRuns(int64_t count) const {
  constexpr int64_t kMaxRuns = 1 << 16;
  if (getRun() == 0) {
    return {{getRow(), count}};
  }
  int64_t number = count / getRun();
  int64_t end = 0;
  if (count % getRun() != 0 || number > kMaxRuns ||
      llvm::MulOverflow(number, getEvery(), end) ||
      llvm::AddOverflow(end, getRow(), end)) {
    return {};
  }
  SmallVector<std::pair<int64_t, int64_t>> runs;
  for (int64_t i = 0; i < number; ++i) {
    runs.emplace_back(getRow() + i * getEvery(), getRun());
  }
  return runs;
}

//===----------------------------------------------------------------------===//
// Module attributes
//===----------------------------------------------------------------------===//

std::optional<Phase> qeff::getPhase(ModuleOp module) {
  if (auto phase = module->getAttrOfType<PhaseAttr>(kPhaseAttr)) {
    return phase.getValue();
  }
  return std::nullopt;
}

void qeff::setPhase(ModuleOp module, Phase phase) {
  module->setAttr(kPhaseAttr, PhaseAttr::get(module.getContext(), phase));
}

SmallVector<SpecAttr> qeff::getSpecializations(ModuleOp module) {
  SmallVector<SpecAttr> specs;
  if (auto array = module->getAttrOfType<ArrayAttr>(kSpecializationsAttr)) {
    llvm::append_range(specs, array.getAsRange<SpecAttr>());
  }
  return specs;
}

//===----------------------------------------------------------------------===//
// Discardable attributes
//===----------------------------------------------------------------------===//

LogicalResult
QEffDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName().getValue();
  Attribute value = attribute.getValue();
  auto expects = [&](bool holds, StringRef what) -> LogicalResult {
    if (holds) {
      return success();
    }
    return op->emitOpError() << "expects '" << name << "' to be " << what
                             << ", got " << value;
  };
  if (name == kPhaseAttr) {
    return expects(isa<PhaseAttr>(value), "a #qeff.phase");
  }
  if (name == kMaxPositionAttr) {
    auto number = dyn_cast<IntegerAttr>(value);
    return expects(number && number.getType().isSignlessInteger(64) &&
                       number.getInt() > 0,
                   "a positive i64");
  }
  if (name == kSpecializationsAttr) {
    auto array = dyn_cast<ArrayAttr>(value);
    return expects(array && llvm::all_of(array, llvm::IsaPred<SpecAttr>),
                   "an array of #qeff.spec");
  }
  if (name == kProducerAttr || name == kArchitectureAttr) {
    return expects(isa<StringAttr>(value), "a string");
  }
  if (name == kEosTokenIdsAttr) {
    return expects(isa<DenseI64ArrayAttr>(value), "an array<i64>");
  }
  return success();
}

/// `qeff.dims` has an entry per axis: a constant equal to a static size or a
/// reference to a `qeff.dim`.
static LogicalResult verifyDims(Operation *op, Attribute value, Type type) {
  auto dims = dyn_cast<ArrayAttr>(value);
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!dims || !tensor ||
      static_cast<int64_t>(dims.size()) != tensor.getRank()) {
    return op->emitOpError() << "expects 'qeff.dims' to have an entry per axis "
                             << "of " << type << ", got " << value;
  }
  for (auto [dim, size] : llvm::zip(dims, tensor.getShape())) {
    if (auto reference = dyn_cast<FlatSymbolRefAttr>(dim)) {
      if (!SymbolTable::lookupNearestSymbolFrom<DimOp>(op, reference)) {
        return op->emitOpError()
               << "expects 'qeff.dims' to name a qeff.dim, got " << dim;
      }
      continue;
    }
    if (isa<UnitAttr>(dim) && ShapedType::isDynamic(size)) {
      continue;
    }
    auto constant = dyn_cast<IntegerAttr>(dim);
    if (!constant || !constant.getType().isSignlessInteger(64) ||
        ShapedType::isDynamic(size) || constant.getInt() != size) {
      InFlightDiagnostic diagnostic = op->emitOpError()
                                      << "expects 'qeff.dims' to agree with "
                                      << type << ", got " << dim << " for ";
      return ShapedType::isDynamic(size) ? diagnostic << "a dynamic size"
                                         : diagnostic << "size " << size;
    }
  }
  return success();
}

static LogicalResult verifyValueAttribute(Operation *op, Type type,
                                          NamedAttribute attribute) {
  StringRef name = attribute.getName().getValue();
  if (name == kDimsAttr) {
    return verifyDims(op, attribute.getValue(), type);
  }
  if (name == kNameAttr || name == kStateAttr) {
    auto string = dyn_cast<StringAttr>(attribute.getValue());
    if (!string || string.getValue().empty()) {
      return op->emitOpError() << "expects '" << name
                               << "' to be a name, got "
                               << attribute.getValue();
    }
  }
  return success();
}

/// `qeff.adapter` is a unit attribute on static float tensors.
static LogicalResult verifyAdapter(Operation *op, Type type, Attribute value) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!isa<UnitAttr>(value)) {
    return op->emitOpError() << "expects '" << kAdapterAttr
                             << "' to be a unit attribute, got " << value;
  }
  if (!tensor || !tensor.hasStaticShape() ||
      !isa<FloatType>(tensor.getElementType())) {
    return op->emitOpError() << "expects '" << kAdapterAttr
                             << "' on a static tensor of floats, got " << type;
  }
  return success();
}

LogicalResult QEffDialect::verifyRegionArgAttribute(Operation *op,
                                                    unsigned regionIndex,
                                                    unsigned argIndex,
                                                    NamedAttribute attribute) {
  auto function = dyn_cast<mlir::FunctionOpInterface>(op);
  if (!function || regionIndex != 0) {
    return success();
  }
  Type type = function.getArgumentTypes()[argIndex];
  if (attribute.getName() == kAdapterAttr) {
    return verifyAdapter(op, type, attribute.getValue());
  }
  return verifyValueAttribute(op, type, attribute);
}

LogicalResult QEffDialect::verifyRegionResultAttribute(
    Operation *op, unsigned regionIndex, unsigned resultIndex,
    NamedAttribute attribute) {
  auto function = dyn_cast<mlir::FunctionOpInterface>(op);
  if (!function || regionIndex != 0) {
    return success();
  }
  return verifyValueAttribute(op, function.getResultTypes()[resultIndex],
                              attribute);
}
