// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers and custom syntax of the ops of `qeff_host`.

#include "qeff/Dialect/QEffHost/IR/QEffHostOps.h"
#include "qeff/Dialect/QEff/IR/QEffOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringSet.h"

using namespace qeff;
using namespace qeff::host;

/// `addresses` as (arena + 0, weights + 4096, …).
static ParseResult parseAddresses(OpAsmParser &parser, ArrayAttr &addresses) {
  SmallVector<Attribute> parsed;
  auto parseOne = [&]() -> ParseResult {
    StringRef keyword;
    int64_t offset = 0;
    llvm::SMLoc loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&keyword)) {
      return failure();
    }
    std::optional<Segment> segment = symbolizeSegment(keyword);
    if (!segment) {
      return parser.emitError(loc) << "expects a segment (arena, weights, "
                                      "state, io, adapter), got '"
                                   << keyword << "'";
    }
    if (parser.parsePlus() || parser.parseInteger(offset)) {
      return failure();
    }
    parsed.push_back(AddressAttr::get(parser.getContext(), *segment, offset));
    return success();
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parseOne)) {
    return failure();
  }
  addresses = parser.getBuilder().getArrayAttr(parsed);
  return success();
}

static void printAddresses(OpAsmPrinter &printer, Operation *op,
                           ArrayAttr addresses) {
  printer << '(';
  llvm::interleaveComma(
      addresses.getAsRange<AddressAttr>(), printer, [&](AddressAttr address) {
        printer << stringifySegment(address.getSegment()) << " + "
                << address.getOffset();
      });
  printer << ')';
}

#define GET_OP_CLASSES
#include "qeff/Dialect/QEffHost/IR/QEffHostOps.cpp.inc"

static bool isAlignedOffset(int64_t offset) {
  return offset >= 0 && offset % kAlignment == 0;
}

