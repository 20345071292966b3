// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The manifest as JSON. Keys keep the order of docs/HostPackage.md.

#include "Manifest.h"

#include "qeff/Dialect/QEff/IR/MainFunction.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostOps.h"

#include "llvm/Support/JSON.h"

using namespace qeff;
using namespace qeff::host;

namespace json = llvm::json;

/// The columns of the output `logits`, or 0 where none has that name.
static int64_t getVocabSize(ModuleOp module) {
  for (FunctionOp function : module.getOps<FunctionOp>()) {
    for (IOAttr output : function.getOutputs().getAsRange<IOAttr>()) {
      if (output.getName().getValue() == "logits" &&
          output.getType().getRank() > 0) {
        return output.getType().getShape().back();
      }
    }
  }
  return 0;
}

FailureOr<PackageFacts> host::collectFacts(ModuleOp module) {
  PackageFacts facts;
  auto cpu = module->getAttrOfType<StringAttr>(kCPUAttr);
  if (!cpu) {
    return mlir::emitError(module.getLoc(), "expects the attribute '")
           << kCPUAttr << "'";
  }
  FailureOr<KernelTarget> target =
      KernelTarget::get(module.getLoc(), cpu.getValue());
  if (failed(target)) {
    return failure();
  }
  facts.target = *target;
  facts.producer = "qeff " QEFF_VERSION;
  if (auto name = module->getAttrOfType<StringAttr>(kArchitectureAttr)) {
    facts.architecture = name.getValue().str();
  }
  // A graph that is no decoder has neither vocabulary nor positions.
  auto maxPosition = module->getAttrOfType<IntegerAttr>(kMaxPositionAttr);
  if (!maxPosition && isFromONNX(module)) {
    return facts;
  }
  if (!maxPosition) {
    return mlir::emitError(module.getLoc(), "expects the attribute '")
           << kMaxPositionAttr << "'";
  }
  facts.maxPosition = maxPosition.getInt();
  if (auto ids = module->getAttrOfType<DenseI64ArrayAttr>(kEosTokenIdsAttr)) {
    facts.eosTokenIds.assign(ids.asArrayRef().begin(), ids.asArrayRef().end());
  }
  facts.vocabSize = getVocabSize(module);
  return facts;
}

static std::string getTypeName(Type type) {
  if (type.isInteger(1)) {
    return "bool";
  }
  std::string name;
  llvm::raw_string_ostream(name) << type;
  // ui8, si8
  return type.isUnsignedInteger() ? name.substr(0, 1) + name.substr(2)
         : type.isSignedInteger() ? name.substr(1)
                                  : name;
}

static void writeTensor(json::OStream &out, StringRef name,
                        RankedTensorType type, StringRef layout, int64_t offset,
                        int64_t size) {
  out.object([&] {
    out.attribute("name", name);
    out.attribute("dtype", getTypeName(type.getElementType()));
    out.attributeArray("shape", [&] {
      for (int64_t dim : type.getShape()) {
        out.value(dim);
      }
    });
    if (!layout.empty()) {
      out.attribute("layout", layout);
    }
    out.attribute("offset", offset);
    out.attribute("size", size);
  });
}

static void writeFile(json::OStream &out, StringRef key, StringRef path,
                      const FileFacts &facts) {
  out.attributeObject(key, [&] {
    out.attribute("path", path);
    out.attribute("size", facts.size);
    out.attribute("sha256", facts.sha256);
  });
}

static void writeFunction(json::OStream &out, FunctionOp function) {
  auto writeIOs = [&](StringRef key, ArrayAttr ios) {
    out.attributeArray(key, [&] {
      for (IOAttr io : ios.getAsRange<IOAttr>()) {
        writeTensor(out, io.getName().getValue(), io.getType(), /*layout=*/"",
                    io.getOffset(), io.getByteSize());
      }
    });
  };
  out.object([&] {
    out.attribute("name", function.getSymName());
    out.attributeObject("dims", [&] {
      for (NamedAttribute dim : function.getDims()) {
        out.attribute(dim.getName().getValue(),
                      cast<IntegerAttr>(dim.getValue()).getInt());
      }
    });
    out.attribute("arena_bytes", function.getArenaBytes());
    out.attribute("io_bytes", function.getIoBytes());
    writeIOs("inputs", function.getInputs());
    writeIOs("outputs", function.getOutputs());
  });
}

static void writeAdapter(json::OStream &out, AdapterBlockOp adapter,
                         int64_t bytes) {
  out.attributeObject("adapter", [&] {
    out.attribute("bytes", bytes);
    out.attribute("max_lora_rank", adapter.getRank());
    out.attributeArray("targets", [&] {
      for (auto target : adapter.getOps<AdapterTargetOp>()) {
        out.object([&] {
          out.attribute("module", target.getModule());
          out.attribute("in", target.getIn());
          out.attribute("out", target.getOut());
          out.attribute("header", target.getHeader());
          out.attribute("a", target.getA());
          out.attributeArray("parts", [&] {
            for (auto part : target.getParts().getAsRange<AdapterPartAttr>()) {
              out.object([&] {
                out.attribute("row", part.getRow());
                out.attribute("size", part.getSize());
                out.attribute("b", part.getOffset());
              });
            }
          });
        });
      }
    });
  });
}

void host::writeManifest(ModuleOp module, const PackageFacts &facts,
                         raw_ostream &stream) {
  json::OStream out(stream, /*IndentSize=*/2);
  out.object([&] {
    out.attribute("format", "qeff.host-qpc");
    out.attribute("version", 1);
    out.attribute("producer", facts.producer);
    out.attributeObject("cpu", [&] {
      out.attribute("triple", KernelTarget::getTriple());
      out.attribute("name", facts.target.cpu);
      out.attributeArray("features", [&] {
        for (StringRef feature : facts.target.getFeatures()) {
          out.value(feature);
        }
      });
    });
    out.attributeObject("files", [&] {
      writeFile(out, "program", "program.so", facts.program);
      writeFile(out, "weights", "weights.bin", facts.weights);
    });
    out.attributeObject("model", [&] {
      out.attribute("vocab_size", facts.vocabSize);
      out.attribute("max_position", facts.maxPosition);
      out.attributeArray("eos_token_ids", [&] {
        for (int64_t id : facts.eosTokenIds) {
          out.value(id);
        }
      });
      out.attribute("architecture", facts.architecture);
    });
    out.attribute("state_bytes", getStateBytes(module));
    out.attributeArray("states", [&] {
      for (StateOp state : module.getOps<StateOp>()) {
        writeTensor(out, state.getSymName(), state.getTensorType(),
                    state.getLayout() == StateLayout::RowMajor ? "bhcd"
                                                               : "bhc/16dc",
                    state.getOffset(), state.getByteSize());
      }
    });
    for (AdapterBlockOp adapter : module.getOps<AdapterBlockOp>()) {
      writeAdapter(out, adapter, getAdapterBytes(module));
    }
    out.attributeArray("functions", [&] {
      for (FunctionOp function : module.getOps<FunctionOp>()) {
        writeFunction(out, function);
      }
    });
  });
  stream << "\n";
}
