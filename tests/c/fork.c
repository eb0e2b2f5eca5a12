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

static void child(overt_client *client, int generation) {
  record(client, EVENTS);
  if (generation == 0) {
    pid_t grandchild = fork();
    CHECK(grandchild >= 0);
    if (grandchild == 0) child(client, 1);
    int status;
    CHECK(waitpid(grandchild, &status, 0) == grandchild && status == 0);
  }
  overt_client_free(client);
  _exit(0);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  overt_client *client = new_client(new_config(argv[1]));
  pthread_t beside;
  CHECK(pthread_create(&beside, NULL, record_beside, client) == 0);
  pid_t children[CHILDREN];
  for (int i = 0; i < CHILDREN; i++) {
    record(client, 1);
    children[i] = fork();
    CHECK(children[i] >= 0);
    if (children[i] == 0) child(client, i % 2);
  }
  for (int i = 0; i < CHILDREN; i++) {
    int status;
    CHECK(waitpid(children[i], &status, 0) == children[i] && status == 0);
  }
  CHECK(pthread_join(beside, NULL) == 0);
  CHECK(count_pending(client) == BESIDE + CHILDREN + CHILDREN * EVENTS + CHILDREN / 2 * EVENTS);
  overt_client_free(client);
  return 0;
}
