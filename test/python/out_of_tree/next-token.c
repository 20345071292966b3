/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * next-token PACKAGE ID...: prints the token that follows the prompt.
 */
#include "qeff-c/Runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void check(QeffStatus *status) {
  if (status) {
    fprintf(stderr, "%s\n", qeffStatusMessage(status));
    exit(1);
  }
}

int main(int argc, char **argv) {
  int64_t ids[64];
  QeffTokens prompt = {ids, 0};
  QeffGenerateOptions options = {.max_new_tokens = 1};
  QeffModel *model;
  QeffSession *session;
  QeffGeneration *generation;

  if (argc < 3 || argc > 64) {
    fprintf(stderr, "usage: next-token PACKAGE ID...\n");
    return 1;
  }
  for (int i = 2; i < argc; ++i) {
    ids[prompt.size++] = strtoll(argv[i], NULL, 10);
  }
  check(qeffModelLoad(argv[1], 0, &model));
  check(qeffSessionCreate(model, &session));
  check(qeffSessionGenerate(session, &prompt, 1, &options, &generation));
  printf("%" PRId64 "\n", qeffGenerationTokens(generation, 0).ids[0]);
  qeffGenerationDestroy(generation);
  qeffSessionDestroy(session);
  qeffModelDestroy(model);
  return 0;
}
