// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adapters: what is packed, what is refused, and sessions that switch.

#include "Adapter.h"

#include "AdapterFile.h"
#include "Error.h"
#include "Generation.h"
#include "Session.h"
#include "qeff/Runtime/ProgramABI.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace qeff::runtime;
using namespace qeff::runtime::test;
using nlohmann::json;

namespace {
class AdapterTest : public testing::Test {
protected:
  AdapterTest() {
    std::string name =
        (std::filesystem::temp_directory_path() / "qeff-XXXXXX").string();
    directory = ::mkdtemp(name.data());
    path = directory + "/code.safetensors";
    good.addModule(kFirst, 2, 40, 9, 0.5f);
    good.addModule(kSecond, 3, 32, 4, 2.0f, "BF16");
  }
  ~AdapterTest() override { std::filesystem::remove_all(directory); }

  std::shared_ptr<const Adapter> load(const std::string &bytes,
                                      bool allowNonfinite = false) {
    writeFile(path, bytes);
    return std::make_shared<const Adapter>(model->getManifest().adapter, path,
                                           AdapterOptions{allowNonfinite});
  }

  /// The message without the file's name, which it must begin with.
  std::string getError(const std::string &bytes) {
    try {
      load(bytes);
    } catch (const Error &error) {
      std::string message = error.what();
      EXPECT_EQ(message.substr(0, path.size() + 2), path + ": ");
      return message.substr(std::min(message.size(), path.size() + 2));
    }
    return "";
  }
  std::string getError(const AdapterFile &file) {
    return getError(file.getBytes());
  }
  /// `good` with a change in its header.
  std::string getHeaderError(const std::function<void(json &)> &change) {
    json header = good.getHeader();
    change(header);
    return getError(good.getBytes(header.dump()));
  }

  std::shared_ptr<Model> model = std::make_shared<Model>(getFakePackage(), 2);
  std::string directory, path;
  AdapterFile good;
  const std::string a = std::string("base_model.model.") + kFirst +
                        ".lora_A.weight";
  const std::string b = std::string("base_model.model.") + kFirst +
                        ".lora_B.weight";
  const std::string scaling = std::string(kFirst) + ".lora_scaling";
};
} // namespace

TEST_F(AdapterTest, packs) {
  std::shared_ptr<const Adapter> adapter = load(good.getBytes());
  EXPECT_EQ(adapter->getName(), "math");
  EXPECT_EQ(adapter->getNumTargets(), 2u);
  EXPECT_EQ(adapter->getRank(), 9);
  // Ranks of 16 and 8, parts of 2 + 1 panels and 1.
  EXPECT_EQ(adapter->getBytes(),
            2 * 64u + 16 * 4 * (2 + 96) + 8 * 4 * (3 + 32));
  auto *header =
      reinterpret_cast<const qeff_adapter_header *>(adapter->data());
  EXPECT_EQ(header[0].rank, 16);
  EXPECT_EQ(header[0].scaling, 0.5f);
  EXPECT_EQ(header[1].rank, 8);
  EXPECT_EQ(header[1].scaling, 2.0f);

  const AdapterDesc &desc = model->getManifest().adapter;
  for (size_t t : {0, 1}) {
    const AdapterTarget &target = desc.targets[t];
    int64_t rank = t == 0 ? 9 : 4;
    auto *packedA = reinterpret_cast<float *>(adapter->data() + target.a);
    for (int64_t r = 0; r < 16; ++r) {
      for (int64_t k = 0; k < target.in; ++k) {
        EXPECT_EQ(packedA[r * target.in + k],
                  r < rank ? float(r) + float(k) / 8 + 1 : 0);
      }
    }
    for (const AdapterPart &part : target.parts) {
      auto *packedB = reinterpret_cast<float *>(adapter->data() + part.offset);
      int64_t panels = (part.size + 31) / 32;
      int64_t padded = header[t].rank;
      for (int64_t r = 0; r < padded; ++r) {
        for (int64_t n = 0; n < panels * 32; ++n) {
          bool isIn = r < rank && n < part.size;
          EXPECT_EQ(packedB[(n / 32 * padded + r) * 32 + n % 32],
                    isIn ? float((part.row + n) % 8) + float(r) / 16 : 0)
              << target.module << " " << r << " " << n;
        }
      }
    }
  }
}

