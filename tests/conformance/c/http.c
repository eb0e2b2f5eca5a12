#define _XOPEN_SOURCE 700
#include "http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* A judge's headers are few. */
#define MAX_HEAD_BYTES 16384
/* The largest event has 900 KiB, and one that is too large is a case; escaped, a byte can take six. */
#define MAX_BODY_BYTES (8u << 20)
/* A peer that says nothing for so long has gone. */
#define PATIENCE_S 10

int http_listen(uint16_t *port) {
  struct sockaddr_in address = {0};
  socklen_t len = sizeof address;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(*port);
  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  if (listener < 0) return -1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, len) < 0 || listen(listener, 16) < 0 ||
      getsockname(listener, (struct sockaddr *)&address, &len) < 0) {
    close(listener);
    return -1;
  }
  *port = ntohs(address.sin_port);
  return listener;
}

/* Finds a header's value in a head of lines; "" if it is not there. */
static const char *header(const char *head, const char *name) {
  size_t len = strlen(name);
  for (const char *line = head; (line = strstr(line, "\r\n")) != NULL;) {
    line += 2;
    if (strncasecmp(line, name, len) == 0 && line[len] == ':') return line + len + 1 + strspn(line + len + 1, " \t");
  }
  return "";
}

/* Reads up to and with the blank line, perhaps a part of the body too; 0 if no such line comes. */
static size_t receive_head(int connection, char *head, size_t *body_start) {
  size_t len = 0;
  while (len < MAX_HEAD_BYTES) {
    ssize_t got = recv(connection, head + len, MAX_HEAD_BYTES - len, 0);
    if (got <= 0) return 0;
    len += (size_t)got;
    head[len] = '\0';
    const char *blank = strstr(head, "\r\n\r\n");
    if (blank == NULL) continue;
    *body_start = (size_t)(blank - head) + 4;
    return len;
  }
  return 0;
}

int http_receive(int connection, http_request *request) {
  struct timeval patience = {PATIENCE_S, 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  memset(request, 0, sizeof *request);
  char head[MAX_HEAD_BYTES + 1];
  size_t body_start, len = receive_head(connection, head, &body_start);
  if (len == 0 || sscanf(head, "%7s %31s HTTP/1.", request->method, request->path) != 2) return 400;

  char first_of_body = head[body_start];
  head[body_start] = '\0';
  unsigned long long wanted = strtoull(header(head, "Content-Length"), NULL, 10);
  head[body_start] = first_of_body;
  size_t got = len - body_start;
  if (wanted > MAX_BODY_BYTES) return 413;
  if (got > wanted) return 400;
  if ((request->body = malloc((size_t)wanted + 1)) == NULL) return 500;
  memcpy(request->body, head + body_start, got);
  while (got < wanted) {
    ssize_t more = recv(connection, request->body + got, (size_t)wanted - got, 0);
    if (more <= 0) return 400;
    got += (size_t)more;
  }
  request->body[got] = '\0';
  request->body_len = got;
  return 0;
}

static void send_all(int connection, const char *data, size_t len) {
  while (len > 0) {
    ssize_t sent = send(connection, data, len, MSG_NOSIGNAL);
    if (sent <= 0) return;
    data += sent;
    len -= (size_t)sent;
  }
}

void http_answer(int connection, int status, const char *body, size_t len) {
  char head[128];
  int head_len = snprintf(head, sizeof head,
                          "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                          "Connection: close\r\n\r\n",
                          status, status == 200 ? "OK" : "Refused", len);
  send_all(connection, head, (size_t)head_len);
  send_all(connection, body, len);
  close(connection);
}

void http_free(http_request *request) { free(request->body); }
