/* Records a run of a command and waits at most 5 s until it is delivered:
 *
 *     command ENDPOINT API_KEY NAME EXIT_CODE
 */

#define _POSIX_C_SOURCE 199309L
#include <overt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: command ENDPOINT API_KEY NAME EXIT_CODE\n");
    return 2;
  }
  int64_t start = now_ms();
  char error[200];
  overt_config *config = overt_config_new(OVERT_STR("command"));
  overt_config_set_app_version(config, OVERT_STR("1.0.0"));
  overt_config_set_endpoint(config, OVERT_CSTR(argv[1]));
  overt_config_set_api_key(config, OVERT_CSTR(argv[2]));
  overt_config_add_consent_env(config, OVERT_STR("COMMAND_TELEMETRY"));
  overt_client *client = overt_client_new(config, error, sizeof error);
  overt_config_free(config);
  if (client == NULL) fprintf(stderr, "command: no telemetry: %s\n", error);

  /* Here the command would do its work. */

  overt_event *event = overt_event_new(OVERT_STR("command_run"));
  overt_event_set_str(event, OVERT_STR("command"), OVERT_CSTR(argv[3]));
  overt_event_set_int(event, OVERT_STR("exit_code"), strtol(argv[4], NULL, 10));
  overt_event_set_int(event, OVERT_STR("duration_ms"), now_ms() - start);
  overt_status recorded = overt_client_capture(client, event, NULL);
  overt_event_free(event);

  overt_status delivered = overt_client_flush(client, 5000);
  printf("recorded: %s; delivered: %s\n", overt_status_str(recorded), overt_status_str(delivered));
  overt_client_free(client);
  return 0;
}
