// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files in memory for the readers' tests, and a writer of GGUF bytes that can
// also write what the format forbids.
#ifndef QEFF_TEST_UNIT_IMPORT_TESTFILES_H
#define QEFF_TEST_UNIT_IMPORT_TESTFILES_H

#include "qeff/Import/InputFile.h"

#include "llvm/Support/Error.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace qeff::test {

/// An open file that holds `bytes`.
inline InputFile makeFile(llvm::StringRef bytes) {
  int fd = memfd_create("test", MFD_CLOEXEC);
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t step = ::pwrite(fd, bytes.data() + done, bytes.size() - done,
                            static_cast<off_t>(done));
    if (step <= 0) {
      break;
    }
    done += static_cast<size_t>(step);
  }
  return llvm::cantFail(InputFile::adopt(fd));
}

/// The message of `value`'s error, or "" where there is none.
template <typename T> std::string getMessage(llvm::Expected<T> value) {
  return value ? std::string() : llvm::toString(value.takeError());
}

template <typename T> void append(std::string &out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

/// A safetensors file: length, header, `dataBytes` zero bytes.
inline std::string makeSafetensors(llvm::StringRef header, size_t dataBytes) {
  std::string file;
  append<uint64_t>(file, header.size());
  return file + header.str() + std::string(dataBytes, '\0');
}

/// GGUF's numbers for the types of metadata values.
enum GGUFType : uint32_t {
  U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64
};

/// Collects the parts of a GGUF file; `write` joins them.
class GGUFWriter {
public:
  static std::string text(llvm::StringRef value) {
    std::string out;
    append<uint64_t>(out, value.size());
    return out + value.str();
  }

  void addRaw(llvm::StringRef key, uint32_t type, llvm::StringRef value) {
    metadata += text(key);
    append<uint32_t>(metadata, type);
    metadata += value;
    ++metadataCount;
  }
  template <typename T> void add(llvm::StringRef key, uint32_t type, T value) {
    std::string bytes;
    append<T>(bytes, value);
    addRaw(key, type, bytes);
  }
  void addString(llvm::StringRef key, llvm::StringRef value) {
    addRaw(key, String, text(value));
  }
  /// An array of `count` elements whose bytes are `values`.
  void addArray(llvm::StringRef key, uint32_t type, uint64_t count,
                llvm::StringRef values) {
    std::string bytes;
    append<uint32_t>(bytes, type);
    append<uint64_t>(bytes, count);
    addRaw(key, Array, bytes + values.str());
  }
  /// Sizes innermost first, as the file has them.
  void addTensor(llvm::StringRef name, std::initializer_list<uint64_t> sizes,
                 uint32_t type, uint64_t offset) {
    tensors += text(name);
    append<uint32_t>(tensors, static_cast<uint32_t>(sizes.size()));
    for (uint64_t size : sizes) {
      append<uint64_t>(tensors, size);
    }
    append<uint32_t>(tensors, type);
    append<uint64_t>(tensors, offset);
    ++tensorCount;
  }

  std::string write(size_t dataBytes = 0, size_t alignment = 32) const {
    std::string out = "GGUF";
    append<uint32_t>(out, version);
    append<uint64_t>(out, tensorCount);
    append<uint64_t>(out, metadataCount);
    out += metadata + tensors;
    out.append((alignment - out.size() % alignment) % alignment, '\0');
    return out + std::string(dataBytes, '\0');
  }

  uint32_t version = 3;
  uint64_t tensorCount = 0;
  uint64_t metadataCount = 0;
  std::string metadata, tensors;
};

} // namespace qeff::test

#endif // QEFF_TEST_UNIT_IMPORT_TESTFILES_H
