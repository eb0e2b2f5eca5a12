/* A program that ends in the way that it is told, at the moment that it is told. `exits DIR` records and ends; with
 * `exits DIR ENDPOINT HOW` another test watches. It says nothing; the UUIDs of what was recorded go into DIR.told. */

#define _POSIX_C_SOURCE 200112L
#include "check.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

enum { NEVER_MS = 600 * 1000, SOON_MS = 1000, BUDGET_MS = 300, THREADS = 4 };

static overt_client *client;
static int told;

static void record(const char *name) {
  overt_uuid uuid;
  if (overt_client_capture_event(client, OVERT_CSTR(name), OVERT_STR(""), &uuid) != OVERT_OK) return;
  uuid.text[36] = '\n'; /* one write(2), so that an event is told of whole or not at all */
  CHECK(write(told, uuid.text, 37) == 37);
}

static void record_late(void) { record("late"); }

static void *record_on(void *unused) {
  for (int i = 0; i < 2000; i++) record("on");
  return unused;
}

static void start_threads(void) {
  pthread_t thread;
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&thread, NULL, record_on, NULL) == 0);
}

static int end(const char *how) {
  if (strcmp(how, "exit") == 0) exit(3);
  if (strcmp(how, "_exit") == 0) _exit(4);
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "SIGTERM") == 0) kill(getpid(), SIGTERM);
  if (strcmp(how, "SIGINT") == 0) kill(getpid(), SIGINT);
  if (strcmp(how, "SIGKILL") == 0) kill(getpid(), SIGKILL);
  if (strcmp(how, "exec") == 0) execl("/bin/sh", "sh", "-c", "exit 6", (char *)NULL);
  if (strcmp(how, "threads") == 0) start_threads();
  if (strcmp(how, "pthread_exit") == 0) {
    start_threads();
    pthread_exit(NULL);
  }
  if (strcmp(how, "closed pthread_exit") == 0) {
    overt_client_close(client, 0);
    start_threads();
    pthread_exit(NULL);
  }
  if (strcmp(how, "free") == 0) overt_client_free(client);
  if (strcmp(how, "wait") == 0 || strcmp(how, "wait long") == 0) {
    overt_client_wait_at_exit(client);
    record("after the wait");
    overt_client_free(client);
  }
  return 0;
}

int main(int argc, char **argv) {
  CHECK(argc == 2 || argc == 4);
  bool watched = argc == 4;
  char path[4096];
  snprintf(path, sizeof path, "%s.told", argv[1]);
  told = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  CHECK(told >= 0);
  if (watched && strcmp(argv[3], "late hook") == 0) CHECK(atexit(record_late) == 0);

  overt_config *config = new_config(argv[1]);
  if (watched) {
    overt_config_set_endpoint(config, OVERT_CSTR(argv[2]));
    overt_config_set_background(config, true);
    overt_config_set_flush_at(config, 1);
    /* What is closed waits for the end of its request at the most. */
    overt_config_set_timeout_ms(config, strcmp(argv[3], "closed pthread_exit") == 0 ? SOON_MS : NEVER_MS);
    overt_config_set_connect_timeout_ms(config, NEVER_MS);
    if (strcmp(argv[3], "wait") == 0) overt_config_set_exit_timeout_ms(config, BUDGET_MS);
    if (strcmp(argv[3], "wait long") == 0) overt_config_set_exit_timeout_ms(config, NEVER_MS);
  }
  client = new_client(config);
  record("first");
  /* Whoever watches says when. */
  while (watched && getchar() != EOF) continue;
  record("last");
  return end(watched ? argv[3] : "free");
}
