// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Describes an adapter: what it is, and whether it fits a base.

#include "AdapterResolver.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <map>
#include <set>

using namespace qeff;

namespace {
/// One kind of module that the adapter has pairs of.
struct Group {
  int64_t modules = 0;
  std::set<int64_t> ranks;
};

struct Report {
  std::map<std::string, Group> groups; ///< by the path's last component
  std::vector<std::string> parameters; ///< that the adapter brings whole
  std::set<std::string> types;
  std::set<int64_t> ranks;
  int64_t pairs = 0;
  uint64_t elements = 0;
  std::optional<bool> fits;
  std::string reason; ///< why it does not fit
  std::vector<double> scalings; ///< of a fitting adapter, ascending
};
} // namespace

/// Goes by the tensors: which modules the targets mean depends on the base.
static Report summarize(const AdapterFiles &files) {
  Report report;
  for (const auto &entry : files.tensors) {
    StringRef name = entry.getKey();
    const StoredTensor &tensor = entry.second;
    uint64_t elements = 1;
    for (int64_t size : tensor.shape) {
      elements *= static_cast<uint64_t>(size);
    }
    report.elements += elements;
    report.types.insert(tensor.typeName);
    StringRef path = name;
    path.consume_front(kAdapterPrefix);
    if (!name.contains(".lora_")) {
      report.parameters.push_back(path.str());
      continue;
    }
    if ((path.consume_back(".lora_A.weight") ||
         path.consume_back(".lora_embedding_A")) &&
        tensor.shape.size() == 2) {
      Group &group = report.groups[path.rsplit('.').second.empty()
                                       ? path.str()
                                       : path.rsplit('.').second.str()];
      ++group.modules;
      ++report.pairs;
      group.ranks.insert(tensor.shape.front());
      report.ranks.insert(tensor.shape.front());
    }
  }
  llvm::sort(report.parameters);
  return report;
}

/// Resolves the adapter with its diagnostics kept for the report.
static void checkFit(MLIRContext *context, StringRef directory,
                     const AdapterModules &base, const AdapterOptions &options,
                     Report &report) {
  mlir::ScopedDiagnosticHandler handler(
      context, [&](mlir::Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error &&
            report.reason.empty()) {
          report.reason = diagnostic.str();
        }
        return success();
      });
  FailureOr<Adapter> adapter = readAdapter(context, directory, base, options);
  report.fits = succeeded(adapter);
  if (succeeded(adapter)) {
    std::set<double> scalings;
    for (const AdapterPair &pair : adapter->pairs) {
      scalings.insert(pair.scaling);
    }
    report.scalings.assign(scalings.begin(), scalings.end());
  }
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

template <typename T> static std::string list(const T &values) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(values, os);
  return text;
}

static std::string showNumber(double value) {
  return llvm::formatv("{0}", llvm::format("%g", value)).str();
}

static std::string showBytes(uint64_t bytes) {
  if (bytes < 1000000) {
    return llvm::formatv("{0} bytes", bytes).str();
  }
  return llvm::formatv("{0:F1} MB", static_cast<double>(bytes) / 1e6).str();
}

/// alpha/rank of the configuration's own rank and alpha.
static double getScaling(const PEFTConfig &config) {
  double rank = static_cast<double>(config.rank);
  return config.alpha / (config.rankStabilized ? std::sqrt(rank) : rank);
}

static StringRef getMethod(const PEFTConfig &config) {
  return config.dora ? "DoRA" : "LoRA";
}

static std::string printText(const AdapterFiles &files, const Report &report,
                             StringRef baseName) {
  const PEFTConfig &config = files.config;
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "method: " << getMethod(config)
     << (config.rankStabilized ? ", rank-stabilized" : "") << "\n";
  if (!config.baseModel.empty()) {
    os << "trained on: " << config.baseModel << "\n";
  }
  os << "rank: " << (report.ranks.empty() ? "none" : list(report.ranks))
     << "\n";
  os << "alpha: " << showNumber(config.alpha);
  for (const auto &[pattern, alpha] : config.alphas) {
    os << ", " << showNumber(alpha) << " for " << pattern;
  }
  std::vector<std::string> scalings;
  for (double scaling : report.scalings) {
    scalings.push_back(showNumber(scaling));
  }
  os << "\nscaling: "
     << (scalings.empty() ? showNumber(getScaling(config)) : list(scalings))
     << "\n";
  os << "targets: " << report.pairs << " modules\n";
  for (const auto &[name, group] : report.groups) {
    os << "  " << name << ": " << group.modules << ", rank "
       << list(group.ranks) << "\n";
  }
  if (!report.parameters.empty()) {
    os << "whole parameters: " << list(report.parameters) << "\n";
  }
  os << "size: " << report.elements << " parameters, "
     << showBytes(files.file.size - files.file.headerSize) << " of "
     << list(report.types) << "\n";
  if (report.fits) {
    os << (*report.fits ? "fits: " : "does not fit: ") << baseName << "\n";
    if (!*report.fits) {
      os << "  " << report.reason << "\n";
    }
  }
  return text;
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

template <typename T>
static void writeArray(llvm::json::OStream &json, StringRef key,
                       const T &values) {
  json.attributeArray(key, [&] {
    for (const auto &value : values) {
      json.value(value);
    }
  });
}

static std::string printJSON(const AdapterFiles &files, const Report &report,
                             StringRef baseName) {
  const PEFTConfig &config = files.config;
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os, 2);
  json.object([&] {
    json.attribute("format", "qeff.adapter-report");
    json.attribute("version", 1);
    json.attribute("method", getMethod(config));
    json.attribute("rank_stabilized", config.rankStabilized);
    json.attribute("trained_on", config.baseModel);
    writeArray(json, "ranks", report.ranks);
    json.attribute("alpha", config.alpha);
    if (report.scalings.empty()) {
      writeArray(json, "scalings", ArrayRef<double>(getScaling(config)));
    } else {
      writeArray(json, "scalings", report.scalings);
    }
    json.attributeObject("targets", [&] {
      for (const auto &[name, group] : report.groups) {
        json.attributeObject(name, [&, &group = group] {
          json.attribute("modules", group.modules);
          writeArray(json, "ranks", group.ranks);
        });
      }
    });
    writeArray(json, "parameters", report.parameters);
    json.attribute("num_parameters", static_cast<int64_t>(report.elements));
    json.attribute("bytes", static_cast<int64_t>(files.file.size -
                                                 files.file.headerSize));
    writeArray(json, "types", report.types);
    if (report.fits) {
      json.attribute("base", baseName);
      json.attribute("fits", *report.fits);
      if (!*report.fits) {
        json.attribute("reason", llvm::json::fixUTF8(report.reason));
      }
    }
  });
  os << "\n";
  return text;
}

FailureOr<std::string> qeff::describeAdapter(MLIRContext *context,
                                             StringRef directory,
                                             const AdapterModules *base,
                                             StringRef baseName,
                                             const AdapterOptions &options,
                                             AdapterReport format) {
  FailureOr<AdapterFiles> files = readAdapterFiles(context, directory);
  if (failed(files)) {
    return failure();
  }
  Report report = summarize(*files);
  if (base) {
    checkFit(context, directory, *base, options, report);
  }
  std::string name = llvm::json::fixUTF8(baseName);
  return format == AdapterReport::JSON ? printJSON(*files, report, name)
                                       : printText(*files, report, name);
}
