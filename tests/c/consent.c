/* The user's choice is stored, off erases, an ID can be forgotten, and only a forced event passes a host's off. */

#include "check.h"

int main(int argc, char **argv) {
  CHECK(argc == 2);
  overt_consent_reason reason;
  overt_text *id, *next;
  overt_client *client = new_client(new_config(argv[1]));
  CHECK(overt_client_consent(client, &reason) == OVERT_OK && reason == OVERT_REASON_DEFAULT);
  CHECK(overt_client_client_id(client, &id) == OVERT_OK && overt_text_len(id) == 36);
  CHECK(overt_client_capture_event(client, OVERT_STR("e"), OVERT_STR(""), NULL) == OVERT_OK);
  CHECK(count_pending(client) == 1);

  CHECK(overt_client_reset_client_id(client, &next) == OVERT_OK && overt_text_len(next) == 36);
  CHECK(strcmp(overt_text_data(id), overt_text_data(next)) != 0);
  CHECK(count_pending(client) == 0);
  overt_text_free(id);
  overt_text_free(next);

  CHECK(overt_client_capture_event(client, OVERT_STR("e"), OVERT_STR(""), NULL) == OVERT_OK);
  CHECK(overt_client_set_consent(client, false, &reason) == OVERT_DISABLED && reason == OVERT_REASON_HOST);
  CHECK(overt_client_capture_event(client, OVERT_STR("e"), OVERT_STR(""), NULL) == OVERT_DISABLED);
  CHECK(count_pending(client) == 0);
  overt_client_free(client);

  client = new_client(new_config(argv[1]));
  CHECK(overt_client_consent(client, &reason) == OVERT_DISABLED && reason == OVERT_REASON_STORED);
  CHECK(overt_client_set_consent(client, true, NULL) == OVERT_OK);
  overt_client_free(client);

  overt_config *config = new_config(argv[1]);
  overt_config_set_consent(config, false);
  client = new_client(config);
  overt_event *event = overt_event_new(OVERT_STR("choice"));
  CHECK(overt_client_capture(client, event, NULL) == OVERT_DISABLED);
  overt_event_set_force(event, true);
  CHECK(overt_client_capture(client, event, NULL) == OVERT_OK);
  overt_event_free(event);
  CHECK(count_pending(client) == 1);
  overt_client_free(client);
  return 0;
}
