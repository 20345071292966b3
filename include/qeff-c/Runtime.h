/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface of libqeff_runtime: load a host QPC, run its functions on
 * retained state, generate tokens, read metrics. C11 and C++; the library
 * needs the C++ standard library and threads, nothing else.
 *
 * Errors. A function that can fail returns a QeffStatus: null is success,
 * anything else holds a message and belongs to the caller, who frees it with
 * qeffStatusDestroy. Results come back through the last parameters, which are
 * written on success only. No C++ exception leaves the library. Functions that
 * cannot fail return their value; an index out of range then gives null or -1.
 *
 * Ownership. Each type has one destroy function; destroying null does nothing.
 * A session keeps its model and its adapter alive, an adapter its model, so they
 * may be destroyed in any order.
 * Strings and arrays that a function returns belong to the object that it was
 * asked of and live as long as that object.
 *
 * Threads. A model may be used from many threads at once. A session (and a
 * generation) may be used from one thread at a time. Sessions of one model may
 * run on different threads; the calls then take turns on the model's threads.
 * An adapter never changes: any thread may load one while sessions run, and any
 * number of sessions may use it at once.
 */
#ifndef QEFF_C_RUNTIME_H
#define QEFF_C_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#if defined(_WIN32)
#define QEFF_RUNTIME_API
#else
#define QEFF_RUNTIME_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct QeffStatus QeffStatus;
typedef struct QeffModel QeffModel;
typedef struct QeffSession QeffSession;
typedef struct QeffAdapter QeffAdapter;
typedef struct QeffGeneration QeffGeneration;

/*===-- Status -----------------------------------------------------------===*/

/* One line, lower case, no full stop. "" for null. */
QEFF_RUNTIME_API const char *qeffStatusMessage(const QeffStatus *status);
QEFF_RUNTIME_API void qeffStatusDestroy(QeffStatus *status);

/* "qeff 0.1.0" */
QEFF_RUNTIME_API const char *qeffRuntimeVersion(void);

/*===-- Model ------------------------------------------------------------===*/

/* Loads the host QPC in the directory `path` (which holds qpc.json) or in
 * `path`/host. `threads` compute threads, the caller included; 0 takes one per
 * available core. Checks the manifest, the CPU's features, the sizes of the
 * files, the hash of program.so, and that program.so agrees with the manifest;
 * native code of the package is only loaded after the other checks. */
QEFF_RUNTIME_API QeffStatus *qeffModelLoad(const char *path, uint32_t threads,
                                           QeffModel **model);
QEFF_RUNTIME_API void qeffModelDestroy(QeffModel *model);

/* Called as work proceeds: `done` of `total` in a stage ("prefill"). False ends
 * the work. */
typedef bool (*QeffProgressFn)(void *user, const char *stage, uint64_t done,
                               uint64_t total);

/* Checks the package at `path` like qeffModelLoad, hashes weights.bin in full
 * as well, reads the adapters in the package, which must load, and loads no
 * native code. `progress` may be null; its stages have the names of files,
 * counted in bytes. */
QEFF_RUNTIME_API QeffStatus *
qeffPackageVerify(const char *path, QeffProgressFn progress, void *user);

/* The directory that holds qpc.json, as found from `path`. */
QEFF_RUNTIME_API const char *qeffModelDirectory(const QeffModel *model);
/* The text of qpc.json. */
QEFF_RUNTIME_API const char *qeffModelManifest(const QeffModel *model);
QEFF_RUNTIME_API const char *qeffModelArchitecture(const QeffModel *model);
QEFF_RUNTIME_API const char *qeffModelProducer(const QeffModel *model);
QEFF_RUNTIME_API int64_t qeffModelVocabSize(const QeffModel *model);
QEFF_RUNTIME_API int64_t qeffModelMaxPosition(const QeffModel *model);
QEFF_RUNTIME_API uint64_t qeffModelNumEosTokens(const QeffModel *model);
QEFF_RUNTIME_API const int64_t *qeffModelEosTokens(const QeffModel *model);
QEFF_RUNTIME_API uint32_t qeffModelThreads(const QeffModel *model);
/* Bytes of weights.bin and of one session's retained state. */
QEFF_RUNTIME_API uint64_t qeffModelWeightsBytes(const QeffModel *model);
QEFF_RUNTIME_API uint64_t qeffModelStateBytes(const QeffModel *model);

