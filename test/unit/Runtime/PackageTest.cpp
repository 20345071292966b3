// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loading packages that are damaged or disagree with themselves.

#include "AdapterFile.h"
#include "Error.h"
#include "FakePackage.h"
#include "Model.h"
#include "SHA256.h"

#include <cmath>
#include <gtest/gtest.h>
#include <map>

using namespace qeff::runtime;
using namespace qeff::runtime::test;
using nlohmann::json;

namespace {
std::string loadError(const std::string &path) {
  try {
    Model model(path, 1);
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

std::string verifyError(const std::string &path) {
  try {
    verifyPackage(path);
  } catch (const Error &error) {
    return error.what();
  }
  return "";
}

std::string hashText(const std::string &text) {
  SHA256 sha;
  sha.update(text.data(), text.size());
  return sha.final();
}
} // namespace

TEST(Package, isFoundFromEitherDirectory) {
  std::string host = getFakePackage();
  EXPECT_EQ(Package(host).directory, host);
  EXPECT_EQ(Package(host + "/..").directory, host + "/../host");
  EXPECT_EQ(loadError(host), "");
  EXPECT_EQ(verifyError(host), "");
}

TEST(Package, verifyingShowsProgress) {
  std::map<std::string, uint64_t> last;
  verifyPackage(getFakePackage(),
                [&](const char *file, uint64_t done, uint64_t total) {
                  EXPECT_LE(done, total);
                  last[file] = total - done;
                  return true;
                });
  EXPECT_EQ(last, (std::map<std::string, uint64_t>{{"program.so", 0},
                                                   {"weights.bin", 0}}));
  EXPECT_THROW(verifyPackage(getFakePackage(),
                             [](const char *, uint64_t, uint64_t) {
                               return false;
                             }),
               Error);
}

TEST(Package, otherDirectories) {
  EXPECT_EQ(loadError("/nowhere"), "/nowhere: no such file or directory");
  PackageCopy copy;
  std::filesystem::remove(copy.path + "/qpc.json");
  EXPECT_EQ(loadError(copy.path),
            copy.path + ": expects a package (a directory with qpc.json or "
                        "host/qpc.json)");
  std::filesystem::create_directory(copy.path + "/aic100");
  EXPECT_EQ(loadError(copy.path),
            copy.path + ": expects a host package (host/qpc.json), got one "
                        "for AI 100 alone; compile with --target=host");
  std::filesystem::create_directory(copy.path + "/qpc.json");
  EXPECT_EQ(loadError(copy.path),
            copy.path + "/qpc.json: expects a regular file");
}

TEST(Package, manifestErrorsNameTheFile) {
  PackageCopy copy;
  copy.edit([](json &manifest) { manifest["version"] = 9; });
  EXPECT_EQ(loadError(copy.path),
            copy.path + "/qpc.json: version: expects 1, got 9");
}

TEST(Package, files) {
  PackageCopy copy;
  std::string weights = readFile(copy.path + "/weights.bin");
  writeFile(copy.path + "/weights.bin", weights.substr(1));
  EXPECT_EQ(loadError(copy.path),
            copy.path + "/weights.bin: expects 784 bytes, got 783");
  std::filesystem::remove(copy.path + "/weights.bin");
  EXPECT_EQ(loadError(copy.path), copy.path + "/weights.bin: cannot open: No "
                                              "such file or directory");
  ++weights[100];
  writeFile(copy.path + "/weights.bin", weights);
  EXPECT_EQ(loadError(copy.path), "");
  std::string error = verifyError(copy.path);
  EXPECT_EQ(error.find(copy.path + "/weights.bin: expects SHA-256 "), 0u);

  std::string program = readFile(copy.path + "/program.so");
  program[program.size() / 2] ^= 1;
  writeFile(copy.path + "/program.so", program);
  for (const std::string &message :
       {loadError(copy.path), verifyError(copy.path)}) {
    EXPECT_EQ(message.find(copy.path + "/program.so: expects SHA-256 "), 0u);
    EXPECT_NE(message.find("; the file is damaged"), std::string::npos);
  }
}

TEST(Package, adaptersAreRead) {
  PackageCopy copy;
  std::string folder = copy.path + "/adapters";
  std::filesystem::create_directory(folder);
  writeFile(folder + "/targets.json", "{}");
  AdapterFile adapter;
  adapter.addModule(kFirst, 2, 40, 9, 0.5f);
  writeFile(folder + "/math.safetensors", adapter.getBytes());
  std::vector<std::string> stages;
  verifyPackage(copy.path, [&](const char *stage, uint64_t done,
                               uint64_t total) {
    if (done == total) {
      stages.push_back(stage);
    }
    return true;
  });
  EXPECT_EQ(stages.back(), "adapters/math.safetensors");
  EXPECT_THROW(verifyPackage(copy.path,
                             [](const char *stage, uint64_t, uint64_t) {
                               return stage[0] != 'a';
                             }),
               Error);

  writeFile(folder + "/a.safetensors", adapter.getBytes().substr(0, 100));
  EXPECT_EQ(verifyError(copy.path).find(folder + "/a.safetensors: "), 0u);
  EXPECT_EQ(loadError(copy.path), "");
  AdapterFile wide;
  wide.addModule(kFirst, 3, 40, 9, 0.5f);
  writeFile(folder + "/a.safetensors", wide.getBytes());
  EXPECT_NE(verifyError(copy.path).find("expects [rank, 2], got [9, 3]"),
            std::string::npos);
  AdapterFile infinite;
  infinite.addModule(kFirst, 2, 40, 9, INFINITY);
  writeFile(folder + "/a.safetensors", infinite.getBytes());
  EXPECT_NE(verifyError(copy.path).find("expects finite values, got inf"),
            std::string::npos);
}

// Of a part that was moved, what lies beside it is not looked at.
TEST(Package, adaptersBesideThePart) {
  PackageCopy copy;
  std::string folder = copy.path + "/out/adapters";
  std::filesystem::create_directories(folder);
  writeFile(folder + "/math.safetensors", "none");
  std::string host = copy.path + "/out/host";
  for (const char *name : {"host", "moved"}) {
    std::filesystem::create_directory(copy.path + "/out/" + name);
    for (const char *file : {"qpc.json", "program.so", "weights.bin"}) {
      std::filesystem::copy_file(copy.path + "/" + file,
                                 copy.path + "/out/" + name + "/" + file);
    }
  }
  EXPECT_NE(verifyError(copy.path + "/out").find("math.safetensors: "),
            std::string::npos);
  EXPECT_NE(verifyError(host).find("math.safetensors: "), std::string::npos);
  EXPECT_EQ(verifyError(copy.path + "/out/moved"), "");
}

TEST(Package, adaptersOfAPackageThatTakesNone) {
  PackageCopy copy;
  copy.edit([](json &manifest) { manifest.erase("adapter"); });
  EXPECT_EQ(verifyError(copy.path), "");
  std::filesystem::create_directory(copy.path + "/adapters");
  writeFile(copy.path + "/adapters/math.safetensors", "");
  EXPECT_EQ(verifyError(copy.path),
            copy.path + "/adapters/math.safetensors: expects no adapters in a "
                        "package that takes none");
}

TEST(Package, programThatIsNone) {
  PackageCopy copy;
  writeFile(copy.path + "/program.so", "no ELF");
  copy.edit([](json &manifest) {
    manifest["files"]["program"]["size"] = 6;
    manifest["files"]["program"]["sha256"] = hashText("no ELF");
  });
  EXPECT_EQ(
      loadError(copy.path).find(copy.path + "/program.so: cannot load: "),
      0u);
}

TEST(Package, cpu) {
  PackageCopy copy;
  copy.edit([](json &manifest) {
    manifest["cpu"]["features"] = {"sse2", "warp", "avx9"};
    manifest["cpu"]["name"] = "znver99";
  });
  EXPECT_EQ(loadError(copy.path),
            copy.path + "/qpc.json: cpu.features: the package is for the CPU "
                        "'znver99'; this CPU lacks warp, avx9; compile with "
                        "--mcpu for this one");
  copy.edit([](json &manifest) {
    manifest["cpu"]["triple"] = "riscv64-unknown-linux-gnu";
  });
  EXPECT_NE(loadError(copy.path).find("got 'riscv64-unknown-linux-gnu'"),
            std::string::npos);
}

TEST(Package, tablesThatDisagree) {
  PackageCopy copy;
  auto edited = [&](auto change) {
    PackageCopy copy;
    copy.edit(change);
    return loadError(copy.path).substr(copy.path.size());
  };
  EXPECT_EQ(edited([](json &manifest) {
              manifest["functions"][1]["name"] = "verify";
            }),
            "/program.so: expects a function 'verify', got none");
  EXPECT_EQ(edited([](json &manifest) { manifest["functions"].erase(1); }),
            "/program.so: expects the number of functions = 1 by the "
            "manifest, got 2");
  EXPECT_EQ(edited([](json &manifest) {
              manifest["functions"][1]["arena_bytes"] = 64;
            }),
            "/program.so: expects arena_bytes of 'decode' = 64 by the "
            "manifest, got 448");
  EXPECT_EQ(edited([](json &manifest) {
              manifest["functions"][0]["io_bytes"] = 4096;
            }),
            "/program.so: expects io_bytes of 'prefill' = 4096 by the "
            "manifest, got 1932");
  EXPECT_EQ(edited([](json &manifest) { manifest["state_bytes"] = 4096; }),
            "/program.so: expects state_bytes = 4096 by the manifest, got "
            "480");
}

namespace {
/// A table of one launch to make wrong.
struct Table {
  Table() {
    manifest.weights.size = 64;
    manifest.stateBytes = 0;
    FunctionDesc desc;
    desc.name = "decode";
    desc.arenaBytes = 128;
    manifest.functions.push_back(desc);
  }
  std::string check() const {
    try {
      checkProgram(table, manifest);
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  }

  Manifest manifest;
  qeff_operand operand{QEFF_SEGMENT_ARENA, 0, 64};
  qeff_launch launch{[](void *const *, int64_t, int64_t) {},
                     &operand, 1, 0, 1, 0, "k", "s"};
  qeff_function function{"decode", &launch, 1, 128, 0};
  qeff_program_table table{QEFF_PROGRAM_ABI_VERSION, 1, &function, 64, 0, 0};
};
} // namespace

TEST(Program, tables) {
  EXPECT_EQ(Table().check(), "");
  {
    Table t;
    t.table.abi_version = 7;
    EXPECT_EQ(t.check(), "program.so: expects ABI version 2, got 7");
  }
  {
    Table t;
    t.table.functions = nullptr;
    EXPECT_EQ(t.check(), "program.so: expects functions, got null");
  }
  {
    Table t;
    t.function.launches = nullptr;
    EXPECT_EQ(t.check(), "program.so: 'decode': expects launches, got null");
  }
  {
    Table t;
    t.launch.tiles = 0;
    EXPECT_EQ(t.check(), "program.so: 'decode', launch 0: expects at least 1 "
                         "tile, got 0");
  }
  {
    Table t;
    t.launch.kernel = nullptr;
    EXPECT_EQ(t.check(), "program.so: 'decode', launch 0: expects a kernel, a "
                         "name, a scope and operands, got null");
  }
  {
    Table t;
    t.operand.segment = 5;
    EXPECT_EQ(t.check(), "program.so: 'decode', launch 0: expects a segment "
                         "in [0, 4] of operand 0, got 5");
  }
  {
    Table t;
    t.operand = {QEFF_SEGMENT_ADAPTER, 0, 64};
    EXPECT_NE(t.check().find("below 0 as the offset of operand 0 in the "
                             "adapter"),
              std::string::npos);
    t.table.adapter_bytes = 128;
    EXPECT_EQ(t.check(), "program.so: expects adapter.bytes = 0 by the "
                         "manifest, got 128");
    t.manifest.adapter.bytes = 128;
    EXPECT_EQ(t.check(), "");
  }
  for (uint64_t offset : {uint64_t(128), uint64_t(32), ~uint64_t(63)}) {
    Table t;
    t.operand.offset = offset;
    EXPECT_EQ(t.check(), "program.so: 'decode', launch 0: expects a multiple "
                         "of 64 below 128 as the offset of operand 0 in the "
                         "arena, got " +
                             std::to_string(offset));
  }
  {
    // A segment that is empty has no operands.
    Table t;
    t.operand = {QEFF_SEGMENT_STATE, 0, 0};
    EXPECT_NE(t.check().find("below 0 as the offset of operand 0 in the "
                             "state"),
              std::string::npos);
  }
}

// A package that was written anew at the same path is the new one, though the
// old one is still loaded.
TEST(Package, replacedWhileLoaded) {
  PackageCopy copy;
  auto old = std::make_unique<Model>(copy.path, 1);
  std::filesystem::copy_file(copy.path + "/program.so",
                             copy.path + "/other.so");
  std::filesystem::rename(copy.path + "/other.so", copy.path + "/program.so");
  Model fresh(copy.path, 1);
  EXPECT_NE(&old->getProgram().getTable(), &fresh.getProgram().getTable());
  old.reset();
  EXPECT_EQ(fresh.getProgram().getTable().num_functions, 2u);
}
