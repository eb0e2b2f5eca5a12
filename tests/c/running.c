/* A program that does as it is told while somebody else changes their mind. `running DIR` records and ends; with
 * `running DIR ENDPOINT` another test tells it on stdin what to do, and it says on stdout what came of it. */

#include "check.h"

static const char *capture(const overt_client *client) {
  static overt_uuid uuid;
  overt_status status = overt_client_capture_event(client, OVERT_STR("run"), OVERT_STR(""), &uuid);
  return status == OVERT_OK ? uuid.text : overt_status_str(status);
}

static void say_id(const overt_client *client) {
  overt_text *id;
  overt_client_client_id(client, &id);
  puts(overt_text_data(id));
  overt_text_free(id);
}

int main(int argc, char **argv) {
  char word[16];
  CHECK(argc == 2 || argc == 3);
  overt_config *config = new_config(argv[1]);
  if (argc == 3) {
    overt_config_set_endpoint(config, OVERT_CSTR(argv[2]));
    overt_config_set_background(config, true);
    overt_config_set_flush_at(config, 1);
    overt_config_set_max_retries(config, 7);
  }
  overt_client *client = new_client(config);
  if (argc == 2) CHECK(strlen(capture(client)) == 36);
  while (argc == 3 && fgets(word, sizeof word, stdin) != NULL) {
    if (strcmp(word, "capture\n") == 0) puts(capture(client));
    if (strcmp(word, "flush\n") == 0) puts(overt_status_str(overt_client_flush(client, 60 * 1000)));
    if (strcmp(word, "id\n") == 0) say_id(client);
    fflush(stdout);
  }
  overt_client_free(client);
  return 0;
}
