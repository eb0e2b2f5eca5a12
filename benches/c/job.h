/* The nested event that a job of Starfish's ends with, captured in both ways that C has. */

#ifndef OVERT_BENCH_JOB_H
#define OVERT_BENCH_JOB_H

#include <overt.h>

static const char JOB[] =
    "{\"job_id\":\"0b5ae1a2-7d6c-4a53-8c1d-0d7f0a6f1e11\",\"target_reached\":true,\"run_mode\":\"normal\","
    "\"num_inputs\":100,\"library_version\":\"0.4.2\",\"config\":{\"batch_size\":10,\"target_count\":100,"
    "\"dead_queue_threshold\":3,\"max_concurrency\":10,\"task_runner_timeout\":60,\"job_run_stop_threshold\":3},"
    "\"error_summary\":{\"TimeoutError\":2},\"count_summary\":{\"completed\":98,\"failed\":2,\"filtered\":0},"
    "\"run_time_platform\":\"Linux\"}";

static overt_status capture_json(const overt_client *client) {
  overt_str job = {JOB, sizeof JOB - 1};
  return overt_client_capture_event(client, OVERT_STR("starfish_job"), job, NULL);
}

static void count(overt_event *event, const char *key, int64_t value) {
  overt_event_set_int(event, OVERT_CSTR(key), value);
}

static overt_status capture_typed(const overt_client *client) {
  overt_event *event = overt_event_new(OVERT_STR("starfish_job"));
  overt_event_set_str(event, OVERT_STR("job_id"), OVERT_STR("0b5ae1a2-7d6c-4a53-8c1d-0d7f0a6f1e11"));
  overt_event_set_bool(event, OVERT_STR("target_reached"), true);
  overt_event_set_str(event, OVERT_STR("run_mode"), OVERT_STR("normal"));
  overt_event_set_int(event, OVERT_STR("num_inputs"), 100);
  overt_event_set_str(event, OVERT_STR("library_version"), OVERT_STR("0.4.2"));
  overt_event_begin_object(event, OVERT_STR("config"));
  count(event, "batch_size", 10);
  count(event, "target_count", 100);
  count(event, "dead_queue_threshold", 3);
  count(event, "max_concurrency", 10);
  count(event, "task_runner_timeout", 60);
  count(event, "job_run_stop_threshold", 3);
  overt_event_end_object(event);
  overt_event_begin_object(event, OVERT_STR("error_summary"));
  count(event, "TimeoutError", 2);
  overt_event_end_object(event);
  overt_event_begin_object(event, OVERT_STR("count_summary"));
  count(event, "completed", 98);
  count(event, "failed", 2);
  count(event, "filtered", 0);
  overt_event_end_object(event);
  overt_event_set_str(event, OVERT_STR("run_time_platform"), OVERT_STR("Linux"));
  overt_status captured = overt_client_capture(client, event, NULL);
  overt_event_free(event);
  return captured;
}

#endif
