/* A tool that ends before anything is sent: what it left is delivered by itself, started again, and by no other run. This
 * program is the tool, what delivers, and the server that waits for both. */

#define _POSIX_C_SOURCE 200112L
#include "check.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nobody answers what delivers before its tool is seen to have ended: it waits for 10 s. */
enum { SOON_MS = 5 * 1000, PATIENCE_MS = 60 * 1000 };

static overt_config *new_detached_config(const char *state_dir, const char *endpoint) {
  overt_config *config = new_config(state_dir);
  overt_config_set_endpoint(config, OVERT_CSTR(endpoint));
  overt_config_set_detached_upload(config, true);
  return config;
}

static int be_tool(const char *state_dir, const char *endpoint, bool consents) {
  overt_config *config = new_detached_config(state_dir, endpoint);
  overt_config_set_consent(config, consents);
  overt_client *client = new_client(config);
  overt_status status = overt_client_capture_event(client, OVERT_STR("left"), OVERT_STR("{\"n\": 1}"), NULL);
  CHECK(status == (consents ? OVERT_OK : OVERT_DISABLED));
  overt_client_free(client);
  puts("the tool's own output");
  return 7;
}

static bool is_readable(int fd, int wait_ms) {
  struct pollfd waited = {fd, POLLIN, 0};
  return poll(&waited, 1, wait_ms) == 1;
}

/* Runs the tool with a pipe as its output and one as a descriptor that nobody told it of, and waits for their ends. */
static void run_tool(const char *program, const char *state_dir, const char *endpoint, bool consents) {
  int out[2], extra[2], status;
  char said[64] = "";
  size_t length = 0;
  CHECK(pipe(out) == 0 && pipe(extra) == 0);
  pid_t tool = fork();
  CHECK(tool >= 0);
  if (tool == 0) {
    CHECK(dup2(out[1], STDOUT_FILENO) >= 0 && close(out[0]) == 0 && close(out[1]) == 0 && close(extra[0]) == 0);
    execl(program, program, state_dir, endpoint, consents ? "on" : "off", (char *)NULL);
    _exit(127);
  }
  close(out[1]);
  close(extra[1]);
  for (ssize_t got; (got = read(out[0], said + length, sizeof said - 1 - length)) > 0;) length += (size_t)got;
  CHECK(strcmp(said, "the tool's own output\n") == 0);
  CHECK(waitpid(tool, &status, 0) == tool && WIFEXITED(status) && WEXITSTATUS(status) == 7);
  CHECK(is_readable(extra[0], SOON_MS) && read(extra[0], said, 1) == 0);
  close(out[0]);
  close(extra[0]);
}

static int listen_on_loopback(char *endpoint, size_t cap) {
  struct sockaddr_in address = {0};
  socklen_t length = sizeof address;
  int server = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(server >= 0 && bind(server, (struct sockaddr *)&address, sizeof address) == 0 && listen(server, 8) == 0);
  CHECK(fcntl(server, F_SETFD, FD_CLOEXEC) == 0);
  CHECK(getsockname(server, (struct sockaddr *)&address, &length) == 0);
  snprintf(endpoint, cap, "http://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
  return server;
}

/* Takes one request and answers it with 200. */
static void serve_once(int server, char *request, size_t cap) {
  static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  size_t length = 0;
  CHECK(is_readable(server, PATIENCE_MS));
  int client = accept(server, NULL, NULL);
  CHECK(client >= 0);
  do {
    CHECK(is_readable(client, PATIENCE_MS));
    ssize_t got = read(client, request + length, cap - 1 - length);
    CHECK(got > 0);
    length += (size_t)got;
    request[length] = '\0';
  } while (strstr(request, "\"sent_at\"") == NULL || request[length - 1] != '}');
  CHECK(write(client, answer, sizeof answer - 1) == (ssize_t)(sizeof answer - 1));
  close(client);
}

/* What a tool leaves running becomes a child of this process. */
static bool is_alone(void) { return waitpid(-1, NULL, WNOHANG) == -1; }

static void wait_for_uploader(void) {
  int status;
  CHECK(waitpid(-1, &status, 0) > 0 && status == 0);
  CHECK(is_alone());
}

int main(int argc, char **argv) {
  if (overt_uploader_main(argc, argv)) return 0;
  if (argc == 4) return be_tool(argv[1], argv[2], strcmp(argv[3], "on") == 0);
  CHECK(argc == 2);
  CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);

  char endpoint[64], request[8192], off[4096];
  int server = listen_on_loopback(endpoint, sizeof endpoint);
  run_tool(argv[0], argv[1], endpoint, true);
  serve_once(server, request, sizeof request);
  CHECK(strstr(request, "\"event\":\"left\"") != NULL && strstr(request, "\"n\":1") != NULL);
  wait_for_uploader();
  overt_client *client = new_client(new_detached_config(argv[1], endpoint));
  CHECK(count_pending(client) == 0);
  overt_client_free(client);

  /* Started a moment ago: this run leaves its event to a later one. */
  run_tool(argv[0], argv[1], endpoint, true);
  CHECK(is_alone());

  snprintf(off, sizeof off, "%s-off", argv[1]);
  run_tool(argv[0], off, endpoint, false);
  CHECK(is_alone() && access(off, F_OK) != 0);
  close(server);
  return 0;
}
