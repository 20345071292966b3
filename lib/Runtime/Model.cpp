// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loading and verifying packages.

#include "Model.h"

#include "Adapter.h"
#include "CPU.h"
#include "Error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>

using namespace qeff::runtime;

static bool exists(const std::string &path) {
  struct stat info;
  if (::stat(path.c_str(), &info) == 0) {
    return true;
  }
  if (errno != ENOENT && errno != ENOTDIR) {
    fail(path, ": ", std::strerror(errno));
  }
  return false;
}

static std::string findDirectory(const std::string &path) {
  for (const std::string &directory : {path, path + "/host"}) {
    if (exists(directory + "/qpc.json")) {
      return directory;
    }
  }
  if (!exists(path)) {
    fail(path, ": no such file or directory");
  }
  if (exists(path + "/aic100") || exists(path + "/specializations.json")) {
    fail(path, ": expects a host package (host/qpc.json), got one for AI 100 "
               "alone; compile with --target=host");
  }
  fail(path, ": expects a package (a directory with qpc.json or "
             "host/qpc.json)");
}

Package::Package(const std::string &path) : directory(findDirectory(path)) {
  File file(directory + "/qpc.json");
  text = file.read(Manifest::maxBytes);
  try {
    manifest = Manifest::parse(text);
  } catch (const Error &error) {
    fail(file.getPath(), ": ", error.what());
  }
}

std::unique_ptr<File> Package::open(const FileDesc &desc) const {
  auto file = std::make_unique<File>(directory + "/" + desc.path);
  if (file->getSize() != desc.size) {
    fail(file->getPath(), ": expects ", desc.size, " bytes, got ",
         file->getSize());
  }
  return file;
}

void Package::checkHash(const File &file, const FileDesc &desc,
                        const VerifyProgress &progress) {
  std::string hash = file.hash([&](uint64_t done) {
    if (progress &&
        !progress(desc.path.c_str(), std::min(done, desc.size), desc.size)) {
      fail(file.getPath(), ": canceled");
    }
  });
  if (hash != desc.sha256) {
    fail(file.getPath(), ": expects SHA-256 ", desc.sha256, ", got ", hash,
         "; the file is damaged");
  }
}