/* Shape of generation: rows of a call, tokens of a row in one prefill call,
 * and slots of the KV cache. -1 where the package cannot generate. */
QEFF_RUNTIME_API int64_t qeffModelBatchSize(const QeffModel *model);
QEFF_RUNTIME_API int64_t qeffModelPrefillSeqLen(const QeffModel *model);
QEFF_RUNTIME_API int64_t qeffModelCtxLen(const QeffModel *model);

/*===-- Functions and their tensors --------------------------------------===*/

typedef struct QeffTensorInfo {
  const char *name;  /* "input_ids" */
  const char *dtype; /* bool i8 u8 i16 u16 i32 u32 i64 u64 f16 bf16 f32 f64 */
  uint64_t rank;
  const int64_t *shape;
  uint64_t bytes;
  const char *layout; /* states: order in memory, "bhcd"; else "" */
} QeffTensorInfo;

QEFF_RUNTIME_API uint64_t qeffModelNumFunctions(const QeffModel *model);
/* "prefill", "decode" */
QEFF_RUNTIME_API const char *qeffModelFunctionName(const QeffModel *model,
                                                   uint64_t function);
/* The size of a named dim ("seq_len") in a function, -1 where it has none. */
QEFF_RUNTIME_API int64_t qeffModelFunctionDim(const QeffModel *model,
                                              uint64_t function,
                                              const char *dim);
QEFF_RUNTIME_API uint64_t qeffModelNumInputs(const QeffModel *model,
                                             uint64_t function);
QEFF_RUNTIME_API uint64_t qeffModelNumOutputs(const QeffModel *model,
                                              uint64_t function);
QEFF_RUNTIME_API const QeffTensorInfo *
qeffModelInput(const QeffModel *model, uint64_t function, uint64_t index);
QEFF_RUNTIME_API const QeffTensorInfo *
qeffModelOutput(const QeffModel *model, uint64_t function, uint64_t index);
QEFF_RUNTIME_API uint64_t qeffModelNumStates(const QeffModel *model);
QEFF_RUNTIME_API const QeffTensorInfo *qeffModelState(const QeffModel *model,
                                                      uint64_t index);

/*===-- Adapters ---------------------------------------------------------===*/

/* A module that an adapter may change: y = W x + scaling B A x, with A [rank,
 * in] and B [out, rank]. */
typedef struct QeffAdapterTargetInfo {
  const char *module; /* "model.layers.0.self_attn.q_proj" */
  int64_t in;
  int64_t out;
} QeffAdapterTargetInfo;

/* 0 where the package was not compiled for adapters. */
QEFF_RUNTIME_API uint64_t qeffModelNumAdapterTargets(const QeffModel *model);
QEFF_RUNTIME_API const QeffAdapterTargetInfo *
qeffModelAdapterTarget(const QeffModel *model, uint64_t index);
/* The largest rank that an adapter may have; 0 where there are no targets. */
QEFF_RUNTIME_API int64_t qeffModelMaxLoraRank(const QeffModel *model);

/* All zero is valid. */
typedef struct QeffAdapterOptions {
  bool allow_nonfinite; /* take NaN and infinity */
} QeffAdapterOptions;

/* Loads an adapter for `model` into memory of its own, proportional to its
 * ranks. `path` is a file where it has a directory or the extension
 * .safetensors, else the name of an adapter of the package
 * (adapters/NAME.safetensors). `options` may be null. Refused are modules that
 * the package was not compiled for, missing halves of a pair, shapes that do not
 * fit, ranks above qeffModelMaxLoraRank, NaN and infinity, and damaged files. */
QEFF_RUNTIME_API QeffStatus *qeffAdapterLoad(QeffModel *model, const char *path,
                                             const QeffAdapterOptions *options,
                                             QeffAdapter **adapter);
