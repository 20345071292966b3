// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qpc.json, checked: what docs/HostPackage.md describes, as plain structs.
// Parsing treats the text as hostile. Afterwards every size, offset, shape,
// name and path is known to be consistent, so no later code checks them again.

#ifndef QEFF_LIB_RUNTIME_MANIFEST_H
#define QEFF_LIB_RUNTIME_MANIFEST_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qeff::runtime {

struct TensorDesc {
  std::string name;
  std::string dtype;
  std::string layout; ///< states only
  std::vector<int64_t> shape;
  uint64_t offset = 0; ///< in its segment, a multiple of 64
  uint64_t size = 0;   ///< bytes
};

struct FunctionDesc {
  std::string name;
  std::map<std::string, int64_t> dims;
  uint64_t arenaBytes = 0;
  uint64_t ioBytes = 0;
  std::vector<TensorDesc> inputs;
  std::vector<TensorDesc> outputs;

  /// The size of a named dim, -1 where there is none.
  int64_t getDim(const std::string &dim) const;
  /// The input or output called `name`, or null.
  const TensorDesc *findTensor(std::string_view name) const;
  const TensorDesc *findInput(std::string_view name) const;
  const TensorDesc *findOutput(std::string_view name) const;
};

/// Rows of B of a target, and where they are in the adapter segment.
struct AdapterPart {
  int64_t row = 0;
  int64_t size = 0;
  uint64_t offset = 0;
};

/// A module that an adapter may change.
struct AdapterTarget {
  std::string module;
  int64_t in = 0;
  int64_t out = 0;
  uint64_t header = 0; ///< offset of a qeff_adapter_header
  uint64_t a = 0;      ///< offset of A [capacity, in]
  std::vector<AdapterPart> parts;
};

/// The adapter segment; without bytes and targets where there is none.
struct AdapterDesc {
  uint64_t bytes = 0;
  int64_t maxRank = 0;
  std::vector<AdapterTarget> targets;

  /// Ranks that there is memory for.
  int64_t getCapacity() const { return (maxRank + 7) / 8 * 8; }
};

struct FileDesc {
  std::string path; ///< one component, relative to the package
  uint64_t size = 0;
  std::string sha256;
};

struct Manifest {
  std::string producer;
  std::string triple;
  std::string cpuName;
  std::vector<std::string> cpuFeatures;
  FileDesc program;
  FileDesc weights;
  std::string architecture;
  int64_t vocabSize = 0;
  int64_t maxPosition = 0;
  std::vector<int64_t> eosTokenIds;
  uint64_t stateBytes = 0;
  std::vector<TensorDesc> states;
  AdapterDesc adapter;
  std::vector<FunctionDesc> functions;

  /// The most bytes that a manifest may have.
  static constexpr uint64_t maxBytes = 64 << 20;

  /// Fails with "<field>: expects ..., got ..." at the first fault.
  static Manifest parse(std::string_view text);
};

/// Bytes of one element, 0 for an unknown dtype.
uint64_t getElementBytes(std::string_view dtype);

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_MANIFEST_H
