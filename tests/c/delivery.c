/* Nobody listens: flush and close say so, lose nothing, and end; overt's own thread leaves with the client. */

#include "check.h"

int main(int argc, char **argv) {
  CHECK(argc == 2);
  overt_config *config = new_config(argv[1]);
  overt_config_set_background(config, true);
  overt_config_set_flush_at(config, 1);
  overt_client *client = new_client(config);
  CHECK(overt_client_flush(client, UINT64_MAX) == OVERT_OK);
  CHECK(overt_client_capture_event(client, OVERT_STR("e"), OVERT_STR(""), NULL) == OVERT_OK);
  CHECK(overt_client_flush(client, UINT64_MAX) == OVERT_UNDELIVERED);
  CHECK(overt_client_close(client, UINT64_MAX) == OVERT_UNDELIVERED);
  CHECK(overt_client_capture_event(client, OVERT_STR("after close"), OVERT_STR(""), NULL) == OVERT_OK);
  CHECK(count_pending(client) == 2);
  overt_client_free(client);
  return 0;
}