QEFF_RUNTIME_API void qeffAdapterDestroy(QeffAdapter *adapter);

/* The name that the file gives, or the file's own without its extension. */
QEFF_RUNTIME_API const char *qeffAdapterName(const QeffAdapter *adapter);
/* Modules that it changes, the largest of their ranks, and the bytes of memory
 * that it uses. */
QEFF_RUNTIME_API uint64_t qeffAdapterNumTargets(const QeffAdapter *adapter);
QEFF_RUNTIME_API int64_t qeffAdapterRank(const QeffAdapter *adapter);
QEFF_RUNTIME_API uint64_t qeffAdapterBytes(const QeffAdapter *adapter);

/*===-- Session ----------------------------------------------------------===*/

/* A session owns retained state (zero at first), inputs, outputs and scratch
 * memory; weights and code are the model's, shared by all its sessions. */
QEFF_RUNTIME_API QeffStatus *qeffSessionCreate(QeffModel *model,
                                               QeffSession **session);
QEFF_RUNTIME_API void qeffSessionDestroy(QeffSession *session);

/* Sets all retained state to zero. */
QEFF_RUNTIME_API QeffStatus *qeffSessionReset(QeffSession *session);

/* The memory of input or output `name` of `function`: row-major, written and
 * read in place, no copies. It moves only by qeffSessionBind. */
QEFF_RUNTIME_API QeffStatus *qeffSessionTensor(QeffSession *session,
                                               const char *function,
                                               const char *name, void **data,
                                               uint64_t *bytes);

/* Makes `function` use the caller's memory for input or output `name`: `bytes`
 * (exactly the tensor's), 64-byte aligned, valid until bound anew or the
 * session ends. Null returns to the session's own memory. */
QEFF_RUNTIME_API QeffStatus *qeffSessionBind(QeffSession *session,
                                             const char *function,
                                             const char *name, void *data,
                                             uint64_t bytes);

/* The memory of a retained state, in its layout. */
QEFF_RUNTIME_API QeffStatus *qeffSessionState(QeffSession *session,
                                              const char *name, void **data,
                                              uint64_t *bytes);

/* Makes the session use `adapter`, or none where it is null, from its next call
 * on (from a callback of a generation: the next step). Pointers change, nothing
 * is copied. The retained state stays: keys and values in it were computed with
 * the adapter of their time. An adapter of another model is refused, and the
 * session keeps the one that it had. */
QEFF_RUNTIME_API QeffStatus *qeffSessionSetAdapter(QeffSession *session,
                                                   const QeffAdapter *adapter);
/* The name of the adapter in use, valid until it is set anew; null: none. */
QEFF_RUNTIME_API const char *
qeffSessionAdapterName(const QeffSession *session);

/* Runs `function` on its inputs and the retained state. First checks that
 * every value of input_ids is in [0, vocab_size) and every value of
 * position_ids in [-1, ctx_len); -1 marks padding. */
QEFF_RUNTIME_API QeffStatus *qeffSessionRun(QeffSession *session,
                                            const char *function);

/* Memory for an input or output by its name. */
typedef struct QeffBuffer {
  const char *name;
  void *data;
  uint64_t bytes; /* exactly the tensor's */
} QeffBuffer;

/* Copies `inputs` to where `function` reads them, runs it, and copies the
 * outputs that `outputs` name. Inputs that are not named keep what they held.
 * Nothing is run where a name or size does not fit. */
QEFF_RUNTIME_API QeffStatus *
qeffSessionRunBuffers(QeffSession *session, const char *function,
                      const QeffBuffer *inputs, uint64_t num_inputs,
                      const QeffBuffer *outputs, uint64_t num_outputs);

/*===-- Generation -------------------------------------------------------===*/

typedef struct QeffTokens {
  const int64_t *ids;
  uint64_t size;
} QeffTokens;

/* Called with each token as it is generated, the stop token included. False
 * ends the generation after the current call, as if all rows were done. */
