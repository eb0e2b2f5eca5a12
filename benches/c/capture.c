/*
 * What capturing costs in C, as multiples of W: one bare write(2) of the same bytes, O_APPEND, on the same disk.
 * Rounds of both are run in turn; the median of the rounds' ratios is printed. Argument: a directory to work in.
 */

#define _POSIX_C_SOURCE 200809L

#include "job.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 41, CALLS = 2000 };

static overt_client *client;
static int bare_file;
static char bare_line[4096];
static size_t bare_length;

static void must(int holds, const char *what) {
  if (!holds) {
    fprintf(stderr, "benchmark: %s\n", what);
    exit(1);
  }
}

static void bare(void) {
  must(write(bare_file, bare_line, bare_length) == (ssize_t)bare_length, "a short write");
}

static void json(void) {
  must(capture_json(client) >= 0, "a capture failed");
}

static void typed(void) {
  must(capture_typed(client) == OVERT_OK, "a capture failed");
}

/* Nanoseconds a call. */
static double timed(int calls, void (*call)(void)) {
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int n = 0; n < calls; n++) call();
  clock_gettime(CLOCK_MONOTONIC, &end);
  return ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) / calls;
}

static int ascending(const void *one, const void *other) {
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

static double median(double *values) {
  qsort(values, ROUNDS, sizeof *values, ascending);
  return values[ROUNDS / 2];
}

static void compare(const char *what, void (*ours)(void)) {
  double w[ROUNDS], own[ROUNDS], ratio[ROUNDS];
  timed(CALLS, bare);
  timed(CALLS, ours);
  for (int n = 0; n < ROUNDS; n++) {
    w[n] = timed(CALLS, bare);
    own[n] = timed(CALLS, ours);
    ratio[n] = own[n] / w[n];
  }
  double times = median(ratio), nanoseconds = median(own);
  printf("%-30s %9.1f ns = %.2f W   (W = %.1f ns)\n", what, nanoseconds, times, median(w));
}

static overt_client *open_client(const char *directory, bool consent) {
  char path[4096], error[200];
  snprintf(path, sizeof path, "%s/%s", directory, consent ? "on" : "off");
  overt_config *config = overt_config_new(OVERT_STR("bench"));
  overt_config_set_app_version(config, OVERT_STR("1.0"));
  overt_config_set_api_key(config, OVERT_STR("phc_bench"));
  overt_config_set_endpoint(config, OVERT_STR("http://127.0.0.1:9"));
  overt_config_set_state_dir(config, OVERT_CSTR(path));
  overt_config_set_consent(config, consent);
  overt_config_set_flush_at(config, UINT32_MAX);
  overt_config_set_flush_interval_ms(config, 3600000);
  overt_config_set_max_spool_events(config, 10000000);
  overt_config_set_max_spool_bytes(config, 10000000000u);
  overt_client *made = overt_client_new(config, error, sizeof error);
  must(made != NULL, error);
  overt_config_free(config);
  return made;
}

int main(int argc, char **argv) {
  must(argc == 2, "usage: capture DIRECTORY");
  char path[4096];
  snprintf(path, sizeof path, "%s/bare", argv[1]);
  bare_file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  must(bare_file >= 0, "the directory cannot be written");
  memset(bare_line, 'x', sizeof bare_line);

  client = open_client(argv[1], true);
  json();
  overt_text *pending = NULL;
  overt_client_pending(client, &pending);
  bare_length = overt_text_len(pending);
  overt_text_free(pending);
  printf("one event: %zu bytes\n", bare_length);

  compare("capture, JSON text", json);
  compare("capture, typed values", typed);
  overt_client_free(client);

  client = open_client(argv[1], false);
  double off[ROUNDS];
  for (int n = 0; n < ROUNDS; n++) off[n] = timed(CALLS * 100, json);
  printf("%-30s %9.1f ns\n", "capture, disabled", median(off));
  overt_client_free(client);
  return 0;
}