// A package may have room for much more than an adapter needs.
TEST_F(AdapterTest, unusedRanksStayUnmapped) {
  AdapterDesc wide;
  wide.maxRank = 32768;
  const uint64_t each = uint64_t(wide.maxRank) * 4 * 1024;
  wide.targets = {{kFirst, 1024, 1024, 0, 64, {{0, 1024, 64 + each}}}};
  wide.bytes = 64 + 2 * each;
  AdapterFile file;
  file.addModule(kFirst, 1024, 1024, 9, 1.0f);
  writeFile(path, file.getBytes());
  Adapter adapter(wide, path, {});
  EXPECT_EQ(adapter.getBytes(), 64 + 2 * 16 * 4 * 1024u);
  size_t page = size_t(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> resident(wide.bytes / page + 1);
  ASSERT_EQ(::mincore(adapter.data(), wide.bytes, resident.data()), 0);
  auto used = uint64_t(std::count_if(resident.begin(), resident.end(),
                                     [](unsigned char c) { return c & 1; }));
  EXPECT_GE(used * page, (9 + 16) * 4 * 1024u);
  EXPECT_LE(used * page, adapter.getBytes() + 4 * page);
}

TEST_F(AdapterTest, readsF16) {
  AdapterFile file;
  // 1, −2, 65504, the least denormal; then infinity and NaN.
  file.tensors[a] = {"F16", {2, 2}, std::string("\x00\x3c\x00\xc0"
                                                "\xff\x7b\x01\x00", 8)};
  file.add(b, {40, 2}, std::vector<float>(80, 1.0f));
  file.add(scaling, {1}, {1.0f});
  std::shared_ptr<const Adapter> adapter = load(file.getBytes());
  auto *values = reinterpret_cast<float *>(adapter->data() + FAKE_A);
  EXPECT_EQ(std::vector<float>(values, values + 4),
            (std::vector<float>{1, -2, 65504, std::ldexp(1.0f, -24)}));

  file.tensors[a].bytes[3] = '\xfc';
  EXPECT_EQ(getError(file), "'" + a + "': expects finite values, got -inf at "
                            "element 1");
  file.tensors[a].bytes[2] = '\x01';
  EXPECT_NE(getError(file).find("nan at element 1"), std::string::npos);
  adapter = load(file.getBytes(), /*allowNonfinite=*/true);
  values = reinterpret_cast<float *>(adapter->data() + FAKE_A);
  EXPECT_TRUE(std::isnan(values[1]));
}

TEST_F(AdapterTest, nameIsTheFilesWithoutOneInside) {
  good.metadata = {{"format", "qeff.adapter"}};
  EXPECT_EQ(load(good.getBytes())->getName(), "code");
}

TEST_F(AdapterTest, refusesWhatDoesNotFit) {
  {
    AdapterFile file = good;
    file.addModule("layers.1.mlp", 3, 32, 4, 1.0f);
    EXPECT_EQ(getError(file), "'layers.1.mlp': expects one of the 2 modules "
                              "that the package was compiled for");
  }
  for (auto [name, what] : {std::pair(a, "lora_A"), std::pair(b, "lora_B"),
                            std::pair(scaling, "lora_scaling")}) {
    AdapterFile file = good;
    file.tensors.erase(name);
    EXPECT_EQ(getError(file), "'layers.0.self_attn': expects lora_A, lora_B "
                              "and lora_scaling, got no " + std::string(what));
  }
  {
    AdapterFile file = good;
    file.add("base_model.model.norm.weight", {1}, {1.0f});
    EXPECT_EQ(getError(file).substr(0, 40),
              "'base_model.model.norm.weight': expects ");
  }
  AdapterFile file;
  file.addModule(kFirst, 3, 40, 4, 1.0f);
  EXPECT_EQ(getError(file), "'" + a + "': expects [rank, 2], got [4, 3]");
  file.addModule(kFirst, 2, 41, 4, 1.0f);
  EXPECT_EQ(getError(file), "'" + b + "': expects [40, 4], got [41, 4]");
  file.addModule(kFirst, 2, 40, 13, 1.0f);
  EXPECT_EQ(getError(file), "'" + a + "': expects a rank from 1 to 12, the "
                            "most that the package was compiled for, got 13");
  file.addModule(kFirst, 2, 40, 0, 1.0f);
  EXPECT_NE(getError(file).find("expects a rank from 1 to 12"),
            std::string::npos);
  file.addModule(kFirst, 2, 40, 4, 1.0f);
  file.add(scaling, {2}, {1.0f, 1.0f});
  EXPECT_EQ(getError(file), "'" + scaling + "': expects F32 [1], got F32 [2]");
  file.add(scaling, {1}, {1.0f}, "BF16");
  EXPECT_EQ(getError(file), "'" + scaling + "': expects F32 [1], got BF16 "
                            "[1]");
  file.add(scaling, {1}, {NAN});
  EXPECT_EQ(getError(file), "'" + scaling + "': expects finite values, got "
                            "nan at element 0");
  EXPECT_EQ(getError(AdapterFile()), "expects at least one module, got none");
}

TEST_F(AdapterTest, refusesDamage) {
  std::string bytes = good.getBytes();
  EXPECT_EQ(getError(""), "expects a safetensors file, got 0 bytes");
  EXPECT_EQ(getError(bytes.substr(0, 7)),
            "expects a safetensors file, got 7 bytes");
  EXPECT_NE(getError(bytes.substr(0, 100)).find("expects a header inside the "
                                                "file of 100 bytes"),
            std::string::npos);
  EXPECT_NE(getError(bytes.substr(0, bytes.size() - 1))
                .find("the file is truncated"),
            std::string::npos);
  EXPECT_NE(getError(bytes + "x").find("where the last tensor ends"),
            std::string::npos);
  std::string wild = bytes;
  wild.replace(0, 8, "\xff\xff\xff\xff\xff\xff\xff\xff");
  EXPECT_NE(getError(wild).find("got a header of 18446744073709551615 bytes"),
            std::string::npos);

  EXPECT_NE(getHeaderError([](json &header) { header.erase("__metadata__"); })
                .find("expects an adapter in the package's own format"),
            std::string::npos);
  EXPECT_NE(getHeaderError([](json &header) {
              header["__metadata__"]["format"] = "pt";
            }).find("got 'pt'"),
            std::string::npos);
  EXPECT_NE(getHeaderError([&](json &header) {
              header[a]["data_offsets"] = {0, int64_t(1) << 47};
            }).find("expects to end within the"),
            std::string::npos);
  EXPECT_NE(getHeaderError([&](json &header) {
              header[a]["data_offsets"] = {-1, 71};
            }).find("data_offsets[0]: expects an integer in"),
            std::string::npos);
  EXPECT_NE(getHeaderError([&](json &header) {
              header[a]["data_offsets"] = {4, 76};
            }).find("expects to begin at byte"),
            std::string::npos);
  EXPECT_NE(getHeaderError([&](json &header) {
              header[a]["shape"] = {int64_t(1) << 40, int64_t(1) << 40};
            }).find("expects a shape whose size fits 64 bits"),
            std::string::npos);
  EXPECT_NE(getHeaderError([&](json &header) {
              header[a]["shape"] = {9, 3};
            }).find("expects 108 bytes by dtype and shape, got 72"),
            std::string::npos);
  EXPECT_NE(getHeaderError([&](json &header) {
              header[a]["dtype"] = "I8";
            }).find("expects dtype F32, F16 or BF16, got 'I8'"),
            std::string::npos);
  // The same name twice.
  std::string header = good.getHeader().dump();
  header.insert(1, "\"" + scaling + "\":1,");
  EXPECT_EQ(getError(good.getBytes(header)), "duplicate key '" + scaling + "'");
}

// Every byte of the header changed gives an error or an adapter.
TEST_F(AdapterTest, damagedHeader) {
  std::string bytes = good.getBytes();
  size_t end = 8 + good.getHeader().dump().size();
  for (size_t i = 0; i < end; ++i) {
    for (char byte : {'\0', '9', '-', '\xff'}) {
      std::string damaged = bytes;
      damaged[i] = byte;
      getError(damaged);
    }
  }
}

TEST_F(AdapterTest, refusesPackagesWithoutTargets) {
  AdapterDesc none;
  writeFile(path, good.getBytes());
  EXPECT_THROW(Adapter(none, path, {}), Error);
}

TEST_F(AdapterTest, sessionsSwitch) {
  Session session(model);
  const std::vector<int64_t> prompt = makePrompt(20);
  auto generateTokens = [&] {
    QeffGenerateOptions options{};
    options.max_new_tokens = 6;
    return generate(session, {prompt}, options).rows[0].tokens;
  };
  /// The toy program's tokens with `shift` added to each.
  auto getShifted = [&](int64_t shift) {
    std::vector<int64_t> history = prompt, tokens;
    while (tokens.size() < 6) {
      tokens.push_back((getNextToken(history) + shift) % FAKE_VOCAB);
      history.push_back(tokens.back());
    }
    return tokens;
  };
  // Row 0 of B is r / 16, column 0 of A is r + 1.
  auto getShift = [](int64_t rank, float scaling) {
    float sum = 0;
    for (int64_t r = 0; r < rank; ++r) {
      sum += float(r + 1) * float(r) / 16;
    }
    return int64_t(sum * scaling);
  };
  std::vector<std::shared_ptr<const Adapter>> adapters;
  for (int64_t rank : {4, 9, 12}) {
    AdapterFile file;
    file.addModule(kFirst, 2, 40, rank, 2.0f);
    adapters.push_back(load(file.getBytes()));
  }
  EXPECT_EQ(generateTokens(), getShifted(0));
  for (int round = 0; round < 3; ++round) {
    session.setAdapter(adapters[0]);
    EXPECT_EQ(generateTokens(), getShifted(getShift(4, 2.0f)));
    session.setAdapter(adapters[1]);
    EXPECT_EQ(generateTokens(), getShifted(getShift(9, 2.0f)));
    session.setAdapter(nullptr);
    EXPECT_EQ(generateTokens(), getShifted(0));
    session.setAdapter(adapters[2]);
    EXPECT_EQ(generateTokens(), getShifted(getShift(12, 2.0f)));
    // A failure leaves the session with what it had.
    EXPECT_NE(getError("junk"), "");
    Model other(getFakePackage(), 1);
    Adapter foreign(other.getManifest().adapter, [&] {
      writeFile(path, good.getBytes());
      return path;
    }(), {});
    EXPECT_THROW(session.setAdapter(std::shared_ptr<const Adapter>(
                     std::shared_ptr<void>(), &foreign)),
                 Error);
    EXPECT_EQ(session.getAdapter(), adapters[2].get());
    EXPECT_EQ(generateTokens(), getShifted(getShift(12, 2.0f)));
  }
  // The session keeps its adapter alive; a bound tensor does not disturb it.
  adapters.clear();
  alignas(64) static float logits[FAKE_BATCH * FAKE_VOCAB];
  session.bind("decode", "logits", logits, sizeof(logits));
  EXPECT_EQ(generateTokens(), getShifted(getShift(12, 2.0f)));
}

TEST_F(AdapterTest, isFoundByName) {
  PackageCopy copy;
  std::filesystem::create_directory(copy.path + "/adapters");
  std::filesystem::create_directory(copy.path + "/host");
  writeFile(copy.path + "/adapters/math.safetensors", "x");
  EXPECT_EQ(findAdapter(copy.path, "math"),
            copy.path + "/adapters/math.safetensors");
  EXPECT_EQ(findAdapter(copy.path + "/host", "math"),
            copy.path + "/host/../adapters/math.safetensors");
  EXPECT_EQ(findAdapter(copy.path, "a.safetensors"), "a.safetensors");
  EXPECT_EQ(findAdapter(copy.path, "./a"), "./a");
  EXPECT_THROW(findAdapter(copy.path, "code"), Error);
}
