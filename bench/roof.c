// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How fast this machine streams the bytes of a file that is in memory: each
// thread reads its part in four streams. Prints the seconds of every round.
//
//   roof FILE THREADS ROUNDS

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { Streams = 4, Words = 16, MaxThreads = 256 };

typedef uint32_t Vector __attribute__((vector_size(64), aligned(64)));

typedef struct {
  const Vector *begin;
  size_t count; // vectors, a multiple of Streams
  uint32_t sum;
} Part;

static Part parts[MaxThreads];
static pthread_barrier_t barrier;
static long rounds;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void readPart(Part *part) {
  size_t step = part->count / Streams;
  Vector sums[Streams] = {{0}, {0}, {0}, {0}};
  for (size_t i = 0; i < step; ++i) {
    for (int s = 0; s < Streams; ++s) {
      sums[s] += part->begin[(size_t)s * step + i];
    }
  }
  for (int s = 0; s < Streams; ++s) {
    for (int w = 0; w < Words; ++w) {
      part->sum += sums[s][w];
    }
  }
}

static void *worker(void *part) {
  for (long round = 0; round < rounds; ++round) {
    pthread_barrier_wait(&barrier);
    readPart(part);
    pthread_barrier_wait(&barrier);
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: roof FILE THREADS ROUNDS\n");
    return 2;
  }
  long threads = atol(argv[2]);
  rounds = atol(argv[3]);
  int fd = open(argv[1], O_RDONLY);
  struct stat info;
  if (fd < 0 || fstat(fd, &info) || threads < 1 || threads > MaxThreads) {
    perror("roof");
    return 1;
  }
  // A private copy in ordinary pages: the roof must not pay for page faults.
  size_t size = (size_t)info.st_size;
  size_t each = size / (size_t)threads / (64 * Streams) * Streams;
  Vector *data = aligned_alloc(1 << 21, (size + (2 << 21)) >> 21 << 21);
  madvise(data, size, MADV_HUGEPAGE);
  for (size_t at = 0; at < size;) {
    ssize_t got = read(fd, (char *)data + at, size - at);
    if (got <= 0) {
      perror("roof");
      return 1;
    }
    at += (size_t)got;
  }
  pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
  for (long t = 0; t < threads; ++t) {
    pthread_t thread;
    parts[t] = (Part){data + (size_t)t * each, each, 0};
    if (pthread_create(&thread, NULL, worker, &parts[t])) {
      perror("roof");
      return 1;
    }
  }
  for (long round = 0; round < rounds; ++round) {
    pthread_barrier_wait(&barrier);
    double start = now();
    pthread_barrier_wait(&barrier);
    double seconds = now() - start;
    printf("%.9f\n", seconds * (double)size /
                         (double)(each * 64 * (size_t)threads));
  }
  uint32_t sum = 0;
  for (long t = 0; t < threads; ++t) {
    sum += parts[t].sum;
  }
  fprintf(stderr, "sum %u\n", sum);
  return 0;
}
