#include <overt.h>
#include <stdio.h>

int main(void) {
  char error[200];
  overt_config *config = overt_config_new(OVERT_STR("hello"));
  overt_config_set_api_key(config, OVERT_STR("phc_example"));
  overt_config_set_endpoint(config, OVERT_STR("http://127.0.0.1:8990"));
  overt_client *client = overt_client_new(config, error, sizeof error);
  if (client == NULL) fprintf(stderr, "hello: no telemetry: %s\n", error);
  overt_config_free(config);

  overt_client_capture_event(client, OVERT_STR("hello"), OVERT_STR("{\"answer\": 42}"), NULL);
  overt_client_free(client);
  return 0;
}
