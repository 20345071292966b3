// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A loaded package: manifest, code, weights and the threads that run it. All
// of it is constant once loaded, and shared by the sessions.

#ifndef QEFF_LIB_RUNTIME_MODEL_H
#define QEFF_LIB_RUNTIME_MODEL_H

#include "File.h"
#include "Manifest.h"
#include "Program.h"
#include "ThreadPool.h"

#include <functional>
#include <memory>
#include <string>

namespace qeff::runtime {

/// Called with a file's name and its bytes that are checked; false cancels.
using VerifyProgress =
    std::function<bool(const char *file, uint64_t done, uint64_t total)>;

/// Directory and manifest of the package at `path` or `path`/host.
struct Package {
  explicit Package(const std::string &path);

  /// Opens a file of the package and checks its size.
  std::unique_ptr<File> open(const FileDesc &desc) const;
  /// Fails unless the file's hash is the manifest's.
  static void checkHash(const File &file, const FileDesc &desc,
                        const VerifyProgress &progress = {});

  std::string directory;
  std::string text; ///< of qpc.json
  Manifest manifest;
};

/// The file of the adapter `name` of the package in `directory`: itself where
/// it has a directory or the extension .safetensors, else
/// adapters/NAME.safetensors in the package or one directory up, beside host/.
std::string findAdapter(const std::string &directory, const std::string &name);

/// Checks everything that can be without loading code, hashes included. Adapters
/// in the package must load; they are no part of what it has hashes of.
void verifyPackage(const std::string &path,
                   const VerifyProgress &progress = {});

/// How a package generates: which functions, and their shape. Absent where
/// it has no functions of that form.
struct GenerationShape {
  const FunctionDesc *prefill; ///< the function with the longest seq_len
  const FunctionDesc *decode;  ///< the one with the shortest
  int64_t batchSize;
  int64_t prefillLen;
  int64_t decodeLen;
  int64_t ctxLen;
};

/// Fails, saying why, when the package cannot generate.
GenerationShape getGenerationShape(const Manifest &manifest);

class Model {
public:
  Model(const std::string &path, unsigned threads);

  const Package &getPackage() const { return package; }
  const Manifest &getManifest() const { return package.manifest; }
  const Program &getProgram() const { return *program; }
  std::byte *getWeights() const { return weights.data(); }
  /// An adapter segment that changes nothing: zeros. Never written.
  std::byte *getNoAdapter() const { return noAdapter.data(); }
  ThreadPool &getPool() const { return *pool; }

private:
  Package package;
  std::unique_ptr<Program> program;
  Mapping weights;
  Mapping noAdapter;
  std::shared_ptr<ThreadPool> pool;
};

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_MODEL_H
