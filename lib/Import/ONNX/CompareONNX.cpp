// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares two ONNX models, payloads included, in bounded memory.

#include "qeff/Import/ONNX.h"

#include "ModelFile.h"
#include "Payloads.h"
#include "Tensors.h"
#include "Wire.h"

#include "qeff/Import/Checkpoint.h"

#include "llvm/Support/Path.h"

#include <cstring>

using namespace qeff;
using namespace qeff::onnxir;
using qeff_onnx::AttributeProto;
using qeff_onnx::GraphProto;
using qeff_onnx::TensorProto;

namespace {
/// Differences that are shown.
constexpr int kMaxDifferences = 10;
constexpr uint64_t kChunkBytes = 1 << 20;

/// A model with its payloads still in their files.
struct Side {
  std::string path;
  std::optional<InputFile> file;
  qeff_onnx::ModelProto model;
  std::vector<Payload> payloads;
};

/// Elements in memory, or a range of a file.
struct Elements {
  std::string bytes;
  std::optional<InputFile> external;
  const InputFile *file = nullptr;
  uint64_t offset = 0;
  uint64_t size = 0;

  llvm::Error read(uint64_t at, MutableArrayRef<char> buffer) const {
    if (file) {
      return file->read(offset + at, buffer.data(), buffer.size());
    }
    std::memcpy(buffer.data(), bytes.data() + at, buffer.size());
    return llvm::Error::success();
  }
};

class Comparer {
public:
  Comparer(MLIRContext *context, Side &a, Side &b)
      : context(context), a(a), b(b) {}

  LogicalResult run();

private:
  /// Notes a difference at the current place.
  void differ(const Twine &what);
  template <typename Body> void at(const Twine &place, Body body);
  template <typename List, typename Compare>
  void compareLists(List &first, List &second, StringRef what,
                    Compare compare);
  template <typename Message>
  void compareRest(const Message &first, const Message &second,
                   StringRef what);

  void compareGraph(GraphProto &first, GraphProto &second);
  void compareNode(qeff_onnx::NodeProto &first, qeff_onnx::NodeProto &second);
  void compareAttribute(AttributeProto &first, AttributeProto &second);
  void compareFunction(qeff_onnx::FunctionProto &first,
                       qeff_onnx::FunctionProto &second);
  void compareTensor(TensorProto &first, TensorProto &second);
  void compareElements(const Elements &first, const Elements &second);
  LogicalResult takeElements(Side &side, TensorProto &proto,
                             Elements &elements);

  MLIRContext *context;
  Side &a, &b;
  std::vector<std::string> places;
  int differences = 0;
  bool hasError = false;
};
} // namespace

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

void Comparer::differ(const Twine &what) {
  if (++differences > kMaxDifferences) {
    return;
  }
  InFlightDiagnostic error =
      mlir::emitError(getFileLocation(context, a.path));
  for (const std::string &place : places) {
    error << place << ": ";
  }
  error << what << " of '" << b.path << "' differs";
}

template <typename Body> void Comparer::at(const Twine &place, Body body) {
  if (differences > kMaxDifferences || hasError) {
    return;
  }
  places.push_back(place.str());
  body();
  places.pop_back();
}

/// Compares entry by entry, and empties both lists.
template <typename List, typename Compare>
void Comparer::compareLists(List &first, List &second, StringRef what,
                            Compare compare) {
  if (first.size() != second.size()) {
    differ("the number of " + what + "s");
  }
  int count = std::min(first.size(), second.size());
  for (int i = 0; i < count; ++i) {
    const std::string &name = first.Get(i).name();
    at(what + " " + Twine(i) + (name.empty() ? "" : " '" + name + "'"),
       [&] { compare(*first.Mutable(i), *second.Mutable(i)); });
  }
  first.Clear();
  second.Clear();
}

