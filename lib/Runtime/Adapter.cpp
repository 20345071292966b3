// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loads an adapter: its tensors are matched with the package's targets, then
// read in pieces and written where the kernels expect them. Ranks are outermost
// there, so what a rank does not use is never touched and stays unmapped.

#include "Adapter.h"

#include "Error.h"
#include "Safetensors.h"
#include "qeff/Runtime/ProgramABI.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <string_view>

using namespace qeff::runtime;

namespace {
constexpr int64_t rankStep = 8;

/// The ranks that kernels compute for an adapter of `rank`.
int64_t padRank(int64_t rank) {
  return (rank + rankStep - 1) / rankStep * rankStep;
}
constexpr int64_t panelWidth = 32;
constexpr size_t pieceBytes = 1 << 20;

constexpr std::string_view framework = "base_model.model.";
constexpr std::string_view suffixA = ".lora_A.weight";
constexpr std::string_view suffixB = ".lora_B.weight";
constexpr std::string_view suffixScaling = ".lora_scaling";

/// What the file holds of one module.
struct Pair {
  const StoredTensor *a = nullptr;
  const StoredTensor *b = nullptr;
  const StoredTensor *scaling = nullptr;
};

bool endsWith(std::string_view text, std::string_view suffix) {
  return text.size() > suffix.size() &&
         text.substr(text.size() - suffix.size()) == suffix;
}

std::string toString(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    text += (i ? ", " : "") + std::to_string(shape[i]);
  }
  return text + "]";
}

std::string nameA(const std::string &module) {
  return std::string(framework) + module + std::string(suffixA);
}
std::string nameB(const std::string &module) {
  return std::string(framework) + module + std::string(suffixB);
}

/// The tensors by module.
std::map<std::string, Pair> group(const SafetensorsHeader &header) {
  std::map<std::string, Pair> pairs;
  for (const auto &[name, tensor] : header.tensors) {
    std::string_view view = name;
    bool isFramework = view.substr(0, framework.size()) == framework;
    std::string_view inside =
        isFramework ? view.substr(framework.size()) : std::string_view();
    auto get = [&](std::string_view text, std::string_view suffix) -> Pair & {
      return pairs[std::string(text.substr(0, text.size() - suffix.size()))];
    };
    if (endsWith(inside, suffixA)) {
      get(inside, suffixA).a = &tensor;
    } else if (endsWith(inside, suffixB)) {
      get(inside, suffixB).b = &tensor;
    } else if (endsWith(view, suffixScaling)) {
      get(view, suffixScaling).scaling = &tensor;
    } else {
      fail("'", name, "': expects base_model.model.<module>.lora_A.weight, "
           "base_model.model.<module>.lora_B.weight or "
           "<module>.lora_scaling");
    }
  }
  if (pairs.empty()) {
    fail("expects at least one module, got none");
  }
  return pairs;
}

/// Fails unless `pair` is whole and fits `target`; gives its rank.
int64_t checkPair(const Pair &pair, const AdapterTarget &target,
                  int64_t maxRank) {
  const std::string &module = target.module;
  if (!pair.a || !pair.b || !pair.scaling) {
    fail("'", module, "': expects lora_A, lora_B and lora_scaling, got no ",
         !pair.a   ? "lora_A"
         : !pair.b ? "lora_B"
                   : "lora_scaling");
  }
  if (pair.a->shape.size() != 2 || pair.a->shape[1] != target.in) {
    fail("'", nameA(module), "': expects [rank, ", target.in, "], got ",
         toString(pair.a->shape));
  }
  int64_t rank = pair.a->shape[0];
  if (rank < 1 || rank > maxRank) {
    fail("'", nameA(module), "': expects a rank from 1 to ", maxRank,
         ", the most that the package was compiled for, got ", rank);
  }
  if (pair.b->shape != std::vector<int64_t>{target.out, rank}) {
    fail("'", nameB(module), "': expects [", target.out, ", ", rank,
         "], got ", toString(pair.b->shape));
  }
  if (pair.scaling->dtype != "F32" ||
      pair.scaling->shape != std::vector<int64_t>{1}) {
    fail("'", module, suffixScaling, "': expects F32 [1], got ",
         pair.scaling->dtype, " ", toString(pair.scaling->shape));
  }
  return rank;
}

/// Reads values of one file and writes them into one block.
class Packer {
public:
  Packer(const File &file, std::byte *block, bool allowNonfinite)
      : file(file), block(block), allowNonfinite(allowNonfinite) {}

  /// Gives the bytes of the block that it used.
  uint64_t pack(const AdapterTarget &target, const Pair &pair, int64_t rank);

private:
  /// `count` values of `tensor` from element `first` on.
  void read(const StoredTensor &tensor, const std::string &name, uint64_t first,
            size_t count, float *result);
  void packA(const AdapterTarget &target, const StoredTensor &a);
  void packB(const AdapterTarget &target, const StoredTensor &b, int64_t rank);

