/* A child goes on with the client it inherited, while another thread of the parent records: nothing is lost, nothing is
 * found twice, and nobody hangs. */

#include "check.h"
#include <pthread.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 20, EVENTS = 50, BESIDE = 500 };

static void record(const overt_client *client, int events) {
  for (int i = 0; i < events; i++)
    CHECK(overt_client_capture_event(client, OVERT_STR("forked"), OVERT_STR("{}"), NULL) == OVERT_OK);
}

static void *record_beside(void *client) {
  record((const overt_client *)client, BESIDE);
  return NULL;
}

static void record_and_leave(overt_client *client) {
  record(client, EVENTS);
  overt_client_free(client);
  _exit(0);
}

static void wait_for(pid_t child) {
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* In a child: every second one has a child of its own. */
static void be_child(overt_client *client, int number) {
  if (number % 2 == 0) {
    record(client, 1);
    pid_t grandchild = fork();
    CHECK(grandchild >= 0);
    if (grandchild == 0) record_and_leave(client);
    wait_for(grandchild);
  }
  record_and_leave(client);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  overt_client *client = new_client(new_config(argv[1]));
#ifdef __SANITIZE_ADDRESS__
  /* The sanitiser's own malloc of GCC 12 hangs in a child if another thread was in it at the fork. */
  record_beside(client);
#else
  pthread_t beside;
  CHECK(pthread_create(&beside, NULL, record_beside, client) == 0);
#endif
  pid_t children[CHILDREN];
  for (int i = 0; i < CHILDREN; i++) {
    record(client, 1);
    children[i] = fork();
    CHECK(children[i] >= 0);
    if (children[i] == 0) be_child(client, i);
  }
  for (int i = 0; i < CHILDREN; i++) wait_for(children[i]);
#ifndef __SANITIZE_ADDRESS__
  CHECK(pthread_join(beside, NULL) == 0);
#endif
  CHECK(count_pending(client) == BESIDE + CHILDREN * (1 + EVENTS) + CHILDREN / 2 * (1 + EVENTS));
  overt_client_free(client);
  return 0;
}
