// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapter files for the toy package: sound ones, and parts of them to damage.

#ifndef QEFF_TEST_UNIT_RUNTIME_ADAPTERFILE_H
#define QEFF_TEST_UNIT_RUNTIME_ADAPTERFILE_H

#include "FakePackage.h"

#include <cstring>
#include <map>

namespace qeff::runtime::test {

/// Tensors by name, as bytes.
struct AdapterFile {
  struct Tensor {
    std::string dtype;
    std::vector<int64_t> shape;
    std::string bytes;
  };
  std::map<std::string, Tensor> tensors;
  nlohmann::json metadata = {{"format", "qeff.adapter"}, {"name", "math"}};

  void add(const std::string &name, std::vector<int64_t> shape,
           const std::vector<float> &values,
           const std::string &dtype = "F32") {
    std::string bytes;
    for (float value : values) {
      uint32_t bits;
      std::memcpy(&bits, &value, 4);
      // bf16 cuts; the values of tests fit.
      const char *begin = reinterpret_cast<const char *>(&bits);
      bytes.append(dtype == "F32" ? begin : begin + 2, dtype == "F32" ? 4 : 2);
    }
    tensors[name] = {dtype, std::move(shape), bytes};
  }

  /// A whole module with A[r, k] = r + k / 8 + 1, B[n, r] = n mod 8 + r / 16.
  void addModule(const std::string &module, int64_t in, int64_t out,
                 int64_t rank, float scaling,
                 const std::string &dtype = "F32") {
    std::vector<float> a, b;
    for (int64_t i = 0; i < rank * in; ++i) {
      a.push_back(float(i / in) + float(i % in) / 8 + 1);
    }
    for (int64_t i = 0; i < out * rank; ++i) {
      b.push_back(float(i / rank % 8) + float(i % rank) / 16);
    }
    add("base_model.model." + module + ".lora_A.weight", {rank, in}, a, dtype);
    add("base_model.model." + module + ".lora_B.weight", {out, rank}, b, dtype);
    add(module + ".lora_scaling", {1}, {scaling});
  }

  nlohmann::json getHeader() const {
    nlohmann::json header = nlohmann::json::object();
    if (!metadata.is_null()) {
      header["__metadata__"] = metadata;
    }
    uint64_t end = 0;
    for (const auto &[name, tensor] : tensors) {
      header[name] = {{"dtype", tensor.dtype},
                      {"shape", tensor.shape},
                      {"data_offsets", {end, end + tensor.bytes.size()}}};
      end += tensor.bytes.size();
    }
    return header;
  }

  /// The file's bytes, with `header` instead of its own where it is given.
  std::string getBytes(const std::string &header) const {
    std::string bytes;
    for (int shift = 0; shift < 64; shift += 8) {
      bytes += char(uint64_t(header.size()) >> shift & 255);
    }
    bytes += header;
    for (const auto &[name, tensor] : tensors) {
      bytes += tensor.bytes;
    }
    return bytes;
  }
  std::string getBytes() const { return getBytes(getHeader().dump()); }
};

inline const char *const kFirst = "layers.0.self_attn";
inline const char *const kSecond = "layers.0.mlp";

} // namespace qeff::runtime::test

#endif // QEFF_TEST_UNIT_RUNTIME_ADAPTERFILE_H