template <typename Message>
void Comparer::compareRest(const Message &first, const Message &second,
                           StringRef what) {
  if (first.SerializePartialAsString() != second.SerializePartialAsString()) {
    differ(what);
  }
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// Takes the elements of `proto` out of it, wherever they are.
LogicalResult Comparer::takeElements(Side &side, TensorProto &proto,
                                     Elements &elements) {
  Location loc = getFileLocation(context, side.path);
  auto emitError = [&] { return mlir::emitError(loc); };
  FailureOr<RankedTensorType> type =
      decodeTensorType(context, proto, emitError);
  if (failed(type)) {
    return failure();
  }
  if (!Payloads::isStored(proto)) {
    if (failed(normalizePayload(*type, proto, emitError))) {
      return failure();
    }
    elements.bytes = proto.raw_data();
    elements.size = elements.bytes.size();
    proto.clear_raw_data();
    return success();
  }
  std::string location;
  elements.size = static_cast<uint64_t>(getPayloadBytes(*type).value_or(0));
  elements.file = &*side.file;
  for (const auto &entry : proto.external_data()) {
    uint64_t number = 0;
    (void)StringRef(entry.value()).getAsInteger(10, number);
    if (entry.key() == wire::kPayloadKey) {
      if (number >= side.payloads.size()) {
        return emitError() << "expects a payload, got " << number;
      }
      elements.offset = side.payloads[number].offset;
    } else if (entry.key() == "offset") {
      elements.offset = number;
    } else if (entry.key() == "location") {
      location = entry.value();
    }
  }
  if (proto.data_location() == TensorProto::EXTERNAL) {
    SmallString<256> path(llvm::sys::path::parent_path(side.path));
    llvm::sys::path::append(path, location);
    llvm::Expected<InputFile> file = InputFile::open(path);
    if (!file) {
      return emitImportError(context, path, file.takeError());
    }
    elements.external.emplace(std::move(*file));
    elements.file = &*elements.external;
  }
  google::protobuf::RepeatedPtrField<qeff_onnx::StringStringEntryProto> rest;
  for (qeff_onnx::StringStringEntryProto &entry :
       *proto.mutable_external_data()) {
    if (entry.key() != wire::kPayloadKey && entry.key() != "location" &&
        entry.key() != "offset" && entry.key() != "length") {
      rest.Add()->Swap(&entry);
    }
  }
  proto.mutable_external_data()->Swap(&rest);
  proto.clear_data_location();
  return success();
}

void Comparer::compareElements(const Elements &first, const Elements &second) {
  if (first.size != second.size) {
    differ("the size");
    return;
  }
  std::vector<char> one(std::min(first.size, kChunkBytes));
  std::vector<char> two(one.size());
  for (uint64_t done = 0; done < first.size; done += one.size()) {
    one.resize(std::min(first.size - done, kChunkBytes));
    two.resize(one.size());
    llvm::Error error = first.read(done, one);
    if (!error) {
      error = second.read(done, two);
    }
    if (error) {
      hasError = true;
      (void)emitImportError(context, a.path, std::move(error));
      return;
    }
    if (one != two) {
      uint64_t byte =
          done + (std::mismatch(one.begin(), one.end(), two.begin()).first -
                  one.begin());
      differ("byte " + Twine(byte) + " of the elements");
      return;
    }
  }
}

void Comparer::compareTensor(TensorProto &first, TensorProto &second) {
  Elements one, two;
  if (failed(takeElements(a, first, one)) ||
      failed(takeElements(b, second, two))) {
    hasError = true;
    return;
  }
  compareElements(one, two);
  compareRest(first, second, "what the tensor says beside its elements");
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

void Comparer::compareAttribute(AttributeProto &first,
                                AttributeProto &second) {
  auto tensors = [&](TensorProto &one, TensorProto &two) {
    compareTensor(one, two);
  };
  auto graphs = [&](GraphProto &one, GraphProto &two) {
    compareGraph(one, two);
  };
  if (first.has_t() && second.has_t()) {
    compareTensor(*first.mutable_t(), *second.mutable_t());
    first.clear_t();
    second.clear_t();
  }
  if (first.has_g() && second.has_g()) {
    compareGraph(*first.mutable_g(), *second.mutable_g());
    first.clear_g();
    second.clear_g();
  }
  compareLists(*first.mutable_tensors(), *second.mutable_tensors(), "tensor",
               tensors);
  compareLists(*first.mutable_graphs(), *second.mutable_graphs(), "graph",
               graphs);
  compareRest(first, second, "the value");
}

void Comparer::compareNode(qeff_onnx::NodeProto &first,
                           qeff_onnx::NodeProto &second) {
  compareLists(*first.mutable_attribute(), *second.mutable_attribute(),
               "attribute", [&](AttributeProto &one, AttributeProto &two) {
                 compareAttribute(one, two);
               });
  compareRest(first, second, "the node");
}

/// Sorts by name; entries of one name stay in order.
static void sortByName(
    google::protobuf::RepeatedPtrField<qeff_onnx::ValueInfoProto> &infos) {
  std::stable_sort(infos.pointer_begin(), infos.pointer_end(),
                   [](const auto *one, const auto *two) {
                     return one->name() < two->name();
                   });
}

void Comparer::compareGraph(GraphProto &first, GraphProto &second) {
  auto infos = [&](const qeff_onnx::ValueInfoProto &one,
                   const qeff_onnx::ValueInfoProto &two) {
    compareRest(one, two, "what the graph says");
  };
  compareLists(*first.mutable_node(), *second.mutable_node(), "node",
               [&](auto &one, auto &two) { compareNode(one, two); });
  compareLists(*first.mutable_initializer(), *second.mutable_initializer(),
               "initializer",
               [&](auto &one, auto &two) { compareTensor(one, two); });
  compareLists(*first.mutable_input(), *second.mutable_input(), "input",
               infos);
  compareLists(*first.mutable_output(), *second.mutable_output(), "output",
               infos);
  sortByName(*first.mutable_value_info());
  sortByName(*second.mutable_value_info());
  compareLists(*first.mutable_value_info(), *second.mutable_value_info(),
               "value info", infos);
  compareRest(first, second, "the graph");
}

void Comparer::compareFunction(qeff_onnx::FunctionProto &first,
                               qeff_onnx::FunctionProto &second) {
  compareLists(*first.mutable_node(), *second.mutable_node(), "node",
               [&](auto &one, auto &two) { compareNode(one, two); });
  compareLists(*first.mutable_attribute_proto(),
               *second.mutable_attribute_proto(), "attribute",
               [&](auto &one, auto &two) { compareAttribute(one, two); });
  compareRest(first, second, "the function");
}

LogicalResult Comparer::run() {
  at("graph", [&] {
    compareGraph(*a.model.mutable_graph(), *b.model.mutable_graph());
  });
  a.model.clear_graph();
  b.model.clear_graph();
  compareLists(*a.model.mutable_functions(), *b.model.mutable_functions(),
               "function",
               [&](auto &one, auto &two) { compareFunction(one, two); });
  compareRest(a.model, b.model, "the model's own part");
  return success(differences == 0 && !hasError);
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

static LogicalResult readSide(MLIRContext *context, Side &side) {
  llvm::Expected<InputFile> file = InputFile::open(side.path);
  if (!file) {
    return emitImportError(context, side.path, file.takeError());
  }
  side.file.emplace(std::move(*file));
  if (llvm::Error error = readModel(*side.file, side.model, side.payloads)) {
    return emitImportError(context, side.path, std::move(error));
  }
  return success();
}

LogicalResult qeff::compareONNX(MLIRContext *context, StringRef path,
                                StringRef other) {
  context->loadDialect<ONNXIRDialect>();
  Side a{path.str(), {}, {}, {}};
  Side b{other.str(), {}, {}, {}};
  if (failed(readSide(context, a)) || failed(readSide(context, b))) {
    return failure();
  }
  return Comparer(context, a, b).run();
}
