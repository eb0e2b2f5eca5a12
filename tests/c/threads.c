/* Eight threads share a client, and every event of each is found once. */

#include "check.h"
#include <pthread.h>

enum { THREADS = 8, EVENTS = 1000 };

static const overt_client *client;

static void *record(void *unused) {
  (void)unused;
  for (int i = 0; i < EVENTS; i += 2) {
    overt_uuid uuid;
    CHECK(overt_client_capture_event(client, OVERT_STR("plain"), OVERT_STR("{\"a\":[1,2,3]}"), &uuid) == OVERT_OK);
    overt_event *event = overt_event_new(OVERT_STR("built"));
    overt_event_set_int(event, OVERT_STR("i"), i);
    CHECK(overt_client_capture(client, event, NULL) == OVERT_OK);
    overt_event_free(event);
  }
  return NULL;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  overt_client *owner = new_client(new_config(argv[1]));
  client = owner;
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, record, NULL) == 0);
  for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(count_pending(client) == THREADS * EVENTS);

  overt_text *stats;
  CHECK(overt_client_stats(client, &stats) == OVERT_OK);
  CHECK(strstr(overt_text_data(stats), "{\"recorded\":8000,\"delivered\":0,\"unconfirmed\":0,\"pending\":8000,\"lost\":0,") != NULL);
  overt_text_free(stats);
  overt_client_free(owner);
  return 0;
}