typedef bool (*QeffTokenFn)(void *user, uint64_t row, int64_t token);

/* Chooses the next token of a row from its logits, `vocab_size` values that
 * are valid during the call. -1 takes the largest (the first of equals). For
 * teacher forcing, inspection, and sampling of one's own. */
typedef int64_t (*QeffChooseFn)(void *user, uint64_t row, const float *logits,
                                uint64_t vocab_size);

/* All zero is valid but for max_new_tokens. */
typedef struct QeffGenerateOptions {
  uint64_t max_new_tokens; /* per row, at least 1 */
  const int64_t *stop_tokens;
  uint64_t num_stop_tokens;
  QeffTokenFn on_token; /* or null */
  QeffChooseFn choose;  /* or null: greedy */
  /* Or null. After each call of a function: "prefill", tokens of the prompts of
   * all rows, or "decode", generated tokens of all rows, of those that
   * max_new_tokens and ctx_len allow. False is as on_token's. */
  QeffProgressFn on_progress;
  void *user; /* passed to all */
} QeffGenerateOptions;

typedef enum QeffFinish {
  QEFF_FINISH_LENGTH = 0,  /* max_new_tokens */
  QEFF_FINISH_STOP = 1,    /* a stop token, which is the last token */
  QEFF_FINISH_CONTEXT = 2, /* the KV cache is full */
  QEFF_FINISH_CANCELED = 3 /* a callback returned false */
} QeffFinish;

/* Rates are tokens of all rows per second of the calls that did that work; 0
 * where there was none. */
typedef struct QeffMetrics {
  double ttft_s; /* start to the first token, of any row */
  double prefill_tokens_per_s;
  double decode_tokens_per_s;
  double total_s;
  uint64_t prompt_tokens;
  uint64_t generated_tokens;
} QeffMetrics;

/* Generates for `num_rows` prompts, each 1 to ctx_len tokens; resets the state
 * first. Rows beyond the batch size run in further groups. A row ends at a
 * stop token, at max_new_tokens, or when its context is full. */
QEFF_RUNTIME_API QeffStatus *
qeffSessionGenerate(QeffSession *session, const QeffTokens *prompts,
                    uint64_t num_rows, const QeffGenerateOptions *options,
                    QeffGeneration **generation);
QEFF_RUNTIME_API void qeffGenerationDestroy(QeffGeneration *generation);

QEFF_RUNTIME_API uint64_t
qeffGenerationNumRows(const QeffGeneration *generation);
/* The generated tokens of a row, without its prompt. */
QEFF_RUNTIME_API QeffTokens
qeffGenerationTokens(const QeffGeneration *generation, uint64_t row);
QEFF_RUNTIME_API QeffFinish
qeffGenerationFinish(const QeffGeneration *generation, uint64_t row);
QEFF_RUNTIME_API QeffMetrics
qeffGenerationMetrics(const QeffGeneration *generation);

/*===-- Trace ------------------------------------------------------------===*/

/* One launch of one function, summed over the session's calls. */
typedef struct QeffTraceEntry {
  const char *function; /* "decode" */
  const char *kernel;   /* "linear_1x2048x2048_bf16" */
  const char *scope;    /* "layers.3.self_attn.q_proj" */
  int64_t tiles;
  uint64_t bytes; /* of weights, state, adapter that a call reads at most */
  uint64_t calls;
  double seconds; /* of all calls */
} QeffTraceEntry;

/* Starts (from zero) or stops timing every launch. */
QEFF_RUNTIME_API QeffStatus *qeffSessionSetTrace(QeffSession *session,
                                                 bool enabled);
/* Entries in the order of the functions and their launches; 0 if never on. */
QEFF_RUNTIME_API uint64_t qeffSessionNumTraceEntries(
    const QeffSession *session);
/* False if `index` is out of range. */
QEFF_RUNTIME_API bool qeffSessionTraceEntry(const QeffSession *session,
                                            uint64_t index,
                                            QeffTraceEntry *entry);

#ifdef __cplusplus
}
#endif

#endif /* QEFF_C_RUNTIME_H */