std::string qeff::runtime::findAdapter(const std::string &directory,
                                       const std::string &name) {
  const std::string extension = ".safetensors";
  bool isPath =
      name.find('/') != std::string::npos ||
      (name.size() >= extension.size() &&
       name.compare(name.size() - extension.size(), extension.size(),
                    extension) == 0);
  if (!isPath) {
    for (const char *folder : {"/adapters/", "/../adapters/"}) {
      std::string path = directory + folder + name + extension;
      if (exists(path)) {
        return path;
      }
    }
  }
  struct stat info;
  if (::stat(name.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    fail(name, ": expects an adapter's file, got a directory; `qeff generate "
               "--adapter DIR` takes PEFT's, and qeff.adapters.convert_adapter "
               "of Python makes a file of one");
  }
  if (isPath) {
    return name;
  }
  fail("expects a file or an adapter of the package (adapters/", name,
       ".safetensors), got '", name, "'");
}

/// The adapters that lie in `folder`, by name; none where there is no folder.
static std::vector<std::string> listAdapters(const std::string &folder) {
  std::vector<std::string> paths;
  if (!exists(folder)) {
    return paths;
  }
  std::error_code code;
  std::filesystem::directory_iterator next(folder, code);
  for (; !code && next != std::filesystem::directory_iterator();
       next.increment(code)) {
    if (next->path().extension() == ".safetensors") {
      paths.push_back(next->path().string());
    }
  }
  if (code) {
    fail(folder, ": ", code.message());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// Reads an adapter as a session would and drops it.
static void checkAdapter(const Manifest &manifest, const std::string &path,
                         const VerifyProgress &progress) {
  if (manifest.adapter.targets.empty()) {
    fail(path, ": expects no adapters in a package that takes none");
  }
  uint64_t size = File(path).getSize();
  std::string stage = path.substr(path.rfind("adapters/"));
  auto report = [&](uint64_t done) {
    if (progress && !progress(stage.c_str(), done, size)) {
      fail(path, ": canceled");
    }
  };
  report(0);
  Adapter(manifest.adapter, path, AdapterOptions());
  report(size);
}

void qeff::runtime::verifyPackage(const std::string &path,
                                  const VerifyProgress &progress) {
  Package package(path);
  for (const FileDesc *desc :
       {&package.manifest.program, &package.manifest.weights}) {
    Package::checkHash(*package.open(*desc), *desc, progress);
  }
  std::vector<std::string> folders = {package.directory + "/adapters"};
  // A folder beside a part that was moved is something else.
  std::error_code code;
  if (std::filesystem::canonical(package.directory, code).filename() ==
      "host") {
    folders.push_back(package.directory + "/../adapters");
  }
  for (const std::string &folder : folders) {
    for (const std::string &adapter : listAdapters(folder)) {
      checkAdapter(package.manifest, adapter, progress);
    }
  }
}

/// The tensor is called so and is [batch, seq] of i64.
static bool isTokenInput(const TensorDesc *tensor, int64_t batch,
                         int64_t seq) {
  return tensor && tensor->dtype == "i64" &&
         tensor->shape == std::vector<int64_t>{batch, seq};
}

GenerationShape
qeff::runtime::getGenerationShape(const Manifest &manifest) {
  GenerationShape shape{};
  for (const FunctionDesc &function : manifest.functions) {
    int64_t batch = function.getDim("batch_size");
    int64_t seq = function.getDim("seq_len");
    int64_t ctx = function.getDim("ctx_len");
    const TensorDesc *logits = function.findOutput("logits");
    // Only functions of this form take part; others may stand beside them.
    if (!isTokenInput(function.findInput("input_ids"), batch, seq) ||
        !isTokenInput(function.findInput("position_ids"), batch, seq) ||
        function.inputs.size() != 2 || manifest.vocabSize < 1 || !logits || logits->dtype != "f32" ||
        logits->shape !=
            std::vector<int64_t>{batch, 1, manifest.vocabSize} ||
        ctx < seq) {
      continue;
    }
    if (!shape.prefill) {
      shape = {&function, &function, batch, seq, seq, ctx};
      continue;
    }
    if (batch != shape.batchSize || ctx != shape.ctxLen) {
      fail("expects one batch_size and ctx_len in all functions, got ", batch,
           " and ", ctx, " in '", function.name, "', ", shape.batchSize,
           " and ", shape.ctxLen, " in '", shape.prefill->name, "'");
    }
    if (seq > shape.prefillLen) {
      shape.prefill = &function;
      shape.prefillLen = seq;
    }
    if (seq < shape.decodeLen) {
      shape.decode = &function;
      shape.decodeLen = seq;
    }
  }
  if (!shape.prefill) {
    fail("the package cannot generate: expects a function with inputs "
         "input_ids and position_ids, i64 [batch_size, seq_len], and an "
         "output logits, f32 [batch_size, 1, vocab_size]");
  }
  return shape;
}

Model::Model(const std::string &path, unsigned threads) : package(path) {
  const Manifest &manifest = package.manifest;
  try {
    checkCPU(manifest);
  } catch (const Error &error) {
    fail(package.directory, "/qpc.json: ", error.what());
  }
  std::unique_ptr<File> weightsFile = package.open(manifest.weights);
  std::unique_ptr<File> programFile = package.open(manifest.program);
  Package::checkHash(*programFile, manifest.program);
  program = std::make_unique<Program>(std::move(programFile));
  try {
    checkProgram(program->getTable(), manifest);
  } catch (const Error &error) {
    fail(package.directory, "/", error.what());
  }
  weights = Mapping(*weightsFile);
  noAdapter = Mapping(manifest.adapter.bytes, "an adapter");
  pool = ThreadPool::get(threads);
}
