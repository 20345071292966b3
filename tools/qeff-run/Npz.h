// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NumPy's .npz files: named arrays in a ZIP archive without compression, as
// numpy.savez writes them.

#ifndef QEFF_TOOLS_QEFFRUN_NPZ_H
#define QEFF_TOOLS_QEFFRUN_NPZ_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// An array in row-major order.
struct Array {
  std::string name;
  std::string dtype; ///< as the runtime calls it: "f32"
  std::vector<int64_t> shape;
  std::string_view data;
};

/// The arrays of a file. The text of the file is checked as hostile.
class NpzFile {
public:
  /// Reads `path`; returns the error, or "".
  std::string read(const std::string &path);
  const std::vector<Array> &getArrays() const { return arrays; }

private:
  std::string readMembers();
  std::string readMember(size_t &entry);
  std::string readArray(Array &array, std::string_view member);

  std::string bytes;
  std::vector<Array> arrays;
};

/// Writes `arrays` to `path`, whole or not at all; returns the error, or "".
/// bf16 becomes NumPy's u16, its bits.
std::string writeNpz(const std::string &path, const std::vector<Array> &arrays);

#endif // QEFF_TOOLS_QEFFRUN_NPZ_H
