// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads .npz files.

#include "Npz.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <set>

namespace {
/// Little-endian number of `size` bytes at `offset`, which is inside.
uint64_t getNumber(std::string_view bytes, size_t offset, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    value |= uint64_t(static_cast<unsigned char>(bytes[offset + i]))
             << (8 * i);
  }
  return value;
}

bool startsWith(std::string_view bytes, size_t offset, const char *text) {
  std::string_view magic(text, 4);
  return offset <= bytes.size() && bytes.substr(offset, 4) == magic;
}

constexpr size_t kEndBytes = 22, kCentralBytes = 46, kLocalBytes = 30;

/// What a central directory's entry says.
struct Entry {
  uint64_t method, flags, packed, size, header;
  std::string_view name;
};

/// Sizes that do not fit 32 bits are in an extra field.
void readLargeSizes(std::string_view extra, Entry &entry) {
  while (extra.size() >= 4) {
    uint64_t id = getNumber(extra, 0, 2);
    size_t size = getNumber(extra, 2, 2);
    if (size > extra.size() - 4) {
      return;
    }
    std::string_view field = extra.substr(4, size);
    if (id == 1) {
      for (uint64_t *value : {&entry.size, &entry.packed, &entry.header}) {
        if (*value == UINT32_MAX && field.size() >= 8) {
          *value = getNumber(field, 0, 8);
          field.remove_prefix(8);
        }
      }
    }
    extra.remove_prefix(4 + size);
  }
}

/// A name as a message may show it.
std::string show(std::string_view name) {
  std::string text;
  for (char c : name.substr(0, 100)) {
    text += c >= ' ' && c <= '~' ? c : '?';
  }
  return text;
}

/// The text behind `key` in the dictionary of an array's header.
std::string_view findValue(std::string_view header, const char *key) {
  size_t at = header.find(std::string("'") + key + "'");
  if (at == std::string_view::npos) {
    return {};
  }
  at = header.find(':', at);
  at = at == std::string_view::npos ? at
                                    : header.find_first_not_of(' ', at + 1);
  return at == std::string_view::npos ? std::string_view()
                                      : header.substr(at);
}

std::string getDtype(std::string_view descr) {
  struct Known {
    const char *numpy;
    const char *ours;
  };
  static const Known known[] = {
      {"'|b1'", "bool"}, {"'|i1'", "i8"},  {"'|u1'", "u8"},  {"'<i2'", "i16"},
      {"'<u2'", "u16"},  {"'<i4'", "i32"}, {"'<u4'", "u32"}, {"'<i8'", "i64"},
      {"'<u8'", "u64"},  {"'<f2'", "f16"}, {"'<f4'", "f32"}, {"'<f8'", "f64"},
      {"'|V2'", "bf16"}, {"'<V2'", "bf16"}};
  for (const Known &entry : known) {
    if (descr.substr(0, std::strlen(entry.numpy)) == entry.numpy) {
      return entry.ours;
    }
  }
  return "";
}

/// "(2, 3)", "(4,)" or "()".
bool readShape(std::string_view text, std::vector<int64_t> &shape) {
  size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string_view::npos) {
    return false;
  }
  int64_t size = -1;
  for (char c : text.substr(1, end - 1)) {
    if (c >= '0' && c <= '9') {
      size = (size < 0 ? 0 : size) * 10 + (c - '0');
      if (size > int64_t(1) << 40) {
        return false;
      }
    } else if (c == ',' && size >= 0) {
      shape.push_back(size);
      size = -1;
    } else if (c != ' ') {
      return false;
    }
  }
  if (size >= 0) {
    shape.push_back(size);
  }
  return shape.size() <= 64;
}

uint64_t getElementBytes(const std::string &dtype) {
  if (dtype == "bool" || dtype == "i8" || dtype == "u8") {
    return 1;
  }
  if (dtype == "bf16" || dtype.find("16") != std::string::npos) {
    return 2;
  }
  return dtype.find("32") != std::string::npos ? 4 : 8;
}
} // namespace

std::string NpzFile::readArray(Array &array, std::string_view member) {
  std::string where = "array '" + show(array.name) + "': ";
  if (member.size() < 12 || member.substr(0, 6) != "\x93NUMPY") {
    return where + "expects NumPy's format";
  }
  bool isFirst = member[6] == 1;
  size_t start = isFirst ? 10 : 12;
  uint64_t length = getNumber(member, 8, isFirst ? 2 : 4);
  if (member[6] < 1 || member[6] > 3 || length > member.size() - start) {
    return where + "expects a header of version 1, 2 or 3 inside the file";
  }
  std::string_view header = member.substr(start, length);
  array.dtype = getDtype(findValue(header, "descr"));
  if (array.dtype.empty()) {
    return where + "expects little-endian floats, integers or booleans, got " +
           show(findValue(header, "descr").substr(0, 8));
  }
  if (findValue(header, "fortran_order").substr(0, 5) != "False") {
    return where + "expects C order (numpy.ascontiguousarray)";
  }
  if (!readShape(findValue(header, "shape"), array.shape)) {
    return where + "expects a shape";
  }
  uint64_t bytes = getElementBytes(array.dtype);
  for (int64_t size : array.shape) {
    if (__builtin_mul_overflow(bytes, uint64_t(size), &bytes)) {
      return where + "expects less than 2^64 bytes";
    }
  }
  array.data = member.substr(start + length);
  if (array.data.size() != bytes) {
    return where + "expects " + std::to_string(bytes) + " bytes, got " +
           std::to_string(array.data.size());
  }
  return "";
}

