/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface from C11, on the shared library: CInterfaceTest PACKAGE.
 */
#include "qeff-c/Runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int failures = 0;

#define EXPECT(condition)                                                      \
  do {                                                                         \
    if (!(condition)) {                                                        \
      printf("line %d: expects %s\n", __LINE__, #condition);                   \
      ++failures;                                                              \
    }                                                                          \
  } while (0)

static void expect_ok(QeffStatus *status, int line) {
  if (status) {
    printf("line %d: %s\n", line, qeffStatusMessage(status));
    ++failures;
  }
  qeffStatusDestroy(status);
}
#define EXPECT_OK(status) expect_ok(status, __LINE__)

static void expect_error(QeffStatus *status, const char *message, int line) {
  if (!strstr(qeffStatusMessage(status), message)) {
    printf("line %d: expects '%s', got '%s'\n", line, message,
           qeffStatusMessage(status));
    ++failures;
  }
  qeffStatusDestroy(status);
}
#define EXPECT_ERROR(status, message) expect_error(status, message, __LINE__)

static bool count_token(void *user, uint64_t row, int64_t token) {
  (void)row;
  (void)token;
  ++*(uint64_t *)user;
  return true;
}

static void test_facts(const QeffModel *model) {
  EXPECT(qeffModelVocabSize(model) == 97);
  EXPECT(qeffModelMaxPosition(model) == 64);
  EXPECT(qeffModelBatchSize(model) == 3);
  EXPECT(qeffModelPrefillSeqLen(model) == 16);
  EXPECT(qeffModelCtxLen(model) == 40);
  EXPECT(qeffModelNumEosTokens(model) == 1);
  EXPECT(qeffModelEosTokens(model)[0] == 2);
  EXPECT(qeffModelThreads(model) == 2);
  EXPECT(qeffModelWeightsBytes(model) == 784);
  EXPECT(qeffModelStateBytes(model) == 480);
  EXPECT(strcmp(qeffModelArchitecture(model), "ToyForCausalLM") == 0);
  EXPECT(strstr(qeffModelProducer(model), "qeff") != NULL);
  EXPECT(strstr(qeffModelManifest(model), "qeff.host-qpc") != NULL);
  EXPECT(strstr(qeffModelDirectory(model), "host") != NULL);
  EXPECT(strstr(qeffRuntimeVersion(), "qeff ") != NULL);
}

static void test_functions(const QeffModel *model) {
  EXPECT(qeffModelNumFunctions(model) == 2);
  EXPECT(strcmp(qeffModelFunctionName(model, 1), "decode") == 0);
  EXPECT(qeffModelFunctionName(model, 2) == NULL);
  EXPECT(qeffModelFunctionDim(model, 0, "seq_len") == 16);
  EXPECT(qeffModelFunctionDim(model, 0, "heads") == -1);
  EXPECT(qeffModelNumInputs(model, 0) == 2);
  EXPECT(qeffModelNumInputs(model, 9) == 0);
  EXPECT(qeffModelInput(model, 0, 2) == NULL);
  const QeffTensorInfo *logits = qeffModelOutput(model, 0, 0);
  EXPECT(strcmp(logits->name, "logits") == 0);
  EXPECT(strcmp(logits->dtype, "f32") == 0);
  EXPECT(logits->rank == 3 && logits->shape[2] == 97);
  EXPECT(logits->bytes == 3 * 97 * 4);
  EXPECT(qeffModelNumStates(model) == 1);
  EXPECT(strcmp(qeffModelState(model, 0)->layout, "bhcd") == 0);
}

static void test_adapters(QeffModel *model, QeffSession *session) {
  EXPECT(qeffModelMaxLoraRank(model) == 12);
  EXPECT(qeffModelNumAdapterTargets(model) == 2);
  const QeffAdapterTargetInfo *target = qeffModelAdapterTarget(model, 0);
  EXPECT(strcmp(target->module, "layers.0.self_attn") == 0);
  EXPECT(target->in == 2 && target->out == 40);
  EXPECT(qeffModelAdapterTarget(model, 2) == NULL);
  QeffAdapter *adapter = NULL;
  EXPECT_ERROR(qeffAdapterLoad(model, "math", NULL, &adapter),
               "adapters/math.safetensors");
  EXPECT_ERROR(qeffAdapterLoad(model, "/nowhere", NULL, &adapter), "/nowhere");
  EXPECT_ERROR(qeffAdapterLoad(NULL, "math", NULL, &adapter), "model");
  EXPECT_OK(qeffSessionSetAdapter(session, NULL));
  EXPECT(qeffSessionAdapterName(session) == NULL);

  const char header[] =
      "{\"__metadata__\":{\"format\":\"qeff.adapter\",\"name\":\"m\"},"
      "\"base_model.model.layers.0.mlp.lora_A.weight\":{\"dtype\":\"F32\","
      "\"shape\":[1,3],\"data_offsets\":[0,12]},"
      "\"base_model.model.layers.0.mlp.lora_B.weight\":{\"dtype\":\"F32\","
      "\"shape\":[32,1],\"data_offsets\":[12,140]},"
      "\"layers.0.mlp.lora_scaling\":{\"dtype\":\"F32\",\"shape\":[1],"
      "\"data_offsets\":[140,144]}}";
  const uint64_t size = sizeof(header) - 1;
  const char data[144] = {0};
  char path[L_tmpnam + 16];
  snprintf(path, sizeof(path), "/tmp/qeff-%p-m", (void *)model);
  FILE *file = fopen(path, "wb");
  EXPECT(file != NULL);
  if (!file) {
    return;
  }
  fwrite(&size, 8, 1, file);
  fwrite(header, 1, size, file);
  fwrite(data, 1, sizeof(data), file);
  fclose(file);
  QeffAdapterOptions options = {0};
  EXPECT_OK(qeffAdapterLoad(model, path, &options, &adapter));
  remove(path);
  if (!adapter) {
    return;
  }
  EXPECT(strcmp(qeffAdapterName(adapter), "m") == 0);
  EXPECT(qeffAdapterNumTargets(adapter) == 1);
  EXPECT(qeffAdapterRank(adapter) == 1);
  EXPECT(qeffAdapterBytes(adapter) == 64 + 8 * 4 * (3 + 32));
  EXPECT_OK(qeffSessionSetAdapter(session, adapter));
  qeffAdapterDestroy(adapter);
  EXPECT(strcmp(qeffSessionAdapterName(session), "m") == 0);
  EXPECT_OK(qeffSessionRun(session, "decode"));
  EXPECT_OK(qeffSessionSetAdapter(session, NULL));
}

static void test_generate(QeffSession *session) {
  const int64_t first[] = {1, 2, 3};
  const int64_t second[] = {4};
  const QeffTokens prompts[] = {{first, 3}, {second, 1}};
  uint64_t count = 0;
  QeffGenerateOptions options = {0};
  options.max_new_tokens = 5;
  options.on_token = count_token;
  options.user = &count;
  QeffGeneration *generation = NULL;
  EXPECT_OK(qeffSessionGenerate(session, prompts, 2, &options, &generation));
  EXPECT(count == 10);
  EXPECT(qeffGenerationNumRows(generation) == 2);
  EXPECT(qeffGenerationTokens(generation, 1).size == 5);
  EXPECT(qeffGenerationTokens(generation, 2).ids == NULL);
  EXPECT(qeffGenerationFinish(generation, 0) == QEFF_FINISH_LENGTH);
  QeffMetrics metrics = qeffGenerationMetrics(generation);
  EXPECT(metrics.prompt_tokens == 4 && metrics.generated_tokens == 10);
  EXPECT(metrics.ttft_s > 0 && metrics.total_s >= metrics.ttft_s);
  EXPECT(metrics.prefill_tokens_per_s > 0);
  EXPECT(metrics.decode_tokens_per_s > 0);
  qeffGenerationDestroy(generation);

  EXPECT_ERROR(qeffSessionGenerate(session, NULL, 2, &options, &generation),
               "prompts: expects a value, got null");
  EXPECT_ERROR(qeffSessionGenerate(session, prompts, 2, NULL, &generation),
               "options: expects a value, got null");
  options.num_stop_tokens = 1;
  EXPECT_ERROR(
      qeffSessionGenerate(session, prompts, 2, &options, &generation),
      "stop_tokens: expects a value, got null");
}

static void test_session(QeffSession *session) {
  void *data = NULL;
  uint64_t bytes = 0;
  EXPECT_OK(qeffSessionTensor(session, "decode", "logits", &data, &bytes));
  EXPECT(data != NULL && bytes == 3 * 97 * 4);
  EXPECT_OK(qeffSessionState(session, "past_key.0", &data, &bytes));
  EXPECT(bytes == 480);
  EXPECT_OK(qeffSessionSetTrace(session, true));
  EXPECT_OK(qeffSessionReset(session));
  EXPECT_OK(qeffSessionRun(session, "decode"));
  QeffTraceEntry entry;
  EXPECT(qeffSessionNumTraceEntries(session) == 8);
  EXPECT(qeffSessionTraceEntry(session, 4, &entry));
  EXPECT(strcmp(entry.kernel, "embed_decode") == 0 && entry.calls == 1);
  EXPECT(!qeffSessionTraceEntry(session, 8, &entry));
  EXPECT_OK(qeffSessionBind(session, "decode", "logits", NULL, 0));
  EXPECT_ERROR(qeffSessionRun(session, "verify"), "expects a function");
  EXPECT_ERROR(qeffSessionRun(session, NULL),
               "function: expects a value, got null");
}

int main(int argc, char **argv) {
  if (argc != 2) {
    printf("usage: CInterfaceTest PACKAGE\n");
    return 1;
  }
  QeffModel *model = NULL;
  QeffSession *session = NULL;
  EXPECT_ERROR(qeffModelLoad("/nowhere", 0, &model), "/nowhere");
  EXPECT_ERROR(qeffModelLoad(NULL, 0, &model), "path");
  EXPECT_OK(qeffPackageVerify(argv[1], NULL, NULL));
  EXPECT_OK(qeffModelLoad(argv[1], 2, &model));
  if (!model) {
    return 1;
  }
  test_facts(model);
  test_functions(model);
  EXPECT_OK(qeffSessionCreate(model, &session));
  test_adapters(model, session);
  qeffModelDestroy(model);
  test_session(session);
  test_generate(session);
  qeffSessionDestroy(session);

  EXPECT(strcmp(qeffStatusMessage(NULL), "") == 0);
  qeffStatusDestroy(NULL);
  qeffModelDestroy(NULL);
  qeffSessionDestroy(NULL);
  qeffAdapterDestroy(NULL);
  qeffGenerationDestroy(NULL);
  printf(failures ? "%d failures\n" : "passed\n", failures);
  return failures != 0;
}
