// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// SHA-256 (FIPS 180-4), with the x86 SHA instructions where the CPU has them.

#ifndef QEFF_LIB_RUNTIME_SHA256_H
#define QEFF_LIB_RUNTIME_SHA256_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace qeff::runtime {

class SHA256 {
public:
  void update(const void *data, size_t size);
  /// The digest of everything so far as 64 lower-case hex digits. Ends the
  /// object's use.
  std::string final();

private:
  std::array<uint32_t, 8> state{0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                0xa54ff53a, 0x510e527f, 0x9b05688c,
                                0x1f83d9ab, 0x5be0cd19};
  uint64_t length = 0;
  std::array<uint8_t, 64> buffer;
};

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_SHA256_H
