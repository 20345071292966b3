// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Protobuf messages as trees of fields, and random changes of such trees.

#include "WireTree.h"

#include <iterator>

using namespace qeff;
using fuzz::WireField;
using Fields = std::vector<WireField>;

namespace {
constexpr int kMaxDepth = 64;
constexpr size_t kMaxFields = 20000;
} // namespace

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

static bool readVarint(llvm::StringRef &bytes, uint64_t &value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    auto byte = static_cast<uint8_t>(bytes.front());
    bytes = bytes.drop_front();
    value |= uint64_t(byte & 0x7f) << shift;
    if (byte < 0x80) {
      return true;
    }
  }
  return false;
}

static void appendVarint(std::string &out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    out.push_back(static_cast<char>(value | 0x80));
  }
  out.push_back(static_cast<char>(value));
}

bool fuzz::parseWire(llvm::StringRef bytes, Fields &fields, int depth) {
  while (!bytes.empty()) {
    uint64_t tag = 0, length = 0;
    if (!readVarint(bytes, tag) || tag >> 3 == 0 || tag > UINT32_MAX) {
      return false;
    }
    WireField field;
    field.number = tag >> 3;
    field.type = tag & 7;
    switch (field.type) {
    case 0:
      if (!readVarint(bytes, field.value)) {
        return false;
      }
      break;
    case 1:
    case 5:
      length = field.type == 1 ? 8 : 4;
      break;
    case 2:
      if (!readVarint(bytes, length)) {
        return false;
      }
      break;
    default:
      return false;
    }
    if (length > bytes.size()) {
      return false;
    }
    llvm::StringRef body = bytes.take_front(length);
    bytes = bytes.drop_front(length);
    if (field.type == 2 && depth < kMaxDepth &&
        parseWire(body, field.fields, depth + 1)) {
      field.isMessage = true;
    } else {
      field.fields.clear();
      field.bytes = body.str();
    }
    fields.push_back(std::move(field));
  }
  return true;
}

void fuzz::printWire(const Fields &fields, std::string &out) {
  for (const WireField &field : fields) {
    appendVarint(out, field.number << 3 | field.type);
    if (field.type == 0) {
      appendVarint(out, field.value);
    } else if (field.isMessage) {
      std::string inner;
      printWire(field.fields, inner);
      appendVarint(out, inner.size());
      out += inner;
    } else {
      if (field.type == 2) {
        appendVarint(out, field.bytes.size());
      }
      out += field.bytes;
    }
  }
}

//===----------------------------------------------------------------------===//
// Changes
//===----------------------------------------------------------------------===//

namespace {
/// A field and the list that it is in.
struct Spot {
  Fields *list;
  size_t index;
  WireField &get() const { return (*list)[index]; }
};
} // namespace

static void collect(Fields &fields, std::vector<Spot> &spots) {
  for (size_t i = 0; i < fields.size() && spots.size() < kMaxFields; ++i) {
    spots.push_back({&fields, i});
    collect(fields[i].fields, spots);
  }
}

static uint64_t makeNumber(uint64_t old, std::mt19937 &random) {
  static const uint64_t numbers[] = {
      0,       1,         2,          3,          5,          7,
      8,       11,        16,         21,         25,         26,
      64,      1000,      1 << 20,    1ull << 31, 1ull << 32, 1ull << 62,
      ~0ull,   ~0ull - 1, 1ull << 63, INT64_MAX};
  return random() % 2 == 0 ? old + random() % 7 - 3
                           : numbers[random() % std::size(numbers)];
}

static std::string makeText(std::string old, std::mt19937 &random) {
  static const char *const texts[] = {
      "",       "x",      "y",        "t",      "w",    "If",
      "Loop",   "d",      "ai.onnx",  "a::b",   "../w", "/etc/passwd",
      "offset", "length", "location", "main",   "1",    "qeff.payload",
      "-1",     "body",   "18446744073709551616"};
  switch (random() % 4) {
  case 0:
    if (!old.empty()) {
      old[random() % old.size()] = static_cast<char>(random());
    }
    return old;
  case 1:
    return old + old.substr(0, random() % 8);
  case 2:
    return std::string(random() % 3000, static_cast<char>(random() % 2));
  default:
    return texts[random() % std::size(texts)];
  }
}

static void mutateField(Spot spot, Spot other, std::mt19937 &random) {
  WireField &field = spot.get();
  switch (random() % 10) {
  case 0:
    spot.list->erase(spot.list->begin() + spot.index);
    return;
  case 1: {
    WireField copy = field;
    spot.list->insert(spot.list->begin() + spot.index, std::move(copy));
    return;
  }
  case 2: {
    WireField copy = other.get(); // may hold `field`
    field = std::move(copy);
    return;
  }
  case 3: {
    // The same value in another place that expects its kind.
    WireField copy = other.get();
    if (copy.type == field.type) {
      copy.number = field.number;
      field = std::move(copy);
    }
    return;
  }
  case 4:
    std::swap(field, (*spot.list)[random() % spot.list->size()]);
    return;
  case 5:
    field.number = 1 + random() % 26;
    return;
  default:
    if (field.type == 0) {
      field.value = makeNumber(field.value, random);
    } else if (!field.isMessage && field.type == 2) {
      field.bytes = makeText(std::move(field.bytes), random);
    } else if (!field.bytes.empty()) {
      field.bytes[random() % field.bytes.size()] =
          static_cast<char>(random());
    }
  }
}

void fuzz::mutateWire(Fields &fields, std::mt19937 &random) {
  for (unsigned i = 0, e = 1 + random() % 3; i < e; ++i) {
    std::vector<Spot> spots;
    collect(fields, spots);
    if (spots.empty()) {
      return;
    }
    mutateField(spots[random() % spots.size()], spots[random() % spots.size()],
                random);
  }
}