  const File &file;
  std::byte *block;
  bool allowNonfinite;
  std::vector<std::byte> raw;
  std::vector<float> values;
};
} // namespace

void Packer::read(const StoredTensor &tensor, const std::string &name,
                  uint64_t first, size_t count, float *result) {
  uint64_t bytes = tensor.getElementBytes();
  raw.resize(count * bytes);
  file.readAt(raw.data(), raw.size(), tensor.offset + first * bytes);
  convertToF32(raw.data(), tensor.dtype, count, result);
  if (allowNonfinite) {
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    if (!std::isfinite(result[i])) {
      fail("'", name, "': expects finite values, got ", result[i],
           " at element ", first + i);
    }
  }
}

void Packer::packA(const AdapterTarget &target, const StoredTensor &a) {
  auto *out = reinterpret_cast<float *>(block + target.a);
  uint64_t total = a.size / a.getElementBytes();
  constexpr uint64_t piece = pieceBytes / 4;
  for (uint64_t first = 0; first < total; first += piece) {
    read(a, nameA(target.module), first, std::min(piece, total - first),
         out + first);
  }
}

void Packer::packB(const AdapterTarget &target, const StoredTensor &b,
                   int64_t rank) {
  int64_t piece = std::max<int64_t>(1, pieceBytes / 4 / rank);
  int64_t padded = padRank(rank);
  for (const AdapterPart &part : target.parts) {
    auto *out = reinterpret_cast<float *>(block + part.offset);
    for (int64_t begin = 0; begin < part.size; begin += piece) {
      int64_t rows = std::min(piece, part.size - begin);
      values.resize(size_t(rows * rank));
      read(b, nameB(target.module), uint64_t((part.row + begin) * rank),
           values.size(), values.data());
      for (int64_t i = 0; i < rows; ++i) {
        int64_t panel = (begin + i) / panelWidth;
        int64_t column = (begin + i) % panelWidth;
        for (int64_t r = 0; r < rank; ++r) {
          out[(panel * padded + r) * panelWidth + column] =
              values[size_t(i * rank + r)];
        }
      }
    }
  }
}

uint64_t Packer::pack(const AdapterTarget &target, const Pair &pair,
                      int64_t rank) {
  packA(target, *pair.a);
  packB(target, *pair.b, rank);
  qeff_adapter_header header = {};
  header.rank = padRank(rank);
  read(*pair.scaling, target.module + std::string(suffixScaling), 0, 1,
       &header.scaling);
  std::memcpy(block + target.header, &header, sizeof(header));
  uint64_t floats = uint64_t(target.in);
  for (const AdapterPart &part : target.parts) {
    floats += uint64_t(part.size + panelWidth - 1) / panelWidth * panelWidth;
  }
  return sizeof(header) + uint64_t(header.rank) * floats * 4;
}

static std::string getStem(const std::string &path) {
  std::string name = path.substr(path.rfind('/') + 1);
  size_t dot = name.rfind('.');
  return dot == std::string::npos || dot == 0 ? name : name.substr(0, dot);
}

Adapter::Adapter(const AdapterDesc &adapterDesc, const std::string &path,
                 const AdapterOptions &options)
    : desc(adapterDesc) {
  File file(path);
  try {
    SafetensorsHeader header = SafetensorsHeader::read(file);
    auto format = header.metadata.find("format");
    if (format == header.metadata.end() || format->second != "qeff.adapter") {
      fail("expects an adapter in the package's own format (__metadata__.format "
           "= 'qeff.adapter'), got ",
           format == header.metadata.end()
               ? "none"
               : "'" + format->second.substr(0, 80) + "'");
    }
    auto named = header.metadata.find("name");
    name = named != header.metadata.end() && !named->second.empty()
               ? named->second
               : getStem(path);

    std::map<std::string_view, const AdapterTarget *> targets;
    for (const AdapterTarget &target : desc.targets) {
      targets[target.module] = &target;
    }
    struct Match {
      const AdapterTarget *target;
      Pair pair;
      int64_t rank;
    };
    std::vector<Match> matches;
    for (const auto &[module, pair] : group(header)) {
      auto target = targets.find(module);
      if (target == targets.end()) {
        fail("'", module, "': expects one of the ", targets.size(),
             " modules that the package was compiled for");
      }
      int64_t pairRank = checkPair(pair, *target->second, desc.maxRank);
      matches.push_back({target->second, pair, pairRank});
      rank = std::max(rank, pairRank);
    }
    block = Mapping(desc.bytes, "an adapter");
    Packer packer(file, block.data(), options.allowNonfinite);
    for (const Match &match : matches) {
      bytes += packer.pack(*match.target, match.pair, match.rank);
    }
    numTargets = matches.size();
  } catch (const Error &error) {
    // What the file itself reports names it already.
    std::string message = error.what();
    if (message.compare(0, path.size() + 2, path + ": ") == 0) {
      throw;
    }
    fail(path, ": ", message);
  }
}
