// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes .npz files.

#include "Npz.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace {
void addNumber(std::string &out, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    out += static_cast<char>(value >> (8 * i));
  }
}

/// The checksum of ZIP archives.
uint32_t getCRC(std::string_view text, uint32_t crc = 0) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> entries{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) {
        value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320u : 0);
      }
      entries[i] = value;
    }
    return entries;
  }();
  crc = ~crc;
  for (char c : text) {
    crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  }
  return ~crc;
}

const char *getDescr(const std::string &dtype) {
  struct Known {
    const char *ours;
    const char *numpy;
  };
  static const Known known[] = {
      {"bool", "|b1"}, {"i8", "|i1"},  {"u8", "|u1"},  {"i16", "<i2"},
      {"u16", "<u2"},  {"i32", "<i4"}, {"u32", "<u4"}, {"i64", "<i8"},
      {"u64", "<u8"},  {"f16", "<f2"}, {"f32", "<f4"}, {"f64", "<f8"}};
  for (const Known &entry : known) {
    if (dtype == entry.ours) {
      return entry.numpy;
    }
  }
  return "<u2"; // bf16
}

/// What stands before an array's elements.
std::string getHeader(const Array &array) {
  std::string text = std::string("{'descr': '") + getDescr(array.dtype) +
                     "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < array.shape.size(); ++i) {
    text += (i ? " " : "") + std::to_string(array.shape[i]) + ",";
  }
  if (array.shape.size() > 1) {
    text.pop_back();
  }
  text += "), }";
  // Elements begin at a multiple of 64.
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  std::string header("\x93NUMPY\1\0", 8);
  addNumber(header, text.size(), 2);
  return header + text;
}

/// The fields that an entry of the directory shares with the member's header.
std::string getFields(const std::string &name, uint32_t crc, uint64_t size) {
  std::string fields;
  addNumber(fields, 20, 2);         // version needed
  addNumber(fields, 0x800, 2);      // names are UTF-8
  addNumber(fields, 0, 2);          // no compression
  addNumber(fields, 0x00210000, 4); // 1980-01-01: the same bytes at any time
  addNumber(fields, crc, 4);
  addNumber(fields, size, 4);
  addNumber(fields, size, 4);
  addNumber(fields, name.size(), 2);
  addNumber(fields, 0, 2);
  return fields;
}

std::string writeMembers(std::FILE *file, const std::vector<Array> &arrays) {
  std::string directory;
  uint64_t offset = 0;
  auto write = [&](std::string_view text) {
    offset += text.size();
    return std::fwrite(text.data(), 1, text.size(), file) == text.size();
  };
  for (const Array &array : arrays) {
    std::string name = array.name + ".npy";
    std::string header = getHeader(array);
    uint64_t size = header.size() + array.data.size();
    if (size + offset > UINT32_MAX || name.size() > UINT16_MAX) {
      return "expects outputs of less than 4 GiB";
    }
    std::string fields =
        getFields(name, getCRC(array.data, getCRC(header)), size);
    directory += "PK\1\2";
    addNumber(directory, 20, 2); // made by
    directory += fields;
    directory.append(2 + 2 + 2 + 4, '\0'); // comment, disk, attributes
    addNumber(directory, offset, 4);
    directory += name;
    if (!write("PK\3\4" + fields + name + header) || !write(array.data)) {
      return std::strerror(errno);
    }
  }
  std::string end = "PK\5\6";
  addNumber(end, 0, 4);
  addNumber(end, arrays.size(), 2);
  addNumber(end, arrays.size(), 2);
  addNumber(end, directory.size(), 4);
  addNumber(end, offset, 4);
  addNumber(end, 0, 2);
  return write(directory + end) ? "" : std::strerror(errno);
}
} // namespace

std::string writeNpz(const std::string &path,
                     const std::vector<Array> &arrays) {
  std::string temporary = path + ".tmp" + std::to_string(::getpid());
  std::FILE *file = std::fopen(temporary.c_str(), "wb");
  if (!file) {
    return path + ": cannot write: " + std::strerror(errno);
  }
  std::string error = writeMembers(file, arrays);
  if (error.empty() && (std::fflush(file) != 0 || ::fsync(::fileno(file)) != 0)) {
    error = std::strerror(errno);
  }
  if (std::fclose(file) != 0 && error.empty()) {
    error = std::strerror(errno);
  }
  if (error.empty() && std::rename(temporary.c_str(), path.c_str()) != 0) {
    error = std::strerror(errno);
  }
  if (!error.empty()) {
    std::remove(temporary.c_str());
    return path + ": cannot write: " + error;
  }
  return "";
}
