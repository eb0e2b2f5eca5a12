/* A server that does not answer, or is not there: flush and close say so, lose nothing, and end; so does free, although
 * overt's own thread may still wait. Without a place for the state nothing is recorded. */

#define _POSIX_C_SOURCE 200112L
#include "check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static overt_client *new_background_client(const char *state_dir, const char *endpoint) {
  overt_config *config = new_config(state_dir);
  overt_config_set_endpoint(config, OVERT_CSTR(endpoint));
  overt_config_set_background(config, true);
  return new_client(config);
}

static void nobody_listens(const char *state_dir) {
  overt_client *client = new_background_client(state_dir, NOBODY);
  CHECK(overt_client_flush(client, UINT64_MAX) == OVERT_OK);
  CHECK(overt_client_capture_event(client, OVERT_STR("e"), OVERT_STR(""), NULL) == OVERT_OK);
  CHECK(overt_client_flush(client, UINT64_MAX) == OVERT_UNDELIVERED);
  CHECK(overt_client_close(client, UINT64_MAX) == OVERT_UNDELIVERED);
  CHECK(overt_client_capture_event(client, OVERT_STR("after close"), OVERT_STR(""), NULL) == OVERT_OK);
  CHECK(count_pending(client) == 2);
  overt_client_free(client);
}

static void nobody_answers(const char *state_dir) {
  struct sockaddr_in address = {0};
  socklen_t length = sizeof address;
  char endpoint[64];
  int silent = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(silent >= 0 && bind(silent, (struct sockaddr *)&address, sizeof address) == 0 && listen(silent, 1) == 0);
  CHECK(getsockname(silent, (struct sockaddr *)&address, &length) == 0);
  snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));

  overt_client *client = new_background_client(state_dir, endpoint);
  CHECK(overt_client_capture_event(client, OVERT_STR("e"), OVERT_STR(""), NULL) == OVERT_OK);
  CHECK(overt_client_flush(client, 1) == OVERT_TIMEOUT);
  CHECK(count_pending(client) == 1);
  overt_client_free(client);
  close(silent);
}

static void no_place(void) {
  overt_client *client = new_background_client("/dev/null/state", NOBODY);
  overt_text *id = NULL;
  CHECK(overt_client_capture_event(client, OVERT_STR("e"), OVERT_STR(""), NULL) == OVERT_STORAGE);
  CHECK(overt_client_client_id(client, &id) == OVERT_STORAGE && id == NULL);
  CHECK(overt_client_set_consent(client, true, NULL) == OVERT_STORAGE);
  CHECK(overt_client_consent(client, NULL) == OVERT_OK);
  overt_client_free(client);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  nobody_listens(argv[1]);
  nobody_answers(argv[1]);
  no_place();
  return 0;
}