/// Reads the member whose entry of the central directory is at `at`.
std::string NpzFile::readMember(size_t &at) {
  std::string_view file = bytes;
  if (!startsWith(file, at, "PK\1\2") || file.size() - at < kCentralBytes) {
    return "expects a ZIP archive, got a damaged directory";
  }
  Entry entry{getNumber(file, at + 10, 2), getNumber(file, at + 8, 2),
              getNumber(file, at + 20, 4), getNumber(file, at + 24, 4),
              getNumber(file, at + 42, 4), {}};
  size_t nameBytes = getNumber(file, at + 28, 2);
  size_t extraBytes = getNumber(file, at + 30, 2);
  size_t total = kCentralBytes + nameBytes + extraBytes +
                 getNumber(file, at + 32, 2);
  if (total > file.size() - at) {
    return "expects a ZIP archive, got a damaged directory";
  }
  entry.name = file.substr(at + kCentralBytes, nameBytes);
  readLargeSizes(file.substr(at + kCentralBytes + nameBytes, extraBytes),
                 entry);
  at += total;
  Array array;
  array.name = std::string(entry.name);
  if (array.name.size() < 4 ||
      array.name.compare(array.name.size() - 4, 4, ".npy") != 0) {
    return "expects members of type .npy, got '" + show(array.name) +
           "'";
  }
  array.name.resize(array.name.size() - 4);
  if (entry.method != 0 || (entry.flags & 1) != 0) {
    return "array '" + show(array.name) +
           "': expects no compression (numpy.savez), got a compressed or "
           "encrypted member";
  }
  if (entry.packed != entry.size || entry.header > file.size() ||
      file.size() - entry.header < kLocalBytes ||
      !startsWith(file, entry.header, "PK\3\4")) {
    return "array '" + show(array.name) + "': expects a sound member of the archive";
  }
  uint64_t start = entry.header + kLocalBytes +
                   getNumber(file, entry.header + 26, 2) +
                   getNumber(file, entry.header + 28, 2);
  if (start > file.size() || entry.size > file.size() - start) {
    return "array '" + show(array.name) + "': expects its bytes inside the file";
  }
  std::string error = readArray(array, file.substr(start, entry.size));
  if (error.empty()) {
    arrays.push_back(std::move(array));
  }
  return error;
}

std::string NpzFile::readMembers() {
  if (bytes.size() < kEndBytes) {
    return "expects a ZIP archive (numpy.savez)";
  }
  // Behind the directory's end comes a comment of at most 64 KiB.
  size_t end = bytes.size() - kEndBytes;
  size_t lowest = end > UINT16_MAX ? end - UINT16_MAX : 0;
  while (!startsWith(bytes, end, "PK\5\6")) {
    if (end == lowest) {
      return "expects a ZIP archive (numpy.savez)";
    }
    --end;
  }
  uint64_t count = getNumber(bytes, end + 10, 2);
  uint64_t at = getNumber(bytes, end + 16, 4);
  if (at == UINT32_MAX && end >= 20 && startsWith(bytes, end - 20, "PK\6\7")) {
    uint64_t large = getNumber(bytes, end - 20 + 8, 8);
    if (bytes.size() >= 56 && large <= bytes.size() - 56 &&
        startsWith(bytes, large, "PK\6\6")) {
      count = getNumber(bytes, large + 32, 8);
      at = getNumber(bytes, large + 48, 8);
    }
  }
  if (at > bytes.size() || count > bytes.size() / kCentralBytes) {
    return "expects a ZIP archive, got a damaged directory";
  }
  std::set<std::string> names;
  for (size_t entry = at; count > 0; --count) {
    std::string error = readMember(entry);
    if (!error.empty()) {
      return error;
    }
    if (!names.insert(arrays.back().name).second) {
      return "expects arrays of different names, got '" +
             show(arrays.back().name) + "' twice";
    }
  }
  return "";
}

std::string NpzFile::read(const std::string &path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(
      std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) {
    return path + ": " + std::strerror(errno);
  }
  char buffer[1 << 16];
  size_t count = 0;
  while ((count = std::fread(buffer, 1, sizeof(buffer), file.get())) > 0) {
    bytes.append(buffer, count);
  }
  if (std::ferror(file.get())) {
    return path + ": " + std::strerror(errno);
  }
  std::string error = readMembers();
  return error.empty() ? "" : path + ": " + error;
}