static LogicalResult verifyOffset(Operation *op, int64_t offset,
                                  int64_t bytes) {
  if (!isAlignedOffset(offset)) {
    return op->emitOpError("expects an offset that is a multiple of ")
           << kAlignment << " and not negative, got " << offset;
  }
  if (bytes > std::numeric_limits<int64_t>::max() - kAlignment - offset) {
    return op->emitOpError("expects an end that fits 64 bits, got offset ")
           << offset << " and " << bytes << " bytes";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// StateOp
//===----------------------------------------------------------------------===//

LogicalResult StateOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  std::optional<int64_t> bytes;
  if (type && isa<FloatType>(type.getElementType())) {
    bytes = getStateSize(type, getLayout());
  }
  // (C1)
  if (!bytes) {
    return emitOpError("expects a static float tensor, [B, H, L, D] for the "
                       "layout bhc_16dc, got ")
           << getType();
  }
  // (C2)
  return verifyOffset(*this, getOffset(), *bytes);
}

int64_t StateOp::getByteSize() {
  return getStateSize(getTensorType(), getLayout()).value_or(0);
}

//===----------------------------------------------------------------------===//
// WeightsOp and PlaceOp
//===----------------------------------------------------------------------===//

LogicalResult PlaceOp::verify() {
  std::optional<int64_t> bytes = getDenseBytes(getValue().getType());
  if (!bytes) {
    return emitOpError("expects a static tensor of byte-sized elements, got ")
           << getValue().getType();
  }
  // (C1)
  return verifyOffset(*this, getOffset(), *bytes);
}

int64_t PlaceOp::getByteSize() {
  return getDenseBytes(getValue().getType()).value_or(0);
}

LogicalResult WeightsOp::verify() {
  // (C1)
  for (Operation *other = getOperation()->getNextNode(); other;
       other = other->getNextNode()) {
    if (isa<WeightsOp>(other)) {
      return emitOpError("expects to be the module's only one").attachNote(
                 other->getLoc())
             << "another one here";
    }
  }
  // (C2)
  SmallVector<PlaceOp> places(getOps<PlaceOp>());
  llvm::stable_sort(places, [](PlaceOp a, PlaceOp b) {
    return a.getOffset() < b.getOffset();
  });
  for (size_t i = 1; i < places.size(); ++i) {
    if (places[i - 1].getOffset() + places[i - 1].getByteSize() >
        places[i].getOffset()) {
      InFlightDiagnostic diagnostic =
          places[i].emitOpError("expects no overlap with another placement");
      diagnostic.attachNote(places[i - 1].getLoc()) << "the other one here";
      return diagnostic;
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// AdapterBlockOp and AdapterTargetOp
//===----------------------------------------------------------------------===//

int64_t AdapterBlockOp::getCapacity() {
  return static_cast<int64_t>(llvm::alignTo(getRank(), kLoRARankStep));
}

LogicalResult AdapterBlockOp::verify() {
  // (C1)
  for (Operation *other = getOperation()->getNextNode(); other;
       other = other->getNextNode()) {
    if (isa<AdapterBlockOp>(other)) {
      return emitOpError("expects to be the module's only one").attachNote(
                 other->getLoc())
             << "another one here";
    }
  }
  if (getRank() < 1 || getRank() > kMaxAdapterRank) {
    return emitOpError("expects a rank in [1, ")
           << kMaxAdapterRank << "], got " << getRank();
  }
  // (C2)
  struct Block {
    int64_t begin, end;
    AdapterTargetOp target;
  };
  SmallVector<Block> blocks;
  llvm::StringSet<> names;
  for (Operation &op : getBody().front()) {
    auto target = dyn_cast<AdapterTargetOp>(op);
    if (!target) {
      return emitOpError("expects targets alone, got '") << op.getName() << "'";
    }
    if (!names.insert(target.getModule()).second) {
      return target.emitOpError("expects one target for each module, got ")
             << target.getModuleAttr() << " twice";
    }
    bool fits = true;
    auto add = [&](int64_t offset, std::optional<int64_t> bytes) {
      fits &= bytes && offset >= 0 &&
              *bytes <= std::numeric_limits<int64_t>::max() - kAlignment -
                            offset;
      if (fits) {
        blocks.push_back({offset, offset + *bytes, target});
      }
    };
    add(target.getHeader(), kAdapterHeaderBytes);
    add(target.getA(), getAdapterABytes(getCapacity(), target.getIn()));
    for (auto part : target.getParts().getAsRange<AdapterPartAttr>()) {
      add(part.getOffset(), getAdapterPartBytes(getCapacity(), part.getSize()));
    }
    if (!fits) {
      return target.emitOpError("expects an end that fits 64 bits");
    }
  }
  // (C3)
  llvm::stable_sort(blocks, [](const Block &a, const Block &b) {
    return a.begin < b.begin;
  });
  for (size_t i = 1; i < blocks.size(); ++i) {
    if (blocks[i - 1].end > blocks[i].begin) {
      InFlightDiagnostic diagnostic = blocks[i].target.emitOpError(
          "expects no overlap in the adapter segment, got one at ");
      diagnostic << blocks[i].begin;
      diagnostic.attachNote(blocks[i - 1].target.getLoc())
          << "the other one here";
      return diagnostic;
    }
  }
  return success();
}

LogicalResult AdapterTargetOp::verify() {
  constexpr int64_t kMaxSize = int64_t(1) << 32;
  // (C1)
  for (int64_t size : {getIn(), getOut()}) {
    if (size < 1 || size > kMaxSize) {
      return emitOpError("expects sizes in [1, ")
             << kMaxSize << "], got in " << getIn() << " and out " << getOut();
    }
  }
  // (C2)
  SmallVector<AdapterPartAttr> parts(
      getParts().getAsRange<AdapterPartAttr>());
  llvm::stable_sort(parts, [](AdapterPartAttr a, AdapterPartAttr b) {
    return a.getRow() < b.getRow();
  });
  if (parts.empty()) {
    return emitOpError("expects at least one part");
  }
  int64_t end = 0;
  for (AdapterPartAttr part : parts) {
    if (part.getRow() < end || part.getSize() < 1 ||
        part.getRow() > getOut() || part.getSize() > getOut() - part.getRow()) {
      return emitOpError("expects parts that share no row, inside [0, ")
             << getOut() << "), got " << part;
    }
    end = part.getRow() + part.getSize();
  }
  // (C3)
  SmallVector<int64_t> offsets{getHeader(), getA()};
  for (AdapterPartAttr part : parts) {
    offsets.push_back(part.getOffset());
  }
  for (int64_t offset : offsets) {
    if (failed(verifyOffset(*this, offset, 0))) {
      return failure();
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// FunctionOp and LaunchOp
//===----------------------------------------------------------------------===//

LogicalResult FunctionOp::verify() {
  // (C1)
  for (int64_t bytes : {getArenaBytes(), getIoBytes()}) {
    if (!isAlignedOffset(bytes)) {
      return emitOpError("expects segment sizes that are multiples of ")
             << kAlignment << " and not negative, got " << bytes;
    }
  }
  // (C2)
  SmallVector<IOAttr> ios(getInputs().getAsRange<IOAttr>());
  llvm::append_range(ios, getOutputs().getAsRange<IOAttr>());
  llvm::StringSet<> names;
  for (IOAttr io : ios) {
    if (!names.insert(io.getName().getValue()).second) {
      return emitOpError("expects distinct names of inputs and outputs, got ")
             << io.getName() << " twice";
    }
    if (!isAlignedOffset(io.getOffset()) || io.getOffset() > getIoBytes() ||
        io.getByteSize() > getIoBytes() - io.getOffset()) {
      return emitOpError("expects each input and output at a multiple of ")
             << kAlignment << " inside the io segment of " << getIoBytes()
             << " bytes, got " << io;
    }
  }
  llvm::stable_sort(ios, [](IOAttr a, IOAttr b) {
    return a.getOffset() < b.getOffset();
  });
  for (size_t i = 1; i < ios.size(); ++i) {
    if (ios[i - 1].getOffset() + ios[i - 1].getByteSize() >
        ios[i].getOffset()) {
      return emitOpError("expects no overlap of inputs and outputs, got ")
             << ios[i - 1] << " and " << ios[i];
    }
  }
  // (C3)
  for (Operation &op : getBody().front()) {
    if (!isa<LaunchOp>(op)) {
      return emitOpError("expects launches alone, got '")
             << op.getName() << "'";
    }
  }
  return success();
}

LogicalResult
FunctionOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto module = cast<ModuleOp>(getOperation()->getParentOp());
  int64_t segmentBytes[] = {getArenaBytes(), getWeightsBytes(module),
                            getStateBytes(module), getIoBytes(),
                            getAdapterBytes(module)};
  // (C4)
  for (LaunchOp launch : getOps<LaunchOp>()) {
    auto kernel = symbolTable.lookupNearestSymbolFrom<mlir::func::FuncOp>(
        module, launch.getKernelAttr());
    if (!kernel || !kernel->hasAttr(kKernelAttr)) {
      return launch.emitOpError("expects a kernel, got ")
             << launch.getKernelAttr();
    }
    SmallVector<Type> memories;
    llvm::copy_if(kernel.getArgumentTypes(), std::back_inserter(memories),
                  llvm::IsaPred<mlir::MemRefType>);
    if (memories.size() != launch.getAddresses().size()) {
      return launch.emitOpError("expects ")
             << memories.size() << " operands for " << launch.getKernelAttr()
             << ", got " << launch.getAddresses().size();
    }
    for (auto [type, address] :
         llvm::zip(memories, launch.getAddresses().getAsRange<AddressAttr>())) {
      int64_t limit = segmentBytes[static_cast<unsigned>(address.getSegment())];
      std::optional<int64_t> bytes =
          getDenseBytes(cast<mlir::MemRefType>(type));
      if (!bytes || address.getOffset() > limit ||
          *bytes > limit - address.getOffset()) {
        return launch.emitOpError("expects ")
               << type << " inside the segment "
               << stringifySegment(address.getSegment()) << " of " << limit
               << " bytes, got offset " << address.getOffset();
      }
    }
  }
  return success();
}

LogicalResult LaunchOp::verify() {
  // (C1)
  for (AddressAttr address : getAddresses().getAsRange<AddressAttr>()) {
    if (failed(verifyOffset(*this, address.getOffset(), 0))) {
      return failure();
    }
  }
  // (C2)
  if (getTiles() < 1 || getBytes() < 0) {
    return emitOpError("expects at least one tile and no negative bytes, got ")
           << getTiles() << " tiles and " << getBytes() << " bytes";
  }
  return success();
}
